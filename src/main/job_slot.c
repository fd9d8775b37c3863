/*
 * job_slot.c - a thread of vitrine-worker: takes one job after the other, and says how each ended.
 */
#include "main/job_worker_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "domain/task.h"

#include <inttypes.h>
#include <malloc.h>

enum { POLL_S = 1, WAIT_MAX_S = 60, WAIT_ONCE_MAX_S = 8 };

static struct task task_of(struct job_slot *slot)
{
    struct task task;

    task_init(&task, &slot->domain, &slot->arena, ACTOR_SYSTEM, STR_EMPTY);
    task.stop = &slot->stop;
    return task;
}

static bool is_stopping(const struct job_slot *slot)
{
    return atomic_load(&slot->worker->is_stopping);
}

/* The database did not let us: try again, but not at once, and less and less often. */
static void wait_for_database(struct job_slot *slot)
{
    slot->wait_s = slot->wait_s == 0 ? 1 : slot->wait_s * 2;
    if (slot->wait_s > WAIT_MAX_S) {
        slot->wait_s = WAIT_MAX_S;
    }
    job_worker_wait(slot->worker, slot->wait_s);
}

/* --- one job --- */

static void begin_job(struct job_slot *slot, struct job_run *run)
{
    pthread_mutex_lock(&slot->worker->lock);
    slot->run = *run;
    slot->is_time_over = slot->is_lost = slot->has_run = false;
    slot->began_us = slot->renewed_us = clock_monotonic_us();
    slot->is_running = true;
    /* the end may have been asked for since we looked */
    atomic_store(&slot->stop, atomic_load(&slot->worker->is_stopping));
    pthread_mutex_unlock(&slot->worker->lock);
}

static void forget_job(struct job_slot *slot)
{
    pthread_mutex_lock(&slot->worker->lock);
    slot->is_running = false;
    slot->run = (struct job_run){ .again_s = -1 };
    pthread_mutex_unlock(&slot->worker->lock);
}

/* False: it is somebody else's by now. */
static bool how_it_ended(struct job_slot *slot, enum status status, enum job_end *out)
{
    bool is_lost;

    pthread_mutex_lock(&slot->worker->lock);
    slot->has_run = true;
    is_lost = slot->is_lost;
    if (status == STATUS_OK) {
        *out = JOB_END_DONE;
    } else if (slot->is_time_over) {
        *out = JOB_END_TIME_OVER;
    } else if (atomic_load(&slot->stop)) {
        *out = JOB_END_RELEASED;
    } else {
        *out = JOB_END_FAILED;
    }
    pthread_mutex_unlock(&slot->worker->lock);
    return !is_lost;
}

static enum metric_job metric_of(enum job_end end, enum job_state state)
{
    switch (end) {
    case JOB_END_DONE:
        return METRIC_JOB_DONE;
    case JOB_END_RELEASED:
        return METRIC_JOB_RELEASED;
    default:
        return state == JOB_DEAD ? METRIC_JOB_DEAD : METRIC_JOB_FAILED;
    }
}

static void tell(const struct job_run *run, enum job_end end, enum job_state state,
    const struct failure *failure, int64_t duration_ms)
{
    static const char *const words[] = {
        [JOB_END_DONE] = "job done",
        [JOB_END_FAILED] = "job failed, and will be tried again",
        [JOB_END_TIME_OVER] = "job was not done in its time",
        [JOB_END_RELEASED] = "job given back",
    };
    bool is_bad = end == JOB_END_FAILED || end == JOB_END_TIME_OVER;
    struct log_line line;

    metrics_count(METRIC_JOBS, metric_of(end, state), 0);
    metrics_observe(METRIC_JOB_TIME, 0, duration_ms * 1000);
    log_begin(&line,
        !is_bad             ? LOG_INFO
        : state == JOB_DEAD ? LOG_ERROR
                            : LOG_WARN,
        is_bad && state == JOB_DEAD ? "job failed too often, and waits for a person" : words[end]);
    log_int(&line, "job", run->row.id);
    log_str(&line, "kind", run->row.kind);
    if (!str_is_empty(run->row.unique_key)) {
        log_str(&line, "key", run->row.unique_key);
    }
    log_int(&line, "attempt", run->row.attempts);
    log_int(&line, "ms", duration_ms);
    if (end == JOB_END_DONE && !str_is_empty(run->note)) {
        log_str(&line, "note", run->note);
    }
    if (is_bad) {
        log_str(&line, "error", failure->sentence);
    }
    log_end(&line);
}

/* Write down how it ended, as often as it takes: while this goes on the lease is renewed, if that
 * works. When the process ends first, the job runs again. */
