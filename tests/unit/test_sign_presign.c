/*
 * What the vectors do not reach: addresses of buckets, refusals, caching of keys, threads, and URLs
 * that are too long for the stack.
 */
#include "unit.h"

#include "sign/presign.h"

#include <pthread.h>

static struct s3_credentials make_credentials(struct str secret)
{
    struct s3_credentials credentials = { .access_key = STR("AKIAIOSFODNN7EXAMPLE") };
    expect_int("secret", secret_set(&credentials.secret_key, secret), STATUS_OK);
    return credentials;
}

#define CREDENTIALS make_credentials(STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))

/* --- buckets and addresses
 * ---------------------------------------------------------------------------- */

static void bucket_names_follow_the_rules(void **state)
{
    static const struct {
        struct str name;
        bool is_valid;
    } rows[] = {
        { STR_INIT("abc"), true },
        { STR_INIT("my-bucket.2"), true },
        { STR_INIT("123"), true },
        { STR_INIT("ab"), false },
        { STR_INIT("Abc"), false },
        { STR_INIT("a_b"), false },
        { STR_INIT("-abc"), false },
        { STR_INIT("abc-"), false },
        { STR_INIT("a..b"), false },
        { STR_INIT("127.0.0.1"), false },
        { STR_INIT("a/b"), false },
        { STR_INIT(""), false },
        { STR_INIT("abc\n"), false },
    };
    char long_name[64];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_int(rows[i].name.ptr, s3_bucket_is_valid(rows[i].name), rows[i].is_valid);
    memset(long_name, 'a', sizeof(long_name));
    assert_true(s3_bucket_is_valid(str_from(long_name, 63)));
    assert_false(s3_bucket_is_valid(str_from(long_name, 64)));
}

