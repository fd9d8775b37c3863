/*
 * reconcile_walk.c - the first stage: the listing and the rows, side by side.
 *
 * Rows are read after the listing that they are compared with: a row is written before its URL
 * leaves, so what is listed and has no row then has none. What came or went in between is only
 * suspected here, and the second stage finds it right.
 */
#include "domain/reconcile_pass.h"

#include "base/clock.h"
#include "domain/reconcile_merge.h"

#include <stdio.h>

#define LAST_CODE_POINT STR("\xf4\x8f\xbf\xbf") /* in no key of ours */

enum { REMOVAL_DEAD_S = 600 };

/* What one batch found: written in one transaction at its end. */
struct findings {
    struct reconcile_suspect *suspects;
    size_t suspect_count;
    const struct s3_object **unknown;
    size_t unknown_count;
    const struct asset_fact **cleared;
    size_t cleared_count;
    int64_t gone, changed, rows, objects, foreign;
};

static bool is_image(const struct asset_fact *row)
{
    return !row->is_open &&
           (str_equal(row->state, ASSET_READY) || str_equal(row->state, ASSET_TRASHED));
}

static bool is_same(const struct asset_fact *row, const struct s3_object *object)
{
    return row->size_bytes == object->size_bytes &&
           (str_is_empty(row->etag) || str_equal(row->etag, object->etag));
}

static void suspect(struct findings *found, const struct asset_fact *row, bool is_gone)
{
    found->suspects[found->suspect_count++] =
        (struct reconcile_suspect){ .key = row->key, .asset_id = row->id, .is_gone = is_gone };
    *(is_gone ? &found->gone : &found->changed) += 1;
}

static void judge_both(
    struct findings *found, const struct asset_fact *row, const struct s3_object *object)
{
    found->rows++;
    found->objects++;
    if (!is_image(row)) {
        return;
    }
    if (is_same(row, object)) {
        if (!str_is_empty(row->flag)) {
            found->cleared[found->cleared_count++] = row;
        }
    } else if (!str_equal(row->flag, STR("changed"))) {
        suspect(found, row, false);
    }
}

static void judge_row(struct findings *found, const struct asset_fact *row)
{
    found->rows++;
    if (is_image(row) && !str_equal(row->flag, STR("gone"))) {
        suspect(found, row, true);
    }
}

static void judge_object(struct findings *found, const struct s3_object *object)
{
    if (!asset_key_is_ours(object->key)) {
        found->foreign++;
        return;
    }
    found->objects++;
    found->unknown[found->unknown_count++] = object;
}

static void init_findings(struct arena *arena, size_t rows, size_t objects, struct findings *out)
{
    *out = (struct findings){
        .suspects = ARENA_ARRAY(arena, struct reconcile_suspect, rows),
        .unknown = ARENA_ARRAY(arena, const struct s3_object *, objects),
        .cleared = ARENA_ARRAY(arena, const struct asset_fact *, rows),
    };
}

static void compare(struct merge *merge, struct findings *found)
{
    const struct asset_fact *row;
    const struct s3_object *object;
    enum merge_side side;

    while ((side = merge_next(merge, &row, &object)) != MERGE_END) {
        if (side == MERGE_BOTH) {
            judge_both(found, row, object);
        } else if (side == MERGE_ROW) {
            judge_row(found, row);
        } else {
            judge_object(found, object);
        }
    }
}

/* --- what a batch leaves behind --- */

static enum status write_unknown(struct reconcile *run, const struct s3_object *object)
{
    int64_t now_s = clock_now_s();
    const struct unknown_row row = {
        .key = object->key,
        .etag = object->etag,
        .size_bytes = object->size_bytes,
        .last_modified_at = object->last_modified_at,
        .last_seen_at = now_s,
        .pass_id = run->pass.id,
    };

    return unknown_see(run->task.domain->db, &row, now_s - REMOVAL_DEAD_S);
}

static enum status write_cleared(struct reconcile *run, const struct asset_fact *row)
{
    enum status status = assets_set_flag(run->task.domain->db, row->id, row->etag, STR_EMPTY, 0);

    if (status == STATUS_OK) {
        status =
            audit_write(&run->task, &(struct audit_entry){ .action = AUDIT_ASSET_CLEAR,
                                        .asset_id = row->id,
                                        .detail = json_pack("{s:s%, s:s%}", "key", row->key.ptr,
                                            row->key.len, "was", row->flag.ptr, row->flag.len) });
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it moved on meanwhile */
}

static enum status write_findings(struct reconcile *run, const struct findings *found)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < found->suspect_count && status == STATUS_OK; i++) {
        status = suspects_put(run->task.domain->db, &found->suspects[i]);
    }
    for (size_t i = 0; i < found->unknown_count && status == STATUS_OK; i++) {
        status = write_unknown(run, found->unknown[i]);
    }
    for (size_t i = 0; i < found->cleared_count && status == STATUS_OK; i++) {
        status = write_cleared(run, found->cleared[i]);
    }
    return status;
}

