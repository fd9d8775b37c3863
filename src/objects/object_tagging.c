/*
 * object_tagging.c - GetObjectTagging, PutObjectTagging, DeleteObjectTagging.
 *
 * Metadata files do not change either: new tags make a new one, with one more name for the same
 * data.
 */
#include "objects/operations.h"

#include "objects/body.h"
#include "objects/object_headers.h"
#include "objects/tags.h"

enum { TAGGING_DOCUMENT_MAX = 64 * 1024 };

static enum s3_error find(struct call *call, struct store_object *out)
{
    enum status status = store_find_object(call->store, call->arena, call->bucket, call->key, out);
    if (status != STATUS_NOT_FOUND)
        return call_store_error(call, status, S3_NO_SUCH_KEY);
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        call_add_detail(call, STR("Key"), call->key);
    return error == S3_OK ? S3_NO_SUCH_KEY : error;
}

/* The object that was found, with other tags; unless it was replaced meanwhile. */
static enum s3_error replace(struct call *call, struct store_object *object)
{
    struct store_upload upload = STORE_UPLOAD_INIT;
    struct store_condition same = { .only_id = object->id };
    enum status status = store_upload_begin_copy(call->store, call->arena, &upload, object->id);
    if (status == STATUS_OK)
        status = store_upload_commit(&upload, call->arena, object, same);
    store_upload_abort(&upload);
    return call_store_error(
        call, status == STATUS_PRECONDITION ? STATUS_BUSY : status, S3_NO_SUCH_KEY);
}

enum s3_error get_object_tagging(struct call *call)
{
    struct store_object object;
    enum s3_error error = find(call, &object);
    if (error != S3_OK)
        return error;
    tags_write(&call->reply->body, &object);
    call_answer_xml(call, 200);
    return S3_OK;
}

enum s3_error put_object_tagging(struct call *call)
{
    struct store_object object;
    struct str document, problem;
    enum s3_error error = find(call, &object);
    if (error == S3_OK)
        error = body_read_document(call, TAGGING_DOCUMENT_MAX, CHECKSUM_OF_BODY, &document);
    if (error != S3_OK)
        return error;
    if (tags_parse_document(call->arena, document, &object, &problem) != STATUS_OK)
        return str_is_empty(problem) ? S3_MALFORMED_XML
                                     : call_fail(call, S3_INVALID_TAG, "%.*s", STR_ARG(problem));
    return replace(call, &object);
}

enum s3_error delete_object_tagging(struct call *call)
{
    struct store_object object;
    enum s3_error error = find(call, &object);
    if (error != S3_OK)
        return error;
    call->reply->http_status = 204;
    if (object.tag_count == 0)
        return S3_OK;
    object.tag_count = 0;
    return replace(call, &object);
}
