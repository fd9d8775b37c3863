/*
 * The cache of an issuer's keys and the thread that fills it. A set of keys is never changed: a new
 * one takes its place, and the old one goes when the last thread that verifies with it is done.
 */
#include "remote/jwks.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/url.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    CONNECT_TIMEOUT_MS = 3000,
    RETRY_S = 60,
    REFRESH_S = 3600,
    KEPT_S = 24 * 3600,
    FETCH_TIMEOUT_MS = 5000
};

struct key_set {
    struct jwt_key *key[JWKS_KEYS_MAX];
    size_t count;
    int users; /* under the lock; the cache itself is one */
};

struct jwks {
    const struct jwks_options *options;
    struct http_client *http; /* the thread's */
    pthread_mutex_t lock;
    pthread_cond_t work;    /* for the thread: there is something to do */
    pthread_cond_t settled; /* for those who ask: a fetch has ended */
    pthread_t thread;
    bool has_thread;
    bool is_ending;
    bool is_wanted;      /* a fetch is asked for or under way */
    bool is_awaited;     /* somebody waits for it: nobody else does */
    struct key_set *set; /* NULL: none yet */
    int64_t fetched_s;   /* of the monotonic clock: when `set` was good */
    int64_t tried_s;     /* when a fetch began the last time */
    int64_t fetch_count;
};

void jwks_options_init(struct jwks_options *options, struct str url)
{
    *options = (struct jwks_options){
        .url = url,
        .refresh_s = REFRESH_S,
        .unknown_s = RETRY_S,
        .kept_s = KEPT_S,
        .fetch_timeout_ms = FETCH_TIMEOUT_MS,
    };
}

static bool is_loopback(struct str host)
{
    struct address_range loopback;
    struct address address;

    return str_equal(host, STR("localhost")) || str_equal(host, STR("[::1]")) ||
           (address_range_parse(STR("127.0.0.0/8"), &loopback) && address_parse(host, &address) &&
               address_range_has(&loopback, &address));
}

bool jwks_url_is_fine(struct str url, bool may_be_private, struct str *out_problem)
{
    struct arena scratch;
    struct url parts;
    bool is_fine;

    arena_init(&scratch);
    is_fine =
        url_parse(&scratch, url, &parts) == STATUS_OK &&
        (str_equal(parts.scheme, STR("https")) || (may_be_private && is_loopback(parts.host)));
    arena_clear(&scratch);
    if (!is_fine)
        *out_problem = STR("must begin with https://: who can change the keys on their way can "
                           "sign in as anybody");
    return is_fine;
}

static int64_t now_s(void)
{
    return clock_monotonic_us() / 1000000;
}

/* --- sets of keys --- */

static void set_free(struct key_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        jwt_key_free(set->key[i]);
    free(set);
}

/* Under the lock. */
static void set_release(struct key_set *set)
{
    if (set != NULL && --set->users == 0)
        set_free(set);
}

/* What can be used of a JWK set; NULL with a reason when that is nothing. */
static struct key_set *set_read(struct arena *arena, struct str text, struct str *out_problem)
{
    struct key_set *set = calloc(1, sizeof(*set));
    json_t *document = json_parse(arena, text, out_problem);
    const json_t *keys = json_object_get(document, "keys");

    if (set == NULL)
        abort();
    if (document != NULL)
        *out_problem = STR("there is no key in it that can be used");
    for (size_t i = 0; i < json_array_size(keys) && set->count < JWKS_KEYS_MAX; i++) {
        struct str why;
        struct jwt_key *key = jwt_key_from_jwk(json_array_get(keys, i), &why);
        if (key != NULL)
            set->key[set->count++] = key;
        else
            log_event(LOG_DEBUG, "jwks: left out %.*s", STR_ARG(why));
    }
    json_decref(document);
    if (set->count > 0) {
        set->users = 1;
        return set;
    }
    free(set);
    return NULL;
}

