/*
 * put.c - PutObject: the body goes to a file as it comes, and becomes an object only when
 * everything that was said about it turned out true.
 */
#include "objects/operations.h"

#include "base/clock.h"
#include "cgi/range.h"
#include "objects/body.h"
#include "objects/features.h"

enum { META_MAX_BYTES = 2048 };

/* clang-format off */
/* Headers that are kept and given back. */
static const struct { struct str name; size_t offset; } kept_headers[] = {
    { STR_INIT("content-type"),        offsetof(struct store_object, content_type) },
    { STR_INIT("content-disposition"), offsetof(struct store_object, content_disposition) },
    { STR_INIT("content-language"),    offsetof(struct store_object, content_language) },
    { STR_INIT("cache-control"),       offsetof(struct store_object, cache_control) },
    { STR_INIT("expires"),             offsetof(struct store_object, expires) },
};
/* clang-format on */

/* Content-Encoding as it is to be kept: aws-chunked was only about the way here. */
static struct str content_encoding(struct call *call)
{
    struct str rest = call_header(call, STR("content-encoding"));
    struct str kept = STR_EMPTY;
    struct str coding;
    while (str_split(&rest, ',', &coding)) {
        coding = str_trim(coding);
        if (str_is_empty(coding) || str_equal_nocase(coding, STR("aws-chunked")))
            continue;
        kept = str_is_empty(kept) ? coding : ARENA_JOIN(call->arena, kept, STR(", "), coding);
    }
    return kept;
}

static enum s3_error read_metadata(struct call *call, struct store_object *object)
{
    const struct str prefix = STR("x-amz-meta-");
    struct pairs headers = call->request->headers;
    size_t total = 0;
    for (size_t i = 0; i < headers.count; i++) {
        struct str name = headers.item[i].name;
        if (!str_starts_with(name, prefix))
            continue;
        name = str_from_offset(name, prefix.len);
        total += name.len + headers.item[i].value.len;
        if (total > META_MAX_BYTES || object->meta_count == STORE_META_MAX) {
            call_add_detail(
                call, STR("MaxSizeAllowed"), arena_printf(call->arena, "%d", META_MAX_BYTES));
            return S3_METADATA_TOO_LARGE;
        }
        object->meta[object->meta_count++] = (struct pair){ name, headers.item[i].value };
    }
    return S3_OK;
}

static enum s3_error read_object_headers(struct call *call, struct store_object *object)
{
    *object = (struct store_object){ .bucket = call->bucket, .key = call->key };
    for (size_t i = 0; i < COUNT_OF(kept_headers); i++)
        *(struct str *)((char *)object + kept_headers[i].offset) =
            call_header(call, kept_headers[i].name);
    object->content_encoding = content_encoding(call);
    return read_metadata(call, object);
}

static struct str without_quotes(struct str etag)
{
    if (etag.len >= 2 && str_starts_with(etag, STR("\"")) && str_ends_with(etag, STR("\"")))
        return str_from(etag.ptr + 1, etag.len - 2);
    return etag;
}

/* S3 knows "If-None-Match: *" and "If-Match: ETAG" for writes, nothing else. */
static enum s3_error read_condition(struct call *call, struct store_condition *out)
{
    struct str none_match = str_trim(call_header(call, STR("if-none-match")));
    *out = (struct store_condition){
        .must_be_absent = str_equal(none_match, STR("*")),
        .only_etag = without_quotes(str_trim(call_header(call, STR("if-match")))),
    };
    if (str_is_empty(none_match) || out->must_be_absent)
        return S3_OK;
    call_add_detail(call, STR("Header"), STR("If-None-Match"));
    return call_fail(call, S3_NOT_IMPLEMENTED, "PutObject knows If-None-Match only with *.");
}

/* A first look, so that a body that cannot be kept need not be sent. The commit looks again, under
 * the key's lock: that one decides. */
static enum s3_error look_at_condition(struct call *call, struct store_condition condition)
{
    struct store_object old;
    if (!condition.must_be_absent)
        return S3_OK;
    enum status status = store_find_object(call->store, call->arena, call->bucket, call->key, &old);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? S3_OK : call_store_error(call, status, S3_INTERNAL);
    call_add_detail(call, STR("Condition"), STR("If-None-Match"));
    return S3_PRECONDITION_FAILED;
}

static int64_t max_bytes(const struct call *call)
{
    const struct objects_config *config = &call->objects->config;
    bool is_presigned = call->claim.kind == VERIFY_QUERY;
    return is_presigned ? config->max_presigned_bytes : config->max_object_bytes;
}

static enum s3_error receive(struct call *call, struct body *body, struct store_upload *upload)
{
    struct str piece;
    for (;;) {
        enum s3_error error = body_read(body, &piece);
        if (error != S3_OK)
            return error;
        if (piece.len == 0)
            return body_finish(body);
        enum status status = store_upload_write(upload, piece.ptr, piece.len);
        if (status != STATUS_OK)
            return call_store_error(call, status, S3_INTERNAL);
    }
}

static enum s3_error commit(struct call *call, struct body *body, struct store_upload *upload,
    struct store_object *object, struct store_condition condition)
{
    object->size_bytes = body->size_bytes;
    object->modified_at_ms = clock_now_ms();
    object->etag = body->md5_hex;
    object->checksum = body->checksum;
    object->checksum_name = checksum_name(body->digests->checksum.kind);
    enum status status = store_upload_commit(upload, call->arena, object, condition);
    if (status == STATUS_PRECONDITION)
        call_add_detail(call, STR("Condition"),
            condition.must_be_absent ? STR("If-None-Match") : STR("If-Match"));
    bool is_bucket_there = store_has_bucket(call->store, call->arena, call->bucket);
    return call_store_error(call, status, is_bucket_there ? S3_NO_SUCH_KEY : S3_NO_SUCH_BUCKET);
}

static enum s3_error store_body(struct call *call, struct body *body, struct store_object *object,
    struct store_condition condition)
{
    struct store_upload upload = STORE_UPLOAD_INIT;
    enum s3_error error = call_store_error(
        call, store_upload_begin(call->store, &upload, body->size_bytes), S3_INTERNAL);
    if (error == S3_OK)
        error = receive(call, body, &upload);
    if (error == S3_OK)
        error = commit(call, body, &upload, object, condition);
    store_upload_abort(&upload);
    return error;
}

enum s3_error put_object(struct call *call)
{
    struct body body;
    struct store_object object;
    struct store_condition condition;
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        error = features_refuse(call);
    if (error == S3_OK)
        error = read_object_headers(call, &object);
    if (error == S3_OK)
        error = read_condition(call, &condition);
    if (error == S3_OK)
        error = body_begin(&body, call, max_bytes(call));
    if (error == S3_OK)
        error = look_at_condition(call, condition);
    if (error == S3_OK)
        error = store_body(call, &body, &object, condition);
    if (error != S3_OK)
        return error;
    call_set_header(call, STR("ETag"), arena_printf(call->arena, "\"%.*s\"", STR_ARG(object.etag)));
    call_set_header(call, checksum_header(body.digests->checksum.kind), object.checksum);
    return S3_OK;
}
