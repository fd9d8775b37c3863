/*
 * Signing: canonical request -> string to sign -> signature, once for headers and once for the
 * query. The canonical forms of the parts are in canonical.c, the last step in signature.c.
 */
#include "sign/sigv4.h"

#include "sign/canonical.h"
#include "sign/signature.h"

enum { DATE_LENGTH = sizeof("20261121T063200Z") - 1 };

/* --- what both have in common
 * ------------------------------------------------------------------------ */

static bool is_method(struct str method)
{
    for (size_t i = 0; i < method.len; i++)
        if (method.ptr[i] < 'A' || method.ptr[i] > 'Z')
            return false;
    return method.len > 0;
}

/* Headers that we add ourselves, or that cannot be signed. */
static bool is_own_header(struct str name)
{
    static const struct str own[] = {
        STR_INIT("host"),
        STR_INIT("authorization"),
        STR_INIT("x-amz-date"),
        STR_INIT("x-amz-content-sha256"),
        STR_INIT("x-amz-security-token"),
    };
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (str_equal_nocase(name, own[i]))
            return true;
    return false;
}

/* `host` and the caller's headers; false when one of them is none or ours. */
static bool collect_headers(struct canonical_headers *headers, const struct sigv4_request *request)
{
    canonical_headers_init(headers);
    if (str_is_empty(request->host) || !canonical_headers_add(headers, STR("host"), request->host))
        return false;
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct pair *header = &request->headers.item[i];
        if (is_own_header(header->name) ||
            !canonical_headers_add(headers, header->name, header->value))
            return false;
    }
    return true;
}

static bool is_signable(const struct sigv4_request *request)
{
    return is_method(request->method) && request->path.len > 0 && request->path.ptr[0] == '/';
}

/* --- in headers
 * -------------------------------------------------------------------------------------- */

static struct str format_date(struct arena *arena, struct signing_key *key, int64_t at_s)
{
    struct writer writer;
    writer_init(&writer, arena_alloc(arena, DATE_LENGTH), DATE_LENGTH);
    put(&writer, str_from(key->date, sizeof(key->date)));
    put(&writer, signing_key_time(key, at_s));
    return writer_str(&writer);
}

static struct str format_authorization(struct arena *arena, const struct signing_key *key,
    const struct canonical_headers *headers, const char signature[SIGNATURE_LENGTH])
{
    struct writer writer;
    size_t bound = 128 + key->access_key.len + key->scope.len + headers->bound + SIGNATURE_LENGTH;
    writer_init(&writer, arena_alloc(arena, bound), bound);
    put(&writer, STR("AWS4-HMAC-SHA256 Credential="));
    put(&writer, key->access_key);
    put_byte(&writer, '/');
    put(&writer, key->scope);
    put(&writer, STR(", SignedHeaders="));
    put_header_names(&writer, headers, STR(";"));
    put(&writer, STR(", Signature="));
    put(&writer, str_from(signature, SIGNATURE_LENGTH));
    return writer_str(&writer);
}

static bool add_own_headers(struct canonical_headers *headers, const struct sigv4_headers *own)
{
    return canonical_headers_add(headers, STR("x-amz-date"), own->amz_date) &&
           canonical_headers_add(headers, STR("x-amz-content-sha256"), own->content_sha256) &&
           (str_is_empty(own->security_token) ||
               canonical_headers_add(headers, STR("x-amz-security-token"), own->security_token));
}

enum status sigv4_sign_headers(struct arena *arena, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope, const struct sigv4_request *request, struct sigv4_headers *out,
    struct sigv4_trace *trace)
{
    char memory[WRITER_STACK_BYTES], signature[SIGNATURE_LENGTH];
    struct canonical_headers headers;
    struct canonical_query query;
    struct writer writer;
    struct signing_key *key = signing_key_get(credentials, scope, request->signed_at);

    if (!key || !is_signable(request) || !collect_headers(&headers, request) ||
        !canonical_query_init(&query, request->query))
        return STATUS_INVALID;
    struct sigv4_headers own = {
        .amz_date = format_date(arena, key, request->signed_at),
        .content_sha256 = request->payload_hash,
        .security_token = credentials->session_token,
    };
    if (!add_own_headers(&headers, &own))
        return STATUS_INVALID;

    struct canonical_request canonical = {
        .method = request->method,
        .path = request->path,
        .query = &query,
        .headers = &headers,
        .payload_hash = own.content_sha256,
    };
    writer_init_bound(&writer, arena, memory, sizeof(memory), canonical_request_bound(&canonical));
    put_canonical_request(&writer, &canonical);
    if (writer.is_over)
        return STATUS_INVALID;
    signature_make(arena, key, request->signed_at, writer_str(&writer), signature, trace);
    own.authorization = format_authorization(arena, key, &headers, signature);
    *out = own;
    return STATUS_OK;
}

/* --- in the query
 * ------------------------------------------------------------------------------------ */

