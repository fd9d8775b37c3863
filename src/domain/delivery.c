/*
 * delivery.c - signing for one image, by S3's own URLs or a CDN's. Pure but for the clock.
 */
#include "domain/delivery.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/metrics.h"
#include "domain/delivery_cdn.h"

int64_t delivery_signed_at(int64_t now_s, int64_t ttl_s)
{
    int64_t window_s = ttl_s / 2;

    return window_s > 0 ? now_s - now_s % window_s : now_s;
}

/* What old browsers take: ASCII without what would end or escape the quoted string. */
static struct str ascii_name(struct arena *arena, struct str filename)
{
    char *out = arena_alloc(arena, filename.len + 1);
    size_t len = 0;
    uint32_t point;

    while (!str_is_empty(filename)) {
        bool is_point = str_utf8_next(&filename, &point);

        out[len++] = is_point && point >= 0x20 && point < 0x7f && !strchr("\"\\%", (int)point)
                         ? (char)point
                         : '_';
    }
    return str_from(out, len);
}

struct str delivery_disposition(
    struct arena *arena, enum delivery_kind kind, const struct delivery_object *object)
{
    bool is_inline = kind == DELIVERY_DISPLAY && policy_is_inline(object->content_type);
    struct str plain = ascii_name(arena, object->filename);
    struct str type = is_inline ? STR("inline") : STR("attachment");

    if (str_equal(plain, object->filename)) {
        return ARENA_JOIN(arena, type, STR("; filename=\""), plain, STR("\""));
    }
    return ARENA_JOIN(arena, type, STR("; filename=\""), plain, STR("\"; filename*=UTF-8''"),
        escape_url_str(arena, object->filename));
}

struct str delivery_content_type(const struct delivery_object *object)
{
    return policy_is_inline(object->content_type) ? object->content_type
                                                  : STR("application/octet-stream");
}

static struct str cache_control(struct arena *arena, int64_t ttl_s)
{
    char digits[STR_I64_MAX];

    return ARENA_JOIN(
        arena, STR("private, max-age="), str_from_i64(digits, ttl_s), STR(", immutable"));
}

/*
 * A distribution that does not pass the query on cannot pin headers: what must be an attachment
 * (downloads, and types that a browser could run) then goes by S3's own URLs. What is left are
 * raster images, which S3 answers with the content type that their grant bound.
 */
static bool goes_through_cdn(
    const struct cdn_options *cdn, enum delivery_kind kind, const struct delivery_object *object)
{
    return !str_is_empty(cdn->origin) &&
           (cdn->forwards_query ||
               (kind == DELIVERY_DISPLAY && policy_is_inline(object->content_type)));
}

enum status delivery_sign(struct task *task, const struct delivery_object *object,
    enum delivery_kind kind, int64_t expires_in_s, struct signed_url *out)
{
    const struct domain_options *domain = task->domain->options;
    int64_t ttl_s = expires_in_s != 0 ? expires_in_s : domain->display_ttl_s;
    int64_t now_s = task_storage_now_s(task);
    struct presign_get_options options = {
        .signed_at = expires_in_s != 0 ? now_s : delivery_signed_at(now_s, ttl_s),
        .expires_s = ttl_s,
        .response_content_type = delivery_content_type(object),
        .response_content_disposition = delivery_disposition(task->arena, kind, object),
    };
    bool is_cdn = goes_through_cdn(&domain->cdn, kind, object);
    const struct s3_credentials *keys = NULL;
    enum status status = STATUS_OK;

    if (ttl_s < 1 || ttl_s > SIGV4_EXPIRES_MAX_S) {
        return task_refuse(
            task, STATUS_INVALID, STR("expires_in"), STR("Ask for 1 to 604800 seconds (7 days)."));
    }
    if (!is_cdn) {
        status = task_keys(task, options.signed_at, ttl_s, &keys, &options.expires_s);
    }
    if (status != STATUS_OK) {
        return status;
    }
    options.response_cache_control = cache_control(task->arena, options.expires_s);
    status =
        is_cdn ? delivery_cdn_sign(task, object->key, &options, &out->url)
               : presign_get(task->arena, &task->external, keys, object->key, &options, &out->url);
    if (status == STATUS_FORBIDDEN) {
        return status; /* has its sentence */
    }
    if (status != STATUS_OK) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("The address of an image could not be signed: the storage settings need a look."));
    }
    metrics_count(METRIC_PRESIGNS,
        kind == DELIVERY_DOWNLOAD ? METRIC_PRESIGN_DOWNLOAD : METRIC_PRESIGN_DISPLAY, 0);
    out->expires_in_s = options.signed_at + options.expires_s - now_s;
    out->expires_at = clock_now_s() + out->expires_in_s;
    return STATUS_OK;
}
