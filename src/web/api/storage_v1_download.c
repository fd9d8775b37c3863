/*
 * storage_v1_download.c - GET /api/v1/upload/download/{key}: a file's bytes through us.
 *
 * Conditions and one range as RFC 9110 has them (sections 13 and 14). Bytes go from storage to the
 * client as they come; when storage fails in the middle the answer is cut short of the length that
 * it announced, so that nobody takes it for whole.
 */
#include "web/api/storage_v1.h"

#include "base/clock.h"
#include "cgi/range.h"
#include "domain/asset.h"
#include "web/handlers.h"
#include "web/response.h"

static struct str header(const struct exchange *exchange, const char *name)
{
    return request_header(exchange->request, str_from_c(name));
}

static void set_header(struct exchange *exchange, const char *name, struct str value)
{
    reply_set_header(exchange->reply, str_from_c(name), value);
}

/* What tells this file from what it was: also of a 304. */
static void set_validators(struct exchange *exchange, struct str etag, int64_t stored_at)
{
    set_header(exchange, "ETag", arena_printf(exchange->arena, "\"%.*s\"", STR_ARG(etag)));
    set_header(exchange, "Last-Modified", clock_format_http(exchange->arena, stored_at));
    set_header(exchange, "Cache-Control", STR("private, no-cache"));
}

/* --- which part, if any --- */

static enum condition check_conditions(const struct exchange *exchange, const struct asset *asset)
{
    const struct conditions conditions = {
        .if_match = header(exchange, "if-match"),
        .if_none_match = header(exchange, "if-none-match"),
        .if_modified_since = header(exchange, "if-modified-since"),
        .if_unmodified_since = header(exchange, "if-unmodified-since"),
    };

    return conditions_check(&conditions, asset->etag, asset->stored_at);
}

/* If-Range: the range counts only for the very file that the client has a part of. */
static struct range choose_range(const struct exchange *exchange, const struct asset *asset)
{
    struct str if_range = header(exchange, "if-range");
    int64_t since;
    bool is_same = str_is_empty(if_range) || etag_list_has(if_range, asset->etag) ||
                   (clock_parse_http(if_range, &since) && since == asset->stored_at);

    return range_parse(is_same ? header(exchange, "range") : STR_EMPTY, asset->size_bytes);
}

/* --- the answer --- */

static bool begin(void *context, const struct asset_body *body)
{
    struct exchange *exchange = context;
    struct arena *arena = exchange->arena;
    bool is_part = body->length != body->size_bytes;

    exchange->reply->http_status = is_part ? 206 : 200;
    set_validators(exchange, body->etag, body->stored_at);
    set_header(exchange, "Content-Type", body->type);
    set_header(exchange, "Content-Disposition", body->disposition);
    set_header(exchange, "Content-Length", arena_printf(arena, "%lld", (long long)body->length));
    /* "none" on a whole file keeps lighttpd from cutting it once more, as it reads the Range. */
    set_header(exchange, "Accept-Ranges",
        str_is_empty(header(exchange, "range")) || is_part ? STR("bytes") : STR("none"));
    if (is_part)
        set_header(exchange, "Content-Range",
            arena_printf(arena, "bytes %lld-%lld/%lld", (long long)body->first,
                (long long)(body->first + body->length - 1), (long long)body->size_bytes));
    return response_stream_begin(exchange) == STATUS_OK;
}

static bool write_bytes(void *context, struct str bytes)
{
    struct exchange *exchange = context;

    return reply_stream_write(exchange->reply, bytes) == STATUS_OK;
}

static enum status answer_not_modified(struct exchange *exchange, const struct asset *asset)
{
    exchange->reply->http_status = 304;
    set_validators(exchange, asset->etag, asset->stored_at);
    return STATUS_OK;
}

static enum status answer_unsatisfiable(struct exchange *exchange, const struct asset *asset)
{
    failure_format(&exchange->task.failure, exchange->arena, STATUS_RANGE, STR("range"),
        "The range begins behind the end of the file, which has %lld bytes.",
        (long long)asset->size_bytes);
    response_error(exchange, STATUS_RANGE);
    set_header(exchange, "Content-Range",
        arena_printf(exchange->arena, "bytes */%lld", (long long)asset->size_bytes));
    return STATUS_OK;
}

/* The head of what GET would give, without asking storage: a range is GET's alone (RFC 9110,
 * section 14.2). */
static enum status answer_head(struct exchange *exchange, const struct asset *asset)
{
    const struct delivery_object object = {
        .key = asset->key, .filename = asset->filename, .content_type = asset->content_type
    };
    const struct asset_body body = {
        .length = asset->size_bytes,
        .size_bytes = asset->size_bytes,
        .etag = asset->etag,
        .stored_at = asset->stored_at,
        .type = delivery_content_type(&object),
        .disposition = delivery_disposition(exchange->arena, DELIVERY_DOWNLOAD, &object),
    };

    return begin(exchange, &body) ? STATUS_OK : STATUS_IO;
}

/* Once the head is out, a failure can only cut the answer. */
static enum status answer_bytes(
    struct exchange *exchange, const struct asset *asset, struct range range)
{
    const struct asset_sink sink = { begin, write_bytes, exchange };
    const struct s3_range part = { range.first, range.last - range.first + 1 };
    bool has_begun = false;
    enum status status =
        asset_read_stream(&exchange->task, asset, DELIVERY_DOWNLOAD, part, &sink, &has_begun);

    return has_begun ? STATUS_OK : storage_v1_words(exchange, status);
}

enum status storage_v1_download_get(struct exchange *exchange)
{
    struct asset asset;
    struct range range;
    enum condition condition;
    enum status status = asset_find_by_key(&exchange->task, exchange->key, &asset);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    condition = check_conditions(exchange, &asset);
    if (condition != CONDITION_PROCEED)
        return condition == CONDITION_FAILED ? STATUS_PRECONDITION
                                             : answer_not_modified(exchange, &asset);
    if (exchange->request->method == METHOD_HEAD)
        return answer_head(exchange, &asset);
    range = choose_range(exchange, &asset);
    return range.kind == RANGE_UNSATISFIABLE ? answer_unsatisfiable(exchange, &asset)
                                             : answer_bytes(exchange, &asset, range);
}
