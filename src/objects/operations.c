/*
 * operations.c - the table of operations: what this endpoint does, on one page.
 */
#include "objects/operations.h"

#include "objects/bucket_cors.h"

#define COPY_SOURCE STR("x-amz-copy-source")

enum level { SERVICE, BUCKET, OBJECT };

/* clang-format off */
/* A row with a subresource wins over the one without. */
static const struct operation {
    enum method method;
    enum level level;
    struct str subresource; /* the query parameter that selects it; empty: the plain request */
    struct str name;
    call_handler *handler;
} operations[] = {
    { METHOD_GET,    SERVICE, STR_INIT(""),          STR_INIT("ListBuckets"),             list_buckets },

    { METHOD_PUT,    BUCKET,  STR_INIT(""),          STR_INIT("CreateBucket"),            create_bucket },
    { METHOD_HEAD,   BUCKET,  STR_INIT(""),          STR_INIT("HeadBucket"),              head_bucket },
    { METHOD_DELETE, BUCKET,  STR_INIT(""),          STR_INIT("DeleteBucket"),            delete_bucket },
    { METHOD_GET,    BUCKET,  STR_INIT("location"),  STR_INIT("GetBucketLocation"),       get_bucket_location },
    { METHOD_GET,    BUCKET,  STR_INIT("cors"),      STR_INIT("GetBucketCors"),           get_bucket_cors },
    { METHOD_PUT,    BUCKET,  STR_INIT("cors"),      STR_INIT("PutBucketCors"),           put_bucket_cors },
    { METHOD_DELETE, BUCKET,  STR_INIT("cors"),      STR_INIT("DeleteBucketCors"),        delete_bucket_cors },
    { METHOD_GET,    BUCKET,  STR_INIT("lifecycle"), STR_INIT("GetBucketLifecycle"),      get_bucket_lifecycle },
    { METHOD_PUT,    BUCKET,  STR_INIT("lifecycle"), STR_INIT("PutBucketLifecycle"),      put_bucket_lifecycle },
    { METHOD_DELETE, BUCKET,  STR_INIT("lifecycle"), STR_INIT("DeleteBucketLifecycle"),   delete_bucket_lifecycle },
    { METHOD_GET,    BUCKET,  STR_INIT("list-type"), STR_INIT("ListObjectsV2"),           list_objects_v2 },
    { METHOD_GET,    BUCKET,  STR_INIT(""),          STR_INIT("ListObjects"),             list_objects },
    { METHOD_POST,   BUCKET,  STR_INIT("delete"),    STR_INIT("DeleteObjects"),           delete_objects },
    { METHOD_POST,   BUCKET,  STR_INIT(""),          STR_INIT("PostObject"),              post_object },
    { METHOD_GET,    BUCKET,  STR_INIT("uploads"),   STR_INIT("ListMultipartUploads"),    list_multipart_uploads },

    { METHOD_PUT,    OBJECT,  STR_INIT(""),          STR_INIT("PutObject"),               put_object },
    { METHOD_GET,    OBJECT,  STR_INIT(""),          STR_INIT("GetObject"),               get_object },
    { METHOD_HEAD,   OBJECT,  STR_INIT(""),          STR_INIT("HeadObject"),              head_object },
    { METHOD_DELETE, OBJECT,  STR_INIT(""),          STR_INIT("DeleteObject"),            delete_object },
    { METHOD_GET,    OBJECT,  STR_INIT("tagging"),   STR_INIT("GetObjectTagging"),        get_object_tagging },
    { METHOD_PUT,    OBJECT,  STR_INIT("tagging"),   STR_INIT("PutObjectTagging"),        put_object_tagging },
    { METHOD_DELETE, OBJECT,  STR_INIT("tagging"),   STR_INIT("DeleteObjectTagging"),     delete_object_tagging },
    { METHOD_POST,   OBJECT,  STR_INIT("uploads"),   STR_INIT("CreateMultipartUpload"),   create_multipart_upload },
    { METHOD_PUT,    OBJECT,  STR_INIT("uploadId"),  STR_INIT("UploadPart"),              upload_part },
    { METHOD_PUT,    OBJECT,  STR_INIT("partNumber"),STR_INIT("UploadPart"),              upload_part },
    { METHOD_POST,   OBJECT,  STR_INIT("uploadId"),  STR_INIT("CompleteMultipartUpload"), complete_multipart_upload },
    { METHOD_DELETE, OBJECT,  STR_INIT("uploadId"),  STR_INIT("AbortMultipartUpload"),    abort_multipart_upload },
    { METHOD_GET,    OBJECT,  STR_INIT("uploadId"),  STR_INIT("ListParts"),               list_parts },
};

