/*
 * What a request claims: an Authorization header or a presigned query taken apart. Nothing is
 * believed here; verify.c checks.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "sign/verify_failure.h"

#include "sign/sigv4.h"

struct parse {
    struct arena *arena;
    const struct verify_request *request;
    struct verify_claim *claim;
    struct verify_failure *failure;
};

static enum verify_problem fail(
    const struct parse *p, enum verify_problem problem, struct str message)
{
    return verify_fail(p->failure, p->claim->kind, problem, message);
}

/* A malformed header or query, by the kind of the claim, with what exactly is wrong. */
static enum verify_problem malformed(const struct parse *p, struct str what)
{
    bool is_query = p->claim->kind == VERIFY_QUERY;
    struct str before = is_query ? STR("Error parsing the X-Amz-* query parameters; ")
                                 : STR("The authorization header is malformed; ");
    return fail(p, is_query ? VERIFY_QUERY_MALFORMED : VERIFY_HEADER_MALFORMED,
        ARENA_JOIN(p->arena, before, what));
}

/* --- parts that both forms have
 * ----------------------------------------------------------------------- */

/* Cut off what follows the last '/': an access key may hold that byte, the parts after it do not.
 */
static bool split_last(struct str *rest, struct str *out_part)
{
    ssize_t slash = str_last_index(*rest, '/');
    if (slash < 0)
        return false;
    *out_part = str_from_offset(*rest, (size_t)slash + 1);
    *rest = str_head(*rest, (size_t)slash);
    return true;
}

static bool is_date(struct str date)
{
    uint64_t number;
    return date.len == 8 && date.ptr[0] != '0' && str_parse_u64(date, &number);
}

static enum verify_problem parse_credential(const struct parse *p, struct str credential)
{
    struct verify_claim *claim = p->claim;
    struct str rest = credential, terminal;
    if (!split_last(&rest, &terminal) || !split_last(&rest, &claim->service) ||
        !split_last(&rest, &claim->region) || !split_last(&rest, &claim->date) ||
        str_is_empty(rest))
        return malformed(p, STR("the Credential is mal-formed; expecting "
                                "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."));
    if (!str_equal(terminal, STR("aws4_request")))
        return malformed(
            p, STR("incorrect terminal in the Credential. This endpoint uses \"aws4_request\"."));
    if (!is_date(claim->date))
        return malformed(
            p, STR("incorrect date format in the Credential; it must be \"yyyyMMdd\"."));
    claim->access_key = rest;
    return VERIFY_OK;
}

