/*
 * asset_commit.c - "it is uploaded": looks whether that is so, and makes the image visible.
 */
#include "domain/asset_row.h"

#include "domain/asset_text.h"
#include "domain/file_name.h"
#include "domain/file_types.h"

/* The row of a key that was granted to this person, in whatever state. */
static enum status load_granted(struct task *task, struct str key, struct asset_row *out)
{
    enum status status = assets_find_by_key(task->domain->db, task->arena, key, out);

    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && !access_can_edit(&task->actor, out->owner_id))) {
        return task_refuse(task, STATUS_NOT_FOUND, STR("key"),
            STR("This key was not granted to you. Ask for an upload address first."));
    }
    return status;
}

/* What the person wants kept besides the bytes. */
static enum status take_words(
    struct task *task, const struct upload_commit *commit, struct asset_row *row)
{
    struct str filename = file_name_clean(task->arena, commit->filename, POLICY_NAME_MAX_BYTES);
    struct str content_type = file_type_normalise(task->arena, commit->content_type);
    enum status status;

    if (!str_is_empty(content_type) && !str_equal(content_type, row->content_type)) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR("filetype"),
            "The upload was granted for %.*s.", STR_ARG(row->content_type));
    }
    if (!str_is_empty(filename)) {
        row->filename = filename;
    }
    status = asset_check_title(task, commit->title, &row->title);
    return status == STATUS_OK ? asset_check_alt(task, commit->alt, &row->alt) : status;
}

/* What the client saw counts where the bytes do not tell. */
static void take_dimensions(const struct upload_commit *commit, struct asset_row *row)
{
    bool is_plausible = commit->width >= 1 && commit->width <= SNIFF_DIMENSION_MAX &&
                        commit->height >= 1 && commit->height <= SNIFF_DIMENSION_MAX;

    if (row->width == 0 && is_plausible) {
        row->width = commit->width;
        row->height = commit->height;
    }
}

/* The asset as it is now, whoever made it so. */
static enum status answer(struct task *task, int64_t id, struct asset *out)
{
    struct asset_row row;
    enum status status = assets_find(task->domain->db, task->arena, id, &row);

    if (status == STATUS_OK && str_equal(row.state, ASSET_PURGING)) {
        return task_refuse(task, STATUS_GONE, STR("key"),
            STR("This upload was deleted or refused. Upload the file again."));
    }
    if (status == STATUS_OK && str_equal(row.state, ASSET_TRASHED)) {
        return asset_refuse_trashed(task, &row);
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &row, out);
    }
    return task_fail(task, status);
}

/* A pending row: look, decide, write. */
static enum status verify(
    struct task *task, const struct upload_commit *commit, struct asset_row *row, bool *out_created)
{
    enum status status = take_words(task, commit, row);

    if (status == STATUS_OK) {
        status = asset_inspect(task, row);
    }
    if (asset_is_refusal(status)) {
        return asset_refuse(task, row, ASSET_PENDING, status);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    take_dimensions(commit, row);
    status = asset_make_ready(task, row, AUDIT_ASSET_COMMIT);
    *out_created = status == STATUS_OK;
    /* NOT_FOUND: a repeated commit was faster. Its answer is ours. */
    return status == STATUS_NOT_FOUND ? STATUS_OK : task_fail(task, status);
}

enum status asset_commit(
    struct task *task, const struct upload_commit *commit, struct asset *out, bool *out_created)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out_created = false;
    status = load_granted(task, commit->key, &row);
    if (status == STATUS_OK && str_equal(row.state, ASSET_PENDING)) {
        status = verify(task, commit, &row, out_created);
    }
    return status == STATUS_OK ? answer(task, row.id, out) : task_fail(task, status);
}
