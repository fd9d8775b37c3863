/*
 * get.c - GetObject and HeadObject.
 *
 * The bytes are sent by the web server where it can do that without changing the answer, else from
 * here. What it cannot: nginx forgets every header that nginx-objects.conf does not name (so
 * objects with x-amz-meta-* other than Vitrine's own are sent from here) and judges If-* headers by
 * a file of its own; both servers would answer several ranges in multipart/byteranges, which S3
 * does not.
 */
#include "objects/operations.h"

#include "base/clock.h"
#include "cgi/range.h"
#include "objects/checksum.h"
#include "objects/object_headers.h"

#include <errno.h>
#include <unistd.h>

/* clang-format off */
/* Headers that describe the content, where they are kept, and the query parameter that overrides them.
 * The override is part of what was signed, as every request here is. */
static const struct { struct str header, parameter; size_t offset; } content_headers[] = {
    { STR_INIT("Content-Type"),        STR_INIT("response-content-type"),        offsetof(struct store_object, content_type) },
    { STR_INIT("Content-Disposition"), STR_INIT("response-content-disposition"), offsetof(struct store_object, content_disposition) },
    { STR_INIT("Content-Encoding"),    STR_INIT("response-content-encoding"),    offsetof(struct store_object, content_encoding) },
    { STR_INIT("Content-Language"),    STR_INIT("response-content-language"),    offsetof(struct store_object, content_language) },
    { STR_INIT("Cache-Control"),       STR_INIT("response-cache-control"),       offsetof(struct store_object, cache_control) },
    { STR_INIT("Expires"),             STR_INIT("response-expires"),             offsetof(struct store_object, expires) },
};

static const struct str condition_headers[] = {
    STR_INIT("if-match"), STR_INIT("if-none-match"), STR_INIT("if-modified-since"),
    STR_INIT("if-unmodified-since"), STR_INIT("if-range"),
};
/* clang-format on */

static int64_t modified_at(const struct store_object *object)
{
    return object->modified_at_ms / 1000;
}

static void set_content_headers(struct call *call, struct store_object *object)
{
    for (size_t i = 0; i < COUNT_OF(content_headers); i++) {
        struct str value = *(struct str *)((char *)object + content_headers[i].offset);
        struct str override = call_query(call, content_headers[i].parameter);
        call_set_header(call, content_headers[i].header, str_is_empty(override) ? value : override);
    }
    if (str_is_empty(reply_header(call->reply, STR("Content-Type"))))
        call_set_header(call, STR("Content-Type"), STR("binary/octet-stream"));
}

static void set_validators(struct call *call, const struct store_object *object)
{
    call_set_header(
        call, STR("ETag"), arena_printf(call->arena, "\"%.*s\"", STR_ARG(object->etag)));
    call_set_header(
        call, STR("Last-Modified"), clock_format_http(call->arena, modified_at(object)));
}

static void set_metadata(struct call *call, const struct store_object *object)
{
    if (object->tag_count > 0)
        call_set_header(
            call, STR("x-amz-tagging-count"), arena_printf(call->arena, "%zu", object->tag_count));
    for (size_t i = 0; i < object->meta_count; i++)
        reply_set_header(call->reply,
            ARENA_JOIN(call->arena, STR("x-amz-meta-"), object->meta[i].name),
            object->meta[i].value);
}

/* The checksum is the whole object's: it would be wrong beside a part. */
static void set_checksum(struct call *call, const struct store_object *object, struct range range)
{
    bool is_wanted =
        str_equal_nocase(call_header(call, STR("x-amz-checksum-mode")), STR("ENABLED"));
    if (!is_wanted || range.kind != RANGE_WHOLE || str_is_empty(object->checksum))
        return;
    call_set_header(call, ARENA_JOIN(call->arena, STR("x-amz-checksum-"), object->checksum_name),
        object->checksum);
    call_set_header(call, STR("x-amz-checksum-type"), object_checksum_type(object));
}

static enum s3_error check_conditions(struct call *call, const struct store_object *object)
{
    struct conditions conditions = {
        .if_match = call_header(call, STR("if-match")),
        .if_none_match = call_header(call, STR("if-none-match")),
        .if_modified_since = call_header(call, STR("if-modified-since")),
        .if_unmodified_since = call_header(call, STR("if-unmodified-since")),
    };
    switch (conditions_check(&conditions, object->etag, modified_at(object))) {
    case CONDITION_NOT_MODIFIED:
        return S3_NOT_MODIFIED;
    case CONDITION_FAILED:
        call_add_detail(call, STR("Condition"),
            str_is_empty(conditions.if_match) ? STR("If-Unmodified-Since") : STR("If-Match"));
        return S3_PRECONDITION_FAILED;
    default:
        return S3_OK;
    }
}

/* If-Range: the range counts only for the very object that the client has a part of. */
static struct range choose_range(struct call *call, const struct store_object *object)
{
    int64_t since;
    struct str if_range = call_header(call, STR("if-range"));
    struct range whole = { RANGE_WHOLE, 0, object->size_bytes - 1 };
    bool is_same = str_is_empty(if_range) || etag_list_has(if_range, object->etag) ||
                   (clock_parse_http(if_range, &since) && since == modified_at(object));
    return is_same ? range_parse(call_header(call, STR("range")), object->size_bytes) : whole;
}

static enum s3_error refuse_range(struct call *call, const struct store_object *object)
{
    call_set_header(call, STR("Content-Range"),
        arena_printf(call->arena, "bytes */%lld", (long long)object->size_bytes));
    call_add_detail(call, STR("RangeRequested"), call_header(call, STR("range")));
    call_add_detail(call, STR("ActualObjectSize"),
        arena_printf(call->arena, "%lld", (long long)object->size_bytes));
    return S3_INVALID_RANGE;
}

