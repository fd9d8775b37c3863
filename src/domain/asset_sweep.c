/*
 * asset_sweep.c - rows and objects that lost each other, brought together again.
 *
 * Works through any number of rows in batches, and through each row in an arena of its own, since a
 * look at an object takes 64 KiB.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>

enum { BATCH = 100 };

/* One sweep on its way. */
struct sweep {
    struct task task;  /* the caller's, but for the arena: that is `work` */
    struct arena work; /* of one row */
    struct arena rows; /* of one batch */
    struct sweep_report *report;
};

/* A refusal where the bucket itself answers is about one object (held by a lock, say): the others
 * must not wait behind it for ever. */
static bool is_about_one_object(struct sweep *sweep, enum status status)
{
    struct s3_result result = { 0 };
    struct task *task = &sweep->task;

    return status == STATUS_STORAGE_REFUSED &&
           s3_head_bucket(&task->domain->s3, task->arena, &result) == STATUS_OK;
}

static enum status purge(struct sweep *sweep, struct asset_row *row)
{
    bool is_pending = false;
    enum status status = asset_purge(&sweep->task, row, &is_pending);

    *(is_pending ? &sweep->report->waiting : &sweep->report->purged) += 1;
    if (!is_about_one_object(sweep, status)) {
        return status;
    }
    log_event(LOG_WARN, "storage does not let go of the object of asset %" PRId64, row->id);
    return STATUS_OK;
}

/* No object: remember it the first time, drop the row the second. */
static enum status expire(struct sweep *sweep, const struct asset_row *row)
{
    struct db *db = sweep->task.domain->db;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    if (row->absent_seen_at == 0) {
        sweep->report->waiting++;
        return db_end(db, assets_set_absent(db, row->id, clock_now_s()));
    }
    status = assets_delete(db, row->id, ASSET_PENDING);
    if (status == STATUS_OK) {
        status = audit_write(
            &sweep->task, &(struct audit_entry){ .action = AUDIT_ASSET_EXPIRE,
                              .asset_id = row->id,
                              .detail = json_pack("{s:s%}", "key", row->key.ptr, row->key.len) });
    }
    sweep->report->expired++;
    return db_end(db, status);
}

static enum status refuse(struct sweep *sweep, const struct asset_row *row)
{
    bool is_pending = false;
    enum status status = asset_bury(&sweep->task, row, ASSET_PENDING, AUDIT_ASSET_REFUSE);

    sweep->report->refused++;
    return status == STATUS_OK ? asset_purge(&sweep->task, row, &is_pending) : status;
}

/* A row whose grant is over: what does storage say? */
static enum status reconcile(struct sweep *sweep, struct asset_row *row)
{
    enum status status = asset_inspect(&sweep->task, row);

    if (status == STATUS_OK) {
        sweep->report->adopted++;
        status = asset_make_ready(&sweep->task, row, AUDIT_ASSET_ADOPT);
    } else if (status == STATUS_NOT_UPLOADED) {
        status = expire(sweep, row);
    } else if (asset_is_refusal(status)) {
        status = refuse(sweep, row);
    } else {
        sweep->report->waiting++;
        status = status == STATUS_CONFLICT ? STATUS_OK : status; /* it changes just now */
    }
    /* Someone else was faster: the row is where it should be. */
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The rows of a batch, until one fails. What a failure says stays in `work`. */
static enum status work_through(struct sweep *sweep, const struct asset_rows *rows,
    enum status (*work_on)(struct sweep *, struct asset_row *))
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        arena_reset(&sweep->work);
        task_begin(&sweep->task);
        status = work_on(sweep, &rows->item[i]);
    }
    return task_fail(&sweep->task, status);
}

static size_t batch_of(int64_t left)
{
    return left < BATCH ? (size_t)left : BATCH;
}

static enum status sweep_purging(struct sweep *sweep, int64_t limit)
{
    struct asset_rows rows = { .count = 1 };
    enum status status = STATUS_OK;
    int64_t after_id = 0;

    for (int64_t left = limit; left > 0 && rows.count > 0 && status == STATUS_OK;
         left -= (int64_t)rows.count) {
        arena_reset(&sweep->rows);
        status = assets_list_purging(
            sweep->task.domain->db, &sweep->rows, after_id, batch_of(left), &rows);
        if (status == STATUS_OK && rows.count > 0) {
            after_id = rows.item[rows.count - 1].id;
            status = work_through(sweep, &rows, purge);
        }
    }
    return task_fail(&sweep->task, status);
}

/* Whatever happens to a row, the next batch does not hold it again; but for one that changed while
 * it was looked at, and the limit ends that. */
static enum status sweep_lapsed(struct sweep *sweep, int64_t limit)
{
    int64_t now_s = clock_now_s();
    struct asset_rows rows = { .count = 1 };
    enum status status = STATUS_OK;

    for (int64_t left = limit; left > 0 && rows.count > 0 && status == STATUS_OK;
         left -= (int64_t)rows.count) {
        arena_reset(&sweep->rows);
        status = assets_list_lapsed(sweep->task.domain->db, &sweep->rows, now_s,
            now_s - ASSET_LATE_PUT_S, batch_of(left), &rows);
        if (status == STATUS_OK) {
            status = work_through(sweep, &rows, reconcile);
        }
    }
    return task_fail(&sweep->task, status);
}

enum status asset_sweep(struct task *task, int64_t limit, struct sweep_report *out)
{
    struct sweep sweep = { .task = *task, .report = out };
    enum status status, second;

    task_begin(task);
    *out = (struct sweep_report){ 0 };
    arena_init(&sweep.work);
    arena_init(&sweep.rows);
    sweep.task.arena = &sweep.work;
    status = sweep_purging(&sweep, limit);
    if (status != STATUS_OK) {
        task->failure = failure_copy(task->arena, &sweep.task.failure);
    }
    second = sweep_lapsed(&sweep, limit);
    if (status == STATUS_OK && second != STATUS_OK) { /* of two failures the first is told */
        task->failure = failure_copy(task->arena, &sweep.task.failure);
        status = second;
    }
    arena_clear(&sweep.work);
    arena_clear(&sweep.rows);
    return status;
}