static bool is_header_list(struct str list)
{
    struct str name;
    while (str_split(&list, ';', &name)) {
        for (size_t i = 0; i < name.len; i++)
            if (name.ptr[i] <= ' ' || name.ptr[i] > '~' ||
                (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z'))
                return false;
        if (str_is_empty(name))
            return false;
    }
    return true;
}

static enum verify_problem parse_signed_headers(const struct parse *p, struct str list)
{
    if (str_is_empty(list) || !is_header_list(list))
        return malformed(p, STR("SignedHeaders must be lower-case names with ';' between."));
    p->claim->signed_headers = list;
    return VERIFY_OK;
}

static enum verify_problem parse_signature(const struct parse *p, struct str signature)
{
    if (str_is_empty(signature))
        return malformed(p, STR("the Signature is empty."));
    p->claim->signature = signature;
    return VERIFY_OK;
}

/* The scope is of one day, and the request must be of the same. */
static enum verify_problem check_date(const struct parse *p)
{
    struct verify_claim *claim = p->claim;
    if (str_equal(claim->date, str_head(claim->amz_date, claim->date.len)))
        return VERIFY_OK;
    return fail(p, VERIFY_CREDENTIAL_DATE,
        ARENA_JOIN(p->arena, STR("Invalid credential date \""), claim->date,
            STR("\". This date is not the same as X-Amz-Date: \""), str_head(claim->amz_date, 8),
            STR("\".")));
}

static enum verify_problem parse_payload(const struct parse *p, struct str hash)
{
    struct str bytes;
    p->claim->payload_hash = hash;
    if (str_equal(hash, SIGV4_UNSIGNED_PAYLOAD))
        p->claim->payload = VERIFY_PAYLOAD_UNSIGNED;
    else if (str_starts_with(hash, STR("STREAMING-")))
        p->claim->payload = VERIFY_PAYLOAD_STREAMING;
    else if (hash.len == 64 && escape_hex_decode(p->arena, hash, &bytes))
        p->claim->payload = VERIFY_PAYLOAD_SHA256;
    else
        return fail(p, VERIFY_PAYLOAD_HASH_MALFORMED, STR_EMPTY);
    return VERIFY_OK;
}

/* --- the Authorization header
 * ------------------------------------------------------------------------- */

struct component {
    struct str name;
    enum verify_problem (*parse)(const struct parse *p, struct str value);
};

static const struct component components[] = {
    { STR_INIT("Credential"), parse_credential },
    { STR_INIT("SignedHeaders"), parse_signed_headers },
    { STR_INIT("Signature"), parse_signature },
};

static const struct component *find_component(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(components); i++)
        if (str_equal(name, components[i].name))
            return &components[i];
    return NULL;
}

/* "Credential=..., SignedHeaders=..., Signature=..." in any order, each once. */
static enum verify_problem parse_components(const struct parse *p, struct str text)
{
    unsigned seen = 0;
    struct str part;
    while (str_split(&text, ',', &part)) {
        part = str_trim(part);
        ssize_t equals = str_index(part, '=');
        const struct component *component =
            equals < 0 ? NULL : find_component(str_head(part, (size_t)equals));
        if (!component)
            return malformed(p, STR("expecting Credential, SignedHeaders and Signature."));
        unsigned bit = 1U << (component - components);
        if (seen & bit)
            return malformed(p, ARENA_JOIN(p->arena, STR("repeated "), component->name, STR(".")));
        seen |= bit;
        enum verify_problem problem =
            component->parse(p, str_from_offset(part, (size_t)equals + 1));
        if (problem != VERIFY_OK)
            return problem;
    }
    for (size_t i = 0; i < COUNT_OF(components); i++)
        if (!(seen & 1U << i))
            return malformed(
                p, ARENA_JOIN(p->arena, STR("missing "), components[i].name, STR(".")));
    return VERIFY_OK;
}

/* x-amz-date, or else Date, of which the signed form is the same. */
static enum verify_problem parse_header_date(const struct parse *p)
{
    struct verify_claim *claim = p->claim;
    claim->amz_date = verify_header(p->request, STR("x-amz-date"));
    if (clock_parse_amz(claim->amz_date, &claim->signed_at))
        return VERIFY_OK;
    if (!str_is_empty(claim->amz_date) ||
        !clock_parse_http(verify_header(p->request, STR("date")), &claim->signed_at))
        return fail(p, VERIFY_DATE_MISSING, STR_EMPTY);
    claim->amz_date = clock_format_amz(p->arena, claim->signed_at);
    return VERIFY_OK;
}

static enum verify_problem parse_header(const struct parse *p, struct str authorization)
{
    static const struct str algorithm = STR_INIT("AWS4-HMAC-SHA256 ");
    p->claim->kind = VERIFY_HEADER;
    if (str_starts_with(authorization, STR("AWS ")))
        return fail(p, VERIFY_SIGNATURE_V2, STR_EMPTY);
    if (!str_starts_with(authorization, algorithm))
        return fail(p, VERIFY_UNSUPPORTED_TYPE, STR_EMPTY);

    enum verify_problem problem =
        parse_components(p, str_from_offset(authorization, algorithm.len));
    if (problem == VERIFY_OK)
        problem = parse_header_date(p);
    if (problem == VERIFY_OK)
        problem = check_date(p);
    if (problem != VERIFY_OK)
        return problem;
    struct str hash = verify_header(p->request, STR("x-amz-content-sha256"));
    if (str_is_empty(hash))
        return fail(p, VERIFY_PAYLOAD_HASH_MISSING, STR_EMPTY);
    p->claim->session_token = verify_header(p->request, STR("x-amz-security-token"));
    return parse_payload(p, hash);
}

/* --- the presigned query
 * ------------------------------------------------------------------------------ */

static enum verify_problem parse_algorithm(const struct parse *p, struct str algorithm)
{
    if (!str_equal(algorithm, STR("AWS4-HMAC-SHA256")))
        return fail(
            p, VERIFY_QUERY_MALFORMED, STR("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    return VERIFY_OK;
}

static enum verify_problem parse_query_date(const struct parse *p, struct str date)
{
    p->claim->amz_date = date;
    if (!clock_parse_amz(date, &p->claim->signed_at))
        return fail(p, VERIFY_QUERY_MALFORMED,
            STR("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""));
    return VERIFY_OK;
}

static enum verify_problem parse_expires(const struct parse *p, struct str text)
{
    int64_t expires_s;
    if (!str_parse_i64(text, &expires_s))
        return fail(p, VERIFY_EXPIRES_INVALID, STR_EMPTY);
    if (expires_s < 1)
        return fail(p, VERIFY_EXPIRES_INVALID, STR("X-Amz-Expires must be positive"));
    if (expires_s > SIGV4_EXPIRES_MAX_S)
        return fail(p, VERIFY_EXPIRES_TOO_LONG, STR_EMPTY);
    p->claim->expires_s = expires_s;
    return VERIFY_OK;
}

static const struct component parameters[] = {
    { STR_INIT("X-Amz-Algorithm"), parse_algorithm },
    { STR_INIT("X-Amz-Credential"), parse_credential },
    { STR_INIT("X-Amz-Signature"), parse_signature },
    { STR_INIT("X-Amz-Date"), parse_query_date },
    { STR_INIT("X-Amz-SignedHeaders"), parse_signed_headers },
    { STR_INIT("X-Amz-Expires"), parse_expires },
};

static size_t count_parameter(struct pairs query, struct str name)
{
    size_t count = 0;
    for (size_t i = 0; i < query.count; i++)
        count += str_equal(query.item[i].name, name);
    return count;
}

static enum verify_problem parse_parameters(const struct parse *p)
{
    struct pairs query = p->claim->query;
    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        if (count_parameter(query, parameters[i].name) != 1)
            return fail(p, VERIFY_QUERY_MALFORMED,
                STR("Query-string authentication version 4 requires the X-Amz-Algorithm, "
                    "X-Amz-Credential, "
                    "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires "
                    "parameters, each once."));
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        enum verify_problem problem =
            parameters[i].parse(p, pairs_get(query, parameters[i].name, NULL));
        if (problem != VERIFY_OK)
            return problem;
    }
    return VERIFY_OK;
}

static enum verify_problem parse_query(const struct parse *p)
{
    p->claim->kind = VERIFY_QUERY;
    enum verify_problem problem = parse_parameters(p);
    if (problem == VERIFY_OK)
        problem = check_date(p);
    if (problem != VERIFY_OK)
        return problem;
    struct str hash = verify_header(p->request, STR("x-amz-content-sha256"));
    p->claim->session_token = pairs_get(p->claim->query, STR("X-Amz-Security-Token"), NULL);
    return parse_payload(p, str_is_empty(hash) ? SIGV4_UNSIGNED_PAYLOAD : hash);
}

/* --- which of the two
 * --------------------------------------------------------------------------------- */

enum verify_problem verify_parse(struct arena *arena, const struct verify_request *request,
    struct verify_claim *claim, struct verify_failure *failure)
{
    const struct parse p = { arena, request, claim, failure };
    *claim = (struct verify_claim){ 0 };
    if (!str_starts_with(request->raw_path, STR("/")) ||
        !escape_url_decode(arena, request->raw_path, false, &claim->path) ||
        url_parse_query_raw(arena, request->raw_query, SIGV4_QUERY_MAX, &claim->query) != STATUS_OK)
        return fail(&p, VERIFY_BAD_REQUEST_LINE, STR_EMPTY);

    struct str authorization = verify_header(request, STR("authorization"));
    bool has_v4 = count_parameter(claim->query, STR("X-Amz-Algorithm")) > 0 ||
                  count_parameter(claim->query, STR("X-Amz-Signature")) > 0 ||
                  count_parameter(claim->query, STR("X-Amz-Credential")) > 0;
    bool has_v2 = count_parameter(claim->query, STR("AWSAccessKeyId")) > 0 &&
                  count_parameter(claim->query, STR("Signature")) > 0;
    if (!str_is_empty(authorization) + has_v4 + has_v2 > 1)
        return fail(&p, VERIFY_TWO_MECHANISMS, STR_EMPTY);
    if (has_v2)
        return fail(&p, VERIFY_SIGNATURE_V2, STR_EMPTY);
    if (has_v4)
        return parse_query(&p);
    if (!str_is_empty(authorization))
        return parse_header(&p, authorization);
    return VERIFY_OK;
}
