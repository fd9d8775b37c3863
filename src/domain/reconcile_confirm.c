/*
 * reconcile_confirm.c - the second stage: each image that seemed wrong is asked about again.
 *
 * The answers of a batch are collected first and written in one transaction, each only where the
 * row still has the ETag that was asked about.
 */
#include "domain/reconcile_pass.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "crypto/digest.h"

#include <inttypes.h>

/* What one answer means. */
struct verdict {
    struct asset_row row;
    struct s3_result head;
    enum reconcile_kind kind; /* RECONCILE__COUNT: nothing to do */
};

/* Storage shows the SHA-256 of the whole object, and it is the one that was verified. */
static bool is_same_content(
    struct arena *arena, const struct asset_row *row, const struct s3_result *head)
{
    struct str digest;

    return row->size_bytes == head->size_bytes && !str_is_empty(row->sha256) &&
           escape_base64_decode(arena, head->checksum_sha256, &digest) &&
           digest.len == SHA256_BYTES && str_equal(escape_hex(arena, digest), row->sha256);
}

static bool is_image(const struct asset_row *row)
{
    return !row->is_open &&
           (str_equal(row->state, ASSET_READY) || str_equal(row->state, ASSET_TRASHED));
}

static bool is_as_it_was(
    struct arena *arena, const struct asset_row *row, const struct s3_result *head)
{
    bool has_size = head->size_bytes < 0 || head->size_bytes == row->size_bytes;

    return (has_size && (str_is_empty(row->etag) || str_equal(row->etag, head->etag))) ||
           is_same_content(arena, row, head);
}

enum status reconcile_judge(struct task *task, int64_t asset_id, struct asset_row *out_row,
    struct s3_result *head, enum reconcile_kind *out_kind)
{
    enum status status = assets_find(task->domain->db, task->arena, asset_id, out_row);
    enum reconcile_kind kind = RECONCILE__COUNT;

    *out_kind = RECONCILE__COUNT;
    if (status != STATUS_OK || !is_image(out_row)) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* deleted meanwhile */
    }
    status = asset_head(task, out_row->key, head);
    if (status == STATUS_STORAGE_REFUSED && head->http_status == 403) {
        log_event(LOG_WARN, "storage does not answer about the object of asset %" PRId64, asset_id);
        task_begin(task);
        return STATUS_OK; /* about this one; the listing may tell more the next time */
    }
    if (status == STATUS_NOT_UPLOADED) {
        task_begin(task);
        kind = RECONCILE_GONE;
    } else if (status != STATUS_OK) {
        return status;
    } else if (!is_as_it_was(task->arena, out_row, head)) {
        kind = RECONCILE_CHANGED;
    } else if (!str_is_empty(out_row->flag) || !str_equal(out_row->etag, head->etag)) {
        kind = RECONCILE_CLEARED;
    }
    if ((kind == RECONCILE_GONE && str_equal(out_row->flag, STR("gone"))) ||
        (kind == RECONCILE_CHANGED && str_equal(out_row->flag, STR("changed")))) {
        kind = RECONCILE__COUNT;
    }
    *out_kind = kind;
    return STATUS_OK;
}

static enum status flag(struct reconcile *run, const struct verdict *verdict, struct str what)
{
    const struct asset_row *row = &verdict->row;
    enum status status =
        assets_set_flag(run->task.domain->db, row->id, row->etag, what, clock_now_s());

    if (status != STATUS_OK) {
        return status;
    }
    log_event(LOG_WARN, "the object of asset %" PRId64 " is %.*s", row->id, STR_ARG(what));
    return audit_write(&run->task,
        &(struct audit_entry){ .action = AUDIT_ASSET_FLAG,
            .asset_id = row->id,
            .detail = json_pack("{s:s%, s:s%, s:s%, s:I, s:s%, s:I}", "key", row->key.ptr,
                row->key.len, "problem", what.ptr, what.len, "etag", row->etag.ptr, row->etag.len,
                "size", (json_int_t)row->size_bytes, "found_etag",
                verdict->head.etag.ptr ? verdict->head.etag.ptr : "", verdict->head.etag.len,
                "found_size", (json_int_t)verdict->head.size_bytes) });
}