static void tell_findings(struct reconcile *run, const struct findings *found)
{
    for (size_t i = 0; i < found->unknown_count; i++) {
        reconcile_tell(run, RECONCILE_UNKNOWN, found->unknown[i]->key, 0, found->unknown[i]);
    }
    for (size_t i = 0; i < found->cleared_count; i++) {
        reconcile_tell(run, RECONCILE_CLEARED, found->cleared[i]->key, found->cleared[i]->id, NULL);
    }
}

/* A dry run has no table of suspects: each is asked about at once. */
static enum status judge_now(struct reconcile *run, const struct findings *found)
{
    enum status status = STATUS_OK;

    run->pass.gone_count -= found->gone;
    run->pass.changed_count -= found->changed;
    for (size_t i = 0; i < found->suspect_count && status == STATUS_OK; i++) {
        struct asset_row row;
        struct s3_result head = { 0 };
        enum reconcile_kind kind;

        status = reconcile_judge(&run->task, found->suspects[i].asset_id, &row, &head, &kind);
        if (status == STATUS_OK && kind != RECONCILE__COUNT) {
            int64_t *counts[] = { &run->pass.gone_count, &run->pass.changed_count,
                &run->pass.cleared_count };

            *counts[kind] += 1;
            reconcile_tell(run, kind, row.key, row.id, NULL);
        }
    }
    for (size_t i = 0; i < found->unknown_count && status == STATUS_OK; i++) {
        struct unknown_row row;

        status = unknown_find(run->task.domain->db, run->task.arena, found->unknown[i]->key, &row);
        if (status == STATUS_OK && str_equal(row.etag, found->unknown[i]->etag)) {
            row.sightings++;
            if (reconcile_is_removable(run, &row)) {
                run->pass.removed_count++;
                reconcile_tell(run, RECONCILE_REMOVED, row.key, 0, found->unknown[i]);
            }
        }
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return status;
}

/* A bucket that does not have what it had is the wrong one, or not whole. */
static bool is_too_much_gone(const struct reconcile *run)
{
    return !run->options->is_forced && run->pass.gone_count > RECONCILE_GONE_MIN &&
           run->pass.gone_count > run->image_count / RECONCILE_GONE_SHARE;
}

static enum status stop(struct reconcile *run)
{
    int64_t gone = run->pass.gone_count;
    struct db *db = run->task.domain->db;
    enum status status = STATUS_OK;

