/*
 * multipart.c - CreateMultipartUpload, AbortMultipartUpload, ListMultipartUploads, ListParts. Parts
 * are written by upload_part.c, put together by complete.c.
 */
#include "objects/multipart.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/xml.h"
#include "objects/features.h"
#include "objects/object_headers.h"
#include "objects/operations.h"

/* --- shared --- */

enum s3_error multipart_need(struct call *call, struct store_object *out)
{
    struct str id = call_query(call, STR("uploadId"));
    enum status status =
        store_multipart_find(call->store, call->arena, call->bucket, call->key, id, out);
    if (status == STATUS_NOT_FOUND)
        call_add_detail(call, STR("UploadId"), id);
    return call_store_error(call, status, S3_NO_SUCH_UPLOAD);
}

static enum s3_error bad_argument(struct call *call, struct str name, const char *message)
{
    call_add_detail(call, STR("ArgumentName"), name);
    call_add_detail(call, STR("ArgumentValue"), call_query(call, name));
    return call_fail(call, S3_INVALID_ARGUMENT, "%s", message);
}

enum s3_error multipart_read_number(struct call *call, int *out)
{
    uint64_t number;
    if (!str_parse_u64(call_query(call, STR("partNumber")), &number) || number < 1 ||
        number > MULTIPART_PARTS_MAX)
        return bad_argument(call, STR("partNumber"),
            "Part number must be an integer between 1 and 10000, inclusive");
    *out = (int)number;
    return S3_OK;
}

/* A number of the query from 0 to `max` or more; `fallback` when it is not given. InvalidArgument.
 */
static enum s3_error read_limit(
    struct call *call, struct str name, uint64_t fallback, uint64_t max, uint64_t *out)
{
    struct str text = call_query(call, name);
    *out = fallback;
    if (str_is_empty(text))
        return S3_OK;
    if (!str_parse_u64(text, out) || *out > INT32_MAX)
        return bad_argument(call, name, "Argument must be an integer between 0 and 2147483647");
    if (*out > max)
        *out = max;
    return S3_OK;
}

bool multipart_is_full_object(const struct store_object *upload)
{
    return str_equal(upload->checksum_type, STR("FULL_OBJECT"));
}

void multipart_put_checksum(struct buf *out, const struct store_object *upload, struct str value)
{
    enum checksum_kind kind = checksum_of_algorithm(upload->checksum_name);
    if (kind != CHECKSUM_NONE && !str_is_empty(value))
        xml_text(out, checksum_element(kind), value);
}

/* --- CreateMultipartUpload --- */

/*
 * Which checksum the object is to have. A CRC-64 is always one of the whole, the digests always
 * composite; the other CRCs are composite unless asked. (S3 User Guide, "Checking object
 * integrity": full object and composite checksum types.)
 */
static enum s3_error read_checksum_wish(struct call *call, struct store_object *object)
{
    struct str algorithm = call_header(call, STR("x-amz-checksum-algorithm"));
    struct str type = call_header(call, STR("x-amz-checksum-type"));
    enum checksum_kind kind = checksum_of_algorithm(algorithm);
    bool is_full = kind == CHECKSUM_CRC64NVME || str_equal_nocase(type, STR("FULL_OBJECT"));
    if (str_is_empty(algorithm))
        return str_is_empty(type) ? S3_OK
                                  : call_fail(call, S3_INVALID_REQUEST,
                                        "The x-amz-checksum-type header can only be used with the "
                                        "x-amz-checksum-algorithm header.");
    if (kind == CHECKSUM_NONE)
        return call_fail(call, S3_INVALID_REQUEST,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid "
            "types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    if ((is_full && !checksum_is_crc(kind)) ||
        (kind == CHECKSUM_CRC64NVME && str_equal_nocase(type, STR("COMPOSITE"))))
        return call_fail(call, S3_INVALID_REQUEST,
            "The %s checksum type cannot be used with the %.*s checksum algorithm.",
            is_full && !checksum_is_crc(kind) ? "FULL_OBJECT" : "COMPOSITE",
            STR_ARG(checksum_algorithm(kind)));
    object->checksum_name = checksum_name(kind);
    object->checksum_type = is_full ? STR("FULL_OBJECT") : STR("COMPOSITE");
    return S3_OK;
}

static void answer_created(struct call *call, const struct store_object *object, struct str id)
{
    struct buf *out = &call->reply->body;
    enum checksum_kind kind = checksum_of_algorithm(object->checksum_name);
    call_set_header(call, STR("x-amz-checksum-algorithm"), checksum_algorithm(kind));
    call_set_header(call, STR("x-amz-checksum-type"), object->checksum_type);
    xml_open_document(out, "InitiateMultipartUploadResult");
    xml_text(out, "Bucket", call->bucket);
    xml_text(out, "Key", call->key);
    xml_text(out, "UploadId", id);
    xml_close(out, "InitiateMultipartUploadResult");
    call_answer_xml(call, 200);
}