struct presigning {
    const struct sigv4_request *request;
    struct signing_key *key;
    struct str session_token;
    int64_t expires_s;
    struct canonical_headers headers;
    struct canonical_query query; /* of the caller */
    size_t before;                /* how many of it come before the signature's own parameters */
};

/* The signature's own parameters all begin with "X-Amz-"; false when one of the caller's does, too.
 */
static bool split_query(struct presigning *p)
{
    static const struct str own = STR_INIT("X-Amz-");
    p->before = 0;
    for (size_t i = 0; i < p->query.count; i++) {
        struct str name = p->query.item[i]->name;
        if (str_starts_with(name, own))
            return false;
        p->before += compare_encoded(name, own) < 0;
    }
    return true;
}

static void put_own_query(struct writer *url, const struct presigning *p)
{
    put(url, p->key->query_head);
    put(url, signing_key_time(p->key, p->request->signed_at));
    put(url, STR("&X-Amz-Expires="));
    put_number(url, p->expires_s);
    if (!str_is_empty(p->session_token)) {
        put(url, STR("&X-Amz-Security-Token="));
        put_encoded(url, p->session_token);
    }
    put(url, STR("&X-Amz-SignedHeaders="));
    put_header_names(url, &p->headers, STR("%3B"));
}

static void put_whole_query(struct writer *url, const struct presigning *p)
{
    put_query(url, &p->query, 0, p->before);
    if (p->before > 0)
        put_byte(url, '&');
    put_own_query(url, p);
    if (p->before < p->query.count)
        put_byte(url, '&');
    put_query(url, &p->query, p->before, p->query.count);
}

/* What stands before the path in the URL; in the canonical request it is "METHOD\n". */
static size_t origin_length(const struct sigv4_request *request)
{
    return request->scheme.len + sizeof("://") - 1 + request->host.len;
}

static void put_origin(char *to, const struct sigv4_request *request)
{
    to = mempcpy(to, request->scheme.ptr, request->scheme.len);
    to = mempcpy(to, "://", 3);
    memcpy(to, request->host.ptr, request->host.len);
}

static size_t presign_bound(const struct presigning *p)
{
    return origin_length(p->request) + p->request->method.len +
           ENCODED_BOUND(p->request->path.len) + p->query.bound + p->key->query_head.len +
           ENCODED_BOUND(p->session_token.len) +
           canonical_tail_bound(&p->headers, SIGV4_UNSIGNED_PAYLOAD) + 2 * SIGNATURE_LENGTH + 256;
}

/*
 * The canonical request and the URL have the same path and the same query, with one byte between.
 * So both are written once, in one place: first with the method before and the headers behind them,
 * to be hashed; then with the origin before and the signature behind.
 */
static enum status presign_url(
    struct arena *arena, const struct presigning *p, struct str *out_url, struct sigv4_trace *trace)
{
    char memory[WRITER_STACK_BYTES], signature[SIGNATURE_LENGTH];
    const struct sigv4_request *request = p->request;
    size_t origin = origin_length(request), method = request->method.len + 1;
    struct writer text;

    writer_init_bound(&text, arena, memory, sizeof(memory), presign_bound(p));
    if (!put_reserved(&text, origin > method ? origin : method))
        return STATUS_INVALID;
    char *path = text.at;
    put_encoded_path(&text, request->path);
    char *between = text.at;
    put_byte(&text, '\n');
    put_whole_query(&text, p);
    char *end = text.at;
    put_canonical_tail(&text, &p->headers, SIGV4_UNSIGNED_PAYLOAD);
    memcpy(path - method, request->method.ptr, request->method.len);
    path[-1] = '\n';
    if (text.is_over)
        return STATUS_INVALID;
    signature_make(arena, p->key, request->signed_at,
        str_from(path - method, (size_t)(text.at - path) + method), signature, trace);

    put_origin(path - origin, request);
    *between = '?';
    text.at = end;
    put(&text, STR("&X-Amz-Signature="));
    put(&text, str_from(signature, sizeof(signature)));
    if (text.is_over)
        return STATUS_INVALID;
    *out_url = arena_copy(arena, str_from(path - origin, (size_t)(text.at - path) + origin));
    return STATUS_OK;
}

enum status sigv4_presign(struct arena *arena, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope, const struct sigv4_request *request, int64_t expires_s,
    struct str *out_url, struct sigv4_trace *trace)
{
    struct presigning p; /* not zeroed: its arrays are large and counted */

    if (expires_s < 1 || expires_s > SIGV4_EXPIRES_MAX_S || !is_signable(request) ||
        str_is_empty(request->scheme))
        return STATUS_INVALID;
    p.request = request;
    p.expires_s = expires_s;
    p.session_token = credentials->session_token;
    p.key = signing_key_get(credentials, scope, request->signed_at);
    if (!p.key || !collect_headers(&p.headers, request) ||
        !canonical_query_init(&p.query, request->query) || !split_query(&p))
        return STATUS_INVALID;
    return presign_url(arena, &p, out_url, trace);
}
