/*
 * GET /metrics: what base/metrics.h counted, what the database knows, and this process, in
 * Prometheus' text format, version 0.0.4.
 */
#include "web/handlers.h"

#include "base/file.h"
#include "base/metrics.h"
#include "domain/health.h"
#include "domain/job.h"
#include "web/request_count.h"
#include "web/response.h"

#include <time.h>
#include <unistd.h>

enum { STATM_MAX_BYTES = 200 };

static void put_build(struct buf *out, const struct exchange *exchange)
{
    struct str version = exchange->thread->app->options->version;
    struct str labels = ARENA_JOIN(
        exchange->arena, STR("version=\""), metrics_escape(exchange->arena, version), STR("\""));

    metrics_write_gauge(
        out, "vitrine_build_info", "1; the version stands in the label.", labels, 1);
}

static void put_keys(struct buf *out, const struct task *task)
{
    struct health_keys keys;

    health_keys(task, &keys);
    metrics_write_gauge(out, "vitrine_credentials_present",
        "1 when there are keys for the storage that have not expired.", STR_EMPTY, keys.has_keys);
    metrics_write_gauge(out, "vitrine_credentials_expire_seconds",
        "Until the keys for the storage expire; 0 when they do not, or there are none.", STR_EMPTY,
        keys.expires_in_s);
}

static void put_counts(struct buf *out, const struct health_counts *counts, int64_t clock_offset_s)
{
    const struct {
        const char *name, *help;
        int64_t value;
    } gauges[] = {
        { "vitrine_images", "Images in the library.", counts->images },
        { "vitrine_image_bytes", "Their bytes.", counts->image_bytes },
        { "vitrine_uploads_pending", "Uploads that were granted and are not saved yet.",
            counts->pending },
        { "vitrine_uploads_lapsed", "Those of them whose grant is over: the sweep sees to them.",
            counts->pending_lapsed },
        { "vitrine_clock_offset_seconds",
            "Storage's clock minus ours, which signatures are corrected by.", clock_offset_s },
    };

    for (size_t i = 0; i < COUNT_OF(gauges); i++)
        metrics_write_gauge(out, gauges[i].name, gauges[i].help, STR_EMPTY, gauges[i].value);
}

static const char *const states[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = "state=\"queued\"",
    [JOB_RUNNING] = "state=\"running\"",
    [JOB_DEAD] = "state=\"dead\"",
};

/* One family has one head, so the further lines are written by hand. */
static void put_jobs(struct buf *out, const struct job_counts *counts)
{
    metrics_write_gauge(out, "vitrine_jobs", "Jobs, by state.", str_from_c(states[JOB_QUEUED]),
        counts->count[JOB_QUEUED]);
    for (int state = JOB_RUNNING; state < JOB_STATE_COUNT; state++)
        buf_printf(out, "vitrine_jobs{%s} %lld\n", states[state], (long long)counts->count[state]);
    metrics_write_gauge(out, "vitrine_jobs_overdue_seconds",
        "For how long the first job that is due has been waiting for a worker.", STR_EMPTY,
        counts->overdue_s);
    metrics_write_gauge(out, "vitrine_jobs_planned",
        "1 when a worker has planned the schedule; 0 when none ever ran.", STR_EMPTY,
        counts->has_schedule);
}

/* Pages of memory that are in use, the second number of /proc/self/statm; 0: not known. */
static int64_t resident_bytes(struct arena *arena)
{
    struct str text, number;
    int64_t pages = 0;

    if (file_read(arena, "/proc/self/statm", STATM_MAX_BYTES, &text) != STATUS_OK)
        return 0;
    if (!str_split(&text, ' ', &number) || !str_split(&text, ' ', &number) ||
        !str_parse_i64(number, &pages))
        return 0;
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t cpu_ms(void)
{
    struct timespec used = { 0 };

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* By the names that every client library of Prometheus gives them. Of the process that answers: a
 * second one behind the same web server has its own. */
static void put_process(struct buf *out, const struct exchange *exchange)
{
    metrics_write_gauge(out, "process_start_time_seconds", "When this process began.", STR_EMPTY,
        exchange->thread->app->started_at);
    metrics_write_gauge(out, "process_resident_memory_bytes", "Memory of this process.", STR_EMPTY,
        resident_bytes(exchange->arena));
    metrics_write_real(out, "process_cpu_seconds_total", "counter",
        "Time that processors spent on this process.", cpu_ms());
}

enum status metrics_get(struct exchange *exchange)
{
    const struct metrics_routes routes = { request_route_labels, exchange->arena };
    struct buf *out = &exchange->reply->body;
    struct health_counts counts;
    struct job_counts jobs;
    enum status status = health_count(&exchange->task, &counts);

    if (status == STATUS_OK)
        status = job_count(&exchange->task, &jobs);
    if (status != STATUS_OK)
        return status;
    reply_set_header(
        exchange->reply, STR("Content-Type"), STR("text/plain; version=0.0.4; charset=utf-8"));
    put_build(out, exchange);
    metrics_write(out, &routes);
    put_counts(out, &counts, health_clock_offset_s(&exchange->task));
    put_jobs(out, &jobs);
    put_keys(out, &exchange->task);
    put_process(out, exchange);
    return STATUS_OK;
}