/* What an operation is with the header x-amz-copy-source. */
static const struct {
    call_handler *plain;
    struct str name;
    call_handler *handler;
} copies[] = {
    { put_object,  STR_INIT("CopyObject"),     copy_object },
    { upload_part, STR_INIT("UploadPartCopy"), upload_part_copy },
};

/* What else S3 selects by a parameter: such a request must not be taken for the plain one. Parameters
 * that are in neither list are ignored, as S3 ignores them. */
static const struct str other_subresources[] = {
    STR_INIT("accelerate"), STR_INIT("acl"), STR_INIT("analytics"), STR_INIT("attributes"),
    STR_INIT("delete"), STR_INIT("cors"), STR_INIT("encryption"), STR_INIT("intelligent-tiering"),
    STR_INIT("inventory"), STR_INIT("legal-hold"), STR_INIT("lifecycle"), STR_INIT("location"),
    STR_INIT("logging"), STR_INIT("metadataTable"), STR_INIT("metrics"), STR_INIT("notification"),
    STR_INIT("object-lock"), STR_INIT("ownershipControls"), STR_INIT("partNumber"),
    STR_INIT("policy"), STR_INIT("policyStatus"), STR_INIT("publicAccessBlock"),
    STR_INIT("renameObject"), STR_INIT("replication"), STR_INIT("requestPayment"),
    STR_INIT("restore"), STR_INIT("retention"), STR_INIT("select"), STR_INIT("session"),
    STR_INIT("tagging"), STR_INIT("torrent"), STR_INIT("uploadId"), STR_INIT("uploads"),
    STR_INIT("versionId"), STR_INIT("versioning"), STR_INIT("versions"), STR_INIT("website"),
};
/* clang-format on */

static enum level level_of(const struct call *call)
{
    if (str_is_empty(call->bucket))
        return SERVICE;
    return str_is_empty(call->key) ? BUCKET : OBJECT;
}

/* The subresource that the request names and the table does not offer for it; empty: none. */
static struct str unknown_subresource(const struct call *call)
{
    for (size_t i = 0; i < COUNT_OF(other_subresources); i++)
        if (call_has_query(call, other_subresources[i]))
            return other_subresources[i];
    return STR_EMPTY;
}

static const struct operation *find_row(const struct call *call, bool with_subresource)
{
    enum level level = level_of(call);
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        const struct operation *row = &operations[i];
        bool has_subresource = !str_is_empty(row->subresource);
        if (row->method == call->request->method && row->level == level &&
            has_subresource == with_subresource &&
            (!has_subresource || call_has_query(call, row->subresource)))
            return row;
    }
    return NULL;
}

enum s3_error operations_find(struct call *call, call_handler **out)
{
    const struct operation *row = find_row(call, true);
    struct str subresource = unknown_subresource(call);
    if (row == NULL && !str_is_empty(subresource))
        return call_fail(call, S3_NOT_IMPLEMENTED,
            "This endpoint does not implement the subresource ?%.*s for %.*s.",
            STR_ARG(subresource), STR_ARG(call->request->method_name));
    if (row == NULL)
        row = find_row(call, false);
    if (row == NULL) {
        call_add_detail(call, STR("Method"), call->request->method_name);
        return S3_METHOD_NOT_ALLOWED;
    }
    call->operation = row->name;
    *out = row->handler;
    for (size_t i = 0; i < COUNT_OF(copies); i++)
        if (copies[i].plain == row->handler && !str_is_empty(call_header(call, COPY_SOURCE))) {
            call->operation = copies[i].name;
            *out = copies[i].handler;
        }
    return S3_OK;
}
