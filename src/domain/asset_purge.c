/*
 * asset_purge.c - the end of objects that are not wanted any more, and of their rows.
 *
 * What a person deleted is the object that was there when they did. Where storage can compare ETags
 * while it deletes, only that one goes: what somebody else wrote under the key afterwards, when no
 * grant of ours could, is not ours to delete. It stays, without a row, and reconciliation
 * (reconcile.h) tells of it.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/flight.h"

#include <inttypes.h>

/* The ETag that a deletion insists on; empty: whatever is there goes. */
static struct str only_etag(const struct task *task, const struct asset_row *row)
{
    return task->domain->options->storage.has_conditional_delete ? row->etag : STR_EMPTY;
}

/* The row goes, in the caller's transaction; someone else may have done it. */
static enum status drop_row(struct task *task, const struct asset_row *row, bool is_kept)
{
    enum status status = assets_delete(task->domain->db, row->id, ASSET_PURGING);

    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return audit_write(task, &(struct audit_entry){ .action = AUDIT_ASSET_PURGE,
                                 .asset_id = row->id,
                                 .detail = json_pack("{s:s%, s:b}", "key", row->key.ptr,
                                     row->key.len, "object_kept", is_kept) });
}

/* Not while a PUT could still bring the object back: asset_sweep comes to it again. `gone_at` is
 * when storage was asked: a clock that is read after its answer may be past the end, when the last
 * PUT came in between. */
static bool can_be_forgotten(const struct asset_row *row, int64_t gone_at)
{
    return row->grant_expires_at + ASSET_LATE_PUT_S <= gone_at;
}

/* The object is gone, or is not ours. */
static enum status forget(
    struct task *task, const struct asset_row *row, int64_t gone_at, bool is_kept)
{
    enum status status;

    if (!can_be_forgotten(row, gone_at)) {
        return STATUS_OK;
    }
    status = db_begin(task->domain->db);
    return status == STATUS_OK ? db_end(task->domain->db, drop_row(task, row, is_kept)) : status;
}

/* Whether what is there now was there when the row became a tombstone, or came by its own grant. */
static bool is_meant(
    const struct task *task, const struct asset_row *row, const struct s3_result *head)
{
    int64_t ahead_s = task_storage_now_s(task) - clock_now_s(); /* storage's clock, against ours */

    return head->last_modified_at <= 0 || head->last_modified_at <= row->updated_at + ahead_s ||
           head->last_modified_at <= row->grant_expires_at + ASSET_LATE_PUT_S + ahead_s;
}

/* Another object than the one that the row knows. */
static enum status purge_other(struct task *task, const struct asset_row *row, bool *out_is_pending)
{
    struct s3_result head = { 0 }, result = { 0 };
    int64_t began_at = clock_now_s();
    enum status status = asset_head(task, row->key, &head);

    if (status == STATUS_NOT_UPLOADED) {
        task_begin(task);
        *out_is_pending = false;
        return forget(task, row, began_at, false);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_meant(task, row, &head)) {
        log_event(LOG_WARN,
            "the key of deleted asset %" PRId64
            " holds an object that others wrote since: it is left alone",
            row->id);
        *out_is_pending = false;
        return forget(task, row, began_at, true);
    }
    status = s3_delete_match(&task->domain->s3, task->arena, row->key, head.etag, &result);
    flight_note_storage(task, row->id, FLIGHT_DELETE, status, &result);
    if (status == STATUS_PRECONDITION) {
        return STATUS_OK; /* it is being written: pending */
    }
    *out_is_pending = status != STATUS_OK;
    return status == STATUS_OK ? forget(task, row, began_at, false)
                               : task_fail_storage(task, status, &result);
}

enum status asset_purge(struct task *task, const struct asset_row *row, bool *out_is_pending)
{
    struct s3_result result = { 0 };
    int64_t began_at = clock_now_s();
    enum status status =
        s3_delete_match(&task->domain->s3, task->arena, row->key, only_etag(task, row), &result);

    flight_note_storage(task, row->id, FLIGHT_DELETE, status, &result);
    *out_is_pending = status != STATUS_OK;
    if (status == STATUS_PRECONDITION) {
        return purge_other(task, row, out_is_pending);
    }
    if (status == STATUS_NOT_FOUND) { /* an absent object is OK */
        return asset_bucket_is_missing(task, &result);
    }
    return status == STATUS_OK ? forget(task, row, began_at, false)
                               : task_fail_storage(task, status, &result);
}

/* --- many at once --- */

/* Of a thousand deletions, those that failed are told. */
static void note_kept(struct task *task, const struct asset_row *rows,
    const struct s3_deletion *items, size_t count, const struct s3_result *result)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].status != STATUS_OK) {
            flight_note_storage(task, rows[i].id, FLIGHT_DELETE, items[i].status, result);
        }
    }
}

/* All rows whose object is gone, in one transaction. */
static enum status forget_all(struct task *task, const struct asset_row *rows,
    const struct s3_deletion *items, size_t count, int64_t gone_at)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (items[i].status == STATUS_OK && can_be_forgotten(&rows[i], gone_at)) {
            status = drop_row(task, &rows[i], false);
        }
    }
    return db_end(task->domain->db, status);
}

enum status asset_purge_many(
    struct task *task, const struct asset_row *rows, size_t count, enum status *out_ends)
{
    struct s3_deletion *items = ARENA_ARRAY(task->arena, struct s3_deletion, count);
    int64_t began_at = clock_now_s();
    struct s3_result result = { 0 };
    enum status status;

    for (size_t i = 0; i < count; i++) {
        items[i] =
            (struct s3_deletion){ .key = rows[i].key, .if_match = only_etag(task, &rows[i]) };
    }
    status = s3_delete_many(&task->domain->s3, task->arena, items, count, &result);
    if (status == STATUS_NOT_FOUND) {
        return asset_bucket_is_missing(task, &result);
    }
    if (status != STATUS_OK) {
        return task_fail_storage(task, status, &result);
    }
    note_kept(task, rows, items, count, &result);
    status = forget_all(task, rows, items, count, began_at);
    for (size_t i = 0; i < count; i++) {
        out_ends[i] = items[i].status;
    }
    return status;
}