/* --- the bytes ---------------------------------------------------------------------------------
 */

static bool has_condition(const struct call *call)
{
    for (size_t i = 0; i < COUNT_OF(condition_headers); i++)
        if (!str_is_empty(call_header(call, condition_headers[i])))
            return true;
    return false;
}

/* A Range header that is answered with everything: malformed, several ranges, or of another object.
 * "Accept-Ranges: none" then keeps lighttpd from cutting our answer as it understands the header.
 */
static bool has_odd_range(const struct call *call, struct range range)
{
    return range.kind == RANGE_WHOLE && !str_is_empty(call_header(call, STR("range")));
}

/* Of the headers that can have any name, nginx-objects.conf names one: what Vitrine gives each of
 * its uploads. */
static bool has_unnamed_headers(const struct store_object *object)
{
    for (size_t i = 0; i < object->meta_count; i++)
        if (!str_equal(object->meta[i].name, STR("vitrine")))
            return true;
    return object->tag_count > 0;
}

static bool server_can_send(
    const struct call *call, const struct store_object *object, struct range range)
{
    enum objects_sendfile mode = call->objects->config.sendfile;
    if (mode == OBJECTS_SEND_OURSELVES || object->size_bytes == 0)
        return false;
    if (has_odd_range(call, range) || has_condition(call))
        return false;
    if (mode == OBJECTS_X_ACCEL_REDIRECT)
        return !has_unnamed_headers(object);
    return str_is_empty(reply_header(call->reply, STR("Content-Encoding")));
}

/* Name the file; the server makes a 206 of it by itself when the request has a range. It does so
 * only when Accept-Ranges is left to it. */
static void let_server_send(struct call *call, const struct store_object *object)
{
    struct str name = store_data_name(call->arena, object->id);
    if (call->objects->config.sendfile == OBJECTS_X_SENDFILE)
        call_set_header(call, STR("X-Sendfile"),
            ARENA_JOIN(call->arena, store_data_folder(call->store), STR("/"), name));
    else
        call_set_header(
            call, STR("X-Accel-Redirect"), ARENA_JOIN(call->arena, STR("/-/objects-data/"), name));
}

static void set_length(struct call *call, const struct store_object *object, struct range range)
{
    long long length = (long long)(range.last - range.first + 1);
    bool is_odd = has_odd_range(call, range);
    call_set_header(call, STR("Accept-Ranges"), is_odd ? STR("none") : STR("bytes"));
    call_set_header(call, STR("Content-Length"), arena_printf(call->arena, "%lld", length));
    if (range.kind != RANGE_PART)
        return;
    call->reply->http_status = 206;
    call_set_header(call, STR("Content-Range"),
        arena_printf(call->arena, "bytes %lld-%lld/%lld", (long long)range.first,
            (long long)range.last, (long long)object->size_bytes));
}

/* Nothing can be told any more once the head is out; a short body shows the client that it failed.
 */
static void send_bytes(struct call *call, int fd, struct range range)
{
    unsigned char *buffer = call->thread->buffer;
    int64_t at = range.first;
    while (at <= range.last) {
        int64_t left = range.last - at + 1;
        size_t want = left < CALL_BUFFER_BYTES ? (size_t)left : CALL_BUFFER_BYTES;
        ssize_t count = pread(fd, buffer, want, at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            call->reply->is_broken = true;
            return;
        }
        if (reply_stream_write(call->reply, str_from((const char *)buffer, (size_t)count)) !=
            STATUS_OK)
            return;
        at += count;
    }
}

static enum s3_error send_object(
    struct call *call, const struct store_object *object, struct range range)
{
    if (server_can_send(call, object, range)) {
        let_server_send(call, object);
        return S3_OK;
    }
    int fd = store_open_data(call->store, call->arena, object->id);
    if (fd < 0)
        return call_store_error(call, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
            S3_NO_SUCH_KEY); /* deleted since its metadata was read */
    set_length(call, object, range);
    if (reply_stream_begin(call->reply) == STATUS_OK)
        send_bytes(call, fd, range);
    close(fd);
    return S3_OK;
}

/* --- operations ----------------------------------------------------------------------------------
 */

/* Everything up to the body, the same for both. */
static enum s3_error prepare(
    struct call *call, struct store_object *object, struct range *out_range)
{
    enum status status =
        store_find_object(call->store, call->arena, call->bucket, call->key, object);
    if (status == STATUS_NOT_FOUND) {
        enum s3_error error = call_need_bucket(call);
        if (error == S3_OK)
            call_add_detail(call, STR("Key"), call->key);
        return error == S3_OK ? S3_NO_SUCH_KEY : error;
    }
    if (status != STATUS_OK)
        return call_store_error(call, status, S3_NO_SUCH_KEY);
    enum s3_error error = check_conditions(call, object);
    if (error == S3_OK || error == S3_NOT_MODIFIED) {
        set_validators(call, object);
        set_content_headers(call, object);
    }
    if (error != S3_OK)
        return error;
    *out_range = choose_range(call, object);
    if (out_range->kind == RANGE_UNSATISFIABLE)
        return refuse_range(call, object);
    set_metadata(call, object);
    set_checksum(call, object, *out_range);
    return S3_OK;
}

enum s3_error get_object(struct call *call)
{
    struct store_object object;
    struct range range;
    enum s3_error error = prepare(call, &object, &range);
    return error == S3_OK ? send_object(call, &object, range) : error;
}

enum s3_error head_object(struct call *call)
{
    struct store_object object;
    struct range range;
    enum s3_error error = prepare(call, &object, &range);
    if (error == S3_OK)
        set_length(call, &object, range);
    return error;
}
