/*
 * The day's signing key and what else stays the same in all signatures of a day.
 */
#include "sign/signing_key.h"

#include "sign/canonical.h"

#include <pthread.h>
#include <stdlib.h>

enum { SECONDS_A_DAY = 86400, KEYS_REMEMBERED = 4 };

/* One bucket to read and write, perhaps a second endpoint or key, and yesterday's: four are plenty.
 */
struct signing_keys {
    struct signing_key key[KEYS_REMEMBERED];
    unsigned next; /* to be replaced */
    struct signing_key *last;
};

static _Thread_local struct signing_keys *thread_keys;
static pthread_key_t thread_keys_end; /* only so that they are wiped with the thread */
static pthread_once_t thread_keys_once = PTHREAD_ONCE_INIT;

static void free_keys(void *memory)
{
    struct signing_keys *keys = memory;
    for (size_t i = 0; i < KEYS_REMEMBERED; i++)
        hmac_clear(&keys->key[i].hmac);
    secret_wipe(keys, sizeof(*keys));
    free(keys);
}

static void make_thread_key(void)
{
    if (pthread_key_create(&thread_keys_end, free_keys) != 0)
        abort();
}

static struct signing_keys *keys_of_thread(void)
{
    if (!thread_keys) {
        pthread_once(&thread_keys_once, make_thread_key);
        thread_keys = calloc(1, sizeof(*thread_keys));
        if (!thread_keys || pthread_setspecific(thread_keys_end, thread_keys) != 0)
            abort();
    }
    return thread_keys;
}

/* The secrets are compared as any text: both are ours, so there is nobody to learn from the time.
 */
static bool is_same(const struct signing_key *key, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope, int64_t day)
{
    return key->day == day && str_equal(key->access_key, credentials->access_key) &&
           str_equal(key->region, scope->region) && str_equal(key->service, scope->service) &&
           str_equal(secret_str(&key->secret_key), secret_str(&credentials->secret_key));
}

/* --- making one
 * ------------------------------------------------------------------------------------- */

/* Days since 1970 as a date of the Gregorian calendar. Years are counted from March, so that the
 * leap day is the last of its year and months have a regular pattern of 153 days in five. */
static void put_date(char out[8], int64_t days)
{
    int64_t from_0000 = days + 719468; /* 1970-01-01 since 0000-03-01 */
    int64_t era = from_0000 / 146097;  /* of 400 years */
    int64_t day_of_era = from_0000 % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = era * 400 + year_of_era + (month >= 10);
    int64_t number = year * 10000 + (month < 10 ? month + 3 : month - 9) * 100 + day;
    for (int i = 7; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
}

/* Copy into the key's own memory. */
static struct str keep(struct writer *memory, struct str s)
{
    struct str kept = str_from(memory->at, s.len);
    put(memory, s);
    return kept;
}

static void keep_texts(struct signing_key *key, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope)
{
    struct writer memory;
    writer_init(&memory, key->memory, sizeof(key->memory));
    key->access_key = keep(&memory, credentials->access_key);
    key->region = keep(&memory, scope->region);
    key->service = keep(&memory, scope->service);

    char *start = memory.at;
    put(&memory, str_from(key->date, sizeof(key->date)));
    put_byte(&memory, '/');
    put(&memory, key->region);
    put_byte(&memory, '/');
    put(&memory, key->service);
    put(&memory, STR("/aws4_request"));
    key->scope = str_from(start, (size_t)(memory.at - start));

    start = memory.at;
    put(&memory, STR("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="));
    put_encoded(&memory, key->access_key);
    put(&memory, STR("%2F"));
    put_encoded(&memory, key->scope);
    put(&memory, STR("&X-Amz-Date="));
    put(&memory, str_from(key->date, sizeof(key->date)));
    key->query_head = str_from(start, (size_t)(memory.at - start));
}

/* kDate, kRegion, kService, kSigning of the specification. */
static void derive(struct signing_key *key)
{
    char first[4 + SECRET_MAX_BYTES] = "AWS4";
    unsigned char mac[SHA256_BYTES];
    struct str mac_str = str_from((const char *)mac, sizeof(mac));
    struct str secret = secret_str(&key->secret_key);

    memcpy(first + 4, secret.ptr, secret.len);
    hmac_sha256(str_from(first, 4 + secret.len), str_from(key->date, sizeof(key->date)), mac);
    hmac_sha256(mac_str, key->region, mac);
    hmac_sha256(mac_str, key->service, mac);
    hmac_sha256(mac_str, STR("aws4_request"), mac);
    hmac_set_key(&key->hmac, mac_str);
    secret_wipe(first, sizeof(first));
    secret_wipe(mac, sizeof(mac));
}

static bool is_usable(
    const struct s3_credentials *credentials, const struct sigv4_scope *scope, int64_t at_s)
{
    size_t access = credentials->access_key.len, region = scope->region.len,
           service = scope->service.len;
    return access >= 1 && access <= SIGNING_ACCESS_KEY_MAX && region >= 1 &&
           region <= SIGNING_REGION_MAX && service >= 1 && service <= SIGNING_SERVICE_MAX &&
           !secret_is_empty(&credentials->secret_key) && at_s >= 0 && at_s <= SIGNING_TIME_MAX;
}

struct signing_key *signing_key_get(
    const struct s3_credentials *credentials, const struct sigv4_scope *scope, int64_t at_s)
{
    struct signing_keys *keys = keys_of_thread();
    int64_t day = at_s / SECONDS_A_DAY;

    if (keys->last && is_same(keys->last, credentials, scope, day))
        return keys->last;
    if (!is_usable(credentials, scope, at_s))
        return NULL;
    for (size_t i = 0; i < KEYS_REMEMBERED; i++)
        if (is_same(&keys->key[i], credentials, scope, day))
            return keys->last = &keys->key[i];

    struct signing_key *key = &keys->key[keys->next++ % KEYS_REMEMBERED];
    key->day = day;
    key->time_at = -1;
    memcpy(key->time, "T000000Z", sizeof(key->time));
    key->secret_key = credentials->secret_key;
    put_date(key->date, day);
    keep_texts(key, credentials, scope);
    derive(key);
    return keys->last = key;
}

/* --- using it
 * --------------------------------------------------------------------------------------- */

struct str signing_key_time(struct signing_key *key, int64_t at_s)
{
    struct str time = str_from(key->time, sizeof(key->time));
    if (key->time_at == at_s)
        return time;
    unsigned second = (unsigned)(at_s % SECONDS_A_DAY);
    unsigned part[3] = { second / 3600, second / 60 % 60, second % 60 };
    for (size_t i = 0; i < 3; i++) {
        key->time[1 + 2 * i] = (char)('0' + part[i] / 10);
        key->time[2 + 2 * i] = (char)('0' + part[i] % 10);
    }
    key->time_at = at_s;
    return time;
}

void signing_key_sign(
    struct signing_key *key, struct str string_to_sign, char out[2 * SHA256_BYTES])
{
    unsigned char mac[SHA256_BYTES];
    hmac_sign(&key->hmac, string_to_sign, mac);
    digest_to_hex(mac, sizeof(mac), out);
}
