/*
 * bucket.c - operations on buckets themselves, and the list of them.
 */
#include "objects/operations.h"

#include "base/clock.h"
#include "base/xml.h"
#include "objects/body.h"
#include "objects/features.h"

enum { CREATE_DOCUMENT_MAX = 16 * 1024 };

enum s3_error list_buckets(struct call *call)
{
    struct store_bucket *buckets;
    size_t count;
    struct buf *out = &call->reply->body;
    enum status status = store_list_buckets(call->store, call->arena, &buckets, &count);
    if (status != STATUS_OK)
        return call_store_error(call, status, S3_INTERNAL);
    xml_open_document(out, "ListAllMyBucketsResult");
    xml_open(out, "Owner");
    xml_text(out, "ID", STR("vitrine"));
    xml_text(out, "DisplayName", STR("vitrine"));
    xml_close(out, "Owner");
    xml_open(out, "Buckets");
    for (size_t i = 0; i < count; i++) {
        xml_open(out, "Bucket");
        xml_text(out, "Name", buckets[i].name);
        xml_text(out, "CreationDate", clock_format_iso_ms(call->arena, buckets[i].created_at_ms));
        xml_close(out, "Bucket");
    }
    xml_close(out, "Buckets");
    xml_close(out, "ListAllMyBucketsResult");
    call_answer_xml(call, 200);
    return S3_OK;
}

static bool on_location(void *context, struct str path, struct str text)
{
    struct call *call = context;
    if (!str_equal(path, STR("CreateBucketConfiguration/LocationConstraint")))
        return true;
    return str_is_empty(text) || str_equal(text, call->objects->config.region);
}

/* The body is optional; a place other than this one cannot be had. */
static enum s3_error check_location(struct call *call)
{
    struct str document;
    struct xml_reader reader = { NULL, on_location, call };
    if (call->request->content_length <= 0)
        return S3_OK;
    enum s3_error error =
        body_read_document(call, CREATE_DOCUMENT_MAX, CHECKSUM_OF_BODY, &document);
    if (error != S3_OK)
        return error;
    if (xml_read(call->arena, document, &reader) != STATUS_OK)
        return call_fail(call, S3_ILLEGAL_LOCATION,
            "The location constraint is incompatible with this endpoint, whose region is %.*s.",
            STR_ARG(call->objects->config.region));
    return S3_OK;
}

enum s3_error create_bucket(struct call *call)
{
    enum s3_error error = features_refuse(call);
    if (error == S3_OK)
        error = check_location(call);
    if (error != S3_OK)
        return error;
    enum status status = store_create_bucket(call->store, call->arena, call->bucket);
    if (status == STATUS_CONFLICT) {
        call_add_detail(call, STR("BucketName"), call->bucket);
        return S3_BUCKET_ALREADY_OWNED_BY_YOU;
    }
    call_set_header(call, STR("Location"), ARENA_JOIN(call->arena, STR("/"), call->bucket));
    return call_store_error(call, status, S3_INTERNAL);
}

enum s3_error delete_bucket(struct call *call)
{
    enum status status = store_delete_bucket(call->store, call->arena, call->bucket);
    call->reply->http_status = 204;
    if (status != STATUS_OK)
        call_add_detail(call, STR("BucketName"), call->bucket);
    if (status == STATUS_CONFLICT)
        return S3_BUCKET_NOT_EMPTY;
    return call_store_error(call, status, S3_NO_SUCH_BUCKET);
}

enum s3_error head_bucket(struct call *call)
{
    call_set_header(call, STR("x-amz-bucket-region"), call->objects->config.region);
    return call_need_bucket(call);
}

/* us-east-1 is told as nothing, for the sake of its age. */
enum s3_error get_bucket_location(struct call *call)
{
    struct str region = call->objects->config.region;
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    xml_open_document(&call->reply->body, "LocationConstraint");
    if (!str_equal(region, STR("us-east-1")))
        buf_put(&call->reply->body, region);
    xml_close(&call->reply->body, "LocationConstraint");
    call_answer_xml(call, 200);
    return S3_OK;
}
