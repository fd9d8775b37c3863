/*
 * test_base_metrics.c - counting, sharing the cells, and the text that Prometheus reads.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, TIMES = 50000 };

static struct metrics_memory *fresh(void)
{
    struct metrics_memory *memory = calloc(1, sizeof(*memory));

    metrics_share(memory);
    return memory;
}

static void drop(struct metrics_memory *memory)
{
    metrics_share(NULL);
    free(memory);
}

static struct str route_labels(struct arena *arena, size_t route)
{
    return arena_printf(arena, "route=\"/%zu\"", route);
}

static struct str written(struct arena *arena)
{
    const struct metrics_routes routes = { route_labels, arena };
    struct buf out;

    buf_init_arena(&out, arena, 1 << 20);
    metrics_write(&out, &routes);
    assert_false(buf_is_over(&out));
    return buf_str(&out);
}

static void expect_line(const char *row, struct str text, const char *line, bool is_there)
{
    char whole[300];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if ((str_find(text, str_from_c(whole)) >= 0) != is_there)
        fail_msg("%s: the line '%s' is %s", row, line, is_there ? "missing" : "there");
}

static void every_cell_belongs_to_one_series(void **state)
{
    struct metrics_memory *memory = fresh();
    size_t used = 0;

    (void)state;
    for (enum metric metric = 0; metric < METRIC__COUNT; metric++)
        for (size_t first = 0; first < METRIC_ROUTE__COUNT; first++)
            for (size_t second = 0; second < METRIC_ROUTE__COUNT; second++)
                metrics_add(metric, first, second, 1);
    /* Of a histogram only the first bucket is met this way; none is met twice. */
    for (size_t i = 0; i < METRIC_CELLS; i++) {
        assert_true(memory->cell[i] <= 1);
        used += memory->cell[i] == 1;
    }
    assert_true(used > 200 && memory->cell[0] == 1);
    drop(memory);
}

static void *count_many(void *context)
{
    (void)context;
    for (int i = 0; i < TIMES; i++) {
        metrics_count(METRIC_PRESIGNS, METRIC_PRESIGN_DISPLAY, 0);
        metrics_observe(METRIC_REQUEST_TIME, 3, 120);
    }
    return NULL;
}

static void threads_count_without_losing_any(void **state)
{
    struct metrics_memory *memory = fresh();
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    expect_int("count", metrics_value(METRIC_PRESIGNS, METRIC_PRESIGN_DISPLAY, 0), THREADS * TIMES);
    expect_int("times", metrics_value(METRIC_REQUEST_TIME, 3, 0), THREADS * TIMES);
    drop(memory);
}

static void what_was_counted_before_is_taken_along(void **state)
{
    struct metrics_memory *memory;

    (void)state;
    metrics_share(NULL);
    metrics_add(METRIC_DATABASE_BUSY, 0, 0, 7);
    memory = fresh();
    expect_int("shared", metrics_value(METRIC_DATABASE_BUSY, 0, 0), 7);
    metrics_share(NULL);
    expect_int("own", metrics_value(METRIC_DATABASE_BUSY, 0, 0), 0);
    free(memory);
}

static void a_histogram_is_cumulative_and_its_count_is_the_last_bucket(void **state)
{
    struct metrics_memory *memory = fresh();
    struct str text;

    metrics_observe(METRIC_DATABASE_WAIT, 0, 100); /* a bound belongs to its bucket */
    metrics_observe(METRIC_DATABASE_WAIT, 0, 101);
    metrics_observe(METRIC_DATABASE_WAIT, 0, 2000000);
    metrics_observe(METRIC_DATABASE_WAIT, 0, 60000000);
    metrics_observe(METRIC_DATABASE_WAIT, 0, -5);
    text = written(*state);
    expect_line("0.1 ms", text, "vitrine_database_wait_seconds_bucket{le=\"0.0001\"} 2", true);
    expect_line("0.25 ms", text, "vitrine_database_wait_seconds_bucket{le=\"0.00025\"} 3", true);
    expect_line("1 s", text, "vitrine_database_wait_seconds_bucket{le=\"1\"} 3", true);
    expect_line("10 s", text, "vitrine_database_wait_seconds_bucket{le=\"10\"} 4", true);
    expect_line("all", text, "vitrine_database_wait_seconds_bucket{le=\"+Inf\"} 5", true);
    expect_line("sum", text, "vitrine_database_wait_seconds_sum 62.000201", true);
    expect_line("count", text, "vitrine_database_wait_seconds_count 5", true);
    drop(memory);
}

