/*
 * reconcile.c - a pass as a whole: begun, gone on with, brought from stage to stage. What the
 * stages do is in reconcile_walk.c, reconcile_confirm.c and reconcile_remove.c.
 */
#include "domain/reconcile_pass.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

#include <inttypes.h>

bool reconcile_is_over(const struct reconcile *run)
{
    return run->end_us > 0 && clock_monotonic_us() >= run->end_us;
}

enum status reconcile_step(struct reconcile *run)
{
    return task_must_stop(&run->task) ? task_fail(&run->task, STATUS_BUSY) : STATUS_OK;
}

void reconcile_tell(struct reconcile *run, enum reconcile_kind kind, struct str key,
    int64_t asset_id, const struct s3_object *object)
{
    if (run->options->tell) {
        run->options->tell(
            run->options->tell_context, &(struct reconcile_finding){ .kind = kind,
                                            .key = key,
                                            .asset_id = asset_id,
                                            .size_bytes = object ? object->size_bytes : -1,
                                            .modified_at = object ? object->last_modified_at : 0 });
    }
}

enum status reconcile_move(struct reconcile *run, struct str stage, struct str key)
{
    struct reconcile_pass next = run->pass;

    next.stage = stage;
    next.after_key = key;
    next.changed_at = clock_now_s();
    return reconcile_advance(run->task.domain->db, &next, run->pass.stage, run->pass.after_key);
}

void reconcile_moved(struct reconcile *run, struct str stage, struct str key)
{
    memmove(run->cursor, key.ptr ? key.ptr : "", key.len);
    run->pass.after_key = str_from(run->cursor, key.len);
    run->pass.stage = stage;
}

enum status reconcile_go(struct reconcile *run, struct str stage, struct str key)
{
    struct db *db = run->task.domain->db;
    enum status status = STATUS_OK;

    if (!run->options->is_dry_run) {
        status = db_begin(db);
        if (status == STATUS_OK) {
            status = db_end(db, reconcile_move(run, stage, key));
        }
    }
    if (status == STATUS_OK) {
        reconcile_moved(run, stage, key);
    }
    return status;
}

/* --- begin --- */

/* What a pass is about: another endpoint or bucket is another pass. */
static struct str bucket_name(struct arena *arena, const struct s3_location *location)
{
    return arena_printf(arena, "%.*s://%.*s:%d/%.*s", STR_ARG(location->scheme),
        STR_ARG(location->host), (int)location->port, STR_ARG(location->bucket));
}

static bool is_under_way(const struct reconcile_pass *pass, struct str bucket)
{
    return pass->finished_at == 0 && str_equal(pass->bucket, bucket);
}

/* Inside a transaction. What is known of another bucket's objects says nothing about this one's. */
static enum status insert_pass(
    struct reconcile *run, struct str bucket, bool is_another, int64_t now_s)
{
    struct db *db = run->task.domain->db;
    enum status status = suspects_delete_all(db);

    if (status == STATUS_OK && is_another) {
        status = unknown_delete_all(db);
    }
    if (status == STATUS_OK) {
        status = reconcile_insert(db, bucket, now_s, &run->pass.id);
    }
    return status;
}

static enum status begin_pass(struct reconcile *run)
{
    struct db *db = run->task.domain->db;
    struct str bucket = bucket_name(run->task.arena, &run->task.domain->options->storage.internal);
    struct reconcile_pass last = { 0 };
    int64_t now_s = clock_now_s();
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    status = reconcile_find_last(db, run->task.arena, &last);
    if (status == STATUS_OK && is_under_way(&last, bucket)) {
        run->pass = last;
        return db_end(db, STATUS_OK); /* who began it may be of this batch */
    }
    run->pass = (struct reconcile_pass){ .stage = STAGE_WALK, .started_at = now_s };
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        status = insert_pass(run, bucket, last.id > 0 && !str_equal(last.bucket, bucket), now_s);
    }
    return db_end(db, status);
}

