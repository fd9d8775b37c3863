/*
 * Requests as the embedded endpoint receives them: signed right, and then changed in one place.
 * Each change has the code that S3 answers with.
 */
#include "unit.h"

#include "base/clock.h"
#include "sign/presign.h"
#include "sign/verify.h"

enum { HEADERS = 16, NOW = 1795600000 };

/* A received request that can be edited. */
struct received {
    struct arena *arena;
    struct verify_request request;
    struct pair headers[HEADERS];
    struct s3_credentials credentials;
    struct verify_policy policy;
    struct verify_claim claim;
    struct verify_failure failure;
};

static void set_header(struct received *r, const char *name, struct str value)
{
    struct pairs *headers = &r->request.headers;
    for (size_t i = 0; i < headers->count; i++)
        if (str_equal(r->headers[i].name, str_from_c(name))) {
            r->headers[i].value = value;
            return;
        }
    r->headers[headers->count++] = (struct pair){ str_from_c(name), value };
}

static void remove_header(struct received *r, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->request.headers.count; i++)
        if (!str_equal(r->headers[i].name, str_from_c(name)))
            r->headers[kept++] = r->headers[i];
    r->request.headers.count = kept;
}

static void replace(struct arena *arena, struct str *text, const char *from, const char *to)
{
    ssize_t at = str_find(*text, str_from_c(from));
    if (at < 0)
        fail_msg("'%s' is not in '%.*s'", from, STR_ARG(*text));
    *text = ARENA_JOIN(arena, str_head(*text, (size_t)at), str_from_c(to),
        str_from_offset(*text, (size_t)at + strlen(from)));
}

static void replace_in_query(struct received *r, const char *from, const char *to)
{
    replace(r->arena, &r->request.raw_query, from, to);
}

static void replace_in_header(
    struct received *r, const char *name, const char *from, const char *to)
{
    struct str value = pairs_get(r->request.headers, str_from_c(name), NULL);
    replace(r->arena, &value, from, to);
    set_header(r, name, value);
}

static void init_common(struct received *r, struct arena *arena)
{
    *r = (struct received){ .arena = arena };
    r->request.headers.item = r->headers;
    r->credentials.access_key = STR("AKIAIOSFODNN7EXAMPLE");
    expect_int("secret", secret_set(&r->credentials.secret_key, STR("secret")), STATUS_OK);
    r->policy = (struct verify_policy){ &r->credentials, STR("us-east-1"), NOW };
}

/* GET /vitrine/a%20b?prefix=x with an Authorization header. */
static void init_header(struct received *r, struct arena *arena)
{
    static const struct pair query[] = { { STR_INIT("prefix"), STR_INIT("x") } };
    static const struct pair signed_headers[] = { { STR_INIT("x-amz-meta-a"), STR_INIT("b") } };
    struct sigv4_scope scope = { STR("us-east-1"), STR("s3") };
    struct sigv4_headers own;
    init_common(r, arena);
    struct sigv4_request request = {
        .method = STR("GET"),
        .host = STR("127.0.0.1:8081"),
        .path = STR("/vitrine/a b"),
        .query = { query, 1 },
        .headers = { signed_headers, 1 },
        .payload_hash = SIGV4_EMPTY_PAYLOAD,
        .signed_at = NOW,
    };
    expect_int("sign", sigv4_sign_headers(arena, &r->credentials, &scope, &request, &own, NULL),
        STATUS_OK);
    r->request.method = STR("GET");
    r->request.raw_path = STR("/vitrine/a%20b");
    r->request.raw_query = STR("prefix=x");
    set_header(r, "host", request.host);
    set_header(r, "x-amz-meta-a", STR("b"));
    set_header(r, "x-amz-date", own.amz_date);
    set_header(r, "x-amz-content-sha256", own.content_sha256);
    set_header(r, "authorization", own.authorization);
    set_header(r, "accept", STR("*/*"));
}

