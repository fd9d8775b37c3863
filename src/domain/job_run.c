/*
 * job_run.c - the life of a claimed job. Each step is one write transaction that begins by looking
 * whether the job is still this worker's.
 */
#include "domain/job_kinds.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"
#include "domain/flight.h"
#include "domain/task.h"

#include <inttypes.h>

/* Of an error and a note as they are kept: whole sentences, no listings. */
enum { TEXT_MAX_BYTES = 1000 };

int64_t job_backoff_limit_s(int64_t attempts)
{
    int64_t wait_s = JOB_BACKOFF_FIRST_S;

    for (; attempts > 1 && wait_s < JOB_BACKOFF_MAX_S; attempts--) {
        wait_s *= 2;
    }
    return wait_s < JOB_BACKOFF_MAX_S ? wait_s : JOB_BACKOFF_MAX_S;
}

int64_t job_backoff_s(int64_t attempts)
{
    int64_t limit_s = job_backoff_limit_s(attempts);

    return limit_s - random_below((uint32_t)(limit_s / 2 + 1));
}

/* --- the schedule --- */

/* The row of a kind that the settings no longer want; one that runs just now stays until the next
 * time. */
static enum status take_back(struct task *task, struct str kind)
{
    struct db *db = task->domain->db;
    struct job_row row;
    enum status status = jobs_find_by_key(db, task->arena, kind, STR_EMPTY, &row);

    if (status == STATUS_OK && row.state != JOB_RUNNING) {
        status = jobs_delete(db, row.id);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status plan_kind(struct task *task, const struct job_kind *kind)
{
    struct str name = str_from_c(kind->name);

    if (kind->period_s == 0) {
        return STATUS_OK;
    }
    if (!job_kind_is_wanted(kind, task->domain->options)) {
        return take_back(task, name);
    }
    return jobs_plan(task->domain->db, name, kind->max_attempts, clock_now_s());
}

enum status job_plan(struct task *task)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    for (size_t i = 0; job_kind_at(i) != NULL && status == STATUS_OK; i++) {
        status = plan_kind(task, job_kind_at(i));
    }
    return task_end_transaction(task, status);
}

enum status job_next_due(struct task *task, int64_t *out_due_at)
{
    enum status status;

    task_begin(task);
    status = jobs_next_due(task->domain->db, out_due_at);
    if (status == STATUS_NOT_FOUND) {
        *out_due_at = INT64_MAX;
        status = STATUS_OK;
    }
    return task_fail(task, status);
}

/* --- how it goes on with a job --- */

static struct str clipped(struct str text)
{
    return str_utf8_head(text, TEXT_MAX_BYTES);
}

static void set_failed(struct job_row *row, const struct job_kind *kind, struct str error)
{
    int64_t now_s = clock_now_s();

    row->last_error = clipped(error);
    row->failed_at = now_s;
    row->state = JOB_QUEUED;
    if (row->attempts < row->max_attempts) {
        row->due_at = now_s + job_backoff_s(row->attempts);
    } else if (kind != NULL && kind->period_s > 0) {
        row->attempts = 0;
        row->due_at = now_s + kind->period_s;
    } else {
        row->state = JOB_DEAD;
        row->due_at = now_s;
    }
}

/* When a job that was done is due again; 0: never. */
static int64_t next_after_done(
    const struct job_row *row, const struct job_kind *kind, const struct job_run *run)
{
    int64_t now_s = clock_now_s(), due_at = 0;

    if (run->again_s >= 0) {
        due_at = now_s + run->again_s;
    } else if (kind->period_s > 0 && str_is_empty(row->unique_key)) {
        due_at = now_s + kind->period_s;
    }
    return row->again_at != 0 && (due_at == 0 || row->again_at < due_at) ? row->again_at : due_at;
}

static void set_done(struct job_row *row, const struct job_run *run, int64_t due_at, int64_t ms)
{
    /* its progress, unless it is to go on with it, or somebody added it anew with another one */
    if (run->again_s < 0 && row->again_at == 0) {
        row->payload = STR("{}");
    }
    row->state = JOB_QUEUED;
    row->attempts = 0;
    row->due_at = due_at;
    row->last_error = STR_EMPTY;
    row->note = clipped(run->note);
    row->done_at = clock_now_s();
    row->done_ms = ms;
}

/* Added once more while its last attempt failed: there is a new reason to try. */
static void heed_again(struct job_row *row)
{
    if (row->state == JOB_DEAD && row->again_at != 0) {
        row->state = JOB_QUEUED;
        row->attempts = 0;
        row->due_at = row->again_at;
    }
}

static void set_released(struct job_row *row)
{
    row->state = JOB_QUEUED;
    row->attempts--;
    row->due_at = clock_now_s();
}

/* --- claiming --- */

static enum status read_payload(struct task *task, struct job_run *run)
{
    struct str error;

    run->payload = json_parse(task->arena, run->row.payload, &error);
    return run->payload != NULL ? STATUS_OK : STATUS_INTERNAL;
}

/* Its last attempt ended with its worker: it may be what ends workers, and is not given to another.
 */
static enum status give_up(struct task *task, struct job_row *row)
{
    row->attempts = row->max_attempts;
    row->updated_at = clock_now_s();
    set_failed(row, job_kind_find(row->kind),
        arena_printf(task->arena,
            "Its worker ended before it did, at the last of %" PRId64
            " attempts too. The worker's log says what happened then.",
            row->max_attempts));
    log_event(LOG_ERROR, "job %" PRId64 " (%.*s) is given up: %.*s", row->id, STR_ARG(row->kind),
        STR_ARG(row->last_error));
    return jobs_put(task->domain->db, row);
}

static enum status claim(struct task *task, struct str owner, struct job_row *out)
{
    struct db *db = task->domain->db;
    int64_t now_s = clock_now_s();
    /* each claim has a name of its own, so that no earlier one is taken for it */
    struct str lease = ARENA_JOIN(task->arena, owner, STR("/"), random_base32(task->arena, 8));
    enum status status;

