/*
 * complete.c - CompleteMultipartUpload: the client's list of parts against those that are there,
 * and the object that they make.
 */
#include "objects/multipart.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "objects/body.h"
#include "objects/object_headers.h"
#include "objects/operations.h"

enum { LIST_MAX_BYTES = 4 * 1024 * 1024 };

/* The client's list: <CompleteMultipartUpload><Part><PartNumber/><ETag/>...</Part>... */
struct wish {
    uint64_t number;
    struct str etag;
    struct str checksum; /* in the element of the upload's kind; empty: not said */
};

struct wishes {
    struct arena *arena;
    struct str checksum_path; /* "CompleteMultipartUpload/Part/ChecksumSHA256" */
    struct wish *item;
    size_t count;
};

static bool on_element(void *context, struct str path)
{
    struct wishes *wishes = context;
    if (str_index(path, '/') < 0)
        return str_equal(path, STR("CompleteMultipartUpload"));
    if (!str_equal(path, STR("CompleteMultipartUpload/Part")))
        return true;
    if (wishes->count == MULTIPART_PARTS_MAX)
        return false;
    wishes->item[wishes->count++] = (struct wish){ 0 };
    return true;
}

static bool on_value(void *context, struct str path, struct str text)
{
    struct wishes *wishes = context;
    struct wish *last = wishes->count > 0 ? &wishes->item[wishes->count - 1] : NULL;
    text = str_trim(text);
    if (str_equal(path, STR("CompleteMultipartUpload/Part/PartNumber")))
        return str_parse_u64(text, &last->number);
    if (str_equal(path, STR("CompleteMultipartUpload/Part/ETag")))
        last->etag = object_etag_text(arena_copy(wishes->arena, text));
    else if (str_equal(path, wishes->checksum_path))
        last->checksum = arena_copy(wishes->arena, text);
    return true;
}

static enum s3_error read_wishes(
    struct call *call, const struct store_object *upload, struct wishes *wishes)
{
    struct str document;
    struct xml_reader reader = { on_element, on_value, wishes };
    enum checksum_kind kind = checksum_of_algorithm(upload->checksum_name);
    *wishes = (struct wishes){ .arena = call->arena,
        .checksum_path =
            arena_printf(call->arena, "CompleteMultipartUpload/Part/%s", checksum_element(kind)),
        .item = ARENA_ARRAY(call->arena, struct wish, MULTIPART_PARTS_MAX) };
    enum s3_error error = body_read_document(call, LIST_MAX_BYTES, CHECKSUM_OF_OBJECT, &document);
    if (error != S3_OK)
        return error;
    bool is_read = xml_read(call->arena, document, &reader) == STATUS_OK;
    return is_read && wishes->count > 0 ? S3_OK : S3_MALFORMED_XML;
}

/* --- the list against what is there --- */

static enum s3_error invalid_part(
    struct call *call, const struct store_object *upload, const struct wish *wish)
{
    call_add_detail(call, STR("UploadId"), upload->id);
    call_add_detail(call, STR("PartNumber"),
        arena_printf(call->arena, "%llu", (unsigned long long)wish->number));
    call_add_detail(call, STR("ETag"), wish->etag);
    return S3_INVALID_PART;
}

static enum s3_error too_small(struct call *call, const struct store_part *part)
{
    call_add_detail(
        call, STR("ProposedSize"), arena_printf(call->arena, "%lld", (long long)part->size_bytes));
    call_add_detail(
        call, STR("MinSizeAllowed"), arena_printf(call->arena, "%d", MULTIPART_PART_MIN_BYTES));
    call_add_detail(call, STR("PartNumber"), arena_printf(call->arena, "%d", part->number));
    return S3_ENTITY_TOO_SMALL;
}

/* The part that a wish means; NULL: it is not there, or is another. Both lists ascend. */
static const struct store_part *find_part(
    const struct wish *wish, const struct store_part *parts, size_t count, size_t *at)
{
    while (*at < count && (uint64_t)parts[*at].number < wish->number)
        (*at)++;
    if (*at == count || (uint64_t)parts[*at].number != wish->number ||
        !str_equal_nocase(parts[*at].etag, wish->etag) ||
        (!str_is_empty(wish->checksum) && !str_equal(parts[*at].checksum, wish->checksum)))
        return NULL;
    return &parts[*at];
}

static enum s3_error choose_parts(struct call *call, const struct store_object *upload,
    const struct wishes *wishes, struct store_part **out)
{
    struct store_part *parts;
    size_t count, at = 0;
    enum s3_error error = call_store_error(call,
        store_multipart_parts(call->store, call->arena, upload->id, &parts, &count),
        S3_NO_SUCH_UPLOAD);
    *out = ARENA_ARRAY(call->arena, struct store_part, wishes->count);
    for (size_t i = 1; i < wishes->count && error == S3_OK; i++)
        if (wishes->item[i].number <= wishes->item[i - 1].number)
            error = S3_INVALID_PART_ORDER;
    for (size_t i = 0; i < wishes->count && error == S3_OK; i++) {
        const struct store_part *part = find_part(&wishes->item[i], parts, count, &at);
        if (part == NULL)
            return invalid_part(call, upload, &wishes->item[i]);
        if (i + 1 < wishes->count && part->size_bytes < MULTIPART_PART_MIN_BYTES)
            return too_small(call, part);
        (*out)[i] = *part;
    }
    return error;
}

/* --- what the object will be called by --- */

