/*
 * What storage has of multipart uploads: their parts, and which there are.
 */
#include "remote/s3_multipart.h"

#include "remote/s3_document.h"

enum { LIST_BODY_MAX_BYTES = 4 * 1024 * 1024 };

/* --- ListParts --- */

static const struct s3_field parts_fields[] = {
    { STR_INIT("/IsTruncated"), S3_FLAG, offsetof(struct s3_parts, is_truncated) },
};
static const struct s3_element parts_element = { STR_INIT("ListPartsResult"), parts_fields,
    COUNT_OF(parts_fields), sizeof(struct s3_parts), 1 };

static const struct s3_field part_fields[] = {
    { STR_INIT("/PartNumber"), S3_NUMBER, offsetof(struct s3_part, number) },
    { STR_INIT("/Size"), S3_NUMBER, offsetof(struct s3_part, size_bytes) },
    { STR_INIT("/ETag"), S3_ETAG, offsetof(struct s3_part, etag) },
    { STR_INIT("/ChecksumSHA256"), S3_TEXT, offsetof(struct s3_part, checksum_sha256) },
};
static const struct s3_element part_element = { STR_INIT("ListPartsResult/Part"), part_fields,
    COUNT_OF(part_fields), sizeof(struct s3_part), S3_PARTS_PAGE_MAX };

/* Ascending behind the marker, whole, and each with what is needed to complete. */
static bool is_sound(const struct s3_parts *parts, int64_t marker)
{
    int64_t last = marker;
    for (size_t i = 0; i < parts->count; i++) {
        const struct s3_part *part = &parts->item[i];
        if (part->number <= last || part->number > S3_PARTS_MAX || part->size_bytes < 0 ||
            str_is_empty(part->etag))
            return false;
        last = part->number;
    }
    return !parts->is_truncated || parts->count > 0; /* else the next page would be this one */
}

static enum status read_parts(
    struct arena *arena, struct str document, int64_t marker, struct s3_parts *out)
{
    struct s3_rows rows[] = {
        { &parts_element, out, 0 },
        { &part_element, ARENA_ARRAY(arena, struct s3_part, S3_PARTS_PAGE_MAX), 0 },
    };
    *out = (struct s3_parts){ .item = rows[1].item };
    if (s3_document_read(arena, document, rows, COUNT_OF(rows)) != STATUS_OK)
        return STATUS_STORAGE;
    out->count = rows[1].count;
    if (!is_sound(out, marker))
        return STATUS_STORAGE;
    out->next_marker = out->count > 0 ? out->item[out->count - 1].number : marker;
    return STATUS_OK;
}

enum status s3_multipart_parts(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, int64_t marker, struct s3_parts *out, struct s3_result *result)
{
    const struct pair query[] = {
        { STR("uploadId"), upload_id },
        { STR("max-parts"), arena_printf(arena, "%d", S3_PARTS_PAGE_MAX) },
        { STR("part-number-marker"), arena_printf(arena, "%lld", (long long)marker) },
    };
    const struct s3_call call = {
        .method = STR("GET"),
        .key = key,
        .query = { query, marker > 0 ? COUNT_OF(query) : COUNT_OF(query) - 1 },
        .max_body_bytes = LIST_BODY_MAX_BYTES,
    };
    struct http_response response;
    enum status status = s3_call(client, arena, &call, result, &response);
    return status == STATUS_OK ? read_parts(arena, response.body, marker, out) : status;
}

/* --- ListMultipartUploads --- */

static const struct s3_field uploads_fields[] = {
    { STR_INIT("/IsTruncated"), S3_FLAG, offsetof(struct s3_uploads, is_truncated) },
    { STR_INIT("/NextKeyMarker"), S3_KEY, offsetof(struct s3_uploads, next_key_marker) },
    { STR_INIT("/NextUploadIdMarker"), S3_TEXT,
        offsetof(struct s3_uploads, next_upload_id_marker) },
};
static const struct s3_element uploads_element = { STR_INIT("ListMultipartUploadsResult"),
    uploads_fields, COUNT_OF(uploads_fields), sizeof(struct s3_uploads), 1 };

static const struct s3_field upload_fields[] = {
    { STR_INIT("/Key"), S3_KEY, offsetof(struct s3_upload, key) },
    { STR_INIT("/UploadId"), S3_TEXT, offsetof(struct s3_upload, upload_id) },
    { STR_INIT("/Initiated"), S3_TIME, offsetof(struct s3_upload, initiated_at) },
};
static const struct s3_element upload_element = { STR_INIT("ListMultipartUploadsResult/Upload"),
    upload_fields, COUNT_OF(upload_fields), sizeof(struct s3_upload), S3_UPLOADS_PAGE_MAX };

static enum status read_uploads(struct arena *arena, struct str document, struct s3_uploads *out)
{
    struct s3_rows rows[] = {
        { &uploads_element, out, 0 },
        { &upload_element, ARENA_ARRAY(arena, struct s3_upload, S3_UPLOADS_PAGE_MAX), 0 },
    };
    *out = (struct s3_uploads){ .item = rows[1].item };
    if (s3_document_read(arena, document, rows, COUNT_OF(rows)) != STATUS_OK)
        return STATUS_STORAGE;
    out->count = rows[1].count;
    return out->is_truncated && str_is_empty(out->next_key_marker) ? STATUS_STORAGE : STATUS_OK;
}

enum status s3_multipart_list(struct s3_client *client, struct arena *arena,
    const struct s3_uploads_options *options, struct s3_uploads *out, struct s3_result *result)
{
    const struct pair asked[] = {
        { STR("uploads"), STR_EMPTY },
        { STR("encoding-type"), STR("url") },
        { STR("prefix"), options->prefix },
        { STR("key-marker"), options->key_marker },
        { STR("upload-id-marker"), options->upload_id_marker },
    };
    struct pair query[COUNT_OF(asked)];
    struct http_response response;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        if (i == 0 || !str_is_empty(asked[i].value))
            query[count++] = asked[i];
    const struct s3_call call = {
        .method = STR("GET"),
        .query = { query, count },
        .max_body_bytes = LIST_BODY_MAX_BYTES,
    };
    enum status status = s3_call(client, arena, &call, result, &response);
    return status == STATUS_OK ? read_uploads(arena, response.body, out) : status;
}
