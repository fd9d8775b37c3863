/* Questions about a request that several parts ask and that must be answered alike. */
#include "web/exchange.h"

#include "web/routes.h"

static struct str public_url(const struct exchange *exchange)
{
    return exchange->thread->app->options->public_url;
}

struct str exchange_origin(const struct exchange *exchange)
{
    const struct request *request = exchange->request;

    if (!str_is_empty(public_url(exchange)))
        return public_url(exchange);
    if (str_is_empty(request->host))
        return STR_EMPTY;
    return ARENA_JOIN(
        exchange->arena, request->is_https ? STR("https://") : STR("http://"), request->host);
}

bool exchange_is_secure(const struct exchange *exchange)
{
    if (!str_is_empty(public_url(exchange)))
        return str_starts_with(public_url(exchange), STR("https://"));
    return exchange->request->is_https;
}

struct str exchange_public_host(const struct exchange *exchange)
{
    struct str origin = exchange_origin(exchange);
    ssize_t scheme_end = str_find(origin, STR("://"));

    if (scheme_end < 0)
        return STR_EMPTY;
    return url_host_without_port(str_from_offset(origin, (size_t)scheme_end + 3));
}

bool exchange_wants_page(const struct exchange *exchange)
{
    if (exchange->route != NULL)
        return exchange->route->audience == FOR_PEOPLE;
    return str_find(request_header(exchange->request, STR("accept")), STR("text/html")) >= 0;
}
