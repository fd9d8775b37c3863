/*
 * Checking a claim: scope, clock, what is signed, and the signature. Taking the request apart is in
 * verify_parse.c.
 */
#include "sign/verify.h"

#include "base/clock.h"
#include "sign/signature.h"
#include "sign/verify_failure.h"

/* --- failures
 * ----------------------------------------------------------------------------------------- */

static const struct problem_row {
    struct str code;
    int http_status;
    struct str message;
} problem_rows[VERIFY__COUNT] = {
#define X(name, code, http, sentence) { STR_INIT(code), http, STR_INIT(sentence) },
    VERIFY_PROBLEM_LIST(X)
#undef X
};

enum verify_problem verify_fail(struct verify_failure *failure, enum verify_kind kind,
    enum verify_problem problem, struct str message)
{
    const struct problem_row *row = &problem_rows[problem];
    *failure = (struct verify_failure){
        .problem = problem,
        .code = row->code,
        .http_status = row->http_status,
        .message = str_is_empty(message) ? row->message : message,
    };
    if (kind == VERIFY_QUERY && str_equal(row->code, STR("AuthorizationHeaderMalformed")))
        failure->code = STR("AuthorizationQueryParametersError");
    return problem;
}

void verify_add_detail(struct verify_failure *failure, struct str name, struct str value)
{
    if (failure->detail_count < VERIFY_DETAILS_MAX)
        failure->details[failure->detail_count++] = (struct pair){ name, value };
}

/* --- what is signed
 * ----------------------------------------------------------------------------------- */

struct str verify_header(const struct verify_request *request, struct str name)
{
    return pairs_get(request->headers, name, NULL);
}

bool verify_is_signed(const struct verify_claim *claim, struct str name)
{
    struct str list = claim->signed_headers, part;
    while (str_split(&list, ';', &part))
        if (str_equal(part, name))
            return true;
    return false;
}

/* Whoever passes a signed request on must not be able to add to its meaning, or send it elsewhere.
 */
static enum verify_problem check_signed_headers(struct arena *arena,
    const struct verify_request *request, const struct verify_claim *claim,
    struct verify_failure *failure)
{
    struct str missing = STR_EMPTY;
    for (size_t i = 0; i < request->headers.count; i++) {
        struct str name = request->headers.item[i].name;
        bool must_be_signed = str_equal(name, STR("host")) || str_starts_with(name, STR("x-amz-"));
        if (!must_be_signed || verify_is_signed(claim, name))
            continue;
        missing = str_is_empty(missing) ? name : ARENA_JOIN(arena, missing, STR(", "), name);
    }
    if (!verify_is_signed(claim, STR("host")) && str_is_empty(missing))
        missing = STR("host");
    if (str_is_empty(missing))
        return VERIFY_OK;
    verify_fail(failure, claim->kind, VERIFY_HEADERS_NOT_SIGNED, STR_EMPTY);
    verify_add_detail(failure, STR("HeadersNotSigned"), missing);
    return VERIFY_HEADERS_NOT_SIGNED;
}

/* --- scope and clock
 * ---------------------------------------------------------------------------------- */

static enum verify_problem check_scope(struct arena *arena, const struct verify_claim *claim,
    const struct verify_policy *policy, struct verify_failure *failure)
{
    if (!str_equal(claim->service, STR("s3")))
        return verify_fail(failure, claim->kind, VERIFY_SERVICE_WRONG,
            ARENA_JOIN(arena, STR("The authorization header is malformed; incorrect service \""),
                claim->service, STR("\". This endpoint belongs to \"s3\".")));
    if (str_equal(claim->region, policy->region))
        return VERIFY_OK;
    verify_fail(failure, claim->kind, VERIFY_REGION_WRONG,
        ARENA_JOIN(arena, STR("The authorization header is malformed; the region '"), claim->region,
            STR("' is wrong; expecting '"), policy->region, STR("'")));
    verify_add_detail(failure, STR("Region"), policy->region);
    return VERIFY_REGION_WRONG;
}

static enum verify_problem check_skew(struct arena *arena, const struct verify_claim *claim,
    int64_t now_s, struct verify_failure *failure)
{
    int64_t skew_s = now_s > claim->signed_at ? now_s - claim->signed_at : claim->signed_at - now_s;
    if (skew_s <= VERIFY_SKEW_MAX_S)
        return VERIFY_OK;
    verify_fail(failure, claim->kind, VERIFY_SKEWED, STR_EMPTY);
    verify_add_detail(failure, STR("RequestTime"), claim->amz_date);
    verify_add_detail(failure, STR("ServerTime"), clock_format_iso(arena, now_s));
    verify_add_detail(failure, STR("MaxAllowedSkewMilliseconds"),
        arena_printf(arena, "%d", VERIFY_SKEW_MAX_S * 1000));
    return VERIFY_SKEWED;
}

