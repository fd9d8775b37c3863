/*
 * trash_expire.c - what has had its time: in the trash, and of uploads that were meant to be
 * temporary. Only tombstones are written here; objects are asset_sweep's.
 */
#include "domain/trash.h"

#include "base/clock.h"
#include "domain/asset_row.h"

enum { BATCH = 100 };

/* One kind of rows whose time is over. */
struct expiry {
    enum status (*list)(
        struct db *db, struct arena *arena, int64_t until, size_t limit, struct asset_rows *out);
    struct str from;
    enum audit_action action;
};

/* The rows are listed within the transaction that buries them: whoever restores one, or gives it a
 * title, does so before or after. */
static enum status bury_batch(
    struct task *task, const struct expiry *expiry, int64_t until, size_t limit, int64_t *out_count)
{
    struct db *db = task->domain->db;
    struct asset_rows rows = { 0 };
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    status = expiry->list(db, task->arena, until, limit, &rows);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        status = asset_bury_here(task, &rows.item[i], expiry->from, expiry->action);
    }
    status = db_end(db, status);
    *out_count = status == STATUS_OK ? (int64_t)rows.count : 0;
    return status;
}

static enum status bury(struct task *task, const struct expiry *expiry, int64_t until,
    int64_t limit, int64_t *out_count)
{
    enum status status = STATUS_OK;
    int64_t buried = 1;

    while (limit > *out_count && buried > 0 && status == STATUS_OK) {
        int64_t left = limit - *out_count;

        arena_reset(task->arena);
        status = bury_batch(task, expiry, until, left < BATCH ? (size_t)left : BATCH, &buried);
        *out_count += buried;
    }
    return status;
}

enum status trash_expire(
    struct task *task, int64_t limit, int64_t *out_emptied, int64_t *out_cleaned)
{
    static const struct expiry of_trash = { assets_list_trashed_due, STR_INIT("trashed"),
        AUDIT_ASSET_EMPTY };
    static const struct expiry of_uploads = { assets_list_temporary, STR_INIT("ready"),
        AUDIT_ASSET_CLEAN };
    const struct domain_options *options = task->domain->options;
    struct task own = *task;
    struct arena work;
    int64_t now_s = clock_now_s();
    enum status status;

    task_begin(task);
    *out_emptied = *out_cleaned = 0;
    arena_init(&work);
    own.arena = &work;
    status = bury(&own, &of_trash, now_s - options->trash_s, limit, out_emptied);
    if (status == STATUS_OK && options->cleanup_s > 0) {
        status = bury(&own, &of_uploads, now_s - options->cleanup_s, limit, out_cleaned);
    }
    arena_clear(&work);
    return task_fail(task, status);
}

enum status trash_due(
    struct task *task, size_t limit, struct asset_rows *out_trashed, struct asset_rows *out_uploads)
{
    const struct domain_options *options = task->domain->options;
    int64_t now_s = clock_now_s();
    enum status status;

    *out_uploads = (struct asset_rows){ 0 };
    status = assets_list_trashed_due(
        task->domain->db, task->arena, now_s - options->trash_s, limit, out_trashed);
    if (status == STATUS_OK && options->cleanup_s > 0) {
        status = assets_list_temporary(
            task->domain->db, task->arena, now_s - options->cleanup_s, limit, out_uploads);
    }
    return status;
}