enum s3_error create_multipart_upload(struct call *call)
{
    struct store_object object;
    struct str id;
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        error = features_refuse(call);
    if (error == S3_OK)
        error = object_read_headers(call, &object);
    if (error == S3_OK)
        error = read_checksum_wish(call, &object);
    if (error != S3_OK)
        return error;
    error = call_store_error(
        call, store_multipart_create(call->store, call->arena, &object, &id), S3_NO_SUCH_BUCKET);
    if (error == S3_OK)
        answer_created(call, &object, id);
    return error;
}

/* --- AbortMultipartUpload --- */

enum s3_error abort_multipart_upload(struct call *call)
{
    struct store_object upload;
    enum s3_error error = multipart_need(call, &upload);
    if (error != S3_OK)
        return error;
    call->reply->http_status = 204;
    return call_store_error(
        call, store_multipart_abort(call->store, call->arena, upload.id), S3_NO_SUCH_UPLOAD);
}

/* --- ListParts --- */

/* One page of `all`: which part begins it, how many it has. */
struct parts_page {
    const struct store_part *first;
    size_t count;
    bool is_truncated;
    uint64_t marker;
    uint64_t max;
};

static struct parts_page page_of(
    const struct store_part *all, size_t count, uint64_t marker, uint64_t max)
{
    size_t begin = 0;
    while (begin < count && (uint64_t)all[begin].number <= marker)
        begin++;
    size_t left = count - begin;
    return (
        struct parts_page){ all + begin, left < max ? left : (size_t)max, left > max, marker, max };
}

static void put_part(
    struct call *call, const struct store_object *upload, const struct store_part *part)
{
    struct buf *out = &call->reply->body;
    struct arena *scratch = &call->thread->scratch;
    arena_reset(scratch);
    xml_open(out, "Part");
    xml_int(out, "PartNumber", part->number);
    xml_text(out, "LastModified", clock_format_iso_ms(scratch, part->modified_at_ms));
    xml_text(out, "ETag", arena_printf(scratch, "\"%.*s\"", STR_ARG(part->etag)));
    xml_int(out, "Size", part->size_bytes);
    multipart_put_checksum(out, upload, part->checksum);
    xml_close(out, "Part");
}

static void put_person(struct buf *out, const char *element)
{
    xml_open(out, element);
    xml_text(out, "ID", STR("vitrine"));
    xml_text(out, "DisplayName", STR("vitrine"));
    xml_close(out, element);
}

static void answer_parts(
    struct call *call, const struct store_object *upload, const struct parts_page *page)
{
    struct buf *out = &call->reply->body;
    enum checksum_kind kind = checksum_of_algorithm(upload->checksum_name);
    xml_open_document(out, "ListPartsResult");
    xml_text(out, "Bucket", upload->bucket);
    xml_text(out, "Key", upload->key);
    xml_text(out, "UploadId", upload->id);
    xml_int(out, "PartNumberMarker", (int64_t)page->marker);
    if (page->count > 0)
        xml_int(out, "NextPartNumberMarker", page->first[page->count - 1].number);
    xml_int(out, "MaxParts", (int64_t)page->max);
    xml_bool(out, "IsTruncated", page->is_truncated);
    for (size_t i = 0; i < page->count; i++)
        put_part(call, upload, &page->first[i]);
    put_person(out, "Initiator");
    put_person(out, "Owner");
    xml_text(out, "StorageClass", STR("STANDARD"));
    if (kind != CHECKSUM_NONE) {
        xml_text(out, "ChecksumAlgorithm", checksum_algorithm(kind));
        xml_text(out, "ChecksumType", upload->checksum_type);
    }
    xml_close(out, "ListPartsResult");
    call_answer_xml(call, 200);
}

enum s3_error list_parts(struct call *call)
{
    struct store_object upload;
    struct store_part *parts;
    size_t count;
    uint64_t max, marker;
    enum s3_error error = multipart_need(call, &upload);
    if (error == S3_OK)
        error = read_limit(call, STR("max-parts"), MULTIPART_PAGE_MAX, MULTIPART_PAGE_MAX, &max);
    if (error == S3_OK)
        error = read_limit(call, STR("part-number-marker"), 0, MULTIPART_PARTS_MAX, &marker);
    if (error == S3_OK)
        error = call_store_error(call,
            store_multipart_parts(call->store, call->arena, upload.id, &parts, &count),
            S3_NO_SUCH_UPLOAD);
    if (error != S3_OK)
        return error;
    struct parts_page page = page_of(parts, count, marker, max);
    answer_parts(call, &upload, &page);
    return S3_OK;
}

/* --- ListMultipartUploads --- */

struct uploads_listing {
    struct call *call;
    struct str prefix, delimiter;
    struct str key_marker, id_marker;
    uint64_t max;
    bool is_url_encoded;

    struct str last_prefix; /* the last common prefix that was told */
    struct str last_key, last_id;
    uint64_t told;
    bool is_truncated;
};

static void put_name(struct uploads_listing *listing, const char *element, struct str name)
{
    if (listing->is_url_encoded)
        name = escape_url_path_str(listing->call->arena, name);
    xml_text(&listing->call->reply->body, element, name);
}