static enum verify_problem check_expiry(struct arena *arena, const struct verify_claim *claim,
    int64_t now_s, struct verify_failure *failure)
{
    int64_t expires_at = claim->signed_at + claim->expires_s;
    if (claim->signed_at > now_s + VERIFY_SKEW_MAX_S)
        return verify_fail(failure, claim->kind, VERIFY_NOT_YET_VALID, STR_EMPTY);
    if (now_s <= expires_at)
        return VERIFY_OK;
    verify_fail(failure, claim->kind, VERIFY_EXPIRED, STR_EMPTY);
    verify_add_detail(
        failure, STR("X-Amz-Expires"), arena_printf(arena, "%lld", (long long)claim->expires_s));
    verify_add_detail(failure, STR("Expires"), clock_format_iso(arena, expires_at));
    verify_add_detail(failure, STR("ServerTime"), clock_format_iso(arena, now_s));
    return VERIFY_EXPIRED;
}

/* --- the signature
 * ------------------------------------------------------------------------------------ */

/* The query as it was signed: without the signature itself. */
static struct pairs signed_query(struct arena *arena, const struct verify_claim *claim)
{
    if (claim->kind != VERIFY_QUERY)
        return claim->query;
    struct pair *item = ARENA_ARRAY(arena, struct pair, claim->query.count);
    size_t count = 0;
    for (size_t i = 0; i < claim->query.count; i++)
        if (!str_equal(claim->query.item[i].name, STR("X-Amz-Signature")))
            item[count++] = claim->query.item[i];
    return (struct pairs){ item, count };
}

/* The signed headers as received; one that was not sent has an empty value. */
static bool collect_signed(struct canonical_headers *headers, const struct verify_request *request,
    const struct verify_claim *claim)
{
    struct str list = claim->signed_headers, name;
    canonical_headers_init(headers);
    while (str_split(&list, ';', &name))
        if (!canonical_headers_add(headers, name, verify_header(request, name)))
            return false;
    return true;
}

/* Our signature of what was received; false when it cannot have one. */
static bool compute(struct arena *arena, const struct verify_request *request,
    const struct verify_claim *claim, const struct s3_credentials *credentials,
    struct sigv4_trace *trace)
{
    char memory[WRITER_STACK_BYTES], signature[SIGNATURE_LENGTH];
    struct canonical_headers headers;
    struct canonical_query query;
    struct writer writer;
    struct sigv4_scope scope = { claim->region, claim->service };
    struct signing_key *key = signing_key_get(credentials, &scope, claim->signed_at);

    if (!key || !collect_signed(&headers, request, claim) ||
        !canonical_query_init(&query, signed_query(arena, claim)))
        return false;
    struct canonical_request canonical = {
        .method = request->method,
        .path = claim->path,
        .query = &query,
        .headers = &headers,
        .payload_hash = claim->payload_hash,
    };
    writer_init_bound(&writer, arena, memory, sizeof(memory), canonical_request_bound(&canonical));
    put_canonical_request(&writer, &canonical);
    if (writer.is_over)
        return false;
    signature_make(arena, key, claim->signed_at, writer_str(&writer), signature, trace);
    return true;
}

static enum verify_problem check_signature(struct arena *arena,
    const struct verify_request *request, const struct verify_claim *claim,
    const struct s3_credentials *credentials, struct verify_failure *failure)
{
    struct sigv4_trace trace = { 0 };
    bool is_computed = compute(arena, request, claim, credentials, &trace);
    if (is_computed && secret_equal(trace.signature, claim->signature))
        return VERIFY_OK;
    verify_fail(failure, claim->kind, VERIFY_SIGNATURE_MISMATCH, STR_EMPTY);
    verify_add_detail(failure, STR("AWSAccessKeyId"), claim->access_key);
    verify_add_detail(failure, STR("StringToSign"), trace.string_to_sign);
    verify_add_detail(failure, STR("SignatureProvided"), claim->signature);
    verify_add_detail(failure, STR("CanonicalRequest"), trace.canonical_request);
    return VERIFY_SIGNATURE_MISMATCH;
}

/* --- all of it
 * ---------------------------------------------------------------------------------------- */

static enum verify_problem check_key(const struct verify_claim *claim,
    const struct s3_credentials *credentials, struct verify_failure *failure)
{
    if (!credentials || !str_equal(credentials->access_key, claim->access_key)) {
        verify_fail(failure, claim->kind, VERIFY_ACCESS_KEY_UNKNOWN, STR_EMPTY);
        verify_add_detail(failure, STR("AWSAccessKeyId"), claim->access_key);
        return VERIFY_ACCESS_KEY_UNKNOWN;
    }
    if (!secret_equal(credentials->session_token, claim->session_token))
        return verify_fail(failure, claim->kind, VERIFY_TOKEN_INVALID, STR_EMPTY);
    return VERIFY_OK;
}

enum verify_problem verify_check(struct arena *arena, const struct verify_request *request,
    const struct verify_claim *claim, const struct verify_policy *policy,
    struct verify_failure *failure)
{
    enum verify_problem problem = check_scope(arena, claim, policy, failure);
    if (problem == VERIFY_OK)
        problem = check_key(claim, policy->credentials, failure);
    if (problem == VERIFY_OK)
        problem = claim->kind == VERIFY_QUERY ? check_expiry(arena, claim, policy->now_s, failure)
                                              : check_skew(arena, claim, policy->now_s, failure);
    if (problem == VERIFY_OK)
        problem = check_signed_headers(arena, request, claim, failure);
    if (problem == VERIFY_OK)
        problem = check_signature(arena, request, claim, policy->credentials, failure);
    return problem;
}
