/*
 * asset_sweep.c - rows and objects that lost each other, brought together again.
 *
 * Works through any number of rows in batches, and through each row in an arena of its own, since a
 * look at an object takes 64 KiB.
 */
#include "domain/asset_sweep.h"

#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "domain/flight.h"
#include "domain/multipart_row.h"
#include "domain/trash.h"

#include <inttypes.h>

enum { BATCH = 100, DRY_MAX = 1000 };

/* One sweep on its way. */
struct sweep {
    struct task task;  /* the caller's, but for the arena: that is `work` */
    struct arena work; /* of one row */
    struct arena rows; /* of one batch */
    struct sweep_report *report;
    const struct sweep_listener
        *dry; /* nothing is written or deleted, it is only told; NULL: not so */
    bool is_bucket_checked;
    struct task *caller; /* gets the first failure */
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

/* What would be done with a row. */
static enum status tell(struct sweep *sweep, const struct asset_row *row, enum sweep_end end)
{
    int64_t *const counts[SWEEP__COUNT] = {
        [SWEEP_PURGE] = &sweep->report->purged,
        [SWEEP_ADOPT] = &sweep->report->adopted,
        [SWEEP_EXPIRE] = &sweep->report->expired,
        [SWEEP_REFUSE] = &sweep->report->refused,
        [SWEEP_EMPTY] = &sweep->report->emptied,
        [SWEEP_CLEAN] = &sweep->report->cleaned,
        [SWEEP_SETTLE] = &sweep->report->settled,
        [SWEEP_WAIT] = &sweep->report->waiting,
    };

    *counts[end] += 1;
    sweep->dry->tell(sweep->dry->context, end, row->key);
    return STATUS_OK;
}

static enum status purge(struct sweep *sweep, struct asset_row *row)
{
    bool is_pending = false;
    enum status status;

    if (sweep->dry) {
        return tell(sweep, row, SWEEP_PURGE);
    }
    status = asset_purge(&sweep->task, row, &is_pending);
    *(is_pending ? &sweep->report->waiting : &sweep->report->purged) += 1;
    if (!is_about_one_object(sweep, status)) {
        return status;
    }
    log_event(LOG_WARN, "storage does not let go of the object of asset %" PRId64, row->id);
    return STATUS_OK;
}

/* No object: remember it the first time, drop the row the second. No PUT can be on its way to the
 * object of an upload in parts, so that one ends at once. */
static enum status expire(struct sweep *sweep, const struct asset_row *row)
{
    struct db *db = sweep->task.domain->db;
    enum status status;

    if (sweep->dry) {
        bool waits = row->absent_seen_at == 0 && !multipart_is_one(&sweep->task, row->id);
        return tell(sweep, row, waits ? SWEEP_WAIT : SWEEP_EXPIRE);
    }
    status = multipart_lapse(&sweep->task, row);
    if (status != STATUS_NOT_FOUND) {
        sweep->report->expired += status == STATUS_OK;
        return status;
    }
    status = db_begin(db);
    if (status != STATUS_OK) {
        return status;
    }
    if (row->absent_seen_at == 0) {
        sweep->report->waiting++;
        return db_end(db, assets_set_absent(db, row->id, clock_now_s()));
    }
    status = assets_delete(db, row->id, ASSET_PENDING);
    if (status == STATUS_OK) {
        json_t *detail = json_pack("{s:s%}", "key", row->key.ptr, row->key.len);

        status = audit_write(&sweep->task,
            &(struct audit_entry){ AUDIT_ASSET_EXPIRE, .asset_id = row->id, .detail = detail });
    }
    sweep->report->expired++;
    return db_end(db, status);
}

/* What happened to one row, as far as it concerns the rest. A refusal to answer about this object
 * (403, say: its keys may not list the bucket) is told, and the others are looked at all the same.
 */
static enum status pass_on(struct sweep *sweep, const struct asset_row *row, enum status status)
{
    if (status == STATUS_STORAGE_REFUSED) {
        task_note(sweep->caller, &sweep->task, status);
        log_event(LOG_WARN, "storage does not answer about the object of asset %" PRId64, row->id);
        return STATUS_OK;
    }
    /* It changes just now; or someone else was faster, and the row is where it should be. */
    return status == STATUS_CONFLICT || status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status settle_absent(struct sweep *sweep, const struct asset_row *row)
{
    struct db *db = sweep->task.domain->db;
    enum status status = db_begin(db);

    return status == STATUS_OK ? db_end(db, assets_set_settled(db, row->id)) : status;
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

    if (sweep->dry && (status == STATUS_OK || asset_is_refusal(status))) {
        return tell(sweep, row, status == STATUS_OK ? SWEEP_ADOPT : SWEEP_REFUSE);
    }
    if (status == STATUS_OK) {
        sweep->report->adopted++;
        status = asset_make_ready(&sweep->task, row, AUDIT_ASSET_ADOPT);
    } else if (status == STATUS_NOT_UPLOADED) {
        status = expire(sweep, row);
    } else if (asset_is_refusal(status)) {
        status = refuse(sweep, row);
    } else {
        sweep->report->waiting++;
    }
    return pass_on(sweep, row, status);
}

/* An open image that nothing can write any more: the last look. */
static enum status settle(struct sweep *sweep, struct asset_row *row)
{
    enum status status;

