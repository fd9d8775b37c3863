/*
 * trash.c - images into the trash, out of it, and past it. Pages of it and its end are in
 * trash_list.c and trash_expire.c.
 *
 * Every change names the state that it starts from, so two people, or a person and the sweep, can
 * do it at the same instant: one of them changes the row, the other finds it done or gone.
 */
#include "domain/trash.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/asset_row.h"

#include <inttypes.h>

/* How long one call talks with storage about what it did; the rest is the sweep's. */
enum { AFTERWARDS_MAX_MS = 5000 };

static bool is_in(const struct asset_row *row, struct str state)
{
    return str_equal(row->state, state);
}

/* A ready image is seen by more people than may change it; anything else only by those. */
static enum status check_access(struct task *task, const struct asset_row *row)
{
    bool is_seen = is_in(row, ASSET_READY) &&
                   access_can_see(&task->actor, task->domain->options->library, row->owner_id);

    if (access_can_edit(&task->actor, row->owner_id)) {
        return is_in(row, ASSET_PENDING) ? STATUS_NOT_FOUND : STATUS_OK;
    }
    return !is_seen ? STATUS_NOT_FOUND
                    : task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
                          STR("Only the owner of an image or an admin may delete it."));
}

static enum status write_audit(
    struct task *task, const struct asset_row *row, enum audit_action action)
{
    return audit_write(
        task, &(struct audit_entry){ .action = action,
                  .asset_id = row->id,
                  .detail = json_pack("{s:s%}", "key", row->key.ptr, row->key.len) });
}

static enum status move(struct task *task, const struct asset_row *row, int64_t version)
{
    const struct domain_options *options = task->domain->options;
    enum status status;

    if (is_in(row, ASSET_TRASHED) || (is_in(row, ASSET_PURGING) && options->trash_s == 0)) {
        return STATUS_OK;
    }
    if (!is_in(row, ASSET_READY)) {
        return STATUS_NOT_FOUND;
    }
    if (version != 0 && version != row->version) {
        return task_refuse(task, STATUS_CONFLICT, STR("version"),
            STR("Someone changed this image after you opened it. Look at it again before you "
                "delete it."));
    }
    if (options->trash_s == 0) {
        return asset_bury_here(task, row, ASSET_READY, AUDIT_ASSET_DELETE);
    }
    status = assets_set_trashed(task->domain->db, row->id, clock_now_s());
    return status == STATUS_OK ? write_audit(task, row, AUDIT_ASSET_TRASH) : status;
}

static enum status restore(struct task *task, const struct asset_row *row)
{
    enum status status;

    if (is_in(row, ASSET_READY)) {
        return STATUS_OK;
    }
    if (!is_in(row, ASSET_TRASHED)) {
        return task_refuse(task, STATUS_GONE, STR_EMPTY,
            STR("This image was deleted for good. Upload its file again."));
    }
    status = assets_set_restored(task->domain->db, row->id);
    return status == STATUS_OK ? write_audit(task, row, AUDIT_ASSET_RESTORE) : status;
}

/* A tombstone passes: its object is tried again. */
static enum status delete_for_good(struct task *task, const struct asset_row *row, int64_t version)
{
    if (version != 0 && version != row->version) {
        return task_refuse(task, STATUS_CONFLICT, STR("version"),
            STR("Someone changed this image after you opened it. Look at it again before you "
                "delete it."));
    }
    return is_in(row, ASSET_PURGING) ? STATUS_OK
                                     : asset_bury_here(task, row, row->state, AUDIT_ASSET_DELETE);
}

/* One image, within the transaction. */
static enum status act(
    struct task *task, enum trash_action action, int64_t id, int64_t version, struct asset_row *row)
{
    enum status status = assets_find(task->domain->db, task->arena, id, row);

    if (status == STATUS_OK) {
        status = check_access(task, row);
    }
    if (status != STATUS_OK) {
        return status;
    }
    switch (action) {
    case TRASH_MOVE:
        return move(task, row, version);
    case TRASH_RESTORE:
        return restore(task, row);
    case TRASH_DELETE:
    case TRASH_ACTION_COUNT:
        break;
    }
    return delete_for_good(task, row, version);
}

