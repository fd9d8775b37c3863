/*
 * The calls that delete objects: one, one that must be the object that was seen, and many at once.
 */
#include "base/xml.h"
#include "remote/s3_document.h"

#include <stdlib.h>

enum {
    DELETE_DOCUMENT_MAX_BYTES = 8 * 1024 * 1024, /* 1,000 keys of 1 KB, each byte a reference */
    DELETE_ANSWER_MAX_BYTES = 8 * 1024 * 1024
};

static enum status delete_one(struct s3_client *client, struct arena *arena,
    const struct s3_call *call, struct s3_result *result)
{
    enum status status = s3_call(client, arena, call, result, NULL);
    /* Some servers tell that there was nothing; what is wanted is the case all the same. */
    bool is_absent =
        status == STATUS_NOT_FOUND && !str_equal(result->error_code, STR("NoSuchBucket"));
    return is_absent ? STATUS_OK : status;
}

enum status s3_delete(
    struct s3_client *client, struct arena *arena, struct str key, struct s3_result *result)
{
    return s3_delete_match(client, arena, key, STR_EMPTY, result);
}

enum status s3_delete_match(struct s3_client *client, struct arena *arena, struct str key,
    struct str if_match, struct s3_result *result)
{
    const struct pair headers[] = {
        { STR("if-match"), ARENA_JOIN(arena, STR("\""), if_match, STR("\"")) },
    };
    const struct s3_call call = {
        .method = STR("DELETE"),
        .key = key,
        .headers = { headers, !str_is_empty(if_match) },
    };
    return delete_one(client, arena, &call, result);
}

/* --- many at once: DeleteObjects
 * ---------------------------------------------------------------------- */

/* XML 1.0 cannot hold other control bytes, and a key that is changed on the way is another key. */
static bool is_for_xml(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        unsigned char byte = (unsigned char)key.ptr[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
            return false;
    }
    /* U+FFFE and U+FFFF are no characters of XML either. */
    return str_is_utf8(key) && str_find(key, STR("\xef\xbf\xbe")) < 0 &&
           str_find(key, STR("\xef\xbf\xbf")) < 0;
}

/* The document, of those items that can be asked for: how many these are. */
static size_t format_wishes(struct buf *out, struct s3_deletion *items, size_t count)
{
    size_t asked = 0;
    xml_open_document(out, "Delete");
    for (size_t i = 0; i < count; i++) {
        bool is_asked = is_for_xml(items[i].key) && !str_is_empty(items[i].key);
        items[i].status = is_asked ? STATUS_STORAGE : STATUS_INVALID; /* until storage says more */
        items[i].error_code = STR_EMPTY;
        if (!is_asked)
            continue;
        xml_open(out, "Object");
        xml_text(out, "Key", items[i].key);
        if (!str_is_empty(items[i].if_match))
            xml_text(out, "ETag", items[i].if_match);
        xml_close(out, "Object");
        asked++;
    }
    xml_close(out, "Delete");
    return asked;
}

/* The answer tells of keys in any order. */
struct answer_reader {
    struct arena *arena;
    struct s3_deletion **by_key; /* sorted */
    size_t count;
    struct str key, code; /* of the element that is being read */
};

static int compare_items(const void *a, const void *b)
{
    return str_compare(
        (*(struct s3_deletion *const *)a)->key, (*(struct s3_deletion *const *)b)->key);
}