/* PUT of a presigned URL with a signed content-type, 300 s. */
static void init_query(struct received *r, struct arena *arena)
{
    static const struct pair signed_headers[] = { { STR_INIT("content-type"),
        STR_INIT("image/jpeg") } };
    static const struct s3_location location = {
        .scheme = STR_INIT("http"),
        .host = STR_INIT("127.0.0.1"),
        .port = 8081,
        .path_style = true,
        .bucket = STR_INIT("vitrine"),
        .region = STR_INIT("us-east-1"),
    };
    struct presign_put_options options = { NOW, 300, { signed_headers, 1 } };
    struct str url;
    init_common(r, arena);
    expect_int("presign", presign_put(arena, &location, &r->credentials, STR("k"), &options, &url),
        STATUS_OK);
    r->request.method = STR("PUT");
    r->request.raw_path = STR("/vitrine/k");
    r->request.raw_query = str_from_offset(url, (size_t)str_index(url, '?') + 1);
    set_header(r, "host", STR("127.0.0.1:8081"));
    set_header(r, "content-type", STR("image/jpeg"));
}

static enum verify_problem verify(struct received *r)
{
    r->failure = (struct verify_failure){ 0 };
    enum verify_problem problem = verify_parse(r->arena, &r->request, &r->claim, &r->failure);
    if (problem == VERIFY_OK)
        problem = verify_check(r->arena, &r->request, &r->claim, &r->policy, &r->failure);
    return problem;
}

static struct str detail(const struct received *r, const char *name)
{
    struct pairs details = { r->failure.details, r->failure.detail_count };
    return pairs_get(details, str_from_c(name), NULL);
}

/* --- the changes
 * -------------------------------------------------------------------------------------- */

#define AUTH "authorization"
#define DATE "20261125" /* of NOW */

