/*
 * asset.c - finding one image, and what every other file about assets needs: rows made into assets,
 * states changed.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/metrics.h"

/* tag_list holds one name a line. */
static void read_tags(struct arena *arena, struct str tag_list, struct asset *out)
{
    struct str part;

    if (str_is_empty(tag_list)) {
        return;
    }
    out->tags = ARENA_ARRAY(arena, struct str, ASSET_TAGS_MAX);
    while (out->tag_count < ASSET_TAGS_MAX && str_split(&tag_list, '\n', &part)) {
        out->tags[out->tag_count++] = part;
    }
}

void asset_from_row(struct arena *arena, const struct asset_row *row, struct asset *out)
{
    *out = (struct asset){
        .id = row->id,
        .key = row->key,
        .owner_id = row->owner_id,
        .owner_name = row->owner_name,
        .filename = row->filename,
        .content_type = row->content_type,
        .size_bytes = row->size_bytes,
        .sha256_hex = row->sha256,
        .checksum = row->checksum,
        .etag = row->etag,
        .stored_at = row->stored_at,
        .width = (int)row->width,
        .height = (int)row->height,
        .title = row->title,
        .alt = row->alt,
        .is_decorative = row->is_decorative != 0,
        .problem = row->flag,
        .problem_at = row->flag_at,
        .version = row->version,
        .created_at = row->created_at,
        .updated_at = row->updated_at,
        .trashed_at = row->trashed_at,
    };
    read_tags(arena, row->tag_list, out);
}

static bool can_see(const struct task *task, int64_t owner_id)
{
    return access_can_see(&task->actor, task->domain->options->library, owner_id);
}

enum status asset_refuse_trashed(struct task *task, const struct asset_row *row)
{
    if (!access_can_edit(&task->actor, row->owner_id)) {
        return STATUS_NOT_FOUND;
    }
    return task_refuse(task, STATUS_GONE, STR_EMPTY,
        STR("This image is in the trash. Restore it to see it again."));
}

enum status asset_load(struct task *task, int64_t id, struct asset_row *out)
{
    enum status status = assets_find(task->domain->db, task->arena, id, out);

    if (status == STATUS_OK && str_equal(out->state, ASSET_TRASHED)) {
        return asset_refuse_trashed(task, out);
    }
    if (status == STATUS_OK &&
        (!str_equal(out->state, ASSET_READY) || !can_see(task, out->owner_id))) {
        status = STATUS_NOT_FOUND;
    }
    return status;
}

enum status asset_find(struct task *task, int64_t id, struct asset *out)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    status = asset_load(task, id, &row);
    if (status == STATUS_OK) {
        status = asset_see(task, &row);
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &row, out);
    }
    return task_fail(task, status);
}

enum status asset_find_by_key(struct task *task, struct str key, struct asset *out)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    status = assets_find_by_key(task->domain->db, task->arena, key, &row);
    if (status == STATUS_OK) {
        status = can_see(task, row.owner_id) ? asset_see(task, &row) : STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &row, out);
    }
    return task_fail(task, status);
}

bool asset_can_edit(const struct task *task, const struct asset *asset)
{
    return access_can_edit(&task->actor, asset->owner_id);
}

enum status asset_make_ready(struct task *task, struct asset_row *row, enum audit_action action)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    row->updated_at = clock_now_s();
    status = assets_set_ready(task->domain->db, row);
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = action,
                                       .asset_id = row->id,
                                       .detail = json_pack("{s:s%, s:I}", "key", row->key.ptr,
                                           row->key.len, "size", (json_int_t)row->size_bytes) });
    }
    status = db_end(task->domain->db, status);
    if (status == STATUS_OK) {
        bool is_adopted = action == AUDIT_ASSET_ADOPT;

        metrics_count(METRIC_COMMITS, is_adopted ? METRIC_COMMIT_ADOPTED : METRIC_COMMIT_SAVED, 0);
    }
    return status;
}

enum status asset_bury_here(
    struct task *task, const struct asset_row *row, struct str from, enum audit_action action)
{
    enum status status = assets_set_purging(task->domain->db, row->id, from, clock_now_s());

    if (status != STATUS_OK) {
        return status;
    }
    return audit_write(
        task, &(struct audit_entry){ .action = action,
                  .asset_id = row->id,
                  .detail = json_pack("{s:s%}", "key", row->key.ptr, row->key.len) });
}

enum status asset_bury(
    struct task *task, const struct asset_row *row, struct str from, enum audit_action action)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    return db_end(task->domain->db, asset_bury_here(task, row, from, action));
}
