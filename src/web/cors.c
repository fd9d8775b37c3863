/* Cross-origin headers: which origins, what they may send, and what they may read. */
#include "web/cors.h"

#include "web/routes.h"

/* What a browser lets a foreign page send without having asked is not named here. */
#define REQUEST_HEADERS                                                                            \
    STR("Authorization, Content-Type, If-Match, If-None-Match, Range, X-Requested-With")

/* What it lets a foreign page read anyway is not named here (Fetch standard, section 2.2.2). */
#define ANSWER_HEADERS                                                                             \
    STR("Accept-Ranges, Allow, Content-Disposition, Content-Range, ETag, Location, RateLimit, "    \
        "RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, "   \
        "WWW-Authenticate, X-Request-Id")

/* Chromium remembers a preflight for no longer than that. */
#define PREFLIGHT_AGE_S STR("7200")

static const struct cors_options *options_of(const struct exchange *exchange)
{
    return &exchange->thread->app->options->cors;
}

static bool is_everyone(const struct cors_options *options)
{
    return str_equal(options->origins, STR("*"));
}

/* Compared byte by byte: browsers send origins in one form, and the setting was brought to it. */
static bool is_allowed(const struct cors_options *options, struct str origin)
{
    struct str rest = options->origins, allowed;

    if (is_everyone(options))
        return true;
    while (!str_is_empty(origin) && str_split(&rest, ',', &allowed))
        if (str_equal(allowed, origin))
            return true;
    return false;
}

static bool is_preflight(const struct request *request)
{
    return !str_is_empty(request_header(request, STR("origin"))) &&
           !str_is_empty(request_header(request, STR("access-control-request-method")));
}

static enum status refuse(struct exchange *exchange)
{
    struct failure *failure = &exchange->task.failure;

    failure_set(
        failure, STATUS_BAD_ORIGIN, STR_EMPTY, STR("Pages of this origin may not call this API."));
    failure->hint = STR("Whoever runs Vitrine can allow it with the setting CORS_ORIGINS.");
    return STATUS_BAD_ORIGIN;
}

bool cors_allows(const struct exchange *exchange)
{
    struct str origin = request_header(exchange->request, STR("origin"));

    return !str_is_empty(origin) && is_allowed(options_of(exchange), origin);
}

enum status cors_answer_options(struct exchange *exchange)
{
    struct reply *reply = exchange->reply;

    reply->http_status = 204;
    reply_set_header(reply, STR("Allow"), exchange->allow);
    if (!is_preflight(exchange->request))
        return STATUS_OK;
    if (!is_allowed(options_of(exchange), request_header(exchange->request, STR("origin"))))
        return refuse(exchange);
    reply_set_header(reply, STR("Access-Control-Allow-Methods"), exchange->allow);
    reply_set_header(reply, STR("Access-Control-Allow-Headers"), REQUEST_HEADERS);
    reply_set_header(reply, STR("Access-Control-Max-Age"), PREFLIGHT_AGE_S);
    return STATUS_OK;
}

/*
 * Vary stands on every answer, so that no cache gives one origin's answer to another. An <img> of a
 * foreign page sends no Origin, so among listed origins only a request that names itself may embed.
 */
void cors_finish(struct exchange *exchange)
{
    const struct cors_options *options = options_of(exchange);
    struct str origin = request_header(exchange->request, STR("origin"));
    struct reply *reply = exchange->reply;

    if (str_is_empty(options->origins) || exchange_wants_page(exchange))
        return;
    reply_add_header(reply, STR("Vary"), STR("Origin"));
    if (!is_allowed(options, origin))
        return;
    reply_set_header(
        reply, STR("Access-Control-Allow-Origin"), is_everyone(options) ? STR("*") : origin);
    if (options->has_credentials && !is_everyone(options))
        reply_set_header(reply, STR("Access-Control-Allow-Credentials"), STR("true"));
    reply_set_header(reply, STR("Access-Control-Expose-Headers"), ANSWER_HEADERS);
    reply_set_header(reply, STR("Cross-Origin-Resource-Policy"), STR("cross-origin"));
}