/* The part of the key up to the delimiter behind the prefix; empty: the key stands for itself. */
static struct str common_prefix(const struct uploads_listing *listing, struct str key)
{
    struct str rest = str_from_offset(key, listing->prefix.len);
    for (size_t i = 0; !str_is_empty(listing->delimiter) && i < rest.len; i++)
        if (str_starts_with(str_from_offset(rest, i), listing->delimiter))
            return str_head(key, listing->prefix.len + i + listing->delimiter.len);
    return STR_EMPTY;
}

/* Before or at the markers of the page before. */
static bool is_passed(const struct uploads_listing *listing, const struct store_multipart *upload)
{
    struct str prefix = common_prefix(listing, upload->object.key);
    int order = str_compare(upload->object.key, listing->key_marker);
    if (str_is_empty(listing->key_marker))
        return false;
    if (!str_is_empty(prefix) && str_equal(prefix, listing->key_marker))
        return true;
    if (order != 0 || str_is_empty(listing->id_marker))
        return order <= 0;
    return str_compare(upload->id, listing->id_marker) <= 0;
}

static void put_upload(struct uploads_listing *listing, const struct store_multipart *upload)
{
    struct call *call = listing->call;
    struct buf *out = &call->reply->body;
    enum checksum_kind kind = checksum_of_algorithm(upload->object.checksum_name);
    xml_open(out, "Upload");
    put_name(listing, "Key", upload->object.key);
    xml_text(out, "UploadId", upload->id);
    put_person(out, "Initiator");
    put_person(out, "Owner");
    xml_text(out, "StorageClass", STR("STANDARD"));
    xml_text(out, "Initiated", clock_format_iso_ms(call->arena, upload->object.modified_at_ms));
    if (kind != CHECKSUM_NONE) {
        xml_text(out, "ChecksumAlgorithm", checksum_algorithm(kind));
        xml_text(out, "ChecksumType", upload->object.checksum_type);
    }
    xml_close(out, "Upload");
}

/* False when the page is full. */
static bool put_item(struct uploads_listing *listing, const struct store_multipart *upload)
{
    struct str prefix = common_prefix(listing, upload->object.key);
    bool is_repeated = !str_is_empty(prefix) && str_equal(prefix, listing->last_prefix);
    if (is_repeated || is_passed(listing, upload))
        return true;
    if (listing->told == listing->max) {
        listing->is_truncated = listing->max > 0;
        return false;
    }
    listing->told++;
    listing->last_prefix = prefix;
    listing->last_key = str_is_empty(prefix) ? upload->object.key : prefix;
    listing->last_id = str_is_empty(prefix) ? upload->id : STR_EMPTY;
    if (str_is_empty(prefix)) {
        put_upload(listing, upload);
        return true;
    }
    xml_open(&listing->call->reply->body, "CommonPrefixes");
    put_name(listing, "Prefix", prefix);
    xml_close(&listing->call->reply->body, "CommonPrefixes");
    return true;
}

static void answer_uploads(
    struct uploads_listing *listing, const struct store_multipart *uploads, size_t count)
{
    struct call *call = listing->call;
    struct buf *out = &call->reply->body;
    xml_open_document(out, "ListMultipartUploadsResult");
    xml_text(out, "Bucket", call->bucket);
    put_name(listing, "KeyMarker", listing->key_marker);
    xml_text(out, "UploadIdMarker", listing->id_marker);
    put_name(listing, "Prefix", listing->prefix);
    if (!str_is_empty(listing->delimiter))
        put_name(listing, "Delimiter", listing->delimiter);
    if (listing->is_url_encoded)
        xml_text(out, "EncodingType", STR("url"));
    xml_int(out, "MaxUploads", (int64_t)listing->max);
    for (size_t i = 0; i < count; i++)
        if (!put_item(listing, &uploads[i]))
            break;
    xml_bool(out, "IsTruncated", listing->is_truncated);
    if (listing->is_truncated) {
        put_name(listing, "NextKeyMarker", listing->last_key);
        xml_text(out, "NextUploadIdMarker", listing->last_id);
    }
    xml_close(out, "ListMultipartUploadsResult");
    call_answer_xml(call, 200);
}

enum s3_error list_multipart_uploads(struct call *call)
{
    struct uploads_listing listing = {
        .call = call,
        .prefix = call_query(call, STR("prefix")),
        .delimiter = call_query(call, STR("delimiter")),
        .key_marker = call_query(call, STR("key-marker")),
        .id_marker = call_query(call, STR("upload-id-marker")),
        .is_url_encoded = str_equal(call_query(call, STR("encoding-type")), STR("url")),
    };
    struct store_multipart *uploads;
    size_t count;
    enum s3_error error = call_need_bucket(call);
    if (error == S3_OK)
        error = read_limit(
            call, STR("max-uploads"), MULTIPART_PAGE_MAX, MULTIPART_PAGE_MAX, &listing.max);
    if (error == S3_OK)
        error = call_store_error(call,
            store_multipart_list(
                call->store, call->arena, call->bucket, listing.prefix, &uploads, &count),
            S3_NO_SUCH_BUCKET);
    if (error == S3_OK)
        answer_uploads(&listing, uploads, count);
    return error;
}