/* The MD5 of the parts' MD5s, and how many there are. */
static struct str etag_of(struct arena *arena, const struct store_part *parts, size_t count)
{
    struct digest digest = { 0 };
    unsigned char bytes[DIGEST_MAX_BYTES];
    digest_begin(&digest, DIGEST_MD5);
    for (size_t i = 0; i < count; i++) {
        struct str md5;
        if (escape_hex_decode(arena, parts[i].etag, &md5))
            digest_update(&digest, md5);
    }
    digest_finish(&digest, bytes);
    digest_clear(&digest);
    return arena_printf(arena, "%.*s-%zu",
        STR_ARG(escape_hex(arena, str_from((const char *)bytes, MD5_BYTES))), count);
}

static struct str full_checksum(
    struct arena *arena, enum checksum_kind kind, const struct store_part *parts, size_t count)
{
    struct str value = parts[0].checksum;
    for (size_t i = 1; i < count; i++)
        value = checksum_join(arena, kind, value, parts[i].checksum, parts[i].size_bytes);
    return value;
}

static struct str composite_checksum(
    struct arena *arena, enum checksum_kind kind, const struct store_part *parts, size_t count)
{
    struct checksum checksum = { 0 };
    checksum_begin(&checksum, kind);
    for (size_t i = 0; i < count; i++) {
        struct str value;
        if (escape_base64_decode(arena, parts[i].checksum, &value))
            checksum_update(&checksum, value);
    }
    struct str whole = checksum_finish(&checksum, arena);
    checksum_clear(&checksum);
    return arena_printf(arena, "%.*s-%zu", STR_ARG(whole), count);
}

/* What the client says about the whole: its checksum, its size. */
static enum s3_error compare(struct call *call, const struct store_object *object)
{
    enum checksum_kind kind = checksum_of_algorithm(object->checksum_name);
    struct str said = call_header(call, checksum_header(kind));
    struct str said_size = call_header(call, STR("x-amz-mp-object-size"));
    int64_t size;
    if (!str_is_empty(said_size) &&
        (!str_parse_i64(said_size, &size) || size != object->size_bytes))
        return call_fail(call, S3_INVALID_REQUEST,
            "The provided 'x-amz-mp-object-size' header does not match what was computed.");
    if (kind == CHECKSUM_NONE || str_is_empty(said) || str_equal(said, object->checksum))
        return S3_OK;
    return call_fail(call, S3_BAD_DIGEST,
        "The %.*s you specified did not match the calculated checksum.",
        STR_ARG(checksum_name(kind)));
}

static enum s3_error describe(struct call *call, const struct store_object *upload,
    const struct store_part *parts, size_t count, struct store_object *out)
{
    enum checksum_kind kind = checksum_of_algorithm(upload->checksum_name);
    *out = *upload;
    out->modified_at_ms = clock_now_ms();
    out->etag = etag_of(call->arena, parts, count);
    out->size_bytes = 0;
    for (size_t i = 0; i < count; i++)
        out->size_bytes += parts[i].size_bytes;
    if (out->size_bytes > MULTIPART_OBJECT_MAX_BYTES)
        return S3_ENTITY_TOO_LARGE;
    if (kind != CHECKSUM_NONE)
        out->checksum = multipart_is_full_object(upload)
                            ? full_checksum(call->arena, kind, parts, count)
                            : composite_checksum(call->arena, kind, parts, count);
    return compare(call, out);
}

static void answer(struct call *call, const struct store_object *object)
{
    struct buf *out = &call->reply->body;
    xml_open_document(out, "CompleteMultipartUploadResult");
    xml_text(out, "Location",
        arena_printf(call->arena, "%s://%.*s%.*s", call->request->is_https ? "https" : "http",
            STR_ARG(call->request->host), STR_ARG(call->request->raw_path)));
    xml_text(out, "Bucket", object->bucket);
    xml_text(out, "Key", object->key);
    xml_text(out, "ETag", arena_printf(call->arena, "\"%.*s\"", STR_ARG(object->etag)));
    multipart_put_checksum(out, object, object->checksum);
    if (!str_is_empty(object->checksum))
        xml_text(out, "ChecksumType", object_checksum_type(object));
    xml_close(out, "CompleteMultipartUploadResult");
    call_answer_xml(call, 200);
}

enum s3_error complete_multipart_upload(struct call *call)
{
    struct store_object upload, object;
    struct store_condition condition;
    struct store_part *parts;
    struct wishes wishes;
    enum s3_error error = multipart_need(call, &upload);
    if (error == S3_OK)
        error = object_read_condition(call, &condition);
    if (error == S3_OK)
        error = read_wishes(call, &upload, &wishes);
    if (error == S3_OK)
        error = choose_parts(call, &upload, &wishes, &parts);
    if (error == S3_OK)
        error = describe(call, &upload, parts, wishes.count, &object);
    if (error != S3_OK)
        return error;
    enum status status = store_multipart_complete(
        call->store, call->arena, upload.id, parts, wishes.count, &object, condition);
    if (status == STATUS_NOT_FOUND && !store_has_bucket(call->store, call->arena, call->bucket))
        return S3_NO_SUCH_BUCKET;
    if (status == STATUS_NOT_FOUND && str_is_empty(condition.only_etag))
        return S3_NO_SUCH_UPLOAD; /* completed or aborted by somebody else, just now */
    error = object_commit_error(call, status, condition);
    if (error == S3_OK)
        answer(call, &object);
    return error;
}