/* clang-format off */
static void nothing(struct received *r)              { (void)r; }
static void h_method(struct received *r)             { r->request.method = STR("PUT"); }
static void h_path(struct received *r)               { r->request.raw_path = STR("/vitrine/a%20c"); }
static void h_path_otherwise(struct received *r)     { r->request.raw_path = STR("/%76itrine/a%20b"); }
static void h_path_escape(struct received *r)        { r->request.raw_path = STR("/vitrine/%2"); }
static void h_path_relative(struct received *r)      { r->request.raw_path = STR("vitrine"); }
static void h_query_escape(struct received *r)       { r->request.raw_query = STR("a=%zz"); }
static void h_query_added(struct received *r)        { r->request.raw_query = STR("prefix=x&a=b"); }
static void h_query_unescaped(struct received *r)    { r->request.raw_query = STR("prefi%78=%78"); }
static void h_header_value(struct received *r)       { set_header(r, "x-amz-meta-a", STR("c")); }
static void h_header_blanks(struct received *r)      { set_header(r, "x-amz-meta-a", STR(" \tb ")); }
static void h_header_gone(struct received *r)        { remove_header(r, "x-amz-meta-a"); }
static void h_unsigned_amz(struct received *r)       { set_header(r, "x-amz-acl", STR("public-read")); }
static void h_unsigned_other(struct received *r)     { set_header(r, "user-agent", STR("curl")); }
static void h_host_other(struct received *r)         { set_header(r, "host", STR("evil.example")); }
static void h_host_unsigned(struct received *r)      { replace_in_header(r, AUTH, "=host;", "="); }
static void h_host_gone(struct received *r)          { remove_header(r, "host"); replace_in_header(r, AUTH, "=host;", "="); }
static void h_two(struct received *r)                { r->request.raw_query = STR("X-Amz-Signature=0"); }
static void h_two_v2(struct received *r)             { r->request.raw_query = STR("AWSAccessKeyId=a&Signature=b"); }
static void h_basic(struct received *r)              { set_header(r, AUTH, STR("Basic YTpi")); }
static void h_v2(struct received *r)                 { set_header(r, AUTH, STR("AWS AKIA:sig=")); }
static void h_ecdsa(struct received *r)              { replace_in_header(r, AUTH, "HMAC", "ECDSA-P256"); }
static void h_bare(struct received *r)               { set_header(r, AUTH, STR("AWS4-HMAC-SHA256")); }
static void h_no_parts(struct received *r)           { set_header(r, AUTH, STR("AWS4-HMAC-SHA256 ")); }
static void h_no_credential(struct received *r)      { replace_in_header(r, AUTH, "Credential=", "Other="); }
static void h_no_signature(struct received *r)       { replace_in_header(r, AUTH, "Signature=", "Signatur="); }
static void h_signature_missing(struct received *r)  { set_header(r, AUTH, STR("AWS4-HMAC-SHA256 Credential=a/" DATE "/r/s3/aws4_request, SignedHeaders=host")); }
static void h_signature_empty(struct received *r)    { set_header(r, AUTH, STR("AWS4-HMAC-SHA256 Credential=a/" DATE "/r/s3/aws4_request, SignedHeaders=host, Signature=")); }
static void h_headers_empty(struct received *r)      { set_header(r, AUTH, STR("AWS4-HMAC-SHA256 Credential=a/" DATE "/r/s3/aws4_request, SignedHeaders=, Signature=0")); }
static void h_headers_upper(struct received *r)      { replace_in_header(r, AUTH, "=host", "=Host"); }
static void h_headers_gap(struct received *r)        { replace_in_header(r, AUTH, "=host;", "=host;;"); }
static void h_twice(struct received *r)              { replace_in_header(r, AUTH, "SignedHeaders=", "Signature=00, SignedHeaders="); }
static void h_no_comma(struct received *r)           { replace_in_header(r, AUTH, ", Signature", " Signature"); }
static void h_credential_short(struct received *r)   { replace_in_header(r, AUTH, "/us-east-1", ""); }
static void h_credential_nobody(struct received *r)  { replace_in_header(r, AUTH, "AKIAIOSFODNN7EXAMPLE/", "/"); }
static void h_terminal(struct received *r)           { replace_in_header(r, AUTH, "aws4_request", "aws5_request"); }
static void h_scope_date(struct received *r)         { replace_in_header(r, AUTH, DATE, "2026112x"); }
static void h_scope_date_long(struct received *r)    { replace_in_header(r, AUTH, DATE, DATE "0"); }
static void h_scope_other_day(struct received *r)    { replace_in_header(r, AUTH, DATE, "20261124"); }
static void h_region(struct received *r)             { replace_in_header(r, AUTH, "us-east-1", "us-east-2"); }
static void h_service(struct received *r)            { replace_in_header(r, AUTH, "/s3/", "/ec2/"); }
static void h_key_unknown(struct received *r)        { r->policy.credentials = NULL; }
static void h_key_other(struct received *r)          { replace_in_header(r, AUTH, "AKIAIOSFODNN7EXAMPLE", "AKIAI"); }
static void h_secret(struct received *r)             { r->credentials.secret_key.bytes[0] ^= 1; }
static void h_date_gone(struct received *r)          { remove_header(r, "x-amz-date"); }
static void h_date_bad(struct received *r)           { set_header(r, "x-amz-date", STR("2026-11-25T00:00:00Z")); set_header(r, "date", STR("Wed, 25 Nov 2026 12:26:40 GMT")); }
static void h_hash_gone(struct received *r)          { remove_header(r, "x-amz-content-sha256"); }
static void h_hash_short(struct received *r)         { set_header(r, "x-amz-content-sha256", STR("e3b0")); }
static void h_hash_no_hex(struct received *r)        { replace_in_header(r, "x-amz-content-sha256", "e3b0", "zzzz"); }
static void h_hash_other(struct received *r)         { set_header(r, "x-amz-content-sha256", SIGV4_UNSIGNED_PAYLOAD); }
static void h_token_sent(struct received *r)         { set_header(r, "x-amz-security-token", STR("t")); }
static void h_token_wanted(struct received *r)       { r->credentials.session_token = STR("t"); }
static void h_early_edge(struct received *r)         { r->policy.now_s = NOW - 900; }
static void h_early(struct received *r)              { r->policy.now_s = NOW - 901; }
static void h_late_edge(struct received *r)          { r->policy.now_s = NOW + 900; }
static void h_late(struct received *r)               { r->policy.now_s = NOW + 901; }
static void h_signature_digit(struct received *r)    { replace_in_header(r, AUTH, "Signature=", "Signature=0"); }