/* The strs of the row are in an arena that is emptied with the first step. */
static void settle_pass(struct reconcile *run)
{
    static const struct str stages[] = { STR_INIT("walk"), STR_INIT("confirm"),
        STR_INIT("remove") };
    struct str stage = STAGE_WALK;

    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        if (str_equal(run->pass.stage, stages[i])) {
            stage = stages[i];
        }
    }
    run->pass.bucket = STR_EMPTY;
    reconcile_moved(run, stage, str_head(run->pass.after_key, ASSET_KEY_MAX_BYTES + 4));
}

/* --- the whole --- */

static enum status work(struct reconcile *run)
{
    static const struct {
        struct str stage;
        enum status (*work)(struct reconcile *);
    } stages[] = {
        { STR_INIT("walk"), reconcile_walk },
        { STR_INIT("confirm"), reconcile_confirm },
        { STR_INIT("remove"), reconcile_remove },
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < COUNT_OF(stages) && status == STATUS_OK; i++) {
        if (str_equal(run->pass.stage, stages[i].stage) && !run->report->is_finished &&
            !reconcile_is_over(run)) {
            status = stages[i].work(run);
        }
    }
    return status;
}

static void fill_report(struct reconcile *run)
{
    struct reconcile_report *out = run->report;

    out->row_count = run->pass.row_count;
    out->object_count = run->pass.object_count;
    out->foreign_count = run->pass.foreign_count;
    out->count[RECONCILE_GONE] = run->pass.gone_count;
    out->count[RECONCILE_CHANGED] = run->pass.changed_count;
    out->count[RECONCILE_CLEARED] = run->pass.cleared_count;
    out->count[RECONCILE_UNKNOWN] = run->pass.unknown_count;
    out->count[RECONCILE_REMOVED] = run->pass.removed_count;
    out->manifest = run->manifest;
}

static void count_pass(const struct reconcile *run)
{
    if (run->options->is_dry_run || !str_equal(run->pass.stage, STAGE_DONE)) {
        return;
    }
    metrics_set(METRIC_RECONCILE_LAST, 0, clock_now_s());
    metrics_set(METRIC_UNKNOWN_OBJECTS, 0, run->pass.unknown_count - run->pass.removed_count);
    metrics_add(METRIC_RECONCILED, METRIC_RECONCILED_GONE, 0, (uint64_t)run->pass.gone_count);
    metrics_add(METRIC_RECONCILED, METRIC_RECONCILED_CHANGED, 0, (uint64_t)run->pass.changed_count);
    metrics_add(METRIC_RECONCILED, METRIC_RECONCILED_CLEARED, 0, (uint64_t)run->pass.cleared_count);
    metrics_add(METRIC_RECONCILED, METRIC_RECONCILED_REMOVED, 0, (uint64_t)run->pass.removed_count);
}

enum status reconcile_run(
    struct task *task, const struct reconcile_options *options, struct reconcile_report *out)
{
    struct reconcile *run = ARENA_NEW(task->arena, struct reconcile);
    enum status status = STATUS_OK;

    task_begin(task);
    *out = (struct reconcile_report){ 0 };
    *run = (struct reconcile){ .task = *task,
        .options = options,
        .report = out,
        .pass.stage = STAGE_WALK,
        .end_us = options->budget_ms > 0 ? clock_monotonic_us() + options->budget_ms * 1000 : 0,
        .kept = task->arena };
    arena_init(&run->work);
    arena_init(&run->listed);
    run->task.arena = &run->work;
    if (!options->is_dry_run) {
        status = begin_pass(run);
    }
    settle_pass(run);
    if (status == STATUS_OK) {
        status = work(run);
    }
    fill_report(run);
    count_pass(run);
    if (status != STATUS_OK) {
        task_fail(&run->task, status);
        task->failure = failure_copy(task->arena, &run->task.failure);
    }
    arena_clear(&run->work);
    arena_clear(&run->listed);
    return status;
}

enum status reconcile_age(struct task *task, int64_t *out_age_s)
{
    struct reconcile_pass last;
    struct str bucket = bucket_name(task->arena, &task->domain->options->storage.internal);
    enum status status = reconcile_find_last(task->domain->db, task->arena, &last);

    task_begin(task);
    *out_age_s = -1;
    if (status == STATUS_OK && str_equal(last.stage, STAGE_DONE) &&
        str_equal(last.bucket, bucket)) {
        *out_age_s = clock_now_s() - last.finished_at;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : task_fail(task, status);
}
