/*
 * What storage has of multipart uploads: their parts, and which there are.
 */
#include "remote/s3_multipart.h"

#include "base/clock.h"
#include "base/escape.h"
#include "remote/s3_answer.h"
#include "remote/s3_call.h"
#include "remote/xml.h"

enum { LIST_BODY_MAX_BYTES = 4 * 1024 * 1024 };

/* One text of a document: where it stands, and what takes it. */
struct element {
    struct str path;
    void (*read)(void *reader, struct str text);
};

static void read_element(
    const struct element *elements, size_t count, void *reader, struct str path, struct str text)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(path, elements[i].path))
            elements[i].read(reader, text);
}

/* --- ListParts --- */

struct parts_reader {
    struct arena *arena;
    struct s3_parts *parts;
    bool is_broken;
};

static struct s3_part *last_part(struct parts_reader *reader)
{
    return &reader->parts->item[reader->parts->count - 1];
}

static void parts_opened(void *context, struct str path)
{
    struct parts_reader *reader = context;
    struct s3_parts *parts = reader->parts;
    if (!str_equal(path, STR("/ListPartsResult/Part")))
        return;
    if (parts->count == S3_PARTS_PAGE_MAX)
        reader->is_broken = true;
    else
        parts->item[parts->count++] = (struct s3_part){ .size_bytes = -1 };
}

static void read_number(void *context, struct str text)
{
    struct parts_reader *reader = context;
    reader->is_broken |= !str_parse_i64(str_trim(text), &last_part(reader)->number);
}

static void read_size(void *context, struct str text)
{
    struct parts_reader *reader = context;
    reader->is_broken |= !str_parse_i64(str_trim(text), &last_part(reader)->size_bytes);
}

static void read_etag(void *context, struct str text)
{
    struct parts_reader *reader = context;
    last_part(reader)->etag = arena_copy(reader->arena, s3_answer_etag(str_trim(text)));
}

static void read_checksum(void *context, struct str text)
{
    struct parts_reader *reader = context;
    last_part(reader)->checksum_sha256 = arena_copy(reader->arena, str_trim(text));
}

static void read_parts_truncated(void *context, struct str text)
{
    struct parts_reader *reader = context;
    reader->parts->is_truncated = str_equal(str_trim(text), STR("true"));
}

static const struct element part_elements[] = {
    { STR_INIT("/ListPartsResult/Part/PartNumber"), read_number },
    { STR_INIT("/ListPartsResult/Part/Size"), read_size },
    { STR_INIT("/ListPartsResult/Part/ETag"), read_etag },
    { STR_INIT("/ListPartsResult/Part/ChecksumSHA256"), read_checksum },
    { STR_INIT("/ListPartsResult/IsTruncated"), read_parts_truncated },
};

static void parts_closed(void *context, struct str path, struct str text)
{
    struct parts_reader *reader = context;
    if (!reader->is_broken)
        read_element(part_elements, COUNT_OF(part_elements), reader, path, text);
}

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
    struct parts_reader reader = { .arena = arena, .parts = out };
    struct xml_visitor visitor = { parts_opened, parts_closed, &reader };
    *out = (struct s3_parts){ .item = ARENA_ARRAY(arena, struct s3_part, S3_PARTS_PAGE_MAX) };
    if (xml_visit(document, &visitor) != STATUS_OK || reader.is_broken || !is_sound(out, marker))
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

struct uploads_reader {
    struct arena *arena;
    struct s3_uploads *uploads;
    bool is_encoded; /* keys are percent-encoded, as we asked */
    bool is_broken;
};

static struct s3_upload *last_upload(struct uploads_reader *reader)
{
    return &reader->uploads->item[reader->uploads->count - 1];
}

static void uploads_opened(void *context, struct str path)
{
    struct uploads_reader *reader = context;
    struct s3_uploads *uploads = reader->uploads;
    if (!str_equal(path, STR("/ListMultipartUploadsResult/Upload")))
        return;
    if (uploads->count == S3_UPLOADS_PAGE_MAX)
        reader->is_broken = true;
    else
        uploads->item[uploads->count++] = (struct s3_upload){ .initiated_at = -1 };
}

static void read_upload_key(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    last_upload(reader)->key = arena_copy(reader->arena, text);
}

static void read_upload_id(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    last_upload(reader)->upload_id = arena_copy(reader->arena, str_trim(text));
}

static void read_initiated(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    if (!clock_parse_iso(str_trim(text), &last_upload(reader)->initiated_at))
        last_upload(reader)->initiated_at = -1;
}

static void read_uploads_truncated(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    reader->uploads->is_truncated = str_equal(str_trim(text), STR("true"));
}

static void read_next_key(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    reader->uploads->next_key_marker = arena_copy(reader->arena, text);
}

static void read_next_id(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    reader->uploads->next_upload_id_marker = arena_copy(reader->arena, str_trim(text));
}

static void read_encoding(void *context, struct str text)
{
    struct uploads_reader *reader = context;
    reader->is_encoded = str_equal(str_trim(text), STR("url"));
}

static const struct element upload_elements[] = {
    { STR_INIT("/ListMultipartUploadsResult/Upload/Key"), read_upload_key },
    { STR_INIT("/ListMultipartUploadsResult/Upload/UploadId"), read_upload_id },
    { STR_INIT("/ListMultipartUploadsResult/Upload/Initiated"), read_initiated },
    { STR_INIT("/ListMultipartUploadsResult/IsTruncated"), read_uploads_truncated },
    { STR_INIT("/ListMultipartUploadsResult/NextKeyMarker"), read_next_key },
    { STR_INIT("/ListMultipartUploadsResult/NextUploadIdMarker"), read_next_id },
    { STR_INIT("/ListMultipartUploadsResult/EncodingType"), read_encoding },
};

static void uploads_closed(void *context, struct str path, struct str text)
{
    struct uploads_reader *reader = context;
    if (!reader->is_broken)
        read_element(upload_elements, COUNT_OF(upload_elements), reader, path, text);
}

static bool decode_uploads(struct uploads_reader *reader)
{
    struct s3_uploads *uploads = reader->uploads;
    bool is_decoded = true;
    for (size_t i = 0; i < uploads->count && reader->is_encoded; i++)
        is_decoded &=
            escape_url_decode(reader->arena, uploads->item[i].key, true, &uploads->item[i].key);
    if (reader->is_encoded)
        is_decoded &= escape_url_decode(
            reader->arena, uploads->next_key_marker, true, &uploads->next_key_marker);
    return is_decoded;
}

static enum status read_uploads(struct arena *arena, struct str document, struct s3_uploads *out)
{
    struct uploads_reader reader = { .arena = arena, .uploads = out };
    struct xml_visitor visitor = { uploads_opened, uploads_closed, &reader };
    *out = (struct s3_uploads){ .item = ARENA_ARRAY(arena, struct s3_upload, S3_UPLOADS_PAGE_MAX) };
    if (xml_visit(document, &visitor) != STATUS_OK || reader.is_broken || !decode_uploads(&reader))
        return STATUS_STORAGE;
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
