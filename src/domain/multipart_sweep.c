/*
 * multipart_sweep.c - parts in storage that nobody wants any more, found by our own records and by
 * asking storage.
 */
#include "domain/multipart_row.h"

#include "base/log.h"

#include <inttypes.h>

enum {
    BATCH = 100,
    PAGES_MAX = 10,        /* of a listing: what is left comes with the next sweep */
    OTHER_ID_AGE_S = 3600, /* an id that is not the recorded one of its key */
    UNKNOWN_AGE_S = 86400  /* a key without record: so much older than uploads become */
};

struct sweep {
    struct task task;  /* the caller's, but for the arena: that is `work` */
    struct arena work; /* of one upload */
    struct arena rows; /* of one batch */
    int64_t aborted;
    struct task *caller; /* gets the first failure */
};

static void next_turn(struct sweep *sweep)
{
    arena_reset(&sweep->work);
    task_begin(&sweep->task);
}

/* --- what our records say --- */

static void finish(struct sweep *sweep, const struct multipart_row *upload)
{
    enum status status;

    next_turn(sweep);
    status = multipart_abort_in_storage(&sweep->task, upload);
    if (status == STATUS_OK) {
        sweep->aborted++;
        return;
    }
    log_event(LOG_WARN, "the parts of asset %" PRId64 " are still in storage", upload->asset_id);
    if (status != STATUS_CONFLICT) { /* a part came in the same moment: the next time */
        task_note(sweep->caller, &sweep->task, status);
    }
}

static void finish_all(struct sweep *sweep, int64_t limit)
{
    struct multipart_rows rows = { .count = 1 };
    int64_t after_id = 0;

    while (limit > 0 && rows.count > 0) {
        enum status status;

        arena_reset(&sweep->rows);
        status = multiparts_list_aborting(sweep->task.domain->db, &sweep->rows, after_id,
            limit < BATCH ? (size_t)limit : BATCH, &rows);
        if (status != STATUS_OK) {
            task_note(sweep->caller, &sweep->task, status);
            return;
        }
        for (size_t i = 0; i < rows.count; i++) {
            finish(sweep, &rows.item[i]);
            after_id = rows.item[i].asset_id;
        }
        limit -= (int64_t)rows.count;
    }
}

/* --- what storage says --- */

/* An upload that no record knows, and old enough to be nobody's? What is 'aborting' is finish's. */
static bool is_stray(struct sweep *sweep, const struct s3_upload *upload)
{
    struct task *task = &sweep->task;
    int64_t age_s = task_storage_now_s(task) - upload->initiated_at;
    struct multipart_row row;
    enum status status;

    if (upload->initiated_at < 0 || age_s < OTHER_ID_AGE_S) {
        return false;
    }
    status = multiparts_find_by_key(task->domain->db, task->arena, upload->key, &row);
    if (status == STATUS_OK) {
        return !str_equal(row.upload_id, upload->upload_id) || str_equal(row.state, STR("aborted"));
    }
    return status == STATUS_NOT_FOUND && asset_key_is_ours(upload->key) &&
           age_s > task->domain->options->multipart.ttl_s + UNKNOWN_AGE_S;
}

static void drop_strays(struct sweep *sweep, const struct s3_uploads *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct s3_upload *upload = &page->item[i];
        struct s3_result result;
        enum status status;

        next_turn(sweep);
        if (!is_stray(sweep, upload)) {
            continue;
        }
        status = s3_multipart_abort(
            &sweep->task.domain->s3, sweep->task.arena, upload->key, upload->upload_id, &result);
        if (status == STATUS_OK) {
            log_event(LOG_INFO, "an upload in parts that no record knew is aborted: %.*s",
                STR_ARG(upload->key));
            sweep->aborted++;
        }
    }
}

static void look_for_strays(struct sweep *sweep)
{
    struct s3_uploads_options options = { .prefix = STR("images/") };
    struct s3_uploads page = { .is_truncated = true };

    for (int i = 0; i < PAGES_MAX && page.is_truncated; i++) {
        struct s3_result result = { 0 };
        enum status status;

        next_turn(sweep);
        status = s3_multipart_list(&sweep->task.domain->s3, &sweep->rows, &options, &page, &result);
        if (status == STATUS_STORAGE_REFUSED || status == STATUS_NOT_FOUND) {
            /* A provider without this call, or keys without s3:ListBucketMultipartUploads: our
             * records do without it. s3_call has logged why. */
            return;
        }
        if (status != STATUS_OK) {
            task_fail_storage(&sweep->task, status, &result);
            task_note(sweep->caller, &sweep->task, status);
            return;
        }
        drop_strays(sweep, &page);
        options.key_marker = page.next_key_marker;
        options.upload_id_marker = page.next_upload_id_marker;
    }
}

enum status multipart_sweep(struct task *task, int64_t limit, int64_t *out_aborted)
{
    struct sweep sweep = { .task = *task, .caller = task };

    task_begin(task);
    arena_init(&sweep.work);
    arena_init(&sweep.rows);
    sweep.task.arena = &sweep.work;
    finish_all(&sweep, limit);
    arena_reset(&sweep.rows);
    look_for_strays(&sweep);
    *out_aborted = sweep.aborted;
    arena_clear(&sweep.work);
    arena_clear(&sweep.rows);
    return task->failure.status;
}