/* By kid; a token without one means the only key of its algorithm. */
static const struct jwt_key *set_find(const struct key_set *set, const struct jwt_header *header)
{
    const struct jwt_key *found = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const struct jwt_key *key = set->key[i];
        if (jwt_key_algorithm(key) != header->algorithm)
            continue;
        if (!str_is_empty(header->kid) && !str_equal(jwt_key_id(key), header->kid))
            continue;
        if (found != NULL)
            return NULL;
        found = key;
    }
    return found;
}

/* --- the thread --- */

static struct key_set *fetch(struct jwks *jwks, struct arena *arena)
{
    struct http_request request = {
        .method = STR("GET"),
        .url = jwks->options->url,
        .max_body_bytes = JWKS_BODY_MAX_BYTES,
    };
    struct http_response response;
    struct str problem = STR_EMPTY;
    struct key_set *set = NULL;

    if (http_perform(jwks->http, arena, &request, &response) != STATUS_OK)
        problem = response.problem;
    else if (response.status != 200)
        problem = arena_printf(arena, "it answered with status %d", response.status);
    else
        set = set_read(arena, response.body, &problem);
    if (set == NULL)
        log_event(LOG_WARN,
            "jwks: no keys from %.*s (%.*s); those that were good before stay for a while",
            STR_ARG(jwks->options->url), STR_ARG(problem));
    return set;
}

/* Under the lock, which is given up meanwhile. */
static void fetch_and_publish(struct jwks *jwks)
{
    struct arena arena;
    struct key_set *set;

    jwks->is_wanted = true;
    jwks->tried_s = now_s();
    pthread_mutex_unlock(&jwks->lock);
    arena_init(&arena);
    set = fetch(jwks, &arena);
    arena_clear(&arena);
    pthread_mutex_lock(&jwks->lock);
    if (set != NULL) {
        set_release(jwks->set);
        jwks->set = set;
        jwks->fetched_s = now_s();
    }
    jwks->is_wanted = false;
    jwks->fetch_count++;
    pthread_cond_broadcast(&jwks->settled);
}

/* After so long the thread fetches unasked. */
static int64_t due_s(const struct jwks *jwks)
{
    int64_t retry = jwks->options->refresh_s < RETRY_S ? jwks->options->refresh_s : RETRY_S;
    int64_t due = jwks->fetched_s + jwks->options->refresh_s;

    if (jwks->set == NULL || due < jwks->tried_s + retry)
        return jwks->tried_s + retry;
    return due;
}

static void *run(void *context)
{
    struct jwks *jwks = context;

    pthread_mutex_lock(&jwks->lock);
    while (!jwks->is_ending) {
        if (jwks->is_wanted || now_s() >= due_s(jwks))
            fetch_and_publish(jwks);
        else
            clock_wait(&jwks->work, &jwks->lock, due_s(jwks) * 1000000);
    }
    pthread_mutex_unlock(&jwks->lock);
    return NULL;
}

/* --- life --- */

struct jwks *jwks_new(const struct jwks_options *options)
{
    struct http_limits limits = {
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .total_timeout_ms = options->fetch_timeout_ms,
        .ca_file = options->ca_file,
        .is_public_only = !options->may_be_private,
    };
    struct jwks *jwks = calloc(1, sizeof(*jwks));

    if (jwks == NULL)
        abort();
    jwks->options = options;
    jwks->http = http_client_new(&limits);
    pthread_mutex_init(&jwks->lock, NULL);
    pthread_cond_init(&jwks->work, NULL);
    pthread_cond_init(&jwks->settled, NULL);
    return jwks;
}

void jwks_free(struct jwks *jwks)
{
    if (jwks == NULL)
        return;
    pthread_mutex_lock(&jwks->lock);
    jwks->is_ending = true;
    pthread_cond_broadcast(&jwks->work);
    pthread_mutex_unlock(&jwks->lock);
    if (jwks->has_thread)
        pthread_join(jwks->thread, NULL);
    set_release(jwks->set);
    http_client_free(jwks->http);
    pthread_cond_destroy(&jwks->work);
    pthread_cond_destroy(&jwks->settled);
    pthread_mutex_destroy(&jwks->lock);
    free(jwks);
}

