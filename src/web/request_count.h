/*
 * request_count.h - what a request leaves in the metrics, and routes as labels of them.
 *
 * A route is its row in the table (base/metrics.h knows rows by number), never the path that was
 * asked for: what clients make up does not make time series.
 */
#ifndef WEB_REQUEST_COUNT_H
#define WEB_REQUEST_COUNT_H

#include "web/exchange.h"

/* Count an answered request: route, status, time; who was not let in, and who was told to wait. */
void request_count(const struct exchange *exchange, enum status status, int64_t duration_us);

/* `method="GET",route="/images/:id"` of a row; of METRIC_ROUTE_NONE `method="",route=""`; NULL ptr
 * beyond the table. For metrics_write. */
struct str request_route_labels(struct arena *arena, size_t row);

/* Changes when a row is added, moved or renamed. */
uint64_t request_routes_layout(void);

#endif