static void q_method(struct received *r)             { r->request.method = STR("GET"); }
static void q_signature(struct received *r)          { replace_in_query(r, "X-Amz-Signature=", "X-Amz-Signature=0"); }
static void q_signature_empty(struct received *r)    { r->request.raw_query = str_head(r->request.raw_query, r->request.raw_query.len - 64); }
static void q_signature_gone(struct received *r)     { replace_in_query(r, "&X-Amz-Signature=", "&x="); }
static void q_signature_twice(struct received *r)    { replace_in_query(r, "X-Amz-Signature=", "X-Amz-Signature=0&X-Amz-Signature="); }
static void q_algorithm(struct received *r)          { replace_in_query(r, "SHA256", "SHA512"); }
static void q_algorithm_gone(struct received *r)     { replace_in_query(r, "X-Amz-Algorithm", "X"); }
static void q_credential(struct received *r)         { replace_in_query(r, "%2Fs3%2F", "%2F"); }
static void q_credential_gone(struct received *r)    { replace_in_query(r, "X-Amz-Credential", "X"); }
static void q_date(struct received *r)               { replace_in_query(r, "X-Amz-Date=" DATE "T", "X-Amz-Date=" DATE "X"); }
static void q_date_impossible(struct received *r)    { replace_in_query(r, "X-Amz-Date=" DATE, "X-Amz-Date=20260230"); }
static void q_date_other_day(struct received *r)     { replace_in_query(r, "X-Amz-Date=" DATE, "X-Amz-Date=20261124"); }
static void q_date_gone(struct received *r)          { replace_in_query(r, "X-Amz-Date", "X"); }
static void q_expires_gone(struct received *r)       { replace_in_query(r, "X-Amz-Expires", "X"); }
static void q_expires_text(struct received *r)       { replace_in_query(r, "Expires=300", "Expires=3e2"); }
static void q_expires_zero(struct received *r)       { replace_in_query(r, "Expires=300", "Expires=0"); }
static void q_expires_minus(struct received *r)      { replace_in_query(r, "Expires=300", "Expires=-1"); }
static void q_expires_huge(struct received *r)       { replace_in_query(r, "Expires=300", "Expires=99999999999999999999"); }
static void q_expires_week(struct received *r)       { replace_in_query(r, "Expires=300", "Expires=604801"); }
static void q_expires_longer(struct received *r)     { replace_in_query(r, "Expires=300", "Expires=3000"); }
static void q_headers_gone(struct received *r)       { replace_in_query(r, "X-Amz-SignedHeaders", "X"); }
static void q_host_unsigned(struct received *r)      { replace_in_query(r, "%3Bhost", ""); }
static void q_header_not_sent(struct received *r)    { remove_header(r, "content-type"); }
static void q_header_other(struct received *r)       { set_header(r, "content-type", STR("text/html")); }
static void q_unsigned_amz(struct received *r)       { set_header(r, "x-amz-meta-a", STR("b")); }
static void q_parameter_added(struct received *r)    { replace_in_query(r, "X-Amz-Algorithm", "a=b&X-Amz-Algorithm"); }
static void q_token_added(struct received *r)        { replace_in_query(r, "X-Amz-Algorithm", "X-Amz-Security-Token=t&X-Amz-Algorithm"); }
static void q_region(struct received *r)             { r->policy.region = STR("eu-west-1"); }
static void q_v2(struct received *r)                 { r->request.raw_query = STR("AWSAccessKeyId=a&Signature=b&Expires=1"); }
static void q_last_second(struct received *r)        { r->policy.now_s = NOW + 300; }
static void q_expired(struct received *r)            { r->policy.now_s = NOW + 301; }
static void q_early_edge(struct received *r)         { r->policy.now_s = NOW - 900; }
static void q_early(struct received *r)              { r->policy.now_s = NOW - 901; }
static void q_other_order(struct received *r)        { struct str q = r->request.raw_query; r->request.raw_query = ARENA_JOIN(r->arena, str_from_offset(q, 33), STR("&"), str_head(q, 32)); }

