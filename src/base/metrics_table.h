/*
 * metrics_table.h - metrics.h's table as data; private to metrics.c and metrics_text.c.
 */
#ifndef BASE_METRICS_TABLE_H
#define BASE_METRICS_TABLE_H

#include "base/metrics.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One label and its values. */
struct metric_labels {
    const char *name; /* NULL: there is no label; or a route, which the caller of metrics_write
                         knows how to write */
    const char *const *values;
    size_t count;
};

struct metric_family {
    const char *name, *help;
    enum metric_kind kind;
    size_t at; /* the first of its cells */
    struct metric_labels first, second;
};

extern const struct metric_family metric_families[METRIC__COUNT];

/* One cell as it is now: 0 of a counter or gauge, a bucket or (METRIC_BUCKETS) the sum of a
 * histogram. */
uint64_t metrics_cell(enum metric metric, size_t first, size_t second, size_t cell);

#endif
