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

/* Say what is wrong with the object of a restored image, or that nothing is any more. The
 * reconciliation looks again, and takes it back when it was wrong. */
static void set_flag(struct task *task, const struct asset_row *row, struct str flag)
{
    struct db *db = task->domain->db;
    int64_t at = str_is_empty(flag) ? 0 : clock_now_s();

    if (str_equal(flag, row->flag) || db_begin(db) != STATUS_OK) {
        return;
    }
    if (db_end(db, assets_set_flag(db, row->id, row->etag, flag, at)) != STATUS_OK) {
        log_event(LOG_WARN, "what is wrong with asset %" PRId64 " was not noted", row->id);
    }
}

/* Is the object still the one that was verified? An open one is looked at as ever; what storage
 * does not tell is the reconciliation's to find. */
static void look_at_restored(struct task *task, struct asset_row *row)
{
    struct s3_result head = { 0 };
    enum status status;

    row->state = ASSET_READY;
    row->trashed_at = 0;
    if (row->is_open) {
        (void)!asset_see(task, row);
        return;
    }
    status = asset_head(task, row->key, &head);
    if (status == STATUS_NOT_UPLOADED) {
        log_event(LOG_WARN, "asset %" PRId64 " was restored, but its object is gone", row->id);
        set_flag(task, row, STR("gone"));
    } else if (status == STATUS_OK) {
        set_flag(task, row, str_equal(head.etag, row->etag) ? STR_EMPTY : STR("changed"));
    }
}

/* What this call buried, out of storage by one request where storage has the call; what is left
 * goes one by one. */
static void purge_many(struct task *task, struct asset_row *const *rows,
    struct trash_result *const *results, size_t count)
{
    struct asset_row *copies = ARENA_ARRAY(task->arena, struct asset_row, count);
    enum status *ends = ARENA_ARRAY(task->arena, enum status, count);

    for (size_t i = 0; i < count; i++) {
        copies[i] = *rows[i];
    }
    if (count > 1 && asset_purge_many(task, copies, count, ends) == STATUS_OK) {
        for (size_t i = 0; i < count; i++) {
            results[i]->is_pending = ends[i] != STATUS_OK;
        }
    }
}

static bool is_late(const struct task *task, int64_t end_ms)
{
    return task->domain->options->storage.is_off || clock_monotonic_us() / 1000 >= end_ms;
}

static void purge_all(struct task *task, struct asset_row *const *rows,
    struct trash_result *const *results, size_t count, int64_t end_ms)
{
    if (!is_late(task, end_ms)) {
        purge_many(task, rows, results, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i]->is_pending && !is_late(task, end_ms) &&
            asset_purge(task, rows[i], &results[i]->is_pending) != STATUS_OK) {
            log_event(LOG_WARN,
                "asset %" PRId64 " is deleted, and its object or row left to the sweep",
                rows[i]->id);
        }
    }
}

/* Did this action make tombstones of what it was asked for, this one? */
static bool is_buried(
    const struct task *task, enum trash_action action, const struct asset_row *before)
{
    return action == TRASH_DELETE || (action == TRASH_MOVE && !is_in(before, ASSET_TRASHED) &&
                                         task->domain->options->trash_s == 0);
}

static void follow(struct task *task, enum trash_action action, struct asset_row *rows,
    size_t count, struct trash_result *results)
{
    int64_t end_ms = clock_monotonic_us() / 1000 + AFTERWARDS_MAX_MS;
    struct asset_row **buried = ARENA_ARRAY(task->arena, struct asset_row *, count);
    struct trash_result **ends = ARENA_ARRAY(task->arena, struct trash_result *, count);
    size_t buried_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (results[i].failure.status != STATUS_OK) {
            continue;
        }
        if (is_buried(task, action, &rows[i])) {
            results[i].is_pending = true;
            buried[buried_count] = &rows[i];
            ends[buried_count++] = &results[i];
        } else if (action == TRASH_MOVE) {
            results[i].is_trashed = true;
        } else if (is_in(&rows[i], ASSET_TRASHED) && !is_late(task, end_ms)) {
            look_at_restored(task, &rows[i]);
        }
    }
    purge_all(task, buried, ends, buried_count, end_ms);
}

static enum status run(struct task *task, enum trash_action action, const int64_t *ids,
    size_t count, int64_t version, struct trash_result *out_results)
{
    struct asset_row *rows;
    enum status status;

    task_begin(task);
    if (count < 1 || count > TRASH_BULK_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("ids"), STR("Choose from 1 to 200 images at once."));
    }
    rows = ARENA_ARRAY(task->arena, struct asset_row, count);
    status = act_on_all(task, action, ids, count, version, rows, out_results);
    if (status != STATUS_OK) {
        task_begin(task);
        return task_fail(task, status);
    }
    follow(task, action, rows, count, out_results);
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