/* Under the lock. */
static void ensure_thread(struct jwks *jwks)
{
    if (jwks->has_thread)
        return;
    jwks->is_wanted = true;
    if (pthread_create(&jwks->thread, NULL, run, jwks) == 0)
        jwks->has_thread = true;
    else
        log_event(LOG_ERROR, "jwks: no thread can be started");
}

void jwks_start(struct jwks *jwks)
{
    pthread_mutex_lock(&jwks->lock);
    ensure_thread(jwks);
    pthread_mutex_unlock(&jwks->lock);
}

int64_t jwks_fetch_count(struct jwks *jwks)
{
    int64_t count;

    pthread_mutex_lock(&jwks->lock);
    count = jwks->fetch_count;
    pthread_mutex_unlock(&jwks->lock);
    return count;
}

/* --- asking; under the lock --- */

/*
 * Ask for a fetch unless one was made a moment ago, and wait for the one under way if nobody does
 * yet. Anybody can write any kid into a token, and an issuer can be slow: such tokens hold one
 * thread at most, and ask the issuer once in unknown_s. False: one under way may bring the key.
 */
static bool fetch_for_unknown(struct jwks *jwks)
{
    int64_t until_us = clock_monotonic_us() + jwks->options->fetch_timeout_ms * 1000;
    int64_t count = jwks->fetch_count;

    if (!jwks->is_wanted && now_s() >= jwks->tried_s + jwks->options->unknown_s) {
        jwks->is_wanted = true;
        pthread_cond_signal(&jwks->work);
    }
    if (jwks->is_awaited)
        return !jwks->is_wanted;
    jwks->is_awaited = true;
    while (jwks->has_thread && jwks->is_wanted && jwks->fetch_count == count &&
           clock_monotonic_us() < until_us)
        clock_wait(&jwks->settled, &jwks->lock, until_us);
    jwks->is_awaited = false;
    return !jwks->is_wanted || jwks->fetch_count != count;
}

static bool has_keys(const struct jwks *jwks)
{
    return jwks->set != NULL && now_s() <= jwks->fetched_s + jwks->options->kept_s;
}

static const struct jwt_key *find_key(const struct jwks *jwks, const struct jwt_header *header)
{
    return has_keys(jwks) ? set_find(jwks->set, header) : NULL;
}

/* The key, and the set that it lives in, which is the caller's to release; NULL and a status. */
static const struct jwt_key *acquire(struct jwks *jwks, const struct jwt_header *header,
    struct key_set **out_set, enum status *out_status)
{
    const struct jwt_key *key;
    bool is_settled = true;

    pthread_mutex_lock(&jwks->lock);
    ensure_thread(jwks);
    key = find_key(jwks, header);
    if (key == NULL) {
        is_settled = fetch_for_unknown(jwks);
        key = find_key(jwks, header);
    }
    *out_set = key == NULL ? NULL : jwks->set;
    *out_status = has_keys(jwks) && is_settled ? STATUS_UNAUTHENTICATED : STATUS_BUSY;
    if (key != NULL)
        jwks->set->users++;
    pthread_mutex_unlock(&jwks->lock);
    return key;
}

enum status jwks_verify(struct jwks *jwks, struct arena *arena, struct str token,
    const struct jwt_header *header, json_t **out_claims, struct str *out_problem)
{
    struct key_set *set;
    enum status status;
    const struct jwt_key *key = acquire(jwks, header, &set, &status);

    *out_claims = NULL;
    if (key == NULL) {
        *out_problem = status == STATUS_BUSY
                           ? STR("The keys of the issuer of this token are not here just now.")
                           : STR("The token is signed with a key that is not known here.");
        return status;
    }
    *out_claims = jwt_verify(arena, token, header, key, out_problem);
    pthread_mutex_lock(&jwks->lock);
    set_release(set);
    pthread_mutex_unlock(&jwks->lock);
    return *out_claims == NULL ? STATUS_UNAUTHENTICATED : STATUS_OK;
}
