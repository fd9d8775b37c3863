/*
 * metrics_text.c - the cells as Prometheus reads them. What is counted, and where, is metrics.c's.
 *
 * A histogram is read bucket by bucket while others count; its count is that of the buckets read,
 * so that the two never disagree within one answer.
 */
#include "base/metrics_table.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const bounds[METRIC_BUCKETS - 1] = {
#define X(bound, text) text,
    METRIC_BUCKET_LIST(X)
#undef X
};

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

struct str metrics_escape(struct arena *arena, struct str value)
{
    char *out = arena_alloc(arena, 2 * value.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        char byte = value.ptr[i];

        if (byte == '\\' || byte == '"' || byte == '\n')
            out[len++] = '\\';
        out[len++] = (char)(byte == '\n' ? 'n' : byte);
    }
    return str_from(out, len);
}

static void put_head(struct buf *out, const char *name, const char *kind, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* `name`, its suffix, and all labels that are not empty, in braces. */
static void put_name(
    struct buf *out, const char *name, const char *suffix, struct str first, struct str second)
{
    bool has_both = !str_is_empty(first) && !str_is_empty(second);

    buf_printf(out, "%s%s", name, suffix);
    if (!str_is_empty(first) || !str_is_empty(second))
        buf_printf(out, "{%.*s%s%.*s}", STR_ARG(first), has_both ? "," : "", STR_ARG(second));
    buf_put_byte(out, ' ');
}

static void put_thousandths(struct buf *out, int64_t thousandths)
{
    int64_t part = thousandths < 0 ? -thousandths : thousandths;

    buf_printf(
        out, "%s%" PRId64 ".%03" PRId64 "\n", thousandths < 0 ? "-" : "", part / 1000, part % 1000);
}

static struct str labels_of(
    const struct metrics_routes *routes, const struct metric_labels *labels, size_t index)
{
    if (labels->name)
        return arena_printf(routes->arena, "%s=\"%s\"", labels->name, labels->values[index]);
    return labels->count > 1 ? routes->labels(routes->arena, index) : STR_EMPTY;
}

static void put_histogram(struct buf *out, enum metric metric, size_t first, struct str labels)
{
    const char *name = metric_families[metric].name;
    uint64_t count = 0, sum_us = metrics_cell(metric, first, 0, METRIC_BUCKETS);
    char le[40];

    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        int len =
            snprintf(le, sizeof(le), "le=\"%s\"", i < METRIC_BUCKETS - 1 ? bounds[i] : "+Inf");

        count += metrics_cell(metric, first, 0, i);
        put_name(out, name, "_bucket", labels, str_from(le, (size_t)len));
        buf_printf(out, "%" PRIu64 "\n", count);
    }
    put_name(out, name, "_sum", labels, STR_EMPTY);
    buf_printf(out, "%" PRIu64 ".%06" PRIu64 "\n", sum_us / 1000000, sum_us % 1000000);
    put_name(out, name, "_count", labels, STR_EMPTY);
    buf_printf(out, "%" PRIu64 "\n", count);
}

static void put_series(struct buf *out, const struct metrics_routes *routes, enum metric metric,
    size_t first, size_t second)
{
    const struct metric_family *family = &metric_families[metric];
    bool is_sparse = family->second.count > 1 || (!family->first.name && family->first.count > 1);
    int64_t value = metrics_value(metric, first, second);
    struct str labels;

    if (is_sparse && value == 0)
        return;
    labels = labels_of(routes, &family->first, first);
    if (family->kind == METRIC_HISTOGRAM) {
        put_histogram(out, metric, first, labels);
        return;
    }
    put_name(out, family->name, "", labels, labels_of(routes, &family->second, second));
    buf_printf(out, "%" PRId64 "\n", value);
}

void metrics_write(struct buf *out, const struct metrics_routes *routes)
{
    for (enum metric metric = 0; metric < METRIC__COUNT; metric++) {
        const struct metric_family *family = &metric_families[metric];

        put_head(out, family->name, kind_names[family->kind], family->help);
        for (size_t first = 0; first < family->first.count; first++)
            for (size_t second = 0; second < family->second.count; second++)
                put_series(out, routes, metric, first, second);
    }
}

void metrics_write_gauge(
    struct buf *out, const char *name, const char *help, struct str labels, int64_t value)
{
    put_head(out, name, "gauge", help);
    put_name(out, name, "", labels, STR_EMPTY);
    buf_printf(out, "%" PRId64 "\n", value);
}

void metrics_write_real(
    struct buf *out, const char *name, const char *type, const char *help, int64_t thousandths)
{
    put_head(out, name, type, help);
    put_name(out, name, "", STR_EMPTY, STR_EMPTY);
    put_thousandths(out, thousandths);
}
