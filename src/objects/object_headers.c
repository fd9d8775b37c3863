/*
 * object_headers.c - see object_headers.h.
 */
#include "objects/object_headers.h"

#include "objects/tags.h"

enum { META_MAX_BYTES = 2048 };

/* clang-format off */
/* Headers that are kept and given back. */
static const struct { struct str name; size_t offset; } kept_headers[] = {
    { STR_INIT("content-type"),        offsetof(struct store_object, content_type) },
    { STR_INIT("content-disposition"), offsetof(struct store_object, content_disposition) },
    { STR_INIT("content-language"),    offsetof(struct store_object, content_language) },
    { STR_INIT("cache-control"),       offsetof(struct store_object, cache_control) },
    { STR_INIT("expires"),             offsetof(struct store_object, expires) },
};
/* clang-format on */

/* Content-Encoding as it is to be kept: aws-chunked was only about the way here. */
static struct str content_encoding(struct call *call)
{
    struct str rest = call_header(call, STR("content-encoding"));
    struct str kept = STR_EMPTY;
    struct str coding;
    while (str_split(&rest, ',', &coding)) {
        coding = str_trim(coding);
        if (str_is_empty(coding) || str_equal_nocase(coding, STR("aws-chunked")))
            continue;
        kept = str_is_empty(kept) ? coding : ARENA_JOIN(call->arena, kept, STR(", "), coding);
    }
    return kept;
}

static enum s3_error read_metadata(struct call *call, struct store_object *object)
{
    const struct str prefix = STR("x-amz-meta-");
    struct pairs headers = call->request->headers;
    size_t total = 0;
    for (size_t i = 0; i < headers.count; i++) {
        struct str name = headers.item[i].name;
        if (!str_starts_with(name, prefix))
            continue;
        name = str_from_offset(name, prefix.len);
        total += name.len + headers.item[i].value.len;
        if (total > META_MAX_BYTES || object->meta_count == STORE_META_MAX) {
            call_add_detail(
                call, STR("MaxSizeAllowed"), arena_printf(call->arena, "%d", META_MAX_BYTES));
            return S3_METADATA_TOO_LARGE;
        }
        object->meta[object->meta_count++] = (struct pair){ name, headers.item[i].value };
    }
    return S3_OK;
}

static enum s3_error read_tags(struct call *call, struct store_object *object)
{
    struct str problem;
    if (tags_parse_header(call->arena, call_header(call, STR("x-amz-tagging")), object, &problem) ==
        STATUS_OK)
        return S3_OK;
    return call_fail(call, S3_INVALID_TAG, "%.*s", STR_ARG(problem));
}

enum s3_error object_read_headers(struct call *call, struct store_object *object)
{
    *object = (struct store_object){ .bucket = call->bucket, .key = call->key };
    for (size_t i = 0; i < COUNT_OF(kept_headers); i++)
        *(struct str *)((char *)object + kept_headers[i].offset) =
            call_header(call, kept_headers[i].name);
    object->content_encoding = content_encoding(call);
    enum s3_error error = read_metadata(call, object);
    return error == S3_OK ? read_tags(call, object) : error;
}

struct str object_etag_text(struct str etag)
{
    if (etag.len >= 2 && str_starts_with(etag, STR("\"")) && str_ends_with(etag, STR("\"")))
        return str_from(etag.ptr + 1, etag.len - 2);
    return etag;
}

enum s3_error object_read_condition(struct call *call, struct store_condition *out)
{
    struct str none_match = str_trim(call_header(call, STR("if-none-match")));
    *out = (struct store_condition){
        .must_be_absent = str_equal(none_match, STR("*")),
        .only_etag = object_etag_text(str_trim(call_header(call, STR("if-match")))),
    };
    if (str_is_empty(none_match) || out->must_be_absent)
        return S3_OK;
    call_add_detail(call, STR("Header"), STR("If-None-Match"));
    return call_fail(call, S3_NOT_IMPLEMENTED, "A write knows If-None-Match only with *.");
}

enum s3_error object_commit_error(
    struct call *call, enum status status, struct store_condition condition)
{
    if (status == STATUS_PRECONDITION)
        call_add_detail(call, STR("Condition"),
            condition.must_be_absent ? STR("If-None-Match") : STR("If-Match"));
    bool is_bucket_there = store_has_bucket(call->store, call->arena, call->bucket);
    return call_store_error(call, status, is_bucket_there ? S3_NO_SUCH_KEY : S3_NO_SUCH_BUCKET);
}

struct str object_checksum_type(const struct store_object *object)
{
    if (str_is_empty(object->checksum))
        return STR_EMPTY;
    return str_is_empty(object->checksum_type) ? STR("FULL_OBJECT") : object->checksum_type;
}

void object_set_result_headers(struct call *call, const struct store_object *object)
{
    call_set_header(
        call, STR("ETag"), arena_printf(call->arena, "\"%.*s\"", STR_ARG(object->etag)));
    if (str_is_empty(object->checksum))
        return;
    call_set_header(call, ARENA_JOIN(call->arena, STR("x-amz-checksum-"), object->checksum_name),
        object->checksum);
    call_set_header(call, STR("x-amz-checksum-type"), object_checksum_type(object));
}
