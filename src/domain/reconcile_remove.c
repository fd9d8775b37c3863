/*
 * reconcile_remove.c - the third stage: what is known of unknown objects is brought up to date, and
 * where the settings say so, they are deleted.
 *
 * Each is asked about three times more, one after the other: that no row came, with the key locked
 * against rows from then on; that storage still has the object that two passes saw; and, where
 * storage can, by the deletion itself.
 */
#include "domain/reconcile_pass.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/manifest.h"

#include <inttypes.h>

enum { SIGHTINGS_MIN = 2, LOCK_LIFE_S = 300 };

bool reconcile_is_removable(const struct reconcile *run, const struct unknown_row *row)
{
    const struct domain_options *options = run->task.domain->options;

    return options->removes_unknown && row->sightings >= SIGHTINGS_MIN &&
           row->last_modified_at > 0 &&
           row->last_modified_at + options->unknown_age_s <= clock_now_s();
}

/* A batch on its way. */
struct removal {
    struct reconcile *run;
    struct unknown_row *rows;
    struct s3_deletion *items;
    size_t count;
    int64_t locked_at;
    struct manifest manifest;
};

/* In one transaction: forget what is no more or has a row now, lock what is to go. */
static enum status lock(struct removal *removal, const struct unknown_rows *rows)
{
    struct reconcile *run = removal->run;
    struct db *db = run->task.domain->db;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    removal->locked_at = clock_now_s();
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        const struct unknown_row *row = &rows->item[i];
        struct asset_row asset;

        status = assets_find_by_key(db, run->task.arena, row->key, &asset);
        if (status == STATUS_OK || (status == STATUS_NOT_FOUND && row->pass_id != run->pass.id)) {
            status = unknown_delete(db, row->key);
        } else if (status == STATUS_NOT_FOUND && reconcile_is_removable(run, row)) {
            status = unknown_set_removing(db, row->key, removal->locked_at);
            removal->rows[removal->count++] = *row;
        } else if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
        }
    }
    return db_end(db, status);
}

/* Is it still what two passes saw? What is not is let go. */
static enum status look_again(struct removal *removal)
{
    struct reconcile *run = removal->run;
    size_t kept = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < removal->count && status == STATUS_OK; i++) {
        const struct unknown_row *row = &removal->rows[i];
        struct s3_result head = { 0 };
        bool is_same;

        status = asset_head(&run->task, row->key, &head);
        is_same = status == STATUS_OK && str_equal(head.etag, row->etag) &&
                  (head.size_bytes < 0 || head.size_bytes == row->size_bytes);
        if (status == STATUS_NOT_UPLOADED ||
            (status == STATUS_STORAGE_REFUSED && head.http_status == 403)) {
            task_begin(&run->task);
            status = STATUS_OK;
        }
        if (is_same) {
            removal->items[kept] = (struct s3_deletion){
                .key = row->key,
                .if_match = run->task.domain->options->storage.has_conditional_delete ? row->etag
                                                                                      : STR_EMPTY,
                .status = STATUS_STORAGE,
            };
            removal->rows[kept++] = *row;
        }
    }
    removal->count = kept;
    return status;
}

static json_t *line(struct removal *removal, size_t i, const char *event)
{
    struct arena *arena = removal->run->task.arena;
    const struct unknown_row *row = &removal->rows[i];

    return json_pack("{s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:I}", "event", event, "at",
        json_from_str(clock_format_iso(arena, clock_now_s())), "key", json_from_str(row->key),
        "etag", json_from_str(row->etag), "size", (json_int_t)row->size_bytes, "last_modified",
        json_from_str(clock_format_iso(arena, row->last_modified_at)), "first_seen",
        json_from_str(clock_format_iso(arena, row->first_seen_at)), "sightings",
        (json_int_t)row->sightings, "pass", (json_int_t)row->pass_id);
}

static struct str manifest_path(struct reconcile *run)
{
    return arena_printf(run->kept, "%s/removed-%.*s-%" PRId64 ".jsonl",
        run->task.domain->options->manifest_folder,
        STR_ARG(clock_format_amz(run->kept, run->pass.started_at)), run->pass.id);
}

static enum status announce(struct removal *removal)
{
    struct reconcile *run = removal->run;
    struct str path = str_is_empty(run->manifest) ? manifest_path(run) : run->manifest;
    enum status status = manifest_open(
        &removal->manifest, str_from_c(run->task.domain->options->manifest_folder), path);

    for (size_t i = 0; i < removal->count && status == STATUS_OK; i++) {
        json_t *what = line(removal, i, "removing");

        json_object_set_new(what, "why", json_string("no row knows this object"));
        status = manifest_put(&removal->manifest, run->task.arena, what);
    }
    if (status == STATUS_OK) {
        status = manifest_sync(&removal->manifest);
        run->manifest = path;
    }
    return status;
}

/* Storage may lack the call for many. */
static enum status delete_one_by_one(struct removal *removal)
{
    struct task *task = &removal->run->task;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < removal->count && status == STATUS_OK; i++) {
        struct s3_deletion *item = &removal->items[i];
        struct s3_result result = { 0 };

        item->status =
            s3_delete_match(&task->domain->s3, task->arena, item->key, item->if_match, &result);
        item->error_code = result.error_code;
        if (item->status != STATUS_OK && item->status != STATUS_PRECONDITION &&
            item->status != STATUS_STORAGE_REFUSED) {
            status = task_fail_storage(task, item->status, &result);
        }
    }
    return status;
}

