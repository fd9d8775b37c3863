/*
 * The calls on buckets: listing, making, CORS.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "crypto/digest.h"
#include "remote/s3_call.h"
#include "remote/xml.h"

enum {
    LIST_KEYS_MAX = 1000,
    LIST_BODY_MAX_BYTES = 8 * 1024 * 1024,
    DOCUMENT_MAX_BYTES = 256 * 1024
};

/* --- listing
 * ------------------------------------------------------------------------------------------ */

struct list_reader {
    struct arena *arena;
    struct s3_listing *listing;
    bool is_encoded; /* keys are percent-encoded, as we asked */
    bool is_broken;
};

static struct s3_object *last_object(struct list_reader *reader)
{
    return &reader->listing->objects[reader->listing->object_count - 1];
}

static void list_opened(void *context, struct str path)
{
    struct list_reader *reader = context;
    struct s3_listing *listing = reader->listing;
    if (str_equal(path, STR("/ListBucketResult/Contents"))) {
        if (listing->object_count == LIST_KEYS_MAX)
            reader->is_broken = true;
        else
            listing->objects[listing->object_count++].size_bytes = -1;
    }
}

static void read_key(struct list_reader *reader, struct str text)
{
    last_object(reader)->key = arena_copy(reader->arena, text);
}

static void read_size(struct list_reader *reader, struct str text)
{
    if (!str_parse_i64(text, &last_object(reader)->size_bytes))
        reader->is_broken = true;
}

static void read_etag(struct list_reader *reader, struct str text)
{
    if (text.len >= 2 && text.ptr[0] == '"')
        text = str_from(text.ptr + 1, text.len - 2);
    last_object(reader)->etag = arena_copy(reader->arena, text);
}

static void read_last_modified(struct list_reader *reader, struct str text)
{
    if (!clock_parse_iso(text, &last_object(reader)->last_modified_at))
        last_object(reader)->last_modified_at = -1;
}

static void read_prefix(struct list_reader *reader, struct str text)
{
    struct s3_listing *listing = reader->listing;
    if (listing->prefix_count == LIST_KEYS_MAX)
        reader->is_broken = true;
    else
        listing->prefixes[listing->prefix_count++] = arena_copy(reader->arena, text);
}

static void read_is_truncated(struct list_reader *reader, struct str text)
{
    reader->listing->is_truncated = str_equal(text, STR("true"));
}

static void read_next_token(struct list_reader *reader, struct str text)
{
    reader->listing->next_token = arena_copy(reader->arena, text);
}

static void read_encoding(struct list_reader *reader, struct str text)
{
    reader->is_encoded = str_equal(text, STR("url"));
}

static const struct {
    struct str path;
    void (*read)(struct list_reader *reader, struct str text);
} list_elements[] = {
    { STR_INIT("/ListBucketResult/Contents/Key"), read_key },
    { STR_INIT("/ListBucketResult/Contents/Size"), read_size },
    { STR_INIT("/ListBucketResult/Contents/ETag"), read_etag },
    { STR_INIT("/ListBucketResult/Contents/LastModified"), read_last_modified },
    { STR_INIT("/ListBucketResult/CommonPrefixes/Prefix"), read_prefix },
    { STR_INIT("/ListBucketResult/IsTruncated"), read_is_truncated },
    { STR_INIT("/ListBucketResult/NextContinuationToken"), read_next_token },
    { STR_INIT("/ListBucketResult/EncodingType"), read_encoding },
};

static void list_closed(void *context, struct str path, struct str text)
{
    struct list_reader *reader = context;
    for (size_t i = 0; i < COUNT_OF(list_elements) && !reader->is_broken; i++)
        if (str_equal(path, list_elements[i].path))
            list_elements[i].read(reader, text);
}

/* Only at the end is it known whether keys are encoded: EncodingType may stand anywhere. S3 writes
 * a space as '+'. */
static bool decode_keys(struct list_reader *reader)
{
    struct s3_listing *listing = reader->listing;
    bool is_decoded = true;
    if (!reader->is_encoded)
        return true;
    for (size_t i = 0; i < listing->object_count; i++)
        is_decoded &= escape_url_decode(
            reader->arena, listing->objects[i].key, true, &listing->objects[i].key);
    for (size_t i = 0; i < listing->prefix_count; i++)
        is_decoded &=
            escape_url_decode(reader->arena, listing->prefixes[i], true, &listing->prefixes[i]);
    return is_decoded;
}

