/*
 * duplicate.c - one look into the index of what an account has.
 */
#include "domain/duplicate.h"

#include "base/log.h"
#include "domain/asset_row.h"

static struct duplicate *from_row(struct arena *arena, const struct asset_row *row)
{
    struct duplicate *duplicate = ARENA_ARRAY(arena, struct duplicate, 1);

    asset_from_row(arena, row, &duplicate->asset);
    duplicate->is_in_trash = !str_equal(row->state, ASSET_READY);
    duplicate->is_proven = !str_is_empty(row->sha256) || !str_is_empty(row->checksum);
    return duplicate;
}

static enum status find(
    struct task *task, const struct duplicate_query *query, const struct duplicate **out)
{
    struct asset_row row;
    enum status status;

    *out = NULL;
    if (str_is_empty(query->sha256_hex)) {
        return STATUS_OK;
    }
    status = assets_find_same(task->domain->db, task->arena, task->actor.user_id, query->sha256_hex,
        query->size_bytes, &row);
    if (status == STATUS_OK) {
        *out = from_row(task->arena, &row);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : task_fail(task, status);
}

enum status duplicate_check(struct task *task, const struct duplicate_query *query,
    enum if_duplicate if_duplicate, const struct duplicate **out)
{
    enum status status = find(task, query, out);

    if (status == STATUS_OK && *out != NULL && if_duplicate == DUPLICATE_ASK) {
        bool is_in_trash = (*out)->is_in_trash;

        status = failure_format(&task->failure, task->arena, STATUS_DUPLICATE, STR("sha256"),
            is_in_trash ? "This image is in your trash, as %.*s. Nothing was uploaded."
                        : "You have this image already, as %.*s. Nothing was uploaded.",
            STR_ARG((*out)->asset.filename));
        task->failure.hint = is_in_trash ? STR("Restore it, or upload it once more.")
                                         : STR("Skip it, or upload it once more.");
        task->failure.duplicate = *out;
    }
    return status;
}

const struct duplicate *duplicate_of(struct task *task, const struct asset *asset)
{
    struct asset_row row;
    enum status status = STATUS_NOT_FOUND;

    if (asset->owner_id == task->actor.user_id) {
        status = assets_find_twin(task->domain->db, task->arena, asset->id, &row);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        log_event(LOG_WARN, "whether the image is a duplicate could not be looked up");
    }
    return status == STATUS_OK ? from_row(task->arena, &row) : NULL;
}
