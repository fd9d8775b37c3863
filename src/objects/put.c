/*
 * put.c - PutObject: the body goes to a file as it comes, and becomes an object only when
 * everything that was said about it turned out true.
 */
#include "objects/operations.h"

#include "base/clock.h"
#include "cgi/range.h"
#include "objects/body.h"
#include "objects/features.h"
#include "objects/object_headers.h"

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

static enum s3_error commit(struct call *call, struct body *body, struct store_upload *upload,
    struct store_object *object, struct store_condition condition)
{
    object->size_bytes = body->size_bytes;
    object->modified_at_ms = clock_now_ms();
    object->etag = body->md5_hex;
    object->checksum = body->checksum;
    object->checksum_name = checksum_name(body->digests->checksum.kind);
    enum status status = store_upload_commit(upload, call->arena, object, condition);
    return object_commit_error(call, status, condition);
}

static enum s3_error store_body(struct call *call, struct body *body, struct store_object *object,
    struct store_condition condition)
{
    struct store_upload upload = STORE_UPLOAD_INIT;
    enum s3_error error = call_store_error(
        call, store_upload_begin(call->store, &upload, body->size_bytes), S3_INTERNAL);
    if (error == S3_OK)
        error = body_store(body, &upload);
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
        error = object_read_headers(call, &object);
    if (error == S3_OK)
        error = object_read_condition(call, &condition);
    if (error == S3_OK)
        error = body_begin(&body, call, call_max_body_bytes(call));
    if (error == S3_OK)
        error = look_at_condition(call, condition);
    if (error == S3_OK)
        error = store_body(call, &body, &object, condition);
    if (error != S3_OK)
        return error;
    object_set_result_headers(call, &object);
    return S3_OK;
}
