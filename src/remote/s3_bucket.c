/*
 * The calls on buckets: listing, making, CORS.
 */
#include "base/xml.h"
#include "remote/s3_document.h"

enum {
    LIST_KEYS_MAX = 1000,
    LIST_BODY_MAX_BYTES = 8 * 1024 * 1024,
    DOCUMENT_MAX_BYTES = 256 * 1024
};

/* --- listing
 * ------------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct s3_field listing_fields[] = {
    { STR_INIT("/IsTruncated"), S3_FLAG, offsetof(struct s3_listing, is_truncated) },
    { STR_INIT("/NextContinuationToken"), S3_TEXT, offsetof(struct s3_listing, next_token) },
};
static const struct s3_element listing_element = { STR_INIT("ListBucketResult"), listing_fields,
    COUNT_OF(listing_fields), sizeof(struct s3_listing), 1 };

static const struct s3_field object_fields[] = {
    { STR_INIT("/Key"), S3_KEY, offsetof(struct s3_object, key) },
    { STR_INIT("/Size"), S3_NUMBER, offsetof(struct s3_object, size_bytes) },
    { STR_INIT("/ETag"), S3_ETAG, offsetof(struct s3_object, etag) },
    { STR_INIT("/LastModified"), S3_TIME, offsetof(struct s3_object, last_modified_at) },
};
static const struct s3_element object_element = { STR_INIT("ListBucketResult/Contents"),
    object_fields, COUNT_OF(object_fields), sizeof(struct s3_object), LIST_KEYS_MAX };

static const struct s3_field prefix_fields[] = { { STR_INIT(""), S3_KEY, 0 } };
static const struct s3_element prefix_element = { STR_INIT("ListBucketResult/CommonPrefixes/Prefix"),
    prefix_fields, COUNT_OF(prefix_fields), sizeof(struct str), LIST_KEYS_MAX };
/* clang-format on */

static enum status read_listing(struct arena *arena, struct str document, struct s3_listing *out)
{
    struct s3_rows rows[] = {
        { &listing_element, out, 0 },
        { &object_element, ARENA_ARRAY(arena, struct s3_object, LIST_KEYS_MAX), 0 },
        { &prefix_element, ARENA_ARRAY(arena, struct str, LIST_KEYS_MAX), 0 },
    };
    *out = (struct s3_listing){ .objects = rows[1].item, .prefixes = rows[2].item };
    if (s3_document_read(arena, document, rows, COUNT_OF(rows)) != STATUS_OK)
        return STATUS_STORAGE;
    out->object_count = rows[1].count;
    out->prefix_count = rows[2].count;
    /* Without a token the next page would be this one again, for ever. */
    return out->is_truncated && str_is_empty(out->next_token) ? STATUS_STORAGE : STATUS_OK;
}

enum status s3_list(struct s3_client *client, struct arena *arena,
    const struct s3_list_options *options, struct s3_listing *out, struct s3_result *result)
{
    int max_keys = options->max_keys ? options->max_keys : LIST_KEYS_MAX;
    const struct pair asked[] = {
        { STR("list-type"), STR("2") },
        { STR("encoding-type"), STR("url") },
        { STR("max-keys"), arena_printf(arena, "%d", max_keys) },
        { STR("prefix"), options->prefix },
        { STR("delimiter"), options->delimiter },
        { STR("start-after"), options->start_after },
        { STR("continuation-token"), options->continuation_token },
    };
    struct pair query[COUNT_OF(asked)];
    struct http_response response;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        if (!str_is_empty(asked[i].value))
            query[count++] = asked[i];
    const struct s3_call call = {
        .method = STR("GET"),
        .query = { query, count },
        .max_body_bytes = LIST_BODY_MAX_BYTES,
    };
    enum status status = s3_call(client, arena, &call, result, &response);
    return status == STATUS_OK ? read_listing(arena, response.body, out) : status;
}

/* --- buckets
 * ------------------------------------------------------------------------------------------ */

enum status s3_head_bucket(struct s3_client *client, struct arena *arena, struct s3_result *result)
{
    const struct s3_call call = { .method = STR("HEAD") };
    return s3_call(client, arena, &call, result, NULL);
}

enum status s3_create_bucket(
    struct s3_client *client, struct arena *arena, struct s3_result *result)
{
    /* us-east-1 is S3's default, and refused when it is named. */
    struct str region = client->location.region;
    struct buf document;
    buf_init_arena(&document, arena, DOCUMENT_MAX_BYTES);
    if (!str_equal(region, STR("us-east-1"))) {
        xml_open_document(&document, "CreateBucketConfiguration");
        xml_text(&document, "LocationConstraint", region);
        xml_close(&document, "CreateBucketConfiguration");
    }
    const struct s3_call call = { .method = STR("PUT") };
    enum status status = s3_document_send(client, arena, call, buf_str(&document), result, NULL);
    bool is_ours =
        result->http_status == 409 && str_equal(result->error_code, STR("BucketAlreadyOwnedByYou"));
    return is_ours ? STATUS_OK : status;
}

/* --- CORS
 * --------------------------------------------------------------------------------------------- */

static void put_elements(struct buf *out, const char *name, const struct str *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        xml_text(out, name, values[i]);
}

static enum status format_cors(struct arena *arena, const struct s3_cors *cors, struct str *out)
{
    struct buf document;
    buf_init_arena(&document, arena, DOCUMENT_MAX_BYTES);
    xml_open_document(&document, "CORSConfiguration");
    xml_open(&document, "CORSRule");
    put_elements(&document, "AllowedOrigin", cors->origins, cors->origin_count);
    put_elements(&document, "AllowedMethod", cors->methods, cors->method_count);
    put_elements(&document, "AllowedHeader", cors->headers, cors->header_count);
    put_elements(&document, "ExposeHeader", cors->expose, cors->expose_count);
    xml_int(&document, "MaxAgeSeconds", cors->max_age_s);
    xml_close(&document, "CORSRule");
    xml_close(&document, "CORSConfiguration");
    *out = buf_str(&document);
    return buf_is_over(&document) ? STATUS_INVALID : STATUS_OK;
}

static const struct pair cors_query[] = { { STR_INIT("cors"), STR_INIT("") } };

enum status s3_put_bucket_cors(struct s3_client *client, struct arena *arena,
    const struct s3_cors *cors, struct s3_result *result)
{
    struct str document;
    enum status status = format_cors(arena, cors, &document);
    if (status != STATUS_OK)
        return status;
    const struct pair headers[] = {
        s3_document_md5(arena, document),
        { STR("content-type"), STR("application/xml") },
    };
    const struct s3_call call = {
        .method = STR("PUT"),
        .query = { cors_query, COUNT_OF(cors_query) },
        .headers = { headers, COUNT_OF(headers) },
    };
    return s3_document_send(client, arena, call, document, result, NULL);
}
