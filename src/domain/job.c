/*
 * job.c - adding jobs, and what people see and do of them. How they run: job_run.c.
 */
#include "domain/job_kinds.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/audit.h"
#include "domain/task.h"

#include <inttypes.h>

/* --- add --- */

static enum status refuse_text(const char *kind, const char *what)
{
    log_event(LOG_ERROR, "a job of the kind %s has too long a %s", kind, what);
    return STATUS_INVALID;
}

enum status job_add(
    struct task *task, const char *kind, struct str key, int64_t run_at, json_t *payload)
{
    const struct job_kind *known = job_kind_find(str_from_c(kind));
    int64_t now_s = clock_now_s(), id;
    struct job_row row = {
        .kind = str_from_c(kind),
        .unique_key = key,
        .payload = payload != NULL ? json_text(task->arena, payload) : STR("{}"),
        .max_attempts = known != NULL ? known->max_attempts : 1,
        .due_at = run_at > 0 ? run_at : now_s,
        .created_at = now_s,
    };

    json_decref(payload);
    if (known == NULL) {
        log_event(LOG_ERROR, "there is no kind of jobs \"%s\"", kind);
        return STATUS_INTERNAL;
    }
    if (key.len > JOB_KEY_MAX_BYTES) {
        return refuse_text(kind, "key");
    }
    if (row.payload.len > JOB_PAYLOAD_MAX_BYTES) {
        return refuse_text(kind, "payload");
    }
    return jobs_add(task->domain->db, &row, &id);
}

enum status job_add_now(
    struct task *task, const char *kind, struct str key, int64_t run_at, json_t *payload)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        json_decref(payload);
        return task_fail(task, status);
    }
    return task_end_transaction(task, job_add(task, kind, key, run_at, payload));
}

/* --- look --- */

static bool is_periodic(const struct job_row *row)
{
    const struct job_kind *kind = job_kind_find(row->kind);

    return kind != NULL && kind->period_s > 0 && str_is_empty(row->unique_key);
}

static void job_from_row(const struct job_row *row, struct job *out)
{
    const struct job_kind *kind = job_kind_find(row->kind);

    *out = (struct job){
        .id = row->id,
        .kind = row->kind,
        .doc = kind != NULL ? str_from_c(kind->doc) : STR_EMPTY,
        .key = row->unique_key,
        .state = row->state,
        .is_periodic = is_periodic(row),
        .is_failing = row->state == JOB_DEAD || !str_is_empty(row->last_error),
        .attempts = row->attempts,
        .max_attempts = row->max_attempts,
        .due_at = row->due_at,
        .lease_owner = row->lease_owner,
        .note = row->note,
        .last_error = row->last_error,
        .created_at = row->created_at,
        .started_at = row->started_at,
        .failed_at = row->failed_at,
        .done_at = row->done_at,
        .done_ms = row->done_ms,
    };
}

enum status job_list(struct task *task, enum job_state state, size_t limit, struct jobs *out)
{
    struct job_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct jobs){ .item = NULL };
    status = jobs_list(task->domain->db, task->arena, state, limit, &rows);
    if (status == STATUS_OK) {
        out->item = ARENA_ARRAY(task->arena, struct job, rows.count);
        for (; out->count < rows.count; out->count++) {
            job_from_row(&rows.item[out->count], &out->item[out->count]);
        }
    }
    return task_fail(task, status);
}

enum status job_schedule(struct task *task, struct jobs *out)
{
    const struct job_kind *kind;
    enum status status = STATUS_OK;
    struct job_row row;
    size_t count = 0;

    task_begin(task);
    while (job_kind_at(count) != NULL) {
        count++;
    }
    *out = (struct jobs){ .item = ARENA_ARRAY(task->arena, struct job, count) };
    for (size_t i = 0; (kind = job_kind_at(i)) != NULL && status == STATUS_OK; i++) {
        status = jobs_find_by_key(
            task->domain->db, task->arena, str_from_c(kind->name), STR_EMPTY, &row);
        if (status == STATUS_OK && kind->period_s > 0) {
            job_from_row(&row, &out->item[out->count++]);
        }
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return task_fail(task, status);
}

/* Whether a worker ever looked at this database: it plans all kinds with a period at once. */
static enum status look_for_schedule(struct task *task, bool *out)
{
    enum status status = STATUS_OK;
    const struct job_kind *kind;
    struct job_row row;

    *out = false;
    for (size_t i = 0; (kind = job_kind_at(i)) != NULL && status == STATUS_OK && !*out; i++) {
        if (kind->period_s > 0) {
            status = jobs_find_by_key(
                task->domain->db, task->arena, str_from_c(kind->name), STR_EMPTY, &row);
            *out = status == STATUS_OK;
            status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
    }
    return status;
}

enum status job_count(struct task *task, struct job_counts *out)
{
    struct db *db = task->domain->db;
    int64_t now_s = clock_now_s(), due_at = now_s;
    enum status status;