static enum status read_listing(struct arena *arena, struct str document, struct s3_listing *out)
{
    struct list_reader reader = { .arena = arena, .listing = out };
    struct xml_visitor visitor = { list_opened, list_closed, &reader };
    *out = (struct s3_listing){
        .objects = ARENA_ARRAY(arena, struct s3_object, LIST_KEYS_MAX),
        .prefixes = ARENA_ARRAY(arena, struct str, LIST_KEYS_MAX),
    };
    enum status status = xml_visit(document, &visitor);
    if (status != STATUS_OK || reader.is_broken || !decode_keys(&reader))
        return STATUS_STORAGE;
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

/* Put a small document to the bucket, its hash signed. */
static enum status put_document(struct s3_client *client, struct arena *arena, struct str document,
    const struct s3_call *call, struct s3_result *result)
{
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, document);
    struct s3_call whole = *call;
    char hash[2 * SHA256_BYTES];
    sha256_hex(document, hash);
    whole.method = STR("PUT");
    whole.payload_hash = str_from(hash, sizeof(hash));
    whole.source = &source;
    return s3_call(client, arena, &whole, result, NULL);
}

enum status s3_create_bucket(
    struct s3_client *client, struct arena *arena, struct s3_result *result)
{
    /* us-east-1 is S3's default, and refused when it is named. */
    struct str region = client->location.region;
    struct str document = STR_EMPTY;
    if (!str_equal(region, STR("us-east-1")))
        document = ARENA_JOIN(arena,
            STR("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                "<LocationConstraint>"),
            region, STR("</LocationConstraint></CreateBucketConfiguration>"));
    enum status status = put_document(client, arena, document, &(struct s3_call){ 0 }, result);
    bool is_ours =
        result->http_status == 409 && str_equal(result->error_code, STR("BucketAlreadyOwnedByYou"));
    return is_ours ? STATUS_OK : status;
}

/* --- CORS
 * --------------------------------------------------------------------------------------------- */

static void put_elements(struct buf *out, const char *name, const struct str *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "<%s>", name);
        escape_xml(out, values[i]);
        buf_printf(out, "</%s>", name);
    }
}

static enum status format_cors(struct arena *arena, const struct s3_cors *cors, struct str *out)
{
    struct buf document;
    buf_init_arena(&document, arena, DOCUMENT_MAX_BYTES);
    buf_put_c(&document, "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                         "<CORSRule>");
    put_elements(&document, "AllowedOrigin", cors->origins, cors->origin_count);
    put_elements(&document, "AllowedMethod", cors->methods, cors->method_count);
    put_elements(&document, "AllowedHeader", cors->headers, cors->header_count);
    put_elements(&document, "ExposeHeader", cors->expose, cors->expose_count);
    buf_printf(&document, "<MaxAgeSeconds>%d</MaxAgeSeconds></CORSRule></CORSConfiguration>",
        cors->max_age_s);
    *out = buf_str(&document);
    return buf_is_over(&document) ? STATUS_INVALID : STATUS_OK;
}

static const struct pair cors_query[] = { { STR_INIT("cors"), STR_INIT("") } };

enum status s3_put_bucket_cors(struct s3_client *client, struct arena *arena,
    const struct s3_cors *cors, struct s3_result *result)
{
    unsigned char hash[MD5_BYTES];
    struct str document;
    enum status status = format_cors(arena, cors, &document);
    if (status != STATUS_OK)
        return status;
    md5(document,
        hash); /* S3 wants one of its checksums with this call; all servers know this one */
    const struct pair headers[] = {
        { STR("content-md5"), escape_base64(arena, str_from((const char *)hash, sizeof(hash))) },
        { STR("content-type"), STR("application/xml") },
    };
    const struct s3_call call = {
        .query = { cors_query, COUNT_OF(cors_query) },
        .headers = { headers, COUNT_OF(headers) },
    };
    return put_document(client, arena, document, &call, result);
}