    if (!run->options->is_dry_run) {
        struct str key = run->pass.after_key;

        run->pass.finished_at = clock_now_s();
        status = db_begin(db);
        if (status == STATUS_OK) {
            status = suspects_delete_all(db);
            if (status == STATUS_OK) {
                status = reconcile_move(run, STAGE_STOPPED, key);
            }
            status = db_end(db, status);
        }
        if (status == STATUS_OK) {
            reconcile_moved(run, STAGE_STOPPED, key);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    run->report->is_finished = true;
    return failure_format(&run->task.failure, run->task.arena, STATUS_STORAGE_REFUSED, STR_EMPTY,
        "%lld or more of %lld images have no object in the bucket %.*s. That is too many to "
        "believe: "
        "nothing was flagged or removed. Check S3_BUCKET and S3_ENDPOINT_URL; if it is true, run "
        "`vitrine reconcile --force`.",
        (long long)gone, (long long)run->image_count,
        STR_ARG(run->task.domain->options->storage.internal.bucket));
}

/* The batch is compared up to `key`. */
static enum status end_batch(struct reconcile *run, const struct findings *found, struct str key)
{
    struct db *db = run->task.domain->db;
    enum status status;

    run->pass.row_count += found->rows;
    run->pass.object_count += found->objects;
    run->pass.foreign_count += found->foreign;
    run->pass.unknown_count += (int64_t)found->unknown_count;
    run->pass.cleared_count += (int64_t)found->cleared_count;
    run->pass.gone_count += found->gone;
    run->pass.changed_count += found->changed;
    if (is_too_much_gone(run)) {
        return stop(run);
    }
    if (run->options->is_dry_run) {
        status = judge_now(run, found);
        reconcile_moved(run, STAGE_WALK, key);
        tell_findings(run, found);
        return status;
    }
    status = db_begin(db);
    if (status == STATUS_OK) {
        status = write_findings(run, found);
        if (status == STATUS_OK) {
            status = reconcile_move(run, STAGE_WALK, key);
        }
        status = db_end_soon(db, status); /* what is lost with the power is walked again */
    }
    if (status == STATUS_OK) {
        reconcile_moved(run, STAGE_WALK, key);
        tell_findings(run, found);
    }
    return status;
}

/* --- the walk --- */

/* Every row from the cursor up to `last`, against the objects of a listing. */
static enum status compare_stretch(
    struct reconcile *run, const struct s3_listing *listing, struct str last)
{
    struct merge merge = { .objects = listing->objects, .object_count = listing->object_count };
    enum status status = STATUS_OK;

    do {
        struct asset_facts rows;
        struct findings found;

        arena_reset(&run->work);
        status = facts_list(
            run->task.domain->db, &run->work, run->pass.after_key, last, RECONCILE_ROWS, &rows);
        if (status != STATUS_OK) {
            return status;
        }
        merge.rows = rows.item;
        merge.row_count = rows.count;
        merge.row_at = 0;
        merge.has_more_rows = rows.count == RECONCILE_ROWS;
        init_findings(&run->work, rows.count, listing->object_count, &found);
        compare(&merge, &found);
        status = end_batch(run, &found, merge.has_more_rows ? rows.item[rows.count - 1].key : last);
        if (status == STATUS_OK && !run->report->is_finished) {
            status = reconcile_step(run);
        }
    } while (status == STATUS_OK && merge.has_more_rows && !reconcile_is_over(run));
    return status;
}

/* Anything else would pass for objects that are not there. */
static enum status check_order(
    struct reconcile *run, const struct s3_listing *listing, struct str prefix, struct str after)
{
    for (size_t i = 0; i < listing->object_count; i++) {
        struct str key = listing->objects[i].key;

        if (str_compare(key, after) <= 0 || !str_starts_with(key, prefix) ||
            key.len > ASSET_KEY_MAX_BYTES) {
            return task_refuse(&run->task, STATUS_STORAGE_REFUSED, STR_EMPTY,
                STR("Storage does not list its objects in the order of their keys, so they cannot "
                    "be compared. Nothing was concluded."));
        }
        after = key;
    }
    if (listing->is_truncated && listing->object_count == 0) {
        return task_fail(&run->task, STATUS_STORAGE);
    }
    return STATUS_OK;
}

static enum status list_and_compare(struct reconcile *run, struct str prefix, struct str end)
{
    const struct s3_list_options options = {
        .prefix = prefix,
        .start_after =
            str_starts_with(run->pass.after_key, prefix) ? run->pass.after_key : STR_EMPTY,
    };
    struct s3_listing listing;
    struct s3_result result = { 0 };
    enum status status;

    arena_reset(&run->listed);
    arena_reset(&run->work);
    status = s3_list(&run->task.domain->s3, &run->listed, &options, &listing, &result);
    if (status == STATUS_NOT_FOUND) {
        return asset_bucket_is_missing(&run->task, &result);
    }
    if (status != STATUS_OK) {
        return task_fail_storage(&run->task, status, &result);
    }
    status = check_order(run, &listing, prefix, options.start_after);
    return status == STATUS_OK
               ? compare_stretch(run, &listing,
                     listing.is_truncated ? listing.objects[listing.object_count - 1].key : end)
               : status;
}

enum status reconcile_walk(struct reconcile *run)
{
    size_t count;
    const struct str *prefixes = asset_key_prefixes(&count);
    enum status status;
    int64_t bytes;

    status = assets_usage(run->task.domain->db, 0, &run->image_count, &bytes);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        char text[64];
        struct str end = str_from(text, (size_t)snprintf(text, sizeof(text), "%.*s%.*s",
                                            STR_ARG(prefixes[i]), STR_ARG(LAST_CODE_POINT)));

        while (status == STATUS_OK && str_compare(run->pass.after_key, end) < 0 &&
               !reconcile_is_over(run) && !run->report->is_finished) {
            status = list_and_compare(run, prefixes[i], end);
        }
    }
    if (status != STATUS_OK || reconcile_is_over(run) || run->report->is_finished) {
        return status;
    }
    if (!run->options->is_dry_run) { /* now they are counted anew, as they are confirmed */
        run->pass.gone_count = 0;
        run->pass.changed_count = 0;
    }
    return reconcile_go(run, STAGE_CONFIRM, STR_EMPTY);
}
