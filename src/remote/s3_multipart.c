/*
 * Multipart uploads begun, completed and aborted. What is listed of them is s3_multipart_list.c's.
 */
#include "remote/s3_multipart.h"

#include "base/xml.h"
#include "remote/s3_document.h"

enum {
    ANSWER_MAX_BYTES = 64 * 1024,
    COMPLETE_MAX_BYTES = 4 * 1024 * 1024, /* 10,000 parts of 250 bytes */
    UPLOAD_ID_MAX_BYTES = 1024
};

/* --- CreateMultipartUpload --- */

static const struct s3_field created_fields[] = { { STR_INIT("/UploadId"), S3_TEXT, 0 } };
static const struct s3_element created_element = { STR_INIT("InitiateMultipartUploadResult"),
    created_fields, COUNT_OF(created_fields), sizeof(struct str), 1 };

static enum status read_created(struct arena *arena, struct str document, struct str *out_upload_id)
{
    struct s3_rows rows = { &created_element, out_upload_id, 0 };
    *out_upload_id = STR_EMPTY;
    enum status status = s3_document_read(arena, document, &rows, 1);
    bool is_one = !str_is_empty(*out_upload_id) && out_upload_id->len <= UPLOAD_ID_MAX_BYTES;
    return status == STATUS_OK && !is_one ? STATUS_STORAGE : status;
}

enum status s3_multipart_create(struct s3_client *client, struct arena *arena, struct str key,
    struct pairs headers, struct str *out_upload_id, struct s3_result *result)
{
    const struct pair query[] = { { STR("uploads"), STR_EMPTY } };
    const struct s3_call call = {
        .method = STR("POST"),
        .key = key,
        .query = { query, COUNT_OF(query) },
        .headers = headers,
        .max_body_bytes = ANSWER_MAX_BYTES,
    };
    struct http_response response;
    enum status status = s3_call(client, arena, &call, result, &response);
    return status == STATUS_OK ? read_created(arena, response.body, out_upload_id) : status;
}

/* --- CompleteMultipartUpload --- */

static enum status format_completion(
    struct arena *arena, const struct s3_completion *completion, struct str *out)
{
    struct buf document;
    buf_init_arena(&document, arena, COMPLETE_MAX_BYTES);
    xml_open_document(&document, "CompleteMultipartUpload");
    for (size_t i = 0; i < completion->count; i++) {
        const struct s3_part *part = &completion->part[i];
        xml_open(&document, "Part");
        if (!str_is_empty(part->checksum_sha256))
            xml_text(&document, "ChecksumSHA256", part->checksum_sha256);
        xml_text(&document, "ETag", ARENA_JOIN(arena, STR("\""), part->etag, STR("\"")));
        xml_int(&document, "PartNumber", part->number);
        xml_close(&document, "Part");
    }
    xml_close(&document, "CompleteMultipartUpload");
    *out = buf_str(&document);
    return buf_is_over(&document) ? STATUS_INVALID : STATUS_OK;
}

static const struct s3_field completed_fields[] = {
    { STR_INIT("/ETag"), S3_ETAG, offsetof(struct s3_result, etag) },
    { STR_INIT("/ChecksumSHA256"), S3_TEXT, offsetof(struct s3_result, checksum_sha256) },
};
static const struct s3_element completed_element = { STR_INIT("CompleteMultipartUploadResult"),
    completed_fields, COUNT_OF(completed_fields), sizeof(struct s3_result), 1 };

enum status s3_multipart_complete(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, const struct s3_completion *completion, struct s3_result *result)
{
    const struct pair query[] = { { STR("uploadId"), upload_id } };
    const struct pair headers[] = {
        { STR("content-type"), STR("application/xml") },
        { STR("if-none-match"), STR("*") },
    };
    struct s3_rows rows = { &completed_element, result, 0 };
    struct http_response response;
    struct str document;
    enum status status = format_completion(arena, completion, &document);
    if (status != STATUS_OK)
        return status;
    const struct s3_call call = {
        .method = STR("POST"),
        .key = key,
        .query = { query, COUNT_OF(query) },
        .headers = { headers, completion->if_none_match ? 2 : 1 },
        .max_body_bytes = ANSWER_MAX_BYTES,
        .fails_late = true,
    };
    status = s3_document_send(client, arena, call, document, result, &response);
    return status == STATUS_OK ? s3_document_read(arena, response.body, &rows, 1) : status;
}

/* --- AbortMultipartUpload --- */

enum status s3_multipart_abort(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, struct s3_result *result)
{
    const struct pair query[] = { { STR("uploadId"), upload_id } };
    const struct s3_call call = {
        .method = STR("DELETE"), .key = key, .query = { query, COUNT_OF(query) }
    };
    enum status status = s3_call(client, arena, &call, result, NULL);
    bool is_absent =
        status == STATUS_NOT_FOUND && !str_equal(result->error_code, STR("NoSuchBucket"));
    return is_absent ? STATUS_OK : status;
}