/* Nothing is wrong with it (any more); its ETag may be a new one. */
static enum status clear(struct reconcile *run, const struct verdict *verdict)
{
    const struct asset_row *row = &verdict->row;
    const struct s3_result *head = &verdict->head;
    enum status status = assets_set_etag(
        run->task.domain->db, row->id, row->etag, head->etag, head->last_modified_at);

    if (status != STATUS_OK) {
        return status;
    }
    return audit_write(
        &run->task, &(struct audit_entry){ .action = AUDIT_ASSET_CLEAR,
                        .asset_id = row->id,
                        .detail = json_pack("{s:s%, s:s%, s:s%}", "key", row->key.ptr, row->key.len,
                            "was", row->flag.ptr ? row->flag.ptr : "", row->flag.len, "etag",
                            head->etag.ptr, head->etag.len) });
}

static enum status write_verdict(struct reconcile *run, const struct verdict *verdict)
{
    int64_t *count = NULL;
    enum status status = STATUS_NOT_FOUND;

    switch (verdict->kind) {
    case RECONCILE_GONE:
        count = &run->pass.gone_count;
        status = flag(run, verdict, STR("gone"));
        break;
    case RECONCILE_CHANGED:
        count = &run->pass.changed_count;
        status = flag(run, verdict, STR("changed"));
        break;
    case RECONCILE_CLEARED:
        count = &run->pass.cleared_count;
        status = clear(run, verdict);
        break;
    default:
        break;
    }
    if (status == STATUS_OK) {
        *count += 1;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it moved on meanwhile */
}

static enum status write_verdicts(
    struct reconcile *run, const struct verdict *verdicts, size_t count, struct str key)
{
    struct db *db = run->task.domain->db;
    struct reconcile_pass before = run->pass;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = write_verdict(run, &verdicts[i]);
    }
    if (status == STATUS_OK) {
        status = reconcile_move(run, STAGE_CONFIRM, key);
    }
    status = db_end(db, status);
    if (status != STATUS_OK) {
        run->pass = before;
        return status;
    }
    reconcile_moved(run, STAGE_CONFIRM, key);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].kind != RECONCILE__COUNT) {
            reconcile_tell(run, verdicts[i].kind, verdicts[i].row.key, verdicts[i].row.id, NULL);
        }
    }
    return STATUS_OK;
}

/* A batch of suspects; *out_is_last: there are no others. */
static enum status confirm_batch(struct reconcile *run, bool *out_is_last)
{
    struct reconcile_suspects suspects;
    struct verdict *verdicts;
    enum status status;

    arena_reset(&run->work);
    task_begin(&run->task);
    status = suspects_list(
        run->task.domain->db, &run->work, run->pass.after_key, RECONCILE_BATCH, &suspects);
    *out_is_last = suspects.count < RECONCILE_BATCH;
    if (status != STATUS_OK || suspects.count == 0) {
        return status;
    }
    verdicts = ARENA_ARRAY(&run->work, struct verdict, suspects.count);
    for (size_t i = 0; i < suspects.count && status == STATUS_OK; i++) {
        status = reconcile_judge(&run->task, suspects.item[i].asset_id, &verdicts[i].row,
            &verdicts[i].head, &verdicts[i].kind);
        if (status == STATUS_OK) {
            status = reconcile_step(run);
        }
    }
    return status == STATUS_OK ? write_verdicts(run, verdicts, suspects.count,
                                     suspects.item[suspects.count - 1].key)
                               : status;
}

enum status reconcile_confirm(struct reconcile *run)
{
    enum status status = STATUS_OK;
    bool is_last = run->options->is_dry_run; /* that asked at once */

    while (status == STATUS_OK && !is_last && !reconcile_is_over(run)) {
        status = confirm_batch(run, &is_last);
    }
    return status == STATUS_OK && is_last ? reconcile_go(run, STAGE_REMOVE, STR_EMPTY) : status;
}
