/*
 * From a request to its reply: route, guard, handler, errors, headers, and the line in the log. No
 * page and no rule lives here.
 */
#include "web/app.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/flight.h"
#include "web/cookies.h"
#include "web/cors.h"
#include "web/exchange.h"
#include "web/guard.h"
#include "web/request_count.h"
#include "web/response.h"
#include "web/routes.h"
#include "web/template.h"

enum { TEMPLATE_ERROR_MAX_BYTES = 2000 };

/* --- life --- */

static struct template_set *load_templates(const struct app_options *options)
{
    struct template_set *templates;
    struct buf error;

    buf_init(&error, TEMPLATE_ERROR_MAX_BYTES);
    templates = template_set_load(options->templates_folder.ptr, &error);
    if (templates == NULL)
        log_event(LOG_ERROR, "templates: %.*s", STR_ARG(buf_str(&error)));
    buf_clear(&error);
    return templates;
}

enum status app_open(struct app *app, const struct app_options *options)
{
    memset(app, 0, sizeof(*app));
    app->options = options;
    app->templates = load_templates(options);
    if (app->templates == NULL)
        return STATUS_INVALID;
    pthread_rwlock_init(&app->templates_lock, NULL);
    health_memory_init(&app->health);
    limits_open(&app->limits, &options->limits);
    app->started_at = clock_now_s();
    return STATUS_OK;
}

void app_close(struct app *app)
{
    if (app->templates == NULL)
        return;
    template_set_free(app->templates);
    pthread_rwlock_destroy(&app->templates_lock);
    health_memory_clear(&app->health);
    limits_close(&app->limits);
    app->templates = NULL;
}

void app_reload(struct app *app)
{
    struct template_set *old, *fresh = load_templates(app->options);

    if (fresh == NULL)
        return;
    pthread_rwlock_wrlock(&app->templates_lock);
    old = app->templates;
    app->templates = fresh;
    pthread_rwlock_unlock(&app->templates_lock);
    template_set_free(old);
    log_event(LOG_INFO, "templates read again");
}

enum status app_thread_open(struct app_thread *thread, struct app *app)
{
    memset(thread, 0, sizeof(*thread));
    thread->app = app;
    return domain_open(&thread->domain, &app->options->domain);
}

void app_thread_close(struct app_thread *thread)
{
    domain_close(&thread->domain);
}

/* --- one request --- */

/* Without a row there is nothing to guard, but an error page shows the person's own frame. */
static enum status identify_for_error(struct exchange *exchange, enum status status)
{
    if (guard_identify(exchange) != STATUS_OK)
        exchange->is_signed_in = false;
    return status;
}

static bool is_page_under_prefix(const struct exchange *exchange)
{
    return exchange->route->audience == FOR_PEOPLE && exchange->route->method == METHOD_GET &&
           exchange->path.len != exchange->request->raw_path.len;
}

/* Links and cookies of pages know one address, so that is where people are sent. */
static enum status lead_to_page(struct exchange *exchange)
{
    struct str query = exchange->request->raw_query;
    struct str page = exchange->path;

    if (!str_is_empty(query))
        page = ARENA_JOIN(exchange->arena, page, STR("?"), query);
    return response_see_other(exchange, page, FLASH_NONE);
}

static bool is_options_of_api(const struct exchange *exchange, enum status status)
{
    return status == STATUS_METHOD_NOT_ALLOWED && exchange->request->method == METHOD_OPTIONS &&
           exchange->route->audience == FOR_PROGRAMS;
}

static enum status run(struct exchange *exchange)
{
    enum status status = route_match(exchange, exchange->thread->app->options->path_prefix);

    exchange->flash = cookie_flash(exchange);
    if (is_options_of_api(exchange, status))
        return cors_answer_options(exchange);
    if (status != STATUS_OK)
        return identify_for_error(exchange, status);
    if (is_page_under_prefix(exchange))
        return lead_to_page(exchange);
    status = guard_check(exchange);
    if (status != STATUS_OK)
        return status;
    return exchange->route->handler(exchange);
}

static int64_t bytes_out(const struct reply *reply)
{
    if (reply->is_streaming)
        return reply->sent_bytes;
    return reply->is_head ? 0 : (int64_t)reply->body.len;
}

/* The pattern, not the path with its query: signatures and search words stay out of the log. */
static void log_request(const struct exchange *exchange, int64_t duration_us)
{
    const struct reply *reply = exchange->reply;
    enum log_level level = reply->http_status >= 500 ? LOG_ERROR : LOG_INFO;
    struct log_line line;

    log_begin(&line, level, "request");
    log_str(&line, "method", exchange->request->method_name);
    log_str(&line, "route", exchange->route == NULL ? STR("-") : str_from_c(exchange->route->path));
    if (exchange->id != 0)
        log_int(&line, "id", exchange->id);
    log_int(&line, "status", reply->http_status);
    log_int(&line, "duration_us", duration_us);
    log_int(&line, "bytes_in", exchange->request->body_read_bytes);
    log_int(&line, "bytes_out", bytes_out(reply));
    if (exchange->is_signed_in)
        log_int(&line, "user", exchange->user.id);
    log_end(&line);
}

void app_handle(struct app_thread *thread, struct request *request, struct reply *reply)
{
    int64_t begin_us = clock_monotonic_us(), duration_us;
    struct exchange exchange = {
        .thread = thread,
        .request = request,
        .reply = reply,
        .arena = request->arena,
    };
    enum status status;

    proxy_apply(&thread->app->options->proxies, request);
    status = run(&exchange);

    if (status != STATUS_OK)
        response_error(&exchange, status);
    if (!reply->is_streaming)
        response_finish(&exchange);
    duration_us = clock_monotonic_us() - begin_us;
    log_request(&exchange, duration_us);
    request_count(&exchange, status, duration_us);
}

void app_after(struct app_thread *thread)
{
    flight_flush(&thread->domain);
}
