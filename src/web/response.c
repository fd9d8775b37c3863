/* Answers: pages, JSON, redirects, and the headers that all of them carry. Errors: error.c. */
#include "web/response.h"

#include "base/log.h"
#include "web/cookies.h"
#include "web/cors.h"
#include "web/limits.h"
#include "web/template.h"

static void set_body(struct exchange *exchange, int http_status, struct str type, struct str body)
{
    exchange->reply->http_status = http_status;
    reply_set_header(exchange->reply, STR("Content-Type"), type);
    buf_put(&exchange->reply->body, body);
}

enum status response_page(
    struct exchange *exchange, int http_status, const char *template, json_t *model)
{
    struct app *app = exchange->thread->app;
    enum status status;

    pthread_rwlock_rdlock(&app->templates_lock);
    status = template_render(app->templates, str_from_c(template), model, &exchange->reply->body);
    pthread_rwlock_unlock(&app->templates_lock);
    json_decref(model);
    if (status != STATUS_OK) {
        log_event(LOG_ERROR, "template %s did not render", template);
        return STATUS_INTERNAL;
    }
    set_body(exchange, http_status, STR("text/html; charset=utf-8"), STR_EMPTY);
    if (exchange->flash != FLASH_NONE)
        cookie_set_flash(exchange, FLASH_NONE);
    return STATUS_OK;
}

/* Plain JSON rather than json_text()'s: nosniff keeps it out of HTML, and people read it in a
 * shell. */
enum status response_json(struct exchange *exchange, int http_status, json_t *body)
{
    bool is_made = body != NULL;

    json_put(&exchange->reply->body, body);
    json_decref(body);
    set_body(exchange, http_status, STR("application/json"), STR_EMPTY);
    return is_made ? STATUS_OK : STATUS_INTERNAL;
}

struct buf *response_json_text(struct exchange *exchange, int http_status)
{
    set_body(exchange, http_status, STR("application/json"), STR_EMPTY);
    return &exchange->reply->body;
}

enum status response_see_other(struct exchange *exchange, struct str path, enum flash flash)
{
    exchange->reply->http_status = 303;
    reply_set_header(exchange->reply, STR("Location"), path);
    if (flash != FLASH_NONE)
        cookie_set_flash(exchange, flash);
    return STATUS_OK;
}

enum status response_found(struct exchange *exchange, struct str url, int64_t max_age_s)
{
    exchange->reply->http_status = 302;
    reply_set_header(exchange->reply, STR("Location"), url);
    if (max_age_s > 0)
        reply_set_header(exchange->reply, STR("Cache-Control"),
            arena_printf(exchange->arena, "private, max-age=%lld", (long long)max_age_s));
    return STATUS_OK;
}

/* --- the headers of every answer --- */

/*
 * Pages run our own scripts and styles, never inline ones; pictures come from the storage
 * or its CDN, uploads go to the storage, and nothing goes elsewhere. blob: is for thumbnails of
 * files that are chosen but not uploaded. This limits what an injected markup could do; it does not
 * replace escaping.
 */
static struct str content_security_policy(struct exchange *exchange)
{
    struct str images = domain_image_origins(&exchange->task);
    struct str storage = domain_storage_origin(&exchange->task);

    bool posts_to_storage = exchange->posts_to_storage;

    return arena_printf(exchange->arena,
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' blob: %.*s; connect-src 'self' %.*s; worker-src 'self'; "
        "manifest-src 'self'; form-action 'self'%s%.*s; base-uri 'none'; frame-ancestors 'none'",
        STR_ARG(images), STR_ARG(storage), posts_to_storage ? " " : "",
        STR_ARG(posts_to_storage ? storage : STR_EMPTY));
}

static bool is_page(const struct reply *reply)
{
    return str_starts_with(reply_header(reply, STR("Content-Type")), STR("text/html"));
}

void response_finish(struct exchange *exchange)
{
    static const struct {
        struct str name, value;
    } always[] = {
        { STR_INIT("X-Content-Type-Options"), STR_INIT("nosniff") },
        { STR_INIT("X-Frame-Options"), STR_INIT("DENY") },
        { STR_INIT("Referrer-Policy"), STR_INIT("same-origin") },
        { STR_INIT("Cross-Origin-Opener-Policy"), STR_INIT("same-origin") },
        { STR_INIT("Cross-Origin-Resource-Policy"), STR_INIT("same-origin") },
        { STR_INIT("Permissions-Policy"),
            STR_INIT("camera=(), microphone=(), geolocation=(), payment=(), usb=()") },
    };
    struct reply *reply = exchange->reply;
    int64_t wait_s = exchange->task.failure.retry_after_s;

    for (size_t i = 0; i < COUNT_OF(always); i++)
        reply_add_header(reply, always[i].name, always[i].value);
    reply_set_header(reply, STR("Content-Security-Policy"),
        is_page(reply) ? content_security_policy(exchange)
                       : STR("default-src 'none'; frame-ancestors 'none'"));
    if (str_is_empty(reply_header(reply, STR("Cache-Control"))))
        reply_set_header(reply, STR("Cache-Control"), STR("no-store"));
    if (wait_s > 0 && (reply->http_status == 429 || reply->http_status == 503))
        reply_set_header(
            reply, STR("Retry-After"), arena_printf(exchange->arena, "%lld", (long long)wait_s));
    limits_set_headers(exchange);
    reply_set_header(reply, STR("X-Request-Id"), exchange->request->id);
    cors_finish(exchange);
}

enum status response_stream_begin(struct exchange *exchange)
{
    response_finish(exchange);
    return reply_stream_begin(exchange->reply);
}
