/*
 * asset_delete.c - an image that goes.
 *
 * First the tombstone, then the object, then the row: whatever is interrupted, a row still says
 * what is left to do, and a sweep finishes it.
 */
#include "domain/asset_row.h"

#include "base/log.h"

#include <inttypes.h>

/* The row that may be deleted; also a tombstone, so that deleting again tries storage again. */
static enum status load_for_delete(struct task *task, int64_t id, struct asset_row *out)
{
    enum status status = assets_find(task->domain->db, task->arena, id, out);

    if (status != STATUS_OK) {
        return status;
    }
    if (str_equal(out->state, ASSET_PURGING) && access_can_edit(&task->actor, out->owner_id)) {
        return STATUS_OK;
    }
    if (!str_equal(out->state, ASSET_READY) ||
        !access_can_see(&task->actor, task->domain->options->library, out->owner_id)) {
        return STATUS_NOT_FOUND;
    }
    if (!access_can_edit(&task->actor, out->owner_id)) {
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Only the owner of an image or an admin may delete it."));
    }
    return STATUS_OK;
}

enum status asset_delete(struct task *task, int64_t id, bool *out_is_pending)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out_is_pending = false;
    status = load_for_delete(task, id, &row);
    if (status == STATUS_OK && str_equal(row.state, ASSET_READY)) {
        status = asset_bury(task, &row, ASSET_READY, AUDIT_ASSET_DELETE);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (asset_purge(task, &row, out_is_pending) != STATUS_OK) {
        log_event(
            LOG_WARN, "asset %" PRId64 " is deleted, and its object or row left to the sweep", id);
        task_begin(task); /* for people it is gone */
    }
    return STATUS_OK;
}