static enum status delete_all(struct removal *removal)
{
    struct task *task = &removal->run->task;
    struct s3_result result = { 0 };
    enum status status;

    if (clock_now_s() - removal->locked_at > LOCK_LIFE_S) { /* another pass may have begun */
        return task_fail(task, STATUS_STORAGE_TIMEOUT);
    }
    status =
        s3_delete_many(&task->domain->s3, task->arena, removal->items, removal->count, &result);
    if (status == STATUS_STORAGE_REFUSED) {
        return delete_one_by_one(removal);
    }
    return status == STATUS_OK ? STATUS_OK : task_fail_storage(task, status, &result);
}

/* What became of each, in the manifest and, in one transaction, in the database. */
static enum status write_end(struct removal *removal, size_t i)
{
    struct reconcile *run = removal->run;
    const struct unknown_row *row = &removal->rows[i];
    enum status status;

    if (removal->items[i].status != STATUS_OK) {
        return STATUS_OK; /* unlocked with the others */
    }
    status = unknown_delete(run->task.domain->db, row->key);
    run->pass.removed_count += status == STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    return audit_write(&run->task,
        &(struct audit_entry){ .action = AUDIT_OBJECT_REMOVE,
            .detail = json_pack("{s:s%, s:s%, s:I, s:I}", "key", row->key.ptr, row->key.len, "etag",
                row->etag.ptr, row->etag.len, "size", (json_int_t)row->size_bytes, "last_modified",
                (json_int_t)row->last_modified_at) });
}

static enum status unlock(struct reconcile *run, struct str key)
{
    enum status status = unknown_set_removing(run->task.domain->db, key, 0);

    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* `all`: what was listed, of which the removal is a part. */
static enum status finish_batch(
    struct removal *removal, const struct unknown_rows *all, struct str key)
{
    struct reconcile *run = removal->run;
    struct db *db = run->task.domain->db;
    struct reconcile_pass before = run->pass;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < removal->count && status == STATUS_OK; i++) {
        status = write_end(removal, i);
    }
    for (size_t i = 0; i < all->count && status == STATUS_OK; i++) {
        status = unlock(run, all->item[i].key);
    }
    if (status == STATUS_OK) {
        status = reconcile_move(run, STAGE_REMOVE, key);
    }
    status = db_end(db, status);
    if (status != STATUS_OK) {
        run->pass = before;
        return status;
    }
    reconcile_moved(run, STAGE_REMOVE, key);
    return STATUS_OK;
}

static void tell_ends(struct removal *removal)
{
    for (size_t i = 0; i < removal->count; i++) {
        bool is_gone = removal->items[i].status == STATUS_OK;
        const struct s3_object object = { .size_bytes = removal->rows[i].size_bytes,
            .last_modified_at = removal->rows[i].last_modified_at };
        json_t *what = line(removal, i, is_gone ? "removed" : "kept");

        if (!is_gone) {
            json_object_set_new(what, "error", json_from_str(removal->items[i].error_code));
        } else {
            reconcile_tell(removal->run, RECONCILE_REMOVED, removal->rows[i].key, 0, &object);
        }
        if (manifest_put(&removal->manifest, removal->run->task.arena, what) != STATUS_OK) {
            return; /* logged; the line that it was to be removed is there */
        }
    }
}

static enum status remove_batch(struct reconcile *run, bool *out_is_last)
{
    struct removal removal = { .run = run, .manifest = { .fd = -1 } };
    struct unknown_rows rows;
    enum status status;

    arena_reset(&run->work);
    task_begin(&run->task);
    status =
        unknown_list(run->task.domain->db, &run->work, run->pass.after_key, RECONCILE_BATCH, &rows);
    *out_is_last = rows.count < RECONCILE_BATCH;
    if (status != STATUS_OK || rows.count == 0) {
        return status;
    }
    removal.rows = ARENA_ARRAY(&run->work, struct unknown_row, rows.count);
    removal.items = ARENA_ARRAY(&run->work, struct s3_deletion, rows.count);
    status = lock(&removal, &rows);
    if (status != STATUS_OK) {
        return status;
    }
    status = look_again(&removal);
    if (status == STATUS_OK && removal.count > 0) {
        status = announce(&removal);
        if (status == STATUS_OK) {
            status = delete_all(&removal);
        }
    }
    /* Where storage did not answer, the keys stay locked: it may still delete. The batch is taken
     * up again by the next call. */
    if (status == STATUS_OK) {
        tell_ends(&removal);
        status = finish_batch(&removal, &rows, rows.item[rows.count - 1].key);
    }
    manifest_close(&removal.manifest);
    return status;
}

enum status reconcile_remove(struct reconcile *run)
{
    enum status status = STATUS_OK;
    bool is_last = run->options->is_dry_run; /* that told what it would remove as it saw it */

    while (status == STATUS_OK && !is_last && !reconcile_is_over(run)) {
        status = remove_batch(run, &is_last);
        if (status == STATUS_OK) {
            status = reconcile_step(run);
        }
    }
    if (status == STATUS_OK && is_last) {
        run->pass.finished_at = clock_now_s();
        status = reconcile_go(run, STAGE_DONE, STR_EMPTY);
        run->report->is_finished = status == STATUS_OK;
    }
    return status;
}
