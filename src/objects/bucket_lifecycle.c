/*
 * bucket_lifecycle.c - Get-, Put- and DeleteBucketLifecycleConfiguration. What the rules mean is
 * lifecycle.c's.
 */
#include "objects/operations.h"

#include "objects/body.h"
#include "objects/lifecycle.h"

enum s3_error get_bucket_lifecycle(struct call *call)
{
    struct str xml;
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    enum status status =
        store_read_document(call->store, call->arena, call->bucket, STORE_LIFECYCLE, &xml);
    if (status != STATUS_OK)
        return call_store_error(call, status, S3_NO_SUCH_LIFECYCLE);
    buf_put(&call->reply->body, xml);
    call_answer_xml(call, 200);
    return S3_OK;
}

enum s3_error put_bucket_lifecycle(struct call *call)
{
    struct str xml, problem;
    struct lifecycle lifecycle;
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        error = body_read_document(call, STORE_DOCUMENT_MAX, CHECKSUM_OF_BODY, &xml);
    if (error != S3_OK)
        return error;
    enum status status = lifecycle_parse(call->arena, xml, &lifecycle, &problem);
    if (status == STATUS_NOT_FOUND)
        return call_fail(call, S3_NOT_IMPLEMENTED, "%.*s", STR_ARG(problem));
    if (status != STATUS_OK)
        return str_is_empty(problem)
                   ? S3_MALFORMED_XML
                   : call_fail(call, S3_INVALID_ARGUMENT, "%.*s", STR_ARG(problem));
    return call_store_error(call,
        store_write_document(call->store, call->arena, call->bucket, STORE_LIFECYCLE, xml),
        S3_NO_SUCH_BUCKET);
}

enum s3_error delete_bucket_lifecycle(struct call *call)
{
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    call->reply->http_status = 204;
    return call_store_error(call,
        store_write_document(call->store, call->arena, call->bucket, STORE_LIFECYCLE, STR_EMPTY),
        S3_NO_SUCH_BUCKET);
}
