/*
 * delete.c - DeleteObject and DeleteObjects. Deleting what is not there succeeds, as in S3: the
 * wish is fulfilled.
 */
#include "objects/operations.h"

#include "base/xml.h"
#include "objects/body.h"

enum { DELETE_KEYS_MAX = 1000, DELETE_DOCUMENT_MAX = 2 * 1024 * 1024 };

static struct str etag_without_quotes(struct str text)
{
    text = str_trim(text);
    return text.len >= 2 && text.ptr[0] == '"' ? str_from(text.ptr + 1, text.len - 2) : text;
}

enum s3_error delete_object(struct call *call)
{
    struct str etag = etag_without_quotes(call_header(call, STR("if-match")));
    bool is_conditional = !str_is_empty(etag) && !str_equal(etag, STR("*"));
    enum s3_error error = call_need_bucket(call);
    if (error != S3_OK)
        return error;
    struct store_condition only = { .only_etag = is_conditional ? etag : STR_EMPTY };
    enum status status =
        store_delete_object(call->store, call->arena, call->bucket, call->key, only);
    if (status == STATUS_NOT_FOUND && !is_conditional)
        status = STATUS_OK;
    call->reply->http_status = 204;
    return call_store_error(call, status, S3_NO_SUCH_KEY);
}

/* --- many at once
 * ---------------------------------------------------------------------------------- */

/* One object to delete, and the ETag that it must have; empty: any. */
struct wish {
    struct str key;
    struct str only_etag;
};

/* The document: <Delete><Quiet>?<Object><Key/><ETag>?</Object>...</Delete>. */
struct wishes {
    struct arena *arena;
    bool is_quiet;
    struct wish *items;
    size_t count;
    bool is_too_many;
};

static bool on_element(void *context, struct str path)
{
    struct wishes *wishes = context;
    if (str_index(path, '/') < 0)
        return str_equal(path, STR("Delete"));
    if (!str_equal(path, STR("Delete/Object")))
        return true;
    wishes->is_too_many = wishes->count == DELETE_KEYS_MAX;
    if (wishes->is_too_many)
        return false;
    wishes->items[wishes->count++] = (struct wish){ 0 };
    return true;
}

static bool on_value(void *context, struct str path, struct str text)
{
    struct wishes *wishes = context;
    if (str_equal(path, STR("Delete/Quiet")))
        wishes->is_quiet = str_equal_nocase(str_trim(text), STR("true"));
    if (str_equal(path, STR("Delete/Object/Key")))
        wishes->items[wishes->count - 1].key = arena_copy(wishes->arena, text);
    if (str_equal(path, STR("Delete/Object/ETag")))
        wishes->items[wishes->count - 1].only_etag =
            arena_copy(wishes->arena, etag_without_quotes(text));
    if (str_equal(path, STR("Delete/Object/VersionId")))
        return str_equal(str_trim(text), STR("null"));
    return true;
}

static enum s3_error read_wishes(struct call *call, struct wishes *wishes)
{
    struct str document;
    struct xml_reader reader = { on_element, on_value, wishes };
    wishes->arena = call->arena;
    wishes->items = ARENA_ARRAY(call->arena, struct wish, DELETE_KEYS_MAX);
    enum s3_error error =
        body_read_document(call, DELETE_DOCUMENT_MAX, CHECKSUM_OF_BODY, &document);
    if (error != S3_OK)
        return error;
    bool is_read = xml_read(call->arena, document, &reader) == STATUS_OK;
    for (size_t i = 0; i < wishes->count; i++)
        is_read = is_read && !str_is_empty(wishes->items[i].key);
    return is_read && wishes->count > 0 ? S3_OK : S3_MALFORMED_XML;
}

/* A document that arrived changed would delete the wrong things: S3 insists on a checksum. */
static bool has_integrity_header(const struct call *call)
{
    if (!str_is_empty(call_header(call, STR("content-md5"))))
        return true;
    for (int kind = CHECKSUM_NONE + 1; kind < CHECKSUM__COUNT; kind++)
        if (!str_is_empty(call_header(call, checksum_header((enum checksum_kind)kind))))
            return true;
    return str_starts_with(call_header(call, STR("x-amz-trailer")), STR("x-amz-checksum-"));
}

static void tell(struct call *call, struct str key, enum s3_error error, bool is_quiet)
{
    struct buf *out = &call->reply->body;
    const char *element = error == S3_OK ? "Deleted" : "Error";
    if (error == S3_OK && is_quiet)
        return;
    xml_open(out, element);
    xml_text(out, "Key", key);
    if (error != S3_OK) {
        xml_text(out, "Code", s3_error_code(error));
        xml_text(out, "Message", s3_error_message(error));
    }
    xml_close(out, element);
}

static enum s3_error delete_one(struct call *call, const struct wish *wish)
{
    if (wish->key.len > OBJECTS_KEY_MAX_BYTES)
        return S3_KEY_TOO_LONG;
    arena_reset(&call->thread->scratch);
    enum status status = store_delete_object(call->store, &call->thread->scratch, call->bucket,
        wish->key, (struct store_condition){ .only_etag = wish->only_etag });
    return status == STATUS_NOT_FOUND ? S3_OK : call_store_error(call, status, S3_NO_SUCH_KEY);
}

enum s3_error delete_objects(struct call *call)
{
    struct wishes wishes = { 0 };
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK && !has_integrity_header(call))
        return call_fail(call, S3_INVALID_REQUEST,
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
    if (error == S3_OK)
        error = read_wishes(call, &wishes);
    if (error != S3_OK)
        return error;
    xml_open_document(&call->reply->body, "DeleteResult");
    for (size_t i = 0; i < wishes.count; i++)
        tell(call, wishes.items[i].key, delete_one(call, &wishes.items[i]), wishes.is_quiet);
    xml_close(&call->reply->body, "DeleteResult");
    call_answer_xml(call, 200);
    return S3_OK;
}
