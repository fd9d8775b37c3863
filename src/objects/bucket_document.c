/*
 * bucket_document.c - Get-, Put- and Delete-: BucketCors and BucketLifecycleConfiguration.
 * Documents are kept as they came, once they make sense; what they mean is said by cors.c and
 * lifecycle.c.
 */
#include "objects/body.h"
#include "objects/cors.h"
#include "objects/lifecycle.h"
#include "objects/operations.h"

static enum s3_error get(struct call *call, enum store_document which, enum s3_error if_none)
{
    struct str xml;
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    enum status status = store_read_document(call->store, call->arena, call->bucket, which, &xml);
    if (status != STATUS_OK)
        return call_store_error(call, status, if_none);
    buf_put(&call->reply->body, xml);
    call_answer_xml(call, 200);
    return S3_OK;
}

static enum s3_error receive(struct call *call, struct str *out_xml)
{
    enum s3_error error = call_need_bucket(call);
    return error == S3_OK ? body_read_document(call, STORE_DOCUMENT_MAX, CHECKSUM_OF_BODY, out_xml)
                          : error;
}

/* What is wrong with a document: the parser's own words, where it has some. */
static enum s3_error refuse(struct call *call, enum s3_error error, struct str problem)
{
    return str_is_empty(problem) ? S3_MALFORMED_XML
                                 : call_fail(call, error, "%.*s", STR_ARG(problem));
}

/* An empty `xml` deletes it. */
static enum s3_error keep(struct call *call, enum store_document which, struct str xml)
{
    return call_store_error(call,
        store_write_document(call->store, call->arena, call->bucket, which, xml),
        S3_NO_SUCH_BUCKET);
}

static enum s3_error drop(struct call *call, enum store_document which)
{
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    call->reply->http_status = 204;
    return keep(call, which, STR_EMPTY);
}

enum s3_error get_bucket_cors(struct call *call)
{
    return get(call, STORE_CORS, S3_NO_SUCH_CORS);
}

enum s3_error put_bucket_cors(struct call *call)
{
    struct str xml, problem;
    struct cors_config config;
    enum s3_error error = receive(call, &xml);
    if (error != S3_OK)
        return error;
    if (cors_parse(call->arena, xml, &config, &problem) != STATUS_OK)
        return refuse(call, S3_INVALID_REQUEST, problem);
    return keep(call, STORE_CORS, xml);
}

enum s3_error delete_bucket_cors(struct call *call)
{
    return drop(call, STORE_CORS);
}

enum s3_error get_bucket_lifecycle(struct call *call)
{
    return get(call, STORE_LIFECYCLE, S3_NO_SUCH_LIFECYCLE);
}

enum s3_error put_bucket_lifecycle(struct call *call)
{
    struct str xml, problem;
    struct lifecycle lifecycle;
    enum s3_error error = receive(call, &xml);
    if (error != S3_OK)
        return error;
    enum status status = lifecycle_parse(call->arena, xml, &lifecycle, &problem);
    if (status == STATUS_NOT_FOUND)
        return call_fail(call, S3_NOT_IMPLEMENTED, "%.*s", STR_ARG(problem));
    if (status != STATUS_OK)
        return refuse(call, S3_INVALID_ARGUMENT, problem);
    return keep(call, STORE_LIFECYCLE, xml);
}

enum s3_error delete_bucket_lifecycle(struct call *call)
{
    return drop(call, STORE_LIFECYCLE);
}
