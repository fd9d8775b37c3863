/*
 * metrics.c - the cells: where each metric's stand, and adding to them.
 *
 * Relaxed atomics do: a counter says how many, not in which order. Threads that count the same
 * thing at the same time share a cache line; at tens of thousands of requests a second that costs
 * less than giving each thread its own cells and adding them up.
 */
#include "base/metrics_table.h"

#include <stdatomic.h>

#define X(value, text) text,
static const char *const class_values[] = { METRIC_CLASS_LIST(X) };
static const char *const presign_values[] = { METRIC_PRESIGN_LIST(X) };
static const char *const commit_values[] = { METRIC_COMMIT_LIST(X) };
static const char *const operation_values[] = { METRIC_OPERATION_LIST(X) };
static const char *const answer_values[] = { METRIC_ANSWER_LIST(X) };
static const char *const auth_values[] = { METRIC_AUTH_LIST(X) };
static const char *const rate_values[] = { METRIC_RATE_LIST(X) };
static const char *const sweep_values[] = { METRIC_SWEEP_LIST(X) };
static const char *const reconciled_values[] = { METRIC_RECONCILED_LIST(X) };
static const char *const job_values[] = { METRIC_JOB_LIST(X) };
#undef X

/* clang-format off */
#define LABELS_ONE       { NULL, NULL, 1 }
#define LABELS_ROUTE     { NULL, NULL, METRIC_ROUTE__COUNT }
#define LABELS_CLASS     { "code", class_values, COUNT_OF(class_values) }
#define LABELS_PRESIGN   { "kind", presign_values, COUNT_OF(presign_values) }
#define LABELS_COMMIT    { "outcome", commit_values, COUNT_OF(commit_values) }
#define LABELS_OPERATION { "operation", operation_values, COUNT_OF(operation_values) }
#define LABELS_ANSWER    { "status", answer_values, COUNT_OF(answer_values) }
#define LABELS_AUTH      { "reason", auth_values, COUNT_OF(auth_values) }
#define LABELS_RATE      { "class", rate_values, COUNT_OF(rate_values) }
#define LABELS_SWEEP     { "result", sweep_values, COUNT_OF(sweep_values) }
#define LABELS_RECONCILED { "result", reconciled_values, COUNT_OF(reconciled_values) }
#define LABELS_JOB       { "outcome", job_values, COUNT_OF(job_values) }
/* clang-format on */

const struct metric_family metric_families[METRIC__COUNT] = {
#define X(id, kind, first, second, name, help)                                                     \
    { name, help, METRIC_##kind, METRIC_AT_##id, LABELS_##first, LABELS_##second },
    METRIC_LIST(X)
#undef X
};

static const int64_t bounds_us[METRIC_BUCKETS - 1] = {
#define X(bound, text) bound,
    METRIC_BUCKET_LIST(X)
#undef X
};

static struct metrics_memory own;
static struct metrics_memory *memory = &own;

/* FNV-1a over the table's text: enough to tell two tables apart. */
uint64_t metrics_layout(void)
{
    static const char table[] =
#define X(id, kind, first, second, name, help) #id #kind #first #second
        METRIC_LIST(X)
#undef X
#define X(value, text) text ","
            METRIC_CLASS_LIST(X) METRIC_PRESIGN_LIST(X) METRIC_COMMIT_LIST(X)
                METRIC_OPERATION_LIST(X) METRIC_ANSWER_LIST(X) METRIC_AUTH_LIST(X)
                    METRIC_RATE_LIST(X) METRIC_SWEEP_LIST(X) METRIC_JOB_LIST(X)
                        METRIC_BUCKET_LIST(X);
#undef X
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < sizeof(table); i++)
        hash = (hash ^ (unsigned char)table[i]) * 0x100000001b3;
    return hash;
}

void metrics_share(struct metrics_memory *shared)
{
    struct metrics_memory *before = memory;

    memory = shared ? shared : &own;
    if (before != &own || memory == &own)
        return;
    for (size_t i = 0; i < METRIC_CELLS; i++) {
        uint64_t count = atomic_exchange_explicit(&own.cell[i], 0, memory_order_relaxed);

        if (count)
            atomic_fetch_add_explicit(&memory->cell[i], count, memory_order_relaxed);
    }
}

/* The first cell of these labels, or NULL when the table has no such. */
static _Atomic uint64_t *cell_of(enum metric metric, size_t first, size_t second)
{
    const struct metric_family *family = &metric_families[metric];
    size_t cells = family->kind == METRIC_HISTOGRAM ? METRIC_CELLS_HISTOGRAM : 1;

    if (first >= family->first.count || second >= family->second.count)
        return NULL;
    return &memory->cell[family->at + (first * family->second.count + second) * cells];
}

static void add(_Atomic uint64_t *cell, uint64_t count)
{
    atomic_fetch_add_explicit(cell, count, memory_order_relaxed);
}

void metrics_add(enum metric metric, size_t first, size_t second, uint64_t count)
{
    _Atomic uint64_t *cell = cell_of(metric, first, second);

    if (cell)
        add(cell, count);
}

void metrics_count(enum metric metric, size_t first, size_t second)
{
    metrics_add(metric, first, second, 1);
}

void metrics_set(enum metric metric, size_t first, int64_t value)
{
    _Atomic uint64_t *cell = cell_of(metric, first, 0);

    if (cell)
        atomic_store_explicit(cell, (uint64_t)value, memory_order_relaxed);
}

void metrics_observe(enum metric metric, size_t first, int64_t duration_us)
{
    _Atomic uint64_t *cell = cell_of(metric, first, 0);
    size_t bucket = 0;

    if (!cell)
        return;
    if (duration_us < 0)
        duration_us = 0;
    while (bucket < COUNT_OF(bounds_us) && duration_us > bounds_us[bucket])
        bucket++;
    add(cell + bucket, 1);
    add(cell + METRIC_BUCKETS, (uint64_t)duration_us);
}

int64_t metrics_value(enum metric metric, size_t first, size_t second)
{
    _Atomic uint64_t *cell = cell_of(metric, first, second);
    size_t count = metric_families[metric].kind == METRIC_HISTOGRAM ? METRIC_BUCKETS : 1;
    uint64_t sum = 0;

    for (size_t i = 0; cell && i < count; i++)
        sum += atomic_load_explicit(cell + i, memory_order_relaxed);
    return (int64_t)sum;
}

uint64_t metrics_cell(enum metric metric, size_t first, size_t second, size_t cell)
{
    _Atomic uint64_t *from = cell_of(metric, first, second);

    return from ? atomic_load_explicit(from + cell, memory_order_relaxed) : 0;
}

enum metric_class metric_class_of(int http_status)
{
    if (http_status < 100 || http_status > 599)
        return METRIC_CLASS_5XX;
    return (enum metric_class)(http_status / 100 - 1);
}
