/*
 * delivery_cdn.c - what CloudFront is told about who may fetch what: one object by a signed URL,
 * one user's folder by signed cookies.
 */
#include "domain/delivery_cdn.h"

#include "base/clock.h"
#include "base/escape.h"
#include "domain/asset_row.h"

enum { URL_MAX_BYTES = 8000 };

static const struct cdn_options *cdn_of(const struct task *task)
{
    return &task->domain->options->cdn;
}

/* A v6 socket shows v4 clients as ::ffff:192.0.2.1. */
static struct str plain_ipv4(struct str address)
{
    return str_starts_with(address, STR("::ffff:")) ? str_from_offset(address, 7) : address;
}

/* From where the URL will work. CloudFront's condition knows IPv4 only: handing out an unbound URL
 * instead would drop a protection silently. */
static enum status find_source(struct task *task, struct str *out)
{
    const struct cdn_options *cdn = cdn_of(task);

    *out = cdn->binds_visitor ? plain_ipv4(task->actor.address) : cdn->source_ip;
    if (cdn->binds_visitor && (!cloudfront_is_ipv4(*out) || str_index(*out, '/') >= 0))
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Images are bound to the IPv4 address that asks for them here, and you have come "
                "by another way: use IPv4, or have CLOUDFRONT_SOURCE_IP changed."));
    return STATUS_OK;
}

/* --- URLs --- */

static void put_override(struct buf *url, const char *name, struct str value)
{
    buf_put_byte(url, str_index(buf_str(url), '?') < 0 ? '?' : '&');
    buf_put_c(url, name);
    buf_put_byte(url, '=');
    escape_url(url, value);
}

/* Percent-encoding leaves no '*' and '?' of a key that would be wildcards in a policy. */
static struct str object_url(
    struct task *task, struct str key, const struct presign_get_options *options)
{
    struct buf url;

    buf_init_arena(&url, task->arena, URL_MAX_BYTES);
    buf_put(&url, cdn_of(task)->origin);
    buf_put_byte(&url, '/');
    escape_url_path(&url, key);
    if (cdn_of(task)->forwards_query) {
        put_override(&url, "response-cache-control", options->response_cache_control);
        put_override(&url, "response-content-disposition", options->response_content_disposition);
        put_override(&url, "response-content-type", options->response_content_type);
    }
    return buf_is_over(&url) ? STR_EMPTY : buf_str(&url);
}

enum status delivery_cdn_sign(struct task *task, struct str key,
    const struct presign_get_options *options, struct str *out_url)
{
    const struct cdn_options *cdn = cdn_of(task);
    struct cloudfront_policy policy = { .ends_at = options->signed_at + options->expires_s };
    enum status status = find_source(task, &policy.source_ip);

    if (status != STATUS_OK)
        return status;
    return cloudfront_sign_url(
        task->arena, &cdn->signer, cdn->form, &policy, object_url(task, key, options), out_url);
}

/* --- cookies --- */

static enum status check_cookies(struct task *task)
{
    const struct cdn_options *cdn = cdn_of(task);

    if (str_is_empty(cdn->origin))
        return task_refuse(task, STATUS_NOT_FOUND, STR_EMPTY,
            STR("Images are not delivered through CloudFront here, so there are no signed cookies. "
                "Use signed URLs."));
    if (!cdn->has_cookies)
        return task_refuse(task, STATUS_CONFLICT, STR_EMPTY,
            STR("Signed cookies of this host cannot reach the CloudFront distribution. Have "
                "CLOUDFRONT_COOKIE_DOMAIN set to a domain that both belong to, or use signed "
                "URLs."));
    if (task->actor.user_id <= 0)
        return task_fail(task, STATUS_FORBIDDEN);
    return STATUS_OK;
}

enum status delivery_sign_cookies(struct task *task, struct signed_cookies *out)
{
    const struct cdn_options *cdn = cdn_of(task);
    int64_t now_s = task_storage_now_s(task);
    struct cloudfront_policy policy = { .ends_at = now_s + cdn->cookie_ttl_s };
    enum status status;

    task_begin(task);
    status = check_cookies(task);
    if (status == STATUS_OK)
        status = find_source(task, &policy.source_ip);
    if (status != STATUS_OK)
        return status;
    out->path =
        ARENA_JOIN(task->arena, STR("/"), asset_user_folder(task->arena, task->actor.user_id));
    policy.resource = ARENA_JOIN(task->arena, cdn->origin, out->path, STR("*"));
    out->resource = policy.resource;
    out->domain = cdn->cookie_domain;
    out->is_secure = str_starts_with(cdn->origin, STR("https://"));
    out->expires_in_s = cdn->cookie_ttl_s;
    out->expires_at = clock_now_s() + cdn->cookie_ttl_s;
    status = cloudfront_sign_cookies(
        task->arena, &cdn->signer, CLOUDFRONT_CUSTOM, &policy, &out->cookies);
    return task_fail(task, status);
}