    if (sweep->dry) {
        return tell(sweep, row, SWEEP_SETTLE);
    }
    status = asset_see(&sweep->task, row);
    if (asset_is_refusal(status)) {
        sweep->report->refused++;
        return STATUS_OK;
    }
    if (status ==
        STATUS_NOT_FOUND) { /* deleted by others: it is what it is, like any other image */
        status = settle_absent(sweep, row);
    }
    *(status == STATUS_OK ? &sweep->report->settled : &sweep->report->waiting) += 1;
    return pass_on(sweep, row, status);
}

/* The rows of a batch, until one fails or it is time to stop. What a failure says stays in `work`.
 */
static enum status work_through(struct sweep *sweep, const struct asset_rows *rows,
    enum status (*work_on)(struct sweep *, struct asset_row *))
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        arena_reset(&sweep->work);
        task_begin(&sweep->task);
        status = task_must_stop(&sweep->task) ? STATUS_BUSY : work_on(sweep, &rows->item[i]);
        if (sweep->dry) {
            flight_forget(sweep->task.domain);
        } else {
            flight_flush(sweep->task.domain);
        }
    }
    task_note(sweep->caller, &sweep->task, status);
    return status;
}

/* One of many tombstones, after storage was asked about all of them. */
static enum status end_purge(struct sweep *sweep, struct asset_row *row, enum status end)
{
    if (end == STATUS_PRECONDITION) {
        return purge(sweep, row);
    }
    *(end == STATUS_OK ? &sweep->report->purged : &sweep->report->waiting) += 1;
    if (end != STATUS_OK) {
        log_event(LOG_WARN, "storage does not let go of the object of asset %" PRId64, row->id);
    }
    return STATUS_OK;
}

/* A batch of tombstones by one request; one by one where storage does not take that. */
static enum status purge_all(struct sweep *sweep, const struct asset_rows *rows)
{
    enum status ends[BATCH], status = STATUS_OK;

    if (sweep->dry || rows->count == 1) {
        return work_through(sweep, rows, purge);
    }
    arena_reset(&sweep->work);
    task_begin(&sweep->task);
    status = asset_purge_many(&sweep->task, rows->item, rows->count, ends);
    if (status == STATUS_STORAGE_REFUSED) {
        return work_through(sweep, rows, purge);
    }
    sweep->report->waiting += status == STATUS_OK ? 0 : (int64_t)rows->count;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        status = end_purge(sweep, &rows->item[i], ends[i]);
    }
    task_note(sweep->caller, &sweep->task, status);
    return status;
}

static enum status next_purging(
    struct sweep *sweep, const struct asset_row *last, size_t limit, struct asset_rows *out)
{
    return assets_list_purging(sweep->task.domain->db, &sweep->rows, last->id, limit, out);
}

static struct grant_bound bound_of(const struct asset_row *row)
{
    return (struct grant_bound){ row->grant_expires_at, row->id };
}

static enum status next_lapsed(
    struct sweep *sweep, const struct asset_row *last, size_t limit, struct asset_rows *out)
{
    int64_t now_s = clock_now_s();

    return assets_list_lapsed(sweep->task.domain->db, &sweep->rows, now_s, now_s - ASSET_LATE_PUT_S,
        bound_of(last), limit, out);
}

static enum status next_unsettled(
    struct sweep *sweep, const struct asset_row *last, size_t limit, struct asset_rows *out)
{
    return assets_list_unsettled(sweep->task.domain->db, &sweep->rows,
        clock_now_s() - ASSET_LATE_PUT_S, bound_of(last), limit, out);
}

/* A walk along an index, which begins each batch behind the last row of the one before: a row that
 * stays as it is does not come twice. */
struct walk {
    enum status (*next)(
        struct sweep *, const struct asset_row *last, size_t limit, struct asset_rows *out);
    enum status (*work_on)(struct sweep *, struct asset_row *);
    enum status (*work_on_all)(struct sweep *, const struct asset_rows *); /* NULL: one by one */
};