static void addresses_have_two_styles(void **state)
{
    static const struct {
        const char *endpoint;
        bool path_style;
        struct str origin, path;
    } rows[] = {
        { "https://s3.amazonaws.com", false, STR_INIT("https://vitrine.s3.amazonaws.com"),
            STR_INIT("/k") },
        { "https://s3.amazonaws.com", true, STR_INIT("https://s3.amazonaws.com"),
            STR_INIT("/vitrine/k") },
        { "https://minio:443", true, STR_INIT("https://minio"), STR_INIT("/vitrine/k") },
        { "http://minio:443", true, STR_INIT("http://minio:443"), STR_INIT("/vitrine/k") },
        { "http://minio:80", false, STR_INIT("http://vitrine.minio"), STR_INIT("/k") },
        { "http://127.0.0.1:8081", true, STR_INIT("http://127.0.0.1:8081"),
            STR_INIT("/vitrine/k") },
        { "http://[::1]:8081", true, STR_INIT("http://[::1]:8081"), STR_INIT("/vitrine/k") },
        { "https://host/storage/v1/s3", true, STR_INIT("https://host"),
            STR_INIT("/storage/v1/s3/vitrine/k") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url endpoint;
        struct s3_location location;
        expect_int(rows[i].endpoint, url_parse(*state, str_from_c(rows[i].endpoint), &endpoint),
            STATUS_OK);
        expect_int(rows[i].endpoint,
            s3_location_init(
                &location, &endpoint, rows[i].path_style, STR("vitrine"), STR("us-east-1")),
            STATUS_OK);
        expect_str(rows[i].endpoint, s3_location_origin(*state, &location), rows[i].origin);
        expect_str(rows[i].endpoint, s3_location_path(*state, &location, STR("k")), rows[i].path);
    }
}

static void a_bucket_itself_has_no_slash_after_it(void **state)
{
    struct s3_location location = { .path_style = true, .bucket = STR("vitrine") };
    expect_str("path style", s3_location_path(*state, &location, STR_EMPTY), STR("/vitrine"));
    location.path_style = false;
    expect_str("virtual host", s3_location_path(*state, &location, STR_EMPTY), STR("/"));
}

static void impossible_addresses_are_refused(void **state)
{
    static const struct {
        const char *name, *endpoint;
        bool path_style;
        struct str bucket, region;
    } rows[] = {
        { "virtual host of an IPv4", "http://127.0.0.1", false, STR_INIT("vitrine"),
            STR_INIT("r") },
        { "virtual host of an IPv6", "http://[::1]", false, STR_INIT("vitrine"), STR_INIT("r") },
        { "no bucket", "http://h", true, STR_INIT(""), STR_INIT("r") },
        { "no region", "http://h", true, STR_INIT("vitrine"), STR_INIT("") },
        { "slash in the region", "http://h", true, STR_INIT("vitrine"), STR_INIT("a/b") },
        { "encoded path", "http://h/a%20b", true, STR_INIT("vitrine"), STR_INIT("r") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url endpoint;
        struct s3_location location;
        expect_int(
            rows[i].name, url_parse(*state, str_from_c(rows[i].endpoint), &endpoint), STATUS_OK);
        expect_int(rows[i].name,
            s3_location_init(
                &location, &endpoint, rows[i].path_style, rows[i].bucket, rows[i].region),
            STATUS_INVALID);
    }
}

/* --- refusals
 * ----------------------------------------------------------------------------------------- */

/* A request that is signed, to be spoilt one field at a time. */
struct sample {
    struct s3_credentials credentials;
    struct sigv4_scope scope;
    struct sigv4_request request;
    struct pair query, header;
    int64_t expires_s;
};

static void sample_init(struct sample *s)
{
    *s = (struct sample){
        .credentials = CREDENTIALS,
        .scope = { STR("us-east-1"), STR("s3") },
        .request = { .method = STR("GET"),
            .scheme = STR("https"),
            .host = STR("host"),
            .path = STR("/k"),
            .payload_hash = SIGV4_UNSIGNED_PAYLOAD,
            .signed_at = 1795600000 },
        .query = { STR("q"), STR("1") },
        .header = { STR("x-amz-meta-a"), STR("b") },
        .expires_s = 300,
    };
    s->request.query = (struct pairs){ &s->query, 1 };
    s->request.headers = (struct pairs){ &s->header, 1 };
}

static char long_text[200];

/* clang-format off */
static void spoil_nothing(struct sample *s)        { (void)s; }
static void spoil_access_key(struct sample *s)     { s->credentials.access_key = STR_EMPTY; }
static void spoil_access_length(struct sample *s)  { s->credentials.access_key = str_from(long_text, 129); }
static void spoil_secret(struct sample *s)         { secret_clear(&s->credentials.secret_key); }
static void spoil_region(struct sample *s)         { s->scope.region = STR_EMPTY; }
static void spoil_region_length(struct sample *s)  { s->scope.region = str_from(long_text, 65); }
static void spoil_service(struct sample *s)        { s->scope.service = STR_EMPTY; }
static void spoil_method(struct sample *s)         { s->request.method = STR("GET\n"); }
static void spoil_method_empty(struct sample *s)   { s->request.method = STR_EMPTY; }
static void spoil_host(struct sample *s)           { s->request.host = STR("a\nb"); }
static void spoil_host_empty(struct sample *s)     { s->request.host = STR_EMPTY; }
static void spoil_path(struct sample *s)           { s->request.path = STR("k"); }
static void spoil_path_empty(struct sample *s)     { s->request.path = STR_EMPTY; }
static void spoil_time_before(struct sample *s)    { s->request.signed_at = -1; }
static void spoil_time_after(struct sample *s)     { s->request.signed_at = INT64_C(253402300800); }
static void spoil_header_name(struct sample *s)    { s->header.name = STR("a b"); }
static void spoil_header_empty(struct sample *s)   { s->header.name = STR_EMPTY; }
static void spoil_header_cr(struct sample *s)      { s->header.value = STR("long enough\rx: y"); }
static void spoil_header_lf(struct sample *s)      { s->header.value = STR("a\nb"); }
static void spoil_header_nul(struct sample *s)     { s->header.value = STR("a\0b"); }
static void spoil_header_del(struct sample *s)     { s->header.value = STR("\x7f"); }
static void spoil_own_host(struct sample *s)       { s->header.name = STR("Host"); }
static void spoil_own_auth(struct sample *s)       { s->header.name = STR("authorization"); }
static void spoil_own_date(struct sample *s)       { s->header.name = STR("X-Amz-Date"); }
static void spoil_own_token(struct sample *s)      { s->header.name = STR("x-amz-security-token"); }
static void spoil_own_hash(struct sample *s)       { s->header.name = STR("X-Amz-Content-Sha256"); }
static void spoil_own_query(struct sample *s)      { s->query.name = STR("X-Amz-Expires"); }
static void spoil_scheme(struct sample *s)         { s->request.scheme = STR_EMPTY; }
static void spoil_expires_zero(struct sample *s)   { s->expires_s = 0; }
static void spoil_expires_minus(struct sample *s)  { s->expires_s = -1; }
static void spoil_expires_week(struct sample *s)   { s->expires_s = 604801; }
/* clang-format on */

static const struct refusal_row {
    const char *name;
    void (*spoil)(struct sample *s);
    enum status in_headers, in_query;
} refusal_rows[] = {
    { "nothing", spoil_nothing, STATUS_OK, STATUS_OK },
    { "no access key", spoil_access_key, STATUS_INVALID, STATUS_INVALID },
    { "long access key", spoil_access_length, STATUS_INVALID, STATUS_INVALID },
    { "no secret", spoil_secret, STATUS_INVALID, STATUS_INVALID },
    { "no region", spoil_region, STATUS_INVALID, STATUS_INVALID },
    { "long region", spoil_region_length, STATUS_INVALID, STATUS_INVALID },
    { "no service", spoil_service, STATUS_INVALID, STATUS_INVALID },
    { "method with a line end", spoil_method, STATUS_INVALID, STATUS_INVALID },
    { "no method", spoil_method_empty, STATUS_INVALID, STATUS_INVALID },
    { "host with a line end", spoil_host, STATUS_INVALID, STATUS_INVALID },
    { "no host", spoil_host_empty, STATUS_INVALID, STATUS_INVALID },
    { "path without slash", spoil_path, STATUS_INVALID, STATUS_INVALID },
    { "no path", spoil_path_empty, STATUS_INVALID, STATUS_INVALID },
    { "before 1970", spoil_time_before, STATUS_INVALID, STATUS_INVALID },
    { "after 9999", spoil_time_after, STATUS_INVALID, STATUS_INVALID },
    { "blank in a header's name", spoil_header_name, STATUS_INVALID, STATUS_INVALID },
    { "header without name", spoil_header_empty, STATUS_INVALID, STATUS_INVALID },
    { "CR in a header", spoil_header_cr, STATUS_INVALID, STATUS_INVALID },
    { "LF in a header", spoil_header_lf, STATUS_INVALID, STATUS_INVALID },
    { "NUL in a header", spoil_header_nul, STATUS_INVALID, STATUS_INVALID },
    { "DEL in a header", spoil_header_del, STATUS_INVALID, STATUS_INVALID },
    { "host among the headers", spoil_own_host, STATUS_INVALID, STATUS_INVALID },
    { "authorization among them", spoil_own_auth, STATUS_INVALID, STATUS_INVALID },
    { "x-amz-date among them", spoil_own_date, STATUS_INVALID, STATUS_INVALID },
    { "token among them", spoil_own_token, STATUS_INVALID, STATUS_INVALID },
    { "payload hash among them", spoil_own_hash, STATUS_INVALID, STATUS_INVALID },
    { "X-Amz-Expires in the query", spoil_own_query, STATUS_OK, STATUS_INVALID },
    { "no scheme", spoil_scheme, STATUS_OK, STATUS_INVALID },
    { "expiry 0", spoil_expires_zero, STATUS_OK, STATUS_INVALID },
    { "expiry -1", spoil_expires_minus, STATUS_OK, STATUS_INVALID },
    { "more than a week", spoil_expires_week, STATUS_OK, STATUS_INVALID },
};

static void what_cannot_be_signed_is_refused(void **state)
{
    memset(long_text, 'a', sizeof(long_text));
    for (size_t i = 0; i < COUNT_OF(refusal_rows); i++) {
        const struct refusal_row *row = &refusal_rows[i];
        struct sample s;
        struct sigv4_headers headers = { 0 };
        struct str url = STR_EMPTY;
        sample_init(&s);
        row->spoil(&s);
        expect_int(row->name,
            sigv4_sign_headers(*state, &s.credentials, &s.scope, &s.request, &headers, NULL),
            row->in_headers);
        expect_int(row->name,
            sigv4_presign(*state, &s.credentials, &s.scope, &s.request, s.expires_s, &url, NULL),
            row->in_query);
        expect_int(row->name, str_is_empty(url), row->in_query != STATUS_OK);
        expect_int(row->name, str_is_empty(headers.authorization), row->in_headers != STATUS_OK);
    }
}

static void there_are_limits_to_parameters_and_headers(void **state)
{
    struct pair pairs[SIGV4_QUERY_MAX + 1];
    struct sample s;
    struct sigv4_headers headers;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        pairs[i] = (struct pair){ arena_printf(*state, "n%zu", i), STR("v") };
    sample_init(&s);
    s.request.query = (struct pairs){ pairs, SIGV4_QUERY_MAX };
    expect_int("most",
        sigv4_sign_headers(*state, &s.credentials, &s.scope, &s.request, &headers, NULL),
        STATUS_OK);
    s.request.query.count++;
    expect_int("one more",
        sigv4_sign_headers(*state, &s.credentials, &s.scope, &s.request, &headers, NULL),
        STATUS_INVALID);
    sample_init(&s);
    s.request.headers = (struct pairs){ pairs, SIGV4_HEADERS_MAX };
    expect_int("headers",
        sigv4_sign_headers(*state, &s.credentials, &s.scope, &s.request, &headers, NULL),
        STATUS_INVALID);
}

/* --- objects
 * ------------------------------------------------------------------------------------------ */

static const struct s3_location here = {
    .scheme = STR_INIT("http"),
    .host = STR_INIT("127.0.0.1"),
    .port = 8081,
    .path_style = true,
    .bucket = STR_INIT("vitrine"),
    .region = STR_INIT("us-east-1"),
};

static void keys_have_a_length(void **state)
{
    struct s3_credentials credentials = CREDENTIALS;
    struct presign_get_options options = { .signed_at = 1795600000, .expires_s = 300 };
    char *bytes = arena_alloc(*state, 1025);
    struct str url;
    memset(bytes, 0xff, 1025); /* the longest when encoded: larger than the stack's buffer */
    expect_int("empty", presign_get(*state, &here, &credentials, STR_EMPTY, &options, &url),
        STATUS_INVALID);
    expect_int("1025",
        presign_get(*state, &here, &credentials, str_from(bytes, 1025), &options, &url),
        STATUS_INVALID);
    expect_int("1024",
        presign_get(*state, &here, &credentials, str_from(bytes, 1024), &options, &url), STATUS_OK);
    assert_true(url.len > 3072);
    assert_true(str_find(url, STR("%FF?X-Amz-Algorithm=")) > 0);
}

static void a_large_token_and_large_overrides_fit(void **state)
{
    struct s3_credentials credentials = CREDENTIALS;
    char *text = arena_alloc(*state, 8192);
    struct str url;
    memset(text, '/', 8192);
    credentials.session_token = str_from(text, 8192);
    struct presign_get_options options = { .signed_at = 1795600000,
        .expires_s = 300,
        .response_content_disposition = str_from(text, 8192) };
    expect_int(
        "presign", presign_get(*state, &here, &credentials, STR("k"), &options, &url), STATUS_OK);
    assert_true(url.len > 2 * 3 * 8192);
}

static struct str sign_once(struct arena *arena, struct str secret, struct str region, int64_t at_s)
{
    struct s3_credentials credentials = make_credentials(secret);
    struct s3_location location = here;
    struct presign_get_options options = { .signed_at = at_s, .expires_s = 300 };
    struct str url = STR_EMPTY;
    location.region = region;
    expect_int("presign", presign_get(arena, &location, &credentials, STR("k"), &options, &url),
        STATUS_OK);
    return url;
}

/* More combinations than keys are remembered, visited twice: what is remembered is never taken for
 * another's. */
static void remembered_keys_are_told_apart(void **state)
{
    static const struct str secrets[] = { STR_INIT("one"), STR_INIT("two"), STR_INIT("on") };
    static const struct str regions[] = { STR_INIT("r"), STR_INIT("rr") };
    static const int64_t times[] = { 86399, 86400, 1795600000 };
    struct str first[18];
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT_OF(first); i++) {
            struct str url = sign_once(*state, secrets[i % 3], regions[i / 3 % 2], times[i / 6]);
            if (round == 0)
                first[i] = url;
            expect_str("again", url, first[i]);
            for (size_t j = 0; j < i; j++)
                assert_false(str_equal(url, first[j]));
        }
}

static void *sign_in_thread(void *out_failures)
{
    struct arena arena;
    arena_init(&arena);
    struct str expected = sign_once(&arena, STR("one"), STR("r"), 1795600000);
    for (int i = 0; i < 500; i++) {
        sign_once(&arena, STR("two"), STR("r"), 1795600000 + i * 86400);
        if (!str_equal(sign_once(&arena, STR("one"), STR("r"), 1795600000), expected))
            ++*(int *)out_failures;
    }
    arena_clear(&arena);
    return NULL;
}

static void threads_have_keys_of_their_own(void **state)
{
    pthread_t threads[4];
    int failures[4] = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_in_thread, &failures[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        expect_int("thread", failures[i], 0);
    }
}

static void a_put_signs_exactly_its_headers(void **state)
{
    static const struct pair headers[] = {
        { STR_INIT("x-amz-checksum-sha256"),
            STR_INIT("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=") },
        { STR_INIT("Content-Type"), STR_INIT("image/jpeg") },
        { STR_INIT("if-none-match"), STR_INIT("*") },
        { STR_INIT("content-length"), STR_INIT("52341") },
    };
    struct s3_credentials credentials = CREDENTIALS;
    struct presign_put_options options = {
        .signed_at = 1795600000, .expires_s = 900, .headers = { headers, COUNT_OF(headers) }
    };
    struct str url;
    expect_int(
        "presign", presign_put(*state, &here, &credentials, STR("k"), &options, &url), STATUS_OK);
    assert_true(str_find(url,
                    STR("&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match"
                        "%3Bx-amz-checksum-sha256&")) > 0);
    assert_true(str_find(url, STR("52341")) < 0); /* values are signed, not sent along */
}

static void a_part_is_signed_with_its_number_and_upload(void **state)
{
    const struct pair headers[] = { { STR("content-length"), STR("5242880") } };
    struct presign_part_options options = {
        .signed_at = 1369353600,
        .expires_s = 60,
        .upload_id = STR("a/b+c"),
        .number = 7,
        .headers = { headers, COUNT_OF(headers) },
    };
    static const int64_t wrong[] = { 0, -1, 10001 };
    struct s3_credentials credentials = CREDENTIALS;
    struct str url;
    expect_int(
        "part", presign_part(*state, &here, &credentials, STR("k"), &options, &url), STATUS_OK);
    assert_true(str_find(url, STR("X-Amz-SignedHeaders=content-length%3Bhost")) > 0);
    assert_true(str_find(url, STR("partNumber=7&uploadId=a%2Fb%2Bc&X-Amz-Signature=")) > 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        options.number = wrong[i];
        expect_int("number", presign_part(*state, &here, &credentials, STR("k"), &options, &url),
            STATUS_INVALID);
    }
    options.number = 1;
    options.upload_id = STR_EMPTY;
    expect_int("no upload", presign_part(*state, &here, &credentials, STR("k"), &options, &url),
        STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("bucket names follow the rules", bucket_names_follow_the_rules),
        TEST("addresses have two styles", addresses_have_two_styles),
        TEST("a bucket itself has no slash after it", a_bucket_itself_has_no_slash_after_it),
        TEST("impossible addresses are refused", impossible_addresses_are_refused),
        TEST("what cannot be signed is refused", what_cannot_be_signed_is_refused),
        TEST("there are limits to parameters and headers",
            there_are_limits_to_parameters_and_headers),
        TEST("keys have 1 to 1024 bytes", keys_have_a_length),
        TEST("a large token and large overrides fit", a_large_token_and_large_overrides_fit),
        TEST("remembered signing keys are told apart", remembered_keys_are_told_apart),
        TEST("threads have signing keys of their own", threads_have_keys_of_their_own),
        TEST("a presigned PUT signs exactly its headers", a_put_signs_exactly_its_headers),
        TEST("a part is signed with its number and upload",
            a_part_is_signed_with_its_number_and_upload),
    };
    return RUN(tests);
}
