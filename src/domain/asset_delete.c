/*
 * asset_delete.c - an image that goes.
 *
 * First the tombstone, then the object, then the row: whatever is interrupted, a row still says
 * what is left to do, and a sweep finishes it.
 */
#include "domain/asset_row.h"

#include "base/log.h"

#include <inttypes.h>

/* May this row be deleted for good? Also from the trash; also a tombstone, so that deleting again
 * tries storage again; and an open pending one, when something was uploaded. */
static enum status check(struct task *task, const struct asset_row *row)
{
    struct s3_result head = { 0 };

    if (row->is_open && str_equal(row->state, ASSET_PENDING) &&
        access_can_edit(&task->actor, row->owner_id)) {
        return asset_head(task, row->key, &head);
    }
    if ((str_equal(row->state, ASSET_PURGING) || str_equal(row->state, ASSET_TRASHED)) &&
        access_can_edit(&task->actor, row->owner_id)) {
        return STATUS_OK;
    }
    if (!str_equal(row->state, ASSET_READY) ||
        !access_can_see(&task->actor, task->domain->options->library, row->owner_id)) {
        return STATUS_NOT_FOUND;
    }
    if (!access_can_edit(&task->actor, row->owner_id)) {
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Only the owner of an image or an admin may delete it."));
    }
    return STATUS_OK;
}

static enum status delete_row(struct task *task, const struct asset_row *row, bool *out_is_pending)
{
    enum status status = check(task, row);

    if (status == STATUS_NOT_UPLOADED) {
        task_begin(task);
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && !str_equal(row->state, ASSET_PURGING)) {
        status = asset_bury(task, row, row->state, AUDIT_ASSET_DELETE);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (asset_purge(task, row, out_is_pending) != STATUS_OK) {
        log_event(LOG_WARN, "asset %" PRId64 " is deleted, and its object or row left to the sweep",
            row->id);
        task_begin(task); /* for people it is gone */
    }
    return STATUS_OK;
}

enum status asset_delete(struct task *task, int64_t id, bool *out_is_pending)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out_is_pending = false;
    status = assets_find(task->domain->db, task->arena, id, &row);
    return status == STATUS_OK ? delete_row(task, &row, out_is_pending) : task_fail(task, status);
}

enum status asset_delete_by_key(struct task *task, struct str key, bool *out_is_pending)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out_is_pending = false;
    status = assets_find_by_key(task->domain->db, task->arena, key, &row);
    return status == STATUS_OK ? delete_row(task, &row, out_is_pending) : task_fail(task, status);
}
