/*
 * asset_open.c - rows of self-committing grants: adopted when they are looked for, and looked at
 * again for as long as their URL can still overwrite the object.
 *
 * What protects people here is the ETag: an adopted image is shown, read and listed only while the
 * object has the ETag that was inspected; after that, only when the new bytes pass the same checks.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "domain/quota.h"

/* Nothing is there (yet): not an answer about a bucket or a server in trouble. */
static enum status forget_absence(struct task *task, enum status status)
{
    if (status != STATUS_NOT_UPLOADED) {
        return status;
    }
    task_begin(task);
    return STATUS_NOT_FOUND;
}

/* Someone else moved the row while we looked at the object: what is it now? */
static enum status reload(struct task *task, struct asset_row *row)
{
    enum status status = assets_find(task->domain->db, task->arena, row->id, row);

    return status == STATUS_OK && !str_equal(row->state, ASSET_READY) ? STATUS_NOT_FOUND : status;
}

/* The object changed or went while we looked at it. When someone else refused or deleted it, then
 * that is the answer; else it is being written. */
static enum status after_conflict(struct task *task, struct asset_row *row)
{
    struct str state = row->state;
    struct failure failure = task->failure;
    enum status status = assets_find(task->domain->db, task->arena, row->id, row);

    if (status == STATUS_OK && str_equal(row->state, state)) {
        task->failure = failure;
        return STATUS_CONFLICT;
    }
    task_begin(task);
    return status == STATUS_OK && !str_equal(row->state, ASSET_READY) ? STATUS_NOT_FOUND : status;
}

static enum status adopt(struct task *task, struct asset_row *row)
{
    enum status status = asset_inspect(task, row);

    if (asset_is_refusal(status)) {
        return asset_refuse(task, row, ASSET_PENDING, status);
    }
    if (status == STATUS_CONFLICT) {
        return after_conflict(task, row);
    }
    if (status != STATUS_OK) {
        return forget_absence(task, status);
    }
    status = asset_make_ready(task, row, AUDIT_ASSET_ADOPT);
    row->state = ASSET_READY;
    return status == STATUS_NOT_FOUND ? reload(task, row) : status;
}

/* Take the facts of the new object, which may be larger than the one before. */
static enum status rewrite(struct task *task, struct asset_row *row, int64_t old_size)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    row->updated_at = clock_now_s();
    status = quota_check_growth(task, row->owner_id, row->size_bytes - old_size);
    if (status == STATUS_OK) {
        status = assets_set_rewritten(task->domain->db, row);
    }
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_ASSET_REWRITE,
                                       .asset_id = row->id,
                                       .detail = json_pack("{s:s%, s:I}", "key", row->key.ptr,
                                           row->key.len, "size", (json_int_t)row->size_bytes) });
    }
    status = db_end(task->domain->db, status);
    return status == STATUS_NOT_FOUND ? reload(task, row) : status;
}

/* The object is another one than was adopted. Its SHA-256 was no promise of the grant: S3 would
 * have held the client to it. */
static enum status inspect_again(struct task *task, struct asset_row *row)
{
    int64_t old_size = row->size_bytes;
    enum status status;

    row->sha256 = STR_EMPTY;
    status = asset_inspect(task, row);
    if (status == STATUS_OK) {
        status = rewrite(task, row, old_size);
    }
    if (asset_is_refusal(status)) {
        return asset_refuse(task, row, ASSET_READY, status);
    }
    return status == STATUS_CONFLICT ? after_conflict(task, row) : forget_absence(task, status);
}

/* The last look was taken: nothing can write this object any more. */
static enum status settle(struct task *task, struct asset_row *row)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    row->is_open = 0;
    status = db_end(task->domain->db, assets_set_settled(task->domain->db, row->id));
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* someone else did it */
}

/* Whether nothing can write it any more. To be asked before the look: one that is taken before the
 * end is not the last, even if its answer comes after. */
static bool is_over(const struct asset_row *row)
{
    return row->grant_expires_at + ASSET_LATE_PUT_S <= clock_now_s();
}

static enum status check_again(
    struct task *task, struct asset_row *row, struct str etag, bool is_last)
{
    enum status status = str_equal(row->etag, etag) ? STATUS_OK : inspect_again(task, row);

    return status == STATUS_OK && is_last && row->is_open ? settle(task, row) : status;
}

enum status asset_see_etag(struct task *task, struct asset_row *row, struct str etag)
{
    return str_equal(row->state, ASSET_READY) ? check_again(task, row, etag, false)
                                              : adopt(task, row);
}

enum status asset_see(struct task *task, struct asset_row *row)
{
    struct s3_result head = { 0 };
    bool is_last = is_over(row);
    enum status status;

    if (str_equal(row->state, ASSET_TRASHED)) {
        return STATUS_NOT_FOUND; /* looked at when it is restored */
    }
    if (!row->is_open) {
        return str_equal(row->state, ASSET_READY) ? STATUS_OK : STATUS_NOT_FOUND;
    }
    if (!str_equal(row->state, ASSET_READY)) {
        return adopt(task, row);
    }
    status = asset_head(task, row->key, &head);
    return status == STATUS_OK ? check_again(task, row, head.etag, is_last)
                               : forget_absence(task, status);
}
