/*
 * Multipart uploads begun, completed and aborted. What is listed of them is s3_multipart_list.c's.
 */
#include "remote/s3_multipart.h"

#include "base/escape.h"
#include "crypto/digest.h"
#include "remote/s3_answer.h"
#include "remote/s3_call.h"
#include "remote/xml.h"

enum {
    ANSWER_MAX_BYTES = 64 * 1024,
    COMPLETE_MAX_BYTES = 4 * 1024 * 1024, /* 10,000 parts of 250 bytes */
    UPLOAD_ID_MAX_BYTES = 1024
};

/* --- CreateMultipartUpload --- */

struct created_reader {
    struct arena *arena;
    struct str upload_id;
};

static void created_closed(void *context, struct str path, struct str text)
{
    struct created_reader *reader = context;
    if (str_equal(path, STR("/InitiateMultipartUploadResult/UploadId")))
        reader->upload_id = arena_copy(reader->arena, str_trim(text));
}

static enum status read_created(struct arena *arena, struct str document, struct str *out_upload_id)
{
    struct created_reader reader = { .arena = arena };
    struct xml_visitor visitor = { .closed = created_closed, .context = &reader };
    enum status status = xml_visit(document, &visitor);
    bool is_one = !str_is_empty(reader.upload_id) && reader.upload_id.len <= UPLOAD_ID_MAX_BYTES;
    *out_upload_id = reader.upload_id;
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
    buf_put_c(
        &document, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < completion->count; i++) {
        const struct s3_part *part = &completion->part[i];
        buf_put_c(&document, "<Part>");
        if (!str_is_empty(part->checksum_sha256)) {
            buf_put_c(&document, "<ChecksumSHA256>");
            escape_xml(&document, part->checksum_sha256);
            buf_put_c(&document, "</ChecksumSHA256>");
        }
        buf_put_c(&document, "<ETag>&quot;");
        escape_xml(&document, part->etag);
        buf_printf(&document, "&quot;</ETag><PartNumber>%lld</PartNumber></Part>",
            (long long)part->number);
    }
    buf_put_c(&document, "</CompleteMultipartUpload>");
    *out = buf_str(&document);
    return buf_is_over(&document) ? STATUS_INVALID : STATUS_OK;
}

struct completed_reader {
    struct arena *arena;
    struct s3_result *result;
};

static void completed_closed(void *context, struct str path, struct str text)
{
    struct completed_reader *reader = context;
    if (str_equal(path, STR("/CompleteMultipartUploadResult/ETag")))
        reader->result->etag = arena_copy(reader->arena, s3_answer_etag(str_trim(text)));
    else if (str_equal(path, STR("/CompleteMultipartUploadResult/ChecksumSHA256")))
        reader->result->checksum_sha256 = arena_copy(reader->arena, str_trim(text));
}

enum status s3_multipart_complete(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, const struct s3_completion *completion, struct s3_result *result)
{
    const struct pair query[] = { { STR("uploadId"), upload_id } };
    const struct pair headers[] = {
        { STR("content-type"), STR("application/xml") },
        { STR("if-none-match"), STR("*") },
    };
    struct completed_reader reader = { arena, result };
    struct xml_visitor visitor = { .closed = completed_closed, .context = &reader };
    struct http_source_memory memory;
    struct http_source source;
    struct http_response response;
    char hash[2 * SHA256_BYTES];
    struct str document;
    enum status status = format_completion(arena, completion, &document);
    if (status != STATUS_OK)
        return status;
    sha256_hex(document, hash);
    source = http_source_from_memory(&memory, document);
    const struct s3_call call = {
        .method = STR("POST"),
        .key = key,
        .query = { query, COUNT_OF(query) },
        .headers = { headers, completion->if_none_match ? 2 : 1 },
        .payload_hash = str_from(hash, sizeof(hash)),
        .source = &source,
        .max_body_bytes = ANSWER_MAX_BYTES,
        .fails_late = true,
    };
    status = s3_call(client, arena, &call, result, &response);
    return status == STATUS_OK ? xml_visit(response.body, &visitor) : status;
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