static void finish_job(struct job_slot *slot, struct task *task, struct job_run *run,
    enum job_end end, int64_t duration_ms)
{
    const struct failure failure = task->failure;
    enum job_state state;
    enum status status;

    slot->wait_s = 0;
    for (;;) {
        status = job_finish(task, run, end, &failure, duration_ms, &state);
        if (status == STATUS_OK || status == STATUS_CONFLICT || is_stopping(slot)) {
            break;
        }
        wait_for_database(slot);
    }
    if (status == STATUS_OK) {
        tell(run, end, state, &failure, duration_ms);
    } else {
        metrics_count(METRIC_JOBS, METRIC_JOB_LOST, 0);
        log_event(LOG_WARN, "the end of job %" PRId64 " (%.*s) could not be written down: %.*s",
            run->row.id, STR_ARG(run->row.kind), STR_ARG(status_code(status)));
    }
    slot->wait_s = 0;
    if (end != JOB_END_DONE || status != STATUS_OK) {
        atomic_store(&slot->worker->has_failed, true);
    }
}

/* A job may have needed much; what comes next needs little. Not under AddressSanitizer, which has a
 * malloc of its own. */
static void give_memory_back(void)
{
#ifndef __SANITIZE_ADDRESS__
    malloc_trim(0);
#endif
}

static void do_job(struct job_slot *slot, struct job_run *run)
{
    struct task task = task_of(slot);
    int64_t began_us = clock_monotonic_us();
    enum job_end end;
    enum status status;

    begin_job(slot, run);
    log_set_request_id(arena_printf(&slot->arena, "job-%" PRId64, run->row.id));
    status = job_run(&task, run);
    if (how_it_ended(slot, status, &end)) {
        finish_job(slot, &task, run, end, (clock_monotonic_us() - began_us) / 1000);
    } else {
        metrics_count(METRIC_JOBS, METRIC_JOB_LOST, 0);
        log_event(LOG_WARN, "job %" PRId64 " (%.*s) was taken over by another worker", run->row.id,
            STR_ARG(run->row.kind));
    }
    log_set_request_id(STR_EMPTY);
    forget_job(slot);
    job_run_clear(run);
    arena_reset(&slot->arena);
    give_memory_back();
}

/* --- one after the other --- */

enum sight { DUE, NOTHING_DUE, UNKNOWN };

static enum sight look(struct task *task)
{
    int64_t due_at;

    if (job_next_due(task, &due_at) != STATUS_OK) {
        return UNKNOWN;
    }
    return due_at <= clock_now_s() ? DUE : NOTHING_DUE;
}

/* With is_once it is not waited for for ever. */
static bool wait_or_give_up(struct job_slot *slot)
{
    if (slot->worker->options->is_once && slot->wait_s >= WAIT_ONCE_MAX_S) {
        atomic_store(&slot->worker->has_failed, true);
        return false;
    }
    wait_for_database(slot);
    return true;
}

static bool take(struct job_slot *slot, struct task *task)
{
    struct job_run run;
    enum status status = job_claim(task, str_from_c(slot->worker->name), &run);

    if (status == STATUS_OK) {
        slot->wait_s = 0;
        do_job(slot, &run);
    } else if (status != STATUS_NOT_FOUND) { /* which means that another one was faster */
        return wait_or_give_up(slot);
    }
    return true;
}

/* Take what is due, or wait. False: this thread is not needed any more. */
static bool step(struct job_slot *slot)
{
    struct task task;

    if (!job_worker_open_domain(slot->worker, &slot->domain, &slot->has_domain)) {
        log_event(LOG_ERROR, "the database %s cannot be opened; it is tried again",
            slot->worker->options->domain->database_path);
        return wait_or_give_up(slot);
    }
    task = task_of(slot);
    switch (look(&task)) {
    case DUE:
        return take(slot, &task);
    case NOTHING_DUE:
        if (slot->worker->options->is_once) {
            return false;
        }
        job_worker_wait(slot->worker, POLL_S);
        return true;
    default:
        return wait_or_give_up(slot);
    }
}

void *job_slot_live(void *context)
{
    struct job_slot *slot = context;

    arena_init(&slot->arena);
    while (!is_stopping(slot) && step(slot)) {
        arena_reset(&slot->arena);
    }
    if (slot->has_domain) {
        domain_close(&slot->domain);
    }
    arena_clear(&slot->arena);
    pthread_mutex_lock(&slot->worker->lock);
    slot->has_ended = true;
    pthread_mutex_unlock(&slot->worker->lock);
    return NULL;
}