/* Before anything is concluded from what the bucket does not have. */
static enum status check_bucket(struct sweep *sweep)
{
    enum status status;

    if (sweep->is_bucket_checked) {
        return STATUS_OK;
    }
    arena_reset(&sweep->work);
    task_begin(&sweep->task);
    status = asset_check_bucket(&sweep->task);
    task_note(sweep->caller, &sweep->task, status);
    sweep->is_bucket_checked = status == STATUS_OK;
    return status;
}

static void take(struct sweep *sweep, const struct walk *walk, int64_t limit)
{
    struct asset_row last = { 0 };
    struct asset_rows rows = { .count = 1 };
    enum status status = STATUS_OK;

    for (int64_t left = limit; left > 0 && rows.count > 0 && status == STATUS_OK;
         left -= (int64_t)rows.count) {
        arena_reset(&sweep->rows);
        status = walk->next(sweep, &last, left < BATCH ? (size_t)left : BATCH, &rows);
        task_note(sweep->caller, &sweep->task, status);
        if (status == STATUS_OK && rows.count > 0) {
            last = rows.item[rows.count - 1]; /* its numbers; the strs die with the batch */
            status = check_bucket(sweep);
        }
        if (status == STATUS_OK && rows.count > 0) {
            status = walk->work_on_all ? walk->work_on_all(sweep, &rows)
                                       : work_through(sweep, &rows, walk->work_on);
        }
    }
}

static enum status tell_due(struct sweep *sweep, int64_t limit)
{
    struct asset_rows due[2];
    enum status status =
        trash_due(&sweep->task, limit < DRY_MAX ? (size_t)limit : DRY_MAX, &due[0], &due[1]);

    for (size_t i = 0; i < COUNT_OF(due) && status == STATUS_OK; i++) {
        for (size_t k = 0; k < due[i].count; k++) {
            status = tell(sweep, &due[i].item[k], i == 0 ? SWEEP_EMPTY : SWEEP_CLEAN);
        }
    }
    return status;
}

/* What has had its time becomes tombstones, which the first walk deletes. */
static void expire_trash(struct sweep *sweep, int64_t limit)
{
    struct sweep_report *report = sweep->report;

    task_note(sweep->caller, &sweep->task,
        sweep->dry ? tell_due(sweep, limit)
                   : trash_expire(&sweep->task, limit, &report->emptied, &report->cleaned));
}

static void count_sweep(const struct sweep_report *report, bool is_complete)
{
    metrics_add(METRIC_SWEEP_ASSETS, METRIC_SWEEP_PURGED, 0, (uint64_t)report->purged);
    metrics_add(METRIC_SWEEP_ASSETS, METRIC_SWEEP_ADOPTED, 0, (uint64_t)report->adopted);
    metrics_add(METRIC_SWEEP_ASSETS, METRIC_SWEEP_EXPIRED, 0, (uint64_t)report->expired);
    metrics_add(METRIC_SWEEP_ASSETS, METRIC_SWEEP_REFUSED, 0, (uint64_t)report->refused);
    metrics_set(METRIC_SWEEP_WAITING, 0, report->waiting);
    if (is_complete) {
        metrics_set(METRIC_SWEEP_LAST, 0, clock_now_s());
    }
}

enum status asset_sweep_dry(
    struct task *task, int64_t limit, const struct sweep_listener *dry, struct sweep_report *out)
{
    static const struct walk walks[] = {
        { next_purging, purge, purge_all },
        { next_lapsed, reconcile, NULL },
        { next_unsettled, settle, NULL },
    };
    struct sweep sweep = { .task = *task, .report = out, .dry = dry, .caller = task };

    task_begin(task);
    *out = (struct sweep_report){ 0 };
    arena_init(&sweep.work);
    arena_init(&sweep.rows);
    sweep.task.arena = &sweep.work;
    expire_trash(&sweep, limit);
    for (size_t i = 0; i < COUNT_OF(walks); i++) {
        take(&sweep, &walks[i], limit);
    }
    if (!dry) {
        arena_reset(&sweep.work);
        task_note(task, &sweep.task, multipart_sweep(&sweep.task, limit, &out->aborted));
        count_sweep(out, task->failure.status == STATUS_OK);
    }
    arena_clear(&sweep.work);
    arena_clear(&sweep.rows);
    return task->failure.status;
}

enum status asset_sweep(struct task *task, int64_t limit, struct sweep_report *out)
{
    return asset_sweep_dry(task, limit, NULL, out);
}