    task_begin(task);
    *out = (struct job_counts){ 0 };
    status = look_for_schedule(task, &out->has_schedule);
    for (int state = 0; state < JOB_STATE_COUNT && status == STATUS_OK; state++) {
        status = jobs_count(db, (enum job_state)state, &out->count[state]);
    }
    if (status == STATUS_OK) {
        status = jobs_next_due(db, &due_at);
    }
    out->overdue_s = due_at < now_s ? now_s - due_at : 0;
    return task_fail(task, status == STATUS_NOT_FOUND ? STATUS_OK : status);
}

/* --- what an admin does --- */

static enum status audit_job(struct task *task, enum audit_action action, const struct job_row *row)
{
    return audit_write(
        task, &(struct audit_entry){ .action = action,
                  .detail = json_pack("{s:I, s:s%, s:s%}", "job", (json_int_t)row->id, "kind",
                      row->kind.ptr, row->kind.len, "key",
                      row->unique_key.len > 0 ? row->unique_key.ptr : "", row->unique_key.len) });
}

/* One that nobody runs just now. */
static enum status find_idle(struct task *task, int64_t id, struct job_row *out)
{
    enum status status = jobs_find(task->domain->db, task->arena, id, out);

    if (status == STATUS_NOT_FOUND) {
        return task_refuse(task, status, STR_EMPTY,
            STR("There is no such job any more: it was done or discarded."));
    }
    if (status == STATUS_OK && out->state == JOB_RUNNING) {
        return task_refuse(task, STATUS_CONFLICT, STR_EMPTY,
            STR("A worker is at this job just now. Look again when it has ended."));
    }
    return status;
}

static enum status retry(struct task *task, struct job_row *row)
{
    enum status status;

    row->state = JOB_QUEUED;
    row->attempts = 0;
    row->due_at = row->updated_at = clock_now_s();
    status = jobs_put(task->domain->db, row);
    return status == STATUS_OK ? audit_job(task, AUDIT_JOB_RETRY, row) : status;
}

static enum status discard(struct task *task, struct job_row *row)
{
    enum status status;

    if (is_periodic(row)) {
        return task_refuse(task, STATUS_CONFLICT, STR_EMPTY,
            STR("This job belongs to the schedule, and would be planned again."));
    }
    status = jobs_delete(task->domain->db, row->id);
    return status == STATUS_OK ? audit_job(task, AUDIT_JOB_DISCARD, row) : status;
}

/* In one transaction: find the job, which must not be running, and change it. */
static enum status change_idle(
    struct task *task, int64_t id, enum status (*change)(struct task *, struct job_row *))
{
    struct job_row row;
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = find_idle(task, id, &row);
    return task_end_transaction(task, status == STATUS_OK ? change(task, &row) : status);
}

enum status job_retry(struct task *task, int64_t id)
{
    return change_idle(task, id, retry);
}

enum status job_discard(struct task *task, int64_t id)
{
    return change_idle(task, id, discard);
}

/* Those with a period: the others want a key. */
static struct str list_kinds(const struct task *task)
{
    struct arena *arena = task->arena;
    struct str list = STR_EMPTY;
    const struct job_kind *kind;

    for (size_t i = 0; (kind = job_kind_at(i)) != NULL; i++) {
        if (kind->period_s > 0 && job_kind_is_wanted(kind, task->domain->options)) {
            list = ARENA_JOIN(
                arena, list, str_is_empty(list) ? STR_EMPTY : STR(", "), str_from_c(kind->name));
        }
    }
    return list;
}

static enum status run_now(struct task *task, const struct job_kind *kind, int64_t *out_id)
{
    struct db *db = task->domain->db;
    struct str name = str_from_c(kind->name);
    struct job_row row;
    enum status status = jobs_plan(db, name, kind->max_attempts, clock_now_s());

    if (status == STATUS_OK) {
        status = jobs_find_by_key(db, task->arena, name, STR_EMPTY, &row);
    }
    if (status == STATUS_OK) {
        *out_id = row.id;
        status = find_idle(task, row.id, &row);
    }
    return status == STATUS_OK ? retry(task, &row) : status;
}

enum status job_run_kind(struct task *task, struct str name, int64_t *out_id)
{
    const struct job_kind *kind = job_kind_find(name);
    enum status status;

    task_begin(task);
    if (kind == NULL || kind->period_s == 0) {
        return failure_format(&task->failure, task->arena, STATUS_NOT_FOUND, STR("kind"),
            "There is no job \"%.*s\" that can be run by its name. There are: %.*s.", STR_ARG(name),
            STR_ARG(list_kinds(task)));
    }
    if (!job_kind_is_wanted(kind, task->domain->options)) {
        return failure_format(&task->failure, task->arena, STATUS_NOT_FOUND, STR("kind"),
            "The settings have switched off what the job \"%.*s\" needs.", STR_ARG(name));
    }
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    return task_end_transaction(task, run_now(task, kind, out_id));
}
