/* Counting requests. What they are called in Prometheus is base/metrics.h's. */
#include "web/request_count.h"

#include "base/metrics.h"
#include "web/routes.h"

_Static_assert(
    (int)RATE_SIGN_IN == METRIC_RATE_LIMIT_SIGN_IN && (int)RATE_READ == METRIC_RATE_LIMIT_READ,
    "base/metrics.h names the classes in the order of enum rate_class");

/* Why somebody was not let in; a wrong password is counted where it is compared. */
static void count_auth_failure(const struct exchange *exchange, enum status status)
{
    enum metric_auth reason;

    switch (status) {
    case STATUS_UNAUTHENTICATED:
        reason = exchange->is_bearer     ? METRIC_AUTH_TOKEN
                 : exchange->had_session ? METRIC_AUTH_SESSION
                                         : METRIC_AUTH_NOTHING;
        break;
    case STATUS_BAD_CSRF:
        reason = METRIC_AUTH_CSRF;
        break;
    case STATUS_BAD_ORIGIN:
        reason = METRIC_AUTH_ORIGIN;
        break;
    case STATUS_SCOPE:
    case STATUS_FORBIDDEN:
        reason = METRIC_AUTH_ROLE;
        break;
    default:
        return;
    }
    metrics_count(METRIC_AUTH_FAILURES, reason, 0);
}

static size_t row_of(const struct route *route)
{
    return route == NULL ? METRIC_ROUTE_NONE : (size_t)(route - route_table);
}

void request_count(const struct exchange *exchange, enum status status, int64_t duration_us)
{
    const struct route *route = exchange->route;
    int http_status = exchange->reply->http_status;

    metrics_count(METRIC_REQUESTS, row_of(route), metric_class_of(http_status));
    metrics_observe(METRIC_REQUEST_TIME, row_of(route), duration_us);
    count_auth_failure(exchange, status);
    if (http_status == 429)
        metrics_count(METRIC_RATE_LIMITED, route == NULL ? RATE_NONE : route->rate, 0);
}

struct str request_route_labels(struct arena *arena, size_t row)
{
    if (row == METRIC_ROUTE_NONE)
        return STR("method=\"\",route=\"\"");
    if (row >= route_count)
        return STR_EMPTY;
    return arena_printf(arena, "method=\"%.*s\",route=\"%s\"",
        STR_ARG(method_to_str(route_table[row].method)), route_table[row].path);
}

/* FNV-1a, as metrics_layout's. */
uint64_t request_routes_layout(void)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t row = 0; row < route_count; row++) {
        for (const char *at = route_table[row].path; *at; at++)
            hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
        hash = (hash ^ (unsigned)route_table[row].method) * 0x100000001b3;
    }
    return hash;
}
