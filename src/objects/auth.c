/*
 * auth.c - from sign/verify.h's findings to S3's errors.
 */
#include "objects/auth.h"

#include "base/clock.h"
#include "base/escape.h"
#include "objects/key_path.h"

static struct verify_request to_verify(const struct call *call)
{
    return (struct verify_request){
        .method = call->request->method_name,
        .raw_path = call->request->raw_path,
        .raw_query = call->request->raw_query,
        .headers = call->request->headers,
    };
}

/* verify.h names S3's codes; ours is the entry of the same code, so that the HTTP status and the
 * log go one way. */
static enum s3_error error_of_code(struct str code)
{
    for (int error = 0; error < S3__COUNT; error++)
        if (str_equal(s3_error_code((enum s3_error)error), code))
            return (enum s3_error)error;
    return S3_ACCESS_DENIED;
}

/* "41 57 53": how S3 shows what it signed, so that invisible differences can be seen. */
static struct str byte_list(struct arena *arena, struct str text)
{
    struct str hex = escape_hex(arena, text);
    char *list = arena_alloc(arena, hex.len * 2);
    size_t len = 0;
    for (size_t i = 0; i < hex.len; i += 2) {
        if (len > 0)
            list[len++] = ' ';
        list[len++] = hex.ptr[i];
        list[len++] = hex.ptr[i + 1];
    }
    return str_from(list, len);
}

enum s3_error auth_refuse(struct call *call, const struct verify_failure *failure)
{
    call->error_message = failure->message;
    for (size_t i = 0; i < failure->detail_count; i++) {
        struct pair detail = failure->details[i];
        call_add_detail(call, detail.name, detail.value);
        if (str_equal(detail.name, STR("StringToSign")) ||
            str_equal(detail.name, STR("CanonicalRequest")))
            call_add_detail(call, ARENA_JOIN(call->arena, detail.name, STR("Bytes")),
                byte_list(call->arena, detail.value));
    }
    return error_of_code(failure->code);
}

/* "/bucket/key": the key is everything after the second slash, whatever it holds. */
static enum s3_error split_path(struct call *call, struct str path)
{
    struct str rest = str_from_offset(path, 1);
    ssize_t slash = str_index(rest, '/');
    call->bucket = slash < 0 ? rest : str_head(rest, (size_t)slash);
    call->key = slash < 0 ? STR_EMPTY : str_from_offset(rest, (size_t)slash + 1);
    if (str_is_empty(call->bucket))
        return str_is_empty(call->key) ? S3_OK : S3_INVALID_BUCKET_NAME;
    if (!bucket_name_is_valid(call->bucket)) {
        call_add_detail(call, STR("BucketName"), call->bucket);
        return S3_INVALID_BUCKET_NAME;
    }
    if (call->key.len <= OBJECTS_KEY_MAX_BYTES)
        return S3_OK;
    call_add_detail(call, STR("Size"), arena_printf(call->arena, "%zu", call->key.len));
    call_add_detail(
        call, STR("MaxSizeAllowed"), arena_printf(call->arena, "%d", OBJECTS_KEY_MAX_BYTES));
    return S3_KEY_TOO_LONG;
}

/* The path first: with the bucket known, even a malformed signature is refused in words that a
 * script of an allowed origin can read. */
enum s3_error auth_parse(struct call *call)
{
    struct verify_failure failure = { 0 };
    struct verify_request request = to_verify(call);
    struct str path;
    if (!escape_url_decode(call->arena, call->request->raw_path, false, &path))
        return S3_INVALID_URI;
    enum s3_error error = split_path(call, path);
    if (error != S3_OK)
        return error;
    if (verify_parse(call->arena, &request, &call->claim, &failure) != VERIFY_OK)
        return auth_refuse(call, &failure);
    call->query = call->claim.query;
    return S3_OK;
}

enum s3_error auth_check(struct call *call)
{
    struct verify_failure failure = { 0 };
    struct verify_request request = to_verify(call);
    struct verify_policy policy = { call_credentials(call), call->objects->config.region,
        clock_now_s() };
    if (call->claim.kind == VERIFY_ANONYMOUS)
        return S3_ACCESS_DENIED;
    if (verify_check(call->arena, &request, &call->claim, &policy, &failure) != VERIFY_OK)
        return auth_refuse(call, &failure);
    return S3_OK;
}