/* Does a failure concern the one image, so that the others can go on? */
static bool is_about_one(enum status status)
{
    return status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_FORBIDDEN ||
           status == STATUS_GONE || status == STATUS_CONFLICT;
}

static enum status act_on_all(struct task *task, enum trash_action action, const int64_t *ids,
    size_t count, int64_t version, struct asset_row *rows, struct trash_result *results)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        task_begin(task);
        status = act(task, action, ids[i], version, &rows[i]);
        if (is_about_one(status)) {
            task_fail(task, status);
            results[i] = (struct trash_result){ .id = ids[i], .failure = task->failure };
            status = STATUS_OK;
        }
    }
    return db_end(task->domain->db, status);
}

/* --- afterwards, with storage --- */

/* Is the object still the one that was verified? An open one is looked at as ever; what is gone or
 * another one otherwise is the reconciliation's to flag, and told to the log here. */
static void look_at_restored(struct task *task, struct asset_row *row)
{
    struct s3_result head = { 0 };

    row->state = ASSET_READY;
    row->trashed_at = 0;
    if (row->is_open) {
        (void)!asset_see(task, row);
        return;
    }
    if (s3_head(&task->domain->s3, task->arena, row->key, &head) == STATUS_NOT_FOUND) {
        log_event(LOG_WARN, "asset %" PRId64 " was restored, but its object is gone", row->id);
    }
}

static void follow(struct task *task, enum trash_action action, struct asset_row *row,
    bool is_in_time, struct trash_result *result)
{
    bool is_buried =
        action == TRASH_DELETE ||
        (action == TRASH_MOVE && task->domain->options->trash_s == 0 && !is_in(row, ASSET_TRASHED));

    if (result->failure.status != STATUS_OK) {
        return;
    }
    result->is_trashed = action == TRASH_MOVE && !is_buried;
    if (is_buried) {
        result->is_pending = true;
        if (is_in_time && asset_purge(task, row, &result->is_pending) != STATUS_OK) {
            log_event(LOG_WARN,
                "asset %" PRId64 " is deleted, and its object or row left to the sweep", row->id);
        }
    } else if (action == TRASH_RESTORE && is_in(row, ASSET_TRASHED) && is_in_time) {
        look_at_restored(task, row);
    }
}

static enum status run(struct task *task, enum trash_action action, const int64_t *ids,
    size_t count, int64_t version, struct trash_result *out_results)
{
    struct asset_row *rows = ARENA_ARRAY(task->arena, struct asset_row, count);
    int64_t end_ms;
    enum status status;

    task_begin(task);
    if (count < 1 || count > TRASH_BULK_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("ids"), STR("Choose from 1 to 200 images at once."));
    }
    status = act_on_all(task, action, ids, count, version, rows, out_results);
    if (status != STATUS_OK) {
        task_begin(task);
        return task_fail(task, status);
    }
    end_ms = clock_monotonic_us() / 1000 + AFTERWARDS_MAX_MS;
    for (size_t i = 0; i < count; i++) {
        bool is_in_time =
            !task->domain->options->storage.is_off && clock_monotonic_us() / 1000 < end_ms;

        follow(task, action, &rows[i], is_in_time, &out_results[i]);
    }
    task_begin(task); /* what storage said about one object is told in its result */
    return STATUS_OK;
}

enum status trash_bulk(struct task *task, enum trash_action action, const int64_t *ids,
    size_t count, struct trash_result *out_results)
{
    return run(task, action, ids, count, 0, out_results);
}

enum status trash_one(struct task *task, enum trash_action action, int64_t id, int64_t version,
    struct trash_result *out)
{
    enum status status = run(task, action, &id, 1, version, out);

    if (status == STATUS_OK) {
        task->failure = out->failure;
        status = out->failure.status;
    }
    return status;
}