/* The first item of that key, or where it would stand. */
static size_t find_item(const struct answer_reader *reader, struct str key)
{
    size_t low = 0, high = reader->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(reader->by_key[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What a key's error is worth to us: the words of the same errors of DeleteObject. */
static enum status status_of_code(struct str code)
{
    static const struct {
        struct str code;
        enum status status;
    } known[] = {
        { STR_INIT("NoSuchKey"), STATUS_OK },
        { STR_INIT("PreconditionFailed"), STATUS_PRECONDITION },
        { STR_INIT("ConditionalRequestConflict"), STATUS_PRECONDITION },
        { STR_INIT("InternalError"), STATUS_STORAGE },
        { STR_INIT("SlowDown"), STATUS_STORAGE },
        { STR_INIT("ServiceUnavailable"), STATUS_STORAGE },
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_equal(code, known[i].code))
            return known[i].status;
    return STATUS_STORAGE_REFUSED;
}

static void take_end(struct answer_reader *reader, enum status status)
{
    for (size_t i = find_item(reader, reader->key);
         i < reader->count && str_equal(reader->by_key[i]->key, reader->key); i++) {
        if (reader->by_key[i]->status == STATUS_INVALID)
            continue; /* was not asked for */
        reader->by_key[i]->status = status;
        reader->by_key[i]->error_code = status == STATUS_OK ? STR_EMPTY : reader->code;
    }
}

static bool on_element(void *context, struct str path)
{
    struct answer_reader *reader = context;
    if (str_equal(path, STR("DeleteResult/Deleted")) ||
        str_equal(path, STR("DeleteResult/Error"))) {
        reader->key = STR_EMPTY;
        reader->code = STR_EMPTY;
    }
    return true;
}

static bool on_text(void *context, struct str path, struct str text)
{
    struct answer_reader *reader = context;
    if (str_equal(path, STR("DeleteResult/Deleted/Key")) ||
        str_equal(path, STR("DeleteResult/Error/Key")))
        reader->key = arena_copy(reader->arena, text);
    else if (str_equal(path, STR("DeleteResult/Error/Code")))
        reader->code = arena_copy(reader->arena, text);
    else if (str_equal(path, STR("DeleteResult/Deleted")))
        take_end(reader, STATUS_OK);
    else if (str_equal(path, STR("DeleteResult/Error")))
        take_end(reader, status_of_code(reader->code));
    return true;
}

static enum status read_answer(
    struct arena *arena, struct str document, struct s3_deletion *items, size_t count)
{
    struct answer_reader reader = {
        .arena = arena, .by_key = ARENA_ARRAY(arena, struct s3_deletion *, count), .count = count
    };
    const struct xml_reader visitor = { on_element, on_text, &reader };
    for (size_t i = 0; i < count; i++)
        reader.by_key[i] = &items[i];
    qsort(reader.by_key, count, sizeof(struct s3_deletion *), compare_items);
    return xml_read(arena, document, &visitor) == STATUS_OK ? STATUS_OK : STATUS_STORAGE;
}

/* Deleting again what is gone does no harm, so the request is repeated like any other. */
static enum status send_wishes(struct s3_client *client, struct arena *arena, struct str document,
    struct s3_result *result, struct http_response *response)
{
    static const struct pair query[] = { { STR_INIT("delete"), STR_INIT("") } };
    const struct pair headers[] = {
        s3_document_md5(arena, document),
        { STR("content-type"), STR("application/xml") },
    };
    const struct s3_call call = {
        .method = STR("POST"),
        .query = { query, COUNT_OF(query) },
        .headers = { headers, COUNT_OF(headers) },
        .max_body_bytes = DELETE_ANSWER_MAX_BYTES,
    };
    return s3_document_send(client, arena, call, document, result, response);
}

enum status s3_delete_many(struct s3_client *client, struct arena *arena, struct s3_deletion *items,
    size_t count, struct s3_result *result)
{
    struct buf document;
    struct http_response response;
    enum status status = count > S3_DELETIONS_MAX ? STATUS_INVALID : STATUS_OK;
    *result = (struct s3_result){ 0 };
    buf_init_arena(&document, arena, DELETE_DOCUMENT_MAX_BYTES);
    if (status == STATUS_OK && format_wishes(&document, items, count) == 0)
        return STATUS_OK; /* nothing that could be asked for */
    if (buf_is_over(&document))
        status = STATUS_INVALID;
    if (status == STATUS_OK)
        status = send_wishes(client, arena, buf_str(&document), result, &response);
    if (result->http_status == 501) /* will not be otherwise tomorrow */
        status = STATUS_STORAGE_REFUSED;
    if (status == STATUS_OK)
        status = read_answer(arena, response.body, items, count);
    for (size_t i = 0; i < count && status != STATUS_OK; i++)
        items[i].status = status;
    return status;
}
