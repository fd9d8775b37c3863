/*
 * copy.c - CopyObject and UploadPartCopy: bytes that are here already.
 *
 * Data files never change, so a copy of a whole object is one more name for its data. Only keys
 * that sign the header x-amz-copy-source get here, and whoever has those may read everything: a
 * presigned URL that did not bind the header cannot be used to read.
 */
#include "objects/multipart.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "cgi/range.h"
#include "objects/body.h"
#include "objects/features.h"
#include "objects/key_path.h"
#include "objects/object_headers.h"
#include "objects/operations.h"

#include <errno.h>
#include <unistd.h>

/* What both copy from. */
struct source {
    struct str bucket;
    struct str key;
    struct store_object object;
};

/* "/bucket/key" or "bucket/key", percent-encoded, perhaps with a version. */
static enum s3_error read_source_name(struct call *call, struct source *out)
{
    struct str text = call_header(call, STR("x-amz-copy-source"));
    ssize_t version = str_index(text, '?');
    struct str name = version < 0 ? text : str_head(text, (size_t)version);
    if (version >= 0 && !str_equal(str_from_offset(text, (size_t)version), STR("?versionId=null")))
        return call_fail(call, S3_NOT_IMPLEMENTED,
            "This endpoint keeps no versions: name the source without versionId.");
    if (!escape_url_decode(call->arena, name, false, &name))
        name = STR_EMPTY;
    if (str_starts_with(name, STR("/")))
        name = str_from_offset(name, 1);
    if (str_split(&name, '/', &out->bucket) && bucket_name_is_valid(out->bucket) && name.len > 0 &&
        name.len <= OBJECTS_KEY_MAX_BYTES) {
        out->key = name;
        return S3_OK;
    }
    call_add_detail(call, STR("ArgumentName"), STR("x-amz-copy-source"));
    call_add_detail(call, STR("ArgumentValue"), text);
    return call_fail(call, S3_INVALID_ARGUMENT,
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
}

static enum s3_error check_source_conditions(struct call *call, const struct store_object *object)
{
    struct conditions conditions = {
        .if_match = call_header(call, STR("x-amz-copy-source-if-match")),
        .if_none_match = call_header(call, STR("x-amz-copy-source-if-none-match")),
        .if_modified_since = call_header(call, STR("x-amz-copy-source-if-modified-since")),
        .if_unmodified_since = call_header(call, STR("x-amz-copy-source-if-unmodified-since")),
    };
    /* "not modified" is no answer to a write: it is 412 too */
    return conditions_check(&conditions, object->etag, object->modified_at_ms / 1000) ==
                   CONDITION_PROCEED
               ? S3_OK
               : S3_PRECONDITION_FAILED;
}

static enum s3_error find_source(struct call *call, struct source *out)
{
    enum s3_error error = read_source_name(call, out);
    if (error != S3_OK)
        return error;
    enum status status =
        store_find_object(call->store, call->arena, out->bucket, out->key, &out->object);
    if (status == STATUS_NOT_FOUND && !store_has_bucket(call->store, call->arena, out->bucket)) {
        call_add_detail(call, STR("BucketName"), out->bucket);
        return S3_NO_SUCH_BUCKET;
    }
    if (status == STATUS_NOT_FOUND)
        call_add_detail(call, STR("Key"), out->key);
    error = call_store_error(call, status, S3_NO_SUCH_KEY);
    return error == S3_OK ? check_source_conditions(call, &out->object) : error;
}

/* --- CopyObject --- */

/* The new object's headers: the source's, or with x-amz-metadata-directive: REPLACE the request's.
 */
static enum s3_error describe(
    struct call *call, const struct source *source, struct store_object *out)
{
    struct str directive = call_header(call, STR("x-amz-metadata-directive"));
    struct str algorithm = call_header(call, STR("x-amz-checksum-algorithm"));
    bool is_replaced = str_equal(directive, STR("REPLACE"));
    bool is_itself = str_equal(source->bucket, call->bucket) && str_equal(source->key, call->key);
    struct store_object described;
    enum s3_error error = object_read_headers(call, &described);
    if (error != S3_OK)
        return error;
    if (!is_replaced && !str_is_empty(directive) && !str_equal(directive, STR("COPY")))
        return call_fail(call, S3_INVALID_ARGUMENT, "Unknown metadata directive.");
    if (is_itself && !is_replaced)
        return call_fail(call, S3_INVALID_REQUEST,
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata.");
    if (!str_is_empty(algorithm) && !str_equal_nocase(algorithm, source->object.checksum_name))
        return call_fail(call, S3_NOT_IMPLEMENTED,
            "A copy keeps the checksum of its source; x-amz-checksum-algorithm: %.*s is another.",
            STR_ARG(algorithm));
    *out = is_replaced ? described : source->object;
    if (str_equal(call_header(call, STR("x-amz-tagging-directive")), STR("REPLACE"))) {
        memcpy(out->tags, described.tags, sizeof out->tags);
        out->tag_count = described.tag_count;
    } else {
        memcpy(out->tags, source->object.tags, sizeof out->tags);
        out->tag_count = source->object.tag_count;
    }
    out->bucket = call->bucket;
    out->key = call->key;
    out->size_bytes = source->object.size_bytes;
    out->etag = source->object.etag;
    out->checksum = source->object.checksum;
    out->checksum_name = source->object.checksum_name;
    out->checksum_type = source->object.checksum_type;
    out->modified_at_ms = clock_now_ms();
    return S3_OK;
}

static void answer(struct call *call, const char *element, int64_t modified_at_ms, struct str etag,
    const struct store_object *kind, struct str checksum)
{
    struct buf *out = &call->reply->body;
    xml_open_document(out, element);
    xml_text(out, "LastModified", clock_format_iso_ms(call->arena, modified_at_ms));
    xml_text(out, "ETag", arena_printf(call->arena, "\"%.*s\"", STR_ARG(etag)));
    multipart_put_checksum(out, kind, checksum);
    xml_close(out, element);
    call_answer_xml(call, 200);
}

enum s3_error copy_object(struct call *call)
{
    struct source source;
    struct store_object object;
    struct store_condition condition;
    struct store_upload upload = STORE_UPLOAD_INIT;
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        error = features_refuse(call);
    if (error == S3_OK)
        error = object_read_condition(call, &condition);
    if (error == S3_OK)
        error = find_source(call, &source);
    if (error == S3_OK)
        error = describe(call, &source, &object);
    if (error == S3_OK)
        error = call_store_error(call,
            store_upload_begin_copy(call->store, call->arena, &upload, source.object.id),
            S3_NO_SUCH_KEY); /* deleted since it was found */
    if (error == S3_OK)
        error = object_commit_error(
            call, store_upload_commit(&upload, call->arena, &object, condition), condition);
    store_upload_abort(&upload);
    if (error == S3_OK)
        answer(
            call, "CopyObjectResult", object.modified_at_ms, object.etag, &object, object.checksum);
    return error;
}

/* --- UploadPartCopy --- */

/* x-amz-copy-source-range: "bytes=first-last", both inside the source. */
static enum s3_error read_source_range(
    struct call *call, const struct source *source, struct range *out)
{
    struct str header = call_header(call, STR("x-amz-copy-source-range"));
    int64_t size = source->object.size_bytes;
    *out = (struct range){ RANGE_WHOLE, 0, size - 1 };
    if (str_is_empty(header))
        return S3_OK;
    *out = range_parse(header, size);
    struct str canonical =
        arena_printf(call->arena, "bytes=%lld-%lld", (long long)out->first, (long long)out->last);
    if (out->kind == RANGE_PART && str_equal(header, canonical))
        return S3_OK;
    call_add_detail(call, STR("ArgumentName"), STR("x-amz-copy-source-range"));
    call_add_detail(call, STR("ArgumentValue"), header);
    return call_fail(call, S3_INVALID_ARGUMENT,
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy, and the source has "
        "%lld bytes.",
        (long long)size);
}

/* The bytes have to be read: a part has an ETag of its own. */
static enum s3_error copy_bytes(struct call *call, int fd, struct range range,
    struct store_upload *upload, struct body_digests *digests)
{
    unsigned char *buffer = call->thread->buffer;
    for (int64_t at = range.first; at <= range.last;) {
        int64_t left = range.last - at + 1;
        ssize_t count =
            pread(fd, buffer, left < CALL_BUFFER_BYTES ? (size_t)left : CALL_BUFFER_BYTES, at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return call_store_error(call, STATUS_IO, S3_INTERNAL);
        struct str piece = str_from((const char *)buffer, (size_t)count);
        digest_update(&digests->md5, piece);
        checksum_update(&digests->checksum, piece);
        enum status status = store_upload_write(upload, piece.ptr, piece.len);
        if (status != STATUS_OK)
            return call_store_error(call, status, S3_INTERNAL);
        at += count;
    }
    return S3_OK;
}

static enum s3_error copy_part(struct call *call, const struct source *source, struct range range,
    const struct store_object *upload, struct store_part *part)
{
    struct store_part_upload writing = STORE_PART_UPLOAD_INIT;
    struct body_digests *digests = &call->thread->digests;
    unsigned char md5_bytes[DIGEST_MAX_BYTES];
    int fd = store_open_data(call->store, call->arena, source->object.id);
    if (fd < 0)
        return S3_NO_SUCH_KEY;
    part->size_bytes = range.last - range.first + 1;
    digest_begin(&digests->md5, DIGEST_MD5);
    checksum_begin(&digests->checksum, checksum_of_algorithm(upload->checksum_name));
    enum s3_error error = call_store_error(call,
        store_part_begin(
            call->store, call->arena, upload->id, part->number, part->size_bytes, &writing),
        S3_NO_SUCH_UPLOAD);
    if (error == S3_OK)
        error = copy_bytes(call, fd, range, &writing.upload, digests);
    digest_finish(&digests->md5, md5_bytes);
    part->modified_at_ms = clock_now_ms();
    part->etag = escape_hex(call->arena, str_from((const char *)md5_bytes, MD5_BYTES));
    if (digests->checksum.kind != CHECKSUM_NONE)
        part->checksum = checksum_finish(&digests->checksum, call->arena);
    if (error == S3_OK)
        error = call_store_error(
            call, store_part_commit(&writing, call->arena, part), S3_NO_SUCH_UPLOAD);
    store_part_abort(&writing, call->arena);
    close(fd);
    return error;
}

enum s3_error upload_part_copy(struct call *call)
{
    struct source source;
    struct store_object upload;
    struct store_part part = { 0 };
    struct range range;
    enum s3_error error = multipart_read_number(call, &part.number);
    if (error == S3_OK)
        error = multipart_need(call, &upload);
    if (error == S3_OK)
        error = find_source(call, &source);
    if (error == S3_OK)
        error = read_source_range(call, &source, &range);
    if (error == S3_OK && range.last - range.first + 1 > OBJECTS_SIZE_MAX_BYTES)
        error = S3_ENTITY_TOO_LARGE;
    if (error == S3_OK)
        error = copy_part(call, &source, range, &upload, &part);
    if (error == S3_OK)
        answer(call, "CopyPartResult", part.modified_at_ms, part.etag, &upload, part.checksum);
    return error;
}