static void series_are_few_until_they_are_counted(void **state)
{
    struct metrics_memory *memory = fresh();
    struct str text = written(*state);

    expect_line("zero", text, "vitrine_presigns_total{kind=\"upload\"} 0", true);
    assert_true(str_find(text, STR("vitrine_http_requests_total{")) < 0);
    metrics_count(METRIC_REQUESTS, 5, metric_class_of(204));
    metrics_count(METRIC_S3_REQUESTS, METRIC_S3_LIST_OBJECTS, METRIC_ANSWER_NONE);
    metrics_set(METRIC_SWEEP_LAST, 0, 1790000000);
    text = written(*state);
    expect_line("route", text, "vitrine_http_requests_total{route=\"/5\",code=\"2xx\"} 1", true);
    expect_line("operation", text,
        "vitrine_s3_requests_total{operation=\"ListObjectsV2\",status=\"none\"} 1", true);
    expect_line("gauge", text, "vitrine_sweep_last_success_timestamp_seconds 1790000000", true);
    drop(memory);
}

static void labels_beyond_the_table_are_counted_nowhere(void **state)
{
    struct metrics_memory *memory = fresh();

    (void)state;
    metrics_count(METRIC_REQUESTS, METRIC_ROUTE__COUNT, 0);
    metrics_count(METRIC_REQUESTS, 0, METRIC_CLASS__COUNT);
    metrics_count(METRIC_PRESIGNS, SIZE_MAX, 0);
    metrics_observe(METRIC_DATABASE_WAIT, 1, 1);
    for (size_t i = 0; i < METRIC_CELLS; i++)
        assert_true(memory->cell[i] == 0);
    drop(memory);
}

static void values_of_labels_are_escaped(void **state)
{
    expect_str(
        "all", metrics_escape(*state, STR("a\\b\"c\nd\xc3\xa9")), STR("a\\\\b\\\"c\\nd\xc3\xa9"));
}

static void thousandths_are_written_with_their_sign(void **state)
{
    static const struct {
        int64_t thousandths;
        const char *text;
    } rows[] = { { 0, "0.000" }, { 1500, "1.500" }, { -1, "-0.001" }, { -2030, "-2.030" } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;

        buf_init_arena(&out, *state, 1000);
        metrics_write_real(&out, "n", "gauge", "h", rows[i].thousandths);
        expect_str(rows[i].text, buf_str(&out),
            arena_printf(*state, "# HELP n h\n# TYPE n gauge\nn %s\n", rows[i].text));
    }
}

static void counting_costs_far_less_than_a_microsecond(void **state)
{
    struct metrics_memory *memory = fresh();
    int64_t best_us = INT64_MAX;

    (void)state;
    for (int round = 0; round < 20; round++) { /* the best: others use the machine too */
        int64_t begin_us = clock_monotonic_us();

        for (int i = 0; i < 10000; i++)
            metrics_count(METRIC_PRESIGNS, METRIC_PRESIGN_UPLOAD, 0);
        if (clock_monotonic_us() - begin_us < best_us)
            best_us = clock_monotonic_us() - begin_us;
    }
    print_message("one count takes %.1f ns\n", (double)best_us / 10);
    assert_true(best_us < 5000); /* 0.5 us each */
    drop(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("every cell belongs to one series", every_cell_belongs_to_one_series),
        TEST("threads count without losing any", threads_count_without_losing_any),
        TEST("what was counted before is taken along", what_was_counted_before_is_taken_along),
        TEST("a histogram is cumulative, and its count is the last bucket",
            a_histogram_is_cumulative_and_its_count_is_the_last_bucket),
        TEST("series are few until they are counted", series_are_few_until_they_are_counted),
        TEST("labels beyond the table are counted nowhere",
            labels_beyond_the_table_are_counted_nowhere),
        TEST("values of labels are escaped", values_of_labels_are_escaped),
        TEST("thousandths are written with their sign", thousandths_are_written_with_their_sign),
        TEST("counting costs far less than a microsecond",
            counting_costs_far_less_than_a_microsecond),
    };

    return RUN(tests);
}
