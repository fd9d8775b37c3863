/*
 * delivery.c - signing for one image. Pure but for the clock.
 */
#include "domain/delivery.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/metrics.h"
#include "domain/task.h"
#include "sign/presign.h"

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

enum status delivery_sign(struct task *task, const struct delivery_object *object,
    enum delivery_kind kind, int64_t expires_in_s, struct signed_url *out)
{
    int64_t ttl_s = expires_in_s != 0 ? expires_in_s : task->domain->options->display_ttl_s;
    int64_t now_s = task_storage_now_s(task);
    const struct presign_get_options options = {
        .signed_at = expires_in_s != 0 ? now_s : delivery_signed_at(now_s, ttl_s),
        .expires_s = ttl_s,
        .response_content_type = delivery_content_type(object),
        .response_content_disposition = delivery_disposition(task->arena, kind, object),
        .response_cache_control = cache_control(task->arena, ttl_s),
    };
    enum status status;

    if (ttl_s < 1 || ttl_s > SIGV4_EXPIRES_MAX_S) {
        return task_refuse(
            task, STATUS_INVALID, STR("expires_in"), STR("Ask for 1 to 604800 seconds (7 days)."));
    }
    status = presign_get(task->arena, &task->external, task->domain->options->storage.credentials,
        object->key, &options, &out->url);

    if (status != STATUS_OK) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("The address of an image could not be signed: the storage settings need a look."));
    }
    metrics_count(METRIC_PRESIGNS,
        kind == DELIVERY_DOWNLOAD ? METRIC_PRESIGN_DOWNLOAD : METRIC_PRESIGN_DISPLAY, 0);
    out->expires_in_s = options.signed_at + ttl_s - now_s;
    out->expires_at = clock_now_s() + out->expires_in_s;
    return STATUS_OK;
}