static const struct row {
    const char *name;
    void (*init)(struct received *r, struct arena *arena);
    void (*change)(struct received *r);
    enum verify_problem problem;
    const char *code;
} rows[] = {
    { "header: nothing changed",             init_header, nothing,             VERIFY_OK,                     "" },
    { "header: other method",                init_header, h_method,            VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: other path",                  init_header, h_path,              VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: path escaped otherwise",      init_header, h_path_otherwise,    VERIFY_OK,                     "" },
    { "header: bad escape in the path",      init_header, h_path_escape,       VERIFY_BAD_REQUEST_LINE,       "InvalidURI" },
    { "header: path without slash",          init_header, h_path_relative,     VERIFY_BAD_REQUEST_LINE,       "InvalidURI" },
    { "header: bad escape in the query",     init_header, h_query_escape,      VERIFY_BAD_REQUEST_LINE,       "InvalidURI" },
    { "header: parameter added",             init_header, h_query_added,       VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: query escaped otherwise",     init_header, h_query_unescaped,   VERIFY_OK,                     "" },
    { "header: signed header changed",       init_header, h_header_value,      VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: blanks around its value",     init_header, h_header_blanks,     VERIFY_OK,                     "" },
    { "header: signed header not sent",      init_header, h_header_gone,       VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: x-amz-* not signed",          init_header, h_unsigned_amz,      VERIFY_HEADERS_NOT_SIGNED,     "AccessDenied" },
    { "header: another not signed",          init_header, h_unsigned_other,    VERIFY_OK,                     "" },
    { "header: other host",                  init_header, h_host_other,        VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: host not signed",             init_header, h_host_unsigned,     VERIFY_HEADERS_NOT_SIGNED,     "AccessDenied" },
    { "header: host neither sent nor signed", init_header, h_host_gone,        VERIFY_HEADERS_NOT_SIGNED,     "AccessDenied" },
    { "header: and a query",                 init_header, h_two,               VERIFY_TWO_MECHANISMS,         "InvalidArgument" },
    { "header: and a query of version 2",    init_header, h_two_v2,            VERIFY_TWO_MECHANISMS,         "InvalidArgument" },
    { "header: Basic",                       init_header, h_basic,             VERIFY_UNSUPPORTED_TYPE,       "InvalidArgument" },
    { "header: signature version 2",         init_header, h_v2,                VERIFY_SIGNATURE_V2,           "InvalidRequest" },
    { "header: ECDSA",                       init_header, h_ecdsa,             VERIFY_UNSUPPORTED_TYPE,       "InvalidArgument" },
    { "header: algorithm only",              init_header, h_bare,              VERIFY_UNSUPPORTED_TYPE,       "InvalidArgument" },
    { "header: no components",               init_header, h_no_parts,          VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: no Credential",               init_header, h_no_credential,     VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: misspelt Signature",          init_header, h_no_signature,      VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: no Signature",                init_header, h_signature_missing, VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: empty Signature",             init_header, h_signature_empty,   VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: empty SignedHeaders",         init_header, h_headers_empty,     VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: SignedHeaders in capitals",   init_header, h_headers_upper,     VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: gap in SignedHeaders",        init_header, h_headers_gap,       VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: two Signatures",              init_header, h_twice,             VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: comma missing",               init_header, h_no_comma,          VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: Credential too short",        init_header, h_credential_short,  VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: Credential without key",      init_header, h_credential_nobody, VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: other terminal",              init_header, h_terminal,          VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: letters in the date",         init_header, h_scope_date,        VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: nine digits in the date",     init_header, h_scope_date_long,   VERIFY_HEADER_MALFORMED,       "AuthorizationHeaderMalformed" },
    { "header: scope of another day",        init_header, h_scope_other_day,   VERIFY_CREDENTIAL_DATE,        "AuthorizationHeaderMalformed" },
    { "header: other region",                init_header, h_region,            VERIFY_REGION_WRONG,           "AuthorizationHeaderMalformed" },
    { "header: other service",               init_header, h_service,           VERIFY_SERVICE_WRONG,          "AuthorizationHeaderMalformed" },
    { "header: unknown key",                 init_header, h_key_unknown,       VERIFY_ACCESS_KEY_UNKNOWN,     "InvalidAccessKeyId" },
    { "header: other key",                   init_header, h_key_other,         VERIFY_ACCESS_KEY_UNKNOWN,     "InvalidAccessKeyId" },
    { "header: other secret",                init_header, h_secret,            VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: no date",                     init_header, h_date_gone,         VERIFY_DATE_MISSING,           "AccessDenied" },
    { "header: bad x-amz-date beside Date",  init_header, h_date_bad,          VERIFY_DATE_MISSING,           "AccessDenied" },
    { "header: no payload hash",             init_header, h_hash_gone,         VERIFY_PAYLOAD_HASH_MISSING,   "InvalidRequest" },
    { "header: short payload hash",          init_header, h_hash_short,        VERIFY_PAYLOAD_HASH_MALFORMED, "InvalidArgument" },
    { "header: payload hash without hex",    init_header, h_hash_no_hex,       VERIFY_PAYLOAD_HASH_MALFORMED, "InvalidArgument" },
    { "header: other payload hash",          init_header, h_hash_other,        VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "header: token for a key without",     init_header, h_token_sent,        VERIFY_TOKEN_INVALID,          "InvalidToken" },
    { "header: no token for a key with one", init_header, h_token_wanted,      VERIFY_TOKEN_INVALID,          "InvalidToken" },
    { "header: our clock 15 minutes slow",   init_header, h_early_edge,        VERIFY_OK,                     "" },
    { "header: and a second",                init_header, h_early,             VERIFY_SKEWED,                 "RequestTimeTooSkewed" },
    { "header: our clock 15 minutes fast",   init_header, h_late_edge,         VERIFY_OK,                     "" },
    { "header: and a second more",           init_header, h_late,              VERIFY_SKEWED,                 "RequestTimeTooSkewed" },
    { "header: a digit too many",            init_header, h_signature_digit,   VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },

    { "query: nothing changed",              init_query,  nothing,             VERIFY_OK,                     "" },
    { "query: other method",                 init_query,  q_method,            VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: signature changed",            init_query,  q_signature,         VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: signature empty",              init_query,  q_signature_empty,   VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: no signature",                 init_query,  q_signature_gone,    VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: two signatures",               init_query,  q_signature_twice,   VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: other algorithm",              init_query,  q_algorithm,         VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: no algorithm",                 init_query,  q_algorithm_gone,    VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: credential too short",         init_query,  q_credential,        VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: no credential",                init_query,  q_credential_gone,   VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: malformed date",               init_query,  q_date,              VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: 30 February",                  init_query,  q_date_impossible,   VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: scope of another day",         init_query,  q_date_other_day,    VERIFY_CREDENTIAL_DATE,        "AuthorizationQueryParametersError" },
    { "query: no date",                      init_query,  q_date_gone,         VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: no expiry",                    init_query,  q_expires_gone,      VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: expiry no number",             init_query,  q_expires_text,      VERIFY_EXPIRES_INVALID,        "AuthorizationQueryParametersError" },
    { "query: expiry 0",                     init_query,  q_expires_zero,      VERIFY_EXPIRES_INVALID,        "AuthorizationQueryParametersError" },
    { "query: expiry negative",              init_query,  q_expires_minus,     VERIFY_EXPIRES_INVALID,        "AuthorizationQueryParametersError" },
    { "query: expiry beyond 64 bits",        init_query,  q_expires_huge,      VERIFY_EXPIRES_INVALID,        "AuthorizationQueryParametersError" },
    { "query: more than a week",             init_query,  q_expires_week,      VERIFY_EXPIRES_TOO_LONG,       "AuthorizationQueryParametersError" },
    { "query: expiry made longer",           init_query,  q_expires_longer,    VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: no SignedHeaders",             init_query,  q_headers_gone,      VERIFY_QUERY_MALFORMED,        "AuthorizationQueryParametersError" },
    { "query: host not signed",              init_query,  q_host_unsigned,     VERIFY_HEADERS_NOT_SIGNED,     "AccessDenied" },
    { "query: signed header not sent",       init_query,  q_header_not_sent,   VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: other content type",           init_query,  q_header_other,      VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: x-amz-* not signed",           init_query,  q_unsigned_amz,      VERIFY_HEADERS_NOT_SIGNED,     "AccessDenied" },
    { "query: parameter added",              init_query,  q_parameter_added,   VERIFY_SIGNATURE_MISMATCH,     "SignatureDoesNotMatch" },
    { "query: token added",                  init_query,  q_token_added,       VERIFY_TOKEN_INVALID,          "InvalidToken" },
    { "query: other region",                 init_query,  q_region,            VERIFY_REGION_WRONG,           "AuthorizationQueryParametersError" },
    { "query: signature version 2",          init_query,  q_v2,                VERIFY_SIGNATURE_V2,           "InvalidRequest" },
    { "query: in its last second",           init_query,  q_last_second,       VERIFY_OK,                     "" },
    { "query: a second later",               init_query,  q_expired,           VERIFY_EXPIRED,                "AccessDenied" },
    { "query: from a clock 15 minutes fast", init_query,  q_early_edge,        VERIFY_OK,                     "" },
    { "query: and a second",                 init_query,  q_early,             VERIFY_NOT_YET_VALID,          "AccessDenied" },
    { "query: parameters in another order",  init_query,  q_other_order,       VERIFY_OK,                     "" },
};
/* clang-format on */

static void every_change_has_its_code(void **state)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct received r;
        rows[i].init(&r, *state);
        rows[i].change(&r);
        expect_int(rows[i].name, verify(&r), rows[i].problem);
        expect_str(rows[i].name, r.failure.code, str_from_c(rows[i].code));
        expect_int(rows[i].name, r.failure.problem, rows[i].problem);
        if (rows[i].problem != VERIFY_OK) {
            assert_true(r.failure.http_status >= 400 && r.failure.http_status < 500);
            assert_true(r.failure.message.len > 0);
        }
        secret_clear(&r.credentials.secret_key);
    }
}

static void every_problem_is_met(void **state)
{
    (void)state;
    for (int problem = 0; problem < VERIFY__COUNT; problem++) {
        bool is_met = false;
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            is_met = is_met || (int)rows[i].problem == problem;
        expect_int("problem without a row", is_met ? 0 : problem, 0);
    }
}

static void a_mismatch_shows_what_was_signed(void **state)
{
    struct received r;
    init_header(&r, *state);
    h_path(&r);
    expect_int("mismatch", verify(&r), VERIFY_SIGNATURE_MISMATCH);
    assert_true(str_starts_with(detail(&r, "CanonicalRequest"),
        STR("GET\n/vitrine/a%20c\nprefix=x\nhost:127.0.0.1:8081\n")));
    assert_true(str_starts_with(detail(&r, "StringToSign"), STR("AWS4-HMAC-SHA256\n" DATE "T")));
    expect_str("key", detail(&r, "AWSAccessKeyId"), STR("AKIAIOSFODNN7EXAMPLE"));
    expect_int("signature", detail(&r, "SignatureProvided").len, 64);
}

static void refusals_carry_what_helps(void **state)
{
    struct received r;
    init_header(&r, *state);
    h_unsigned_amz(&r);
    set_header(&r, "x-amz-grant-read", STR("x"));
    expect_int("not signed", verify(&r), VERIFY_HEADERS_NOT_SIGNED);
    expect_str("names", detail(&r, "HeadersNotSigned"), STR("x-amz-acl, x-amz-grant-read"));
    init_header(&r, *state);
    h_late(&r);
    expect_int("skewed", verify(&r), VERIFY_SKEWED);
    expect_str("skew", detail(&r, "MaxAllowedSkewMilliseconds"), STR("900000"));
    init_query(&r, *state);
    q_expired(&r);
    expect_int("expired", verify(&r), VERIFY_EXPIRED);
    expect_str("message", r.failure.message, STR("Request has expired"));
    expect_str("expires", detail(&r, "Expires"), clock_format_iso(*state, NOW + 300));
    init_query(&r, *state);
    q_region(&r);
    expect_int("region", verify(&r), VERIFY_REGION_WRONG);
    expect_str("region", detail(&r, "Region"), STR("eu-west-1"));
}

static void nobody_in_particular_is_anonymous(void **state)
{
    struct received r;
    init_common(&r, *state);
    r.request.method = STR("GET");
    r.request.raw_path = STR("/vitrine/a%2Fb%20c");
    r.request.raw_query = STR("x-id=GetObject&Expires=1");
    expect_int("parse", verify_parse(*state, &r.request, &r.claim, &r.failure), VERIFY_OK);
    expect_int("kind", r.claim.kind, VERIFY_ANONYMOUS);
    expect_str("path", r.claim.path, STR("/vitrine/a/b c"));
    expect_int("query", r.claim.query.count, 2);
    assert_int_not_equal(
        verify_check(*state, &r.request, &r.claim, &r.policy, &r.failure), VERIFY_OK);
}

static void a_claim_tells_what_was_said(void **state)
{
    struct received r;
    init_query(&r, *state);
    expect_int("verify", verify(&r), VERIFY_OK);
    expect_int("kind", r.claim.kind, VERIFY_QUERY);
    expect_int("expires", r.claim.expires_s, 300);
    expect_int("signed at", r.claim.signed_at, NOW);
    expect_int("payload", r.claim.payload, VERIFY_PAYLOAD_UNSIGNED);
    expect_str("region", r.claim.region, STR("us-east-1"));
    assert_true(verify_is_signed(&r.claim, STR("content-type")));
    assert_true(verify_is_signed(&r.claim, STR("host")));
    assert_false(verify_is_signed(&r.claim, STR("content-length")));
    assert_false(verify_is_signed(&r.claim, STR("hos")));
    init_header(&r, *state);
    expect_int("verify", verify(&r), VERIFY_OK);
    expect_int("payload", r.claim.payload, VERIFY_PAYLOAD_SHA256);
}

/* Every prefix of a good header and a good query: refused, and no byte beyond them is read
 * (sanitizers watch). */
static void cut_anywhere_it_is_refused(void **state)
{
    struct received r;
    init_header(&r, *state);
    struct str whole = pairs_get(r.request.headers, STR(AUTH), NULL);
    for (size_t len = 1; len < whole.len; len++) {
        char *copy = unit_exact_copy(str_head(whole, len));
        set_header(&r, AUTH, str_from(copy, len));
        assert_int_not_equal(verify(&r), VERIFY_OK);
        free(copy);
    }
    init_query(&r, *state);
    whole = r.request.raw_query;
    for (size_t len = sizeof("X-Amz-Algorithm=") - 1; len < whole.len; len++) {
        char *copy = unit_exact_copy(str_head(whole, len));
        r.request.raw_query = str_from(copy, len);
        assert_int_not_equal(verify(&r), VERIFY_OK);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("every change of a signed request has its code", every_change_has_its_code),
        TEST("every problem is met by a change", every_problem_is_met),
        TEST("a mismatch shows what was signed", a_mismatch_shows_what_was_signed),
        TEST("refusals carry what helps", refusals_carry_what_helps),
        TEST("nobody in particular is anonymous", nobody_in_particular_is_anonymous),
        TEST("a claim tells what was said", a_claim_tells_what_was_said),
        TEST("cut anywhere, it is refused", cut_anywhere_it_is_refused),
    };
    return RUN(tests);
}