    do {
        status = jobs_claim(db, task->arena, lease, now_s, now_s + JOB_LEASE_S, out);
        if (status != STATUS_OK || out->attempts <= out->max_attempts) {
            return status;
        }
        status = give_up(task, out);
    } while (status == STATUS_OK);
    return status;
}

enum status job_claim(struct task *task, struct str owner, struct job_run *out)
{
    enum status status;

    task_begin(task);
    *out = (struct job_run){ .again_s = -1 };
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = claim(task, owner, &out->row);
    if (status == STATUS_NOT_FOUND) {
        /* nothing is due; but what was given up stays so */
        status = db_commit(task->domain->db);
        return task_fail(task, status == STATUS_OK ? STATUS_NOT_FOUND : status);
    }
    status = task_end_transaction(task, status);
    return status == STATUS_OK ? task_fail(task, read_payload(task, out)) : status;
}

void job_run_clear(struct job_run *run)
{
    json_decref(run->payload);
    *run = (struct job_run){ .again_s = -1 };
}

/* --- while it runs --- */

static enum status lost_or(enum status status)
{
    return status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status;
}

enum status job_renew(struct task *task, const struct job_run *run)
{
    int64_t now_s = clock_now_s();
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = jobs_renew(task->domain->db, &run->row, now_s, now_s + JOB_LEASE_S);
    return task_end_transaction(task, lost_or(status));
}

enum status job_save(struct task *task, struct job_run *run, json_t *payload)
{
    struct str text = json_text(task->arena, payload);
    enum status status;

    json_decref(payload);
    task_begin(task);
    if (text.len > JOB_PAYLOAD_MAX_BYTES) {
        log_event(LOG_ERROR, "the payload of job %" PRId64 " is too long", run->row.id);
        return task_fail(task, STATUS_INTERNAL);
    }
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = jobs_save(task->domain->db, &run->row, clock_now_s(), text);
    return task_end_transaction(task, lost_or(status));
}

enum status job_run(struct task *task, struct job_run *run)
{
    const struct job_kind *kind = job_kind_find(run->row.kind);
    enum status status;

    task_begin(task);
    if (kind == NULL) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR_EMPTY,
            "This program has no jobs of the kind \"%.*s\": another version added it. Upgrade, or "
            "discard it.",
            STR_ARG(run->row.kind));
    }
    if (!job_kind_is_wanted(kind, task->domain->options)) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR_EMPTY,
            "The settings have switched off what this job needs. Discard it, or switch it on.");
    }
    status = kind->run(task, run);
    flight_flush(task->domain);
    return status;
}

/* --- the end of it --- */

/* The row as it is now, if it is still ours. */
static enum status find_claimed(struct task *task, const struct job_run *run, struct job_row *out)
{
    enum status status = lost_or(jobs_find(task->domain->db, task->arena, run->row.id, out));

    if (status == STATUS_OK && (out->state != JOB_RUNNING || out->attempts != run->row.attempts ||
                                   !str_equal(out->lease_owner, run->row.lease_owner))) {
        return STATUS_CONFLICT;
    }
    return status;
}

static struct str words_of(
    struct task *task, const struct job_kind *kind, enum job_end end, const struct failure *failure)
{
    if (end == JOB_END_TIME_OVER) {
        return arena_printf(task->arena, "It was not done within %" PRId64 " seconds.",
            kind != NULL ? kind->time_limit_s : 0);
    }
    if (str_is_empty(failure->storage_code)) {
        return failure->sentence;
    }
    return arena_printf(task->arena, "%.*s Storage said: %.*s %.*s", STR_ARG(failure->sentence),
        STR_ARG(failure->storage_code), STR_ARG(failure->storage_message));
}

static enum status finish(struct task *task, struct job_run *run, enum job_end end,
    const struct failure *failure, int64_t duration_ms, enum job_state *out_state)
{
    const struct job_kind *kind = job_kind_find(run->row.kind);
    struct job_row row;
    enum status status = find_claimed(task, run, &row);

    if (status != STATUS_OK) {
        return status;
    }
    row.updated_at = clock_now_s();
    if (end == JOB_END_DONE) {
        int64_t due_at = next_after_done(&row, kind, run);

        if (due_at == 0) {
            return jobs_delete(task->domain->db, row.id);
        }
        set_done(&row, run, due_at, duration_ms);
    } else if (end == JOB_END_RELEASED) {
        set_released(&row);
    } else {
        set_failed(&row, kind, words_of(task, kind, end, failure));
    }
    heed_again(&row);
    *out_state = row.state;
    return jobs_put(task->domain->db, &row);
}

enum status job_finish(struct task *task, struct job_run *run, enum job_end end,
    const struct failure *failure, int64_t duration_ms, enum job_state *out_state)
{
    struct failure why = failure != NULL ? *failure : (struct failure){ .status = STATUS_OK };
    enum status status;

    task_begin(task);
    *out_state = JOB_QUEUED;
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    return task_end_transaction(task, finish(task, run, end, &why, duration_ms, out_state));
}
