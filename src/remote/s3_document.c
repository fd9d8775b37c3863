/*
 * The XML documents of S3's calls. What is in which of them is said by the calls' own files.
 */
#include "remote/s3_document.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "crypto/digest.h"
#include "remote/s3_answer.h"

/* --- reading
 * ------------------------------------------------------------------------------------------- */

struct reading {
    struct arena *arena;
    struct s3_rows *rows;
    size_t count;
    bool is_encoded; /* keys are percent-encoded, as we asked */
};

static char *row_at(const struct s3_rows *rows, size_t i)
{
    return (char *)rows->item + i * rows->element->size_bytes;
}

static bool begin_row(struct s3_rows *rows)
{
    const struct s3_element *element = rows->element;
    if (rows->count == element->max)
        return false;
    char *row = row_at(rows, rows->count++);
    for (size_t i = 0; i < element->field_count; i++)
        if (element->fields[i].is == S3_NUMBER || element->fields[i].is == S3_TIME)
            *(int64_t *)(row + element->fields[i].offset) = -1;
    return true;
}

static bool on_element(void *context, struct str path)
{
    struct reading *reading = context;
    for (size_t i = 0; i < reading->count; i++)
        if (str_equal(path, reading->rows[i].element->path))
            return begin_row(&reading->rows[i]);
    return true;
}

static bool read_text(struct arena *arena, enum s3_text is, struct str text, void *field)
{
    struct str trimmed = str_trim(text);
    switch (is) {
    case S3_TEXT:
        *(struct str *)field = arena_copy(arena, trimmed);
        return true;
    case S3_KEY:
        *(struct str *)field = arena_copy(arena, text);
        return true;
    case S3_ETAG:
        *(struct str *)field = arena_copy(arena, s3_answer_etag(trimmed));
        return true;
    case S3_NUMBER:
        return str_parse_i64(trimmed, field);
    case S3_TIME:
        if (!clock_parse_iso(trimmed, field))
            *(int64_t *)field = -1;
        return true;
    case S3_FLAG:
        *(bool *)field = str_equal(trimmed, STR("true"));
        return true;
    }
    return false;
}

/* Is it the place of that field? Then the last row of the element is being read. */
static bool is_at(struct str path, const struct s3_element *element, const struct s3_field *field)
{
    return path.len == element->path.len + field->path.len &&
           str_starts_with(path, element->path) && str_ends_with(path, field->path);
}

static bool on_text(void *context, struct str path, struct str text)
{
    struct reading *reading = context;
    if (str_ends_with(path, STR("/EncodingType")))
        reading->is_encoded = str_equal(str_trim(text), STR("url"));
    for (size_t i = 0; i < reading->count; i++) {
        const struct s3_rows *rows = &reading->rows[i];
        const struct s3_field *field = rows->element->fields;
        for (size_t left = rows->element->field_count; left > 0; left--, field++)
            if (is_at(path, rows->element, field))
                return read_text(
                    reading->arena, field->is, text, row_at(rows, rows->count - 1) + field->offset);
    }
    return true;
}

/* Only at the end is it known whether keys are encoded: EncodingType may stand anywhere. S3 writes
 * a space as '+'. */
static bool decode_keys(struct arena *arena, const struct s3_rows *rows)
{
    const struct s3_element *element = rows->element;
    for (size_t i = 0; i < element->field_count; i++)
        for (size_t k = 0; k < rows->count && element->fields[i].is == S3_KEY; k++) {
            struct str *key = (struct str *)(row_at(rows, k) + element->fields[i].offset);
            if (!escape_url_decode(arena, *key, true, key))
                return false;
        }
    return true;
}

enum status s3_document_read(
    struct arena *arena, struct str document, struct s3_rows *rows, size_t count)
{
    struct reading reading = { .arena = arena, .rows = rows, .count = count };
    const struct xml_reader reader = { on_element, on_text, &reading };
    bool is_sound = xml_read(arena, document, &reader) == STATUS_OK && rows[0].count == 1;
    for (size_t i = 0; i < count && is_sound && reading.is_encoded; i++)
        is_sound = decode_keys(arena, &rows[i]);
    return is_sound ? STATUS_OK : STATUS_STORAGE;
}

/* --- sending
 * ------------------------------------------------------------------------------------------- */

enum status s3_document_send(struct s3_client *client, struct arena *arena, struct s3_call call,
    struct str document, struct s3_result *result, struct http_response *out_response)
{
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, document);
    char hash[2 * SHA256_BYTES];
    sha256_hex(document, hash);
    call.payload_hash = str_from(hash, sizeof(hash));
    call.source = &source;
    return s3_call(client, arena, &call, result, out_response);
}

struct pair s3_document_md5(struct arena *arena, struct str document)
{
    unsigned char digest[MD5_BYTES];
    md5(document, digest);
    return (struct pair){ STR("content-md5"),
        escape_base64(arena, str_from((const char *)digest, sizeof(digest))) };
}
