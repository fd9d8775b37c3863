/*
 * multipart_abort.c - uploads in parts that end without an image: given up, lapsed, or gone from
 * storage.
 *
 * First the row, so that no completion can pass any more; then storage; then the record. Between
 * any two of them the record says what is left to do.
 */
#include "domain/multipart_row.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/flight.h"

#include <inttypes.h>

static json_t *detail_of(struct str key)
{
    return json_pack("{s:s%}", "key", key.ptr, key.len);
}

static enum status bury(
    struct task *task, const struct multipart_pair *pair, enum audit_action action)
{
    struct db *db = task->domain->db;
    int64_t now_s = clock_now_s();
    /* No PUT can bring this object back: its tombstone need not stay for the rest of the grant. */
    enum status status = assets_set_grant_end(db, pair->asset.id, now_s);

    if (status == STATUS_OK) {
        status = assets_set_purging(db, pair->asset.id, ASSET_PENDING, now_s);
    }
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = action,
                                       .asset_id = pair->asset.id,
                                       .detail = detail_of(pair->asset.key) });
    }
    return status;
}

enum status multipart_bury(
    struct task *task, const struct multipart_pair *pair, enum audit_action action)
{
    enum status status = db_begin(task->domain->db);

    return status == STATUS_OK ? db_end(task->domain->db, bury(task, pair, action)) : status;
}

/* --- storage --- */

/* Where the id is not known, all uploads of its key are meant: the key is of this asset alone. */
static enum status abort_by_key(struct task *task, struct str key)
{
    struct s3_uploads_options options = { .prefix = key };
    struct s3_result result = { 0 };
    struct s3_uploads page;
    enum status status =
        s3_multipart_list(&task->domain->s3, task->arena, &options, &page, &result);

    for (size_t i = 0; i < page.count && status == STATUS_OK; i++) {
        if (str_equal(page.item[i].key, key)) {
            status = s3_multipart_abort(
                &task->domain->s3, task->arena, key, page.item[i].upload_id, &result);
        }
    }
    return status == STATUS_OK ? STATUS_OK : task_fail_storage(task, status, &result);
}

/* A part that was on its way while we aborted can stay behind: only what storage does not know any
 * more is gone. OK; CONFLICT: abort again. */
static enum status abort_by_id(struct task *task, const struct multipart_row *upload)
{
    struct s3_client *s3 = &task->domain->s3;
    struct s3_result result = { 0 };
    struct s3_parts parts;
    enum status status =
        s3_multipart_abort(s3, task->arena, upload->key, upload->upload_id, &result);

    flight_note_storage(task, upload->asset_id, FLIGHT_ABORT, status, &result);
    if (status == STATUS_OK) {
        status =
            s3_multipart_parts(s3, task->arena, upload->key, upload->upload_id, 0, &parts, &result);
        if (status == STATUS_NOT_FOUND) {
            return STATUS_OK;
        }
        status = status == STATUS_OK ? STATUS_CONFLICT : status;
    }
    return task_fail_storage(task, status, &result);
}

enum status multipart_abort_in_storage(struct task *task, const struct multipart_row *upload)
{
    enum status status = str_is_empty(upload->upload_id) ? abort_by_key(task, upload->key)
                                                         : abort_by_id(task, upload);

    if (status == STATUS_OK) {
        status = db_begin(task->domain->db);
    }
    if (status == STATUS_OK) {
        status =
            db_end(task->domain->db, multiparts_set_aborted(task->domain->db, upload->asset_id));
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* someone else did it */
}

enum status multipart_after_vanishing(struct task *task, struct multipart_pair *pair)
{
    struct s3_result head = { 0 };
    enum status status = asset_head(task, pair->asset.key, &head);

    if (status != STATUS_NOT_UPLOADED) {
        return status;
    }
    task_begin(task);
    log_event(LOG_WARN, "storage does not know the upload in parts of asset %" PRId64 " any more",
        pair->asset.id);
    status = multipart_bury(task, pair, AUDIT_ASSET_EXPIRE);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return task_fail(task, status);
    }
    return task_refuse(task, STATUS_GONE, STR_EMPTY,
        STR("The storage does not have this upload any more. Begin it again."));
}

/* --- given up --- */

/* Now rather than with the next sweep; which does what does not succeed. */
static void clear_storage(struct task *task, const struct multipart_pair *pair)
{
    bool is_pending = false;

    if (multipart_abort_in_storage(task, &pair->upload) != STATUS_OK ||
        asset_purge(task, &pair->asset, &is_pending) != STATUS_OK) {
        log_event(LOG_WARN, "asset %" PRId64 " is given up, and its parts left to the sweep",
            pair->asset.id);
    }
    task_begin(task);
}

enum status multipart_abort(struct task *task, int64_t id)
{
    struct multipart_pair pair;
    enum status status;

    task_begin(task);
    status = multipart_load(task, id, &pair);
    if (status != STATUS_OK) {
        return status;
    }
    status = multipart_check_open(task, &pair);
    if (status == STATUS_OK) {
        status = multipart_bury(task, &pair, AUDIT_ASSET_ABORT);
        if (status == STATUS_NOT_FOUND) { /* it ended just now: how? */
            status = multipart_load(task, id, &pair);
            status = status == STATUS_OK ? multipart_check_open(task, &pair) : status;
        } else if (status == STATUS_OK) {
            pair.asset.grant_expires_at = clock_now_s();
            clear_storage(task, &pair);
        }
    }
    if (status == STATUS_GONE) {
        task_begin(task);
        return STATUS_OK;
    }
    if (status == STATUS_CONFLICT) {
        task->failure.hint = STR("Delete the image, if it is not wanted.");
    }
    return task_fail(task, status);
}

/* --- lapsed --- */

static enum status lapse(struct task *task, const struct asset_row *row)
{
    enum status status = assets_set_lapsed(task->domain->db, row->id, clock_now_s());

    return status == STATUS_OK
               ? audit_write(task, &(struct audit_entry){ .action = AUDIT_ASSET_EXPIRE,
                                       .asset_id = row->id,
                                       .detail = detail_of(row->key) })
               : status;
}

bool multipart_is_one(struct task *task, int64_t asset_id)
{
    struct multipart_row upload;

    return multiparts_find(task->domain->db, task->arena, asset_id, &upload) == STATUS_OK;
}

enum status multipart_lapse(struct task *task, const struct asset_row *row)
{
    enum status status;

    if (!multipart_is_one(task, row->id)) {
        return STATUS_NOT_FOUND;
    }
    status = db_begin(task->domain->db);
    if (status == STATUS_OK) {
        status = db_end(task->domain->db, lapse(task, row));
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it was renewed, or ended */
}
