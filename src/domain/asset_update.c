/*
 * asset_update.c - changing what people say about an image. Optimistic: a change names the version
 * that the person saw, and comes back with the other one when somebody was faster.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "domain/asset_text.h"

/* The new row, and its tags when they change. */
struct edit {
    struct asset_row row;
    struct str *tags;
    size_t tag_count;
    bool has_changes;
};

/* Put the change upon the row, field by field. */
static enum status apply(struct task *task, const struct asset_change *change, struct edit *edit)
{
    const struct asset_row before = edit->row;
    struct asset_row *row = &edit->row;
    enum status status = STATUS_OK;

    if (change->has_title) {
        status = asset_check_title(task, change->title, &row->title);
    }
    if (status == STATUS_OK && change->has_alt) {
        status = asset_check_alt(task, change->alt, &row->alt);
    }
    if (status == STATUS_OK && change->has_decorative) {
        row->is_decorative = change->is_decorative;
    }
    if (status == STATUS_OK && change->has_tags) {
        status = asset_check_tags(
            task, change->tags, change->tag_count, &edit->tags, &edit->tag_count, &row->tag_list);
    }
    edit->has_changes = !str_equal(before.title, row->title) || !str_equal(before.alt, row->alt) ||
                        before.is_decorative != row->is_decorative ||
                        !str_equal(before.tag_list, row->tag_list);
    return status;
}

/* What changed, by name; the old words are the image's history. */
static json_t *describe(const struct asset_row *before, const struct asset_row *after)
{
    const struct {
        const char *name;
        struct str before, after;
    } fields[] = {
        { "title", before->title, after->title },
        { "alt", before->alt, after->alt },
        { "tags", before->tag_list, after->tag_list },
    };
    json_t *detail = json_object();

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!str_equal(fields[i].before, fields[i].after)) {
            json_object_set_new(detail, fields[i].name, json_from_str(fields[i].before));
        }
    }
    if (before->is_decorative != after->is_decorative) {
        json_object_set_new(detail, "decorative", json_boolean(before->is_decorative));
    }
    json_object_set_new(detail, "version", json_integer(after->version + 1));
    return detail;
}

static enum status write(struct task *task, const struct asset_row *before, struct edit *edit)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    edit->row.updated_at = clock_now_s();
    status = assets_update(task->domain->db, &edit->row);
    if (status == STATUS_OK && !str_equal(before->tag_list, edit->row.tag_list)) {
        status = assets_set_tags(task->domain->db, edit->row.id, edit->tags, edit->tag_count);
    }
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_ASSET_UPDATE,
                                       .asset_id = edit->row.id,
                                       .detail = describe(before, &edit->row) });
    }
    return db_end(task->domain->db, status);
}

/* The change did not go through: show how the image is now. */
static enum status conflict(struct task *task, int64_t id, struct asset *out)
{
    struct asset_row row;
    enum status status = asset_load(task, id, &row);

    if (status != STATUS_OK) {
        return status; /* deleted in the meantime */
    }
    asset_from_row(task->arena, &row, out);
    return task_refuse(task, STATUS_CONFLICT, STR("version"),
        STR("Someone changed this image after you opened it. Your words are still here: compare, "
            "and save again."));
}

enum status asset_update(
    struct task *task, int64_t id, const struct asset_change *change, struct asset *out)
{
    struct edit edit = { 0 };
    struct asset_row before;
    enum status status;

    task_begin(task);
    status = asset_load(task, id, &before);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (!access_can_edit(&task->actor, before.owner_id)) {
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Only the owner of an image or an admin may change it."));
    }
    edit.row = before;
    status = apply(task, change, &edit);
    if (status == STATUS_OK && change->version != before.version) {
        return task_fail(task, conflict(task, id, out));
    }
    if (status == STATUS_OK && edit.has_changes) {
        status = write(task, &before, &edit);
        if (status == STATUS_CONFLICT) {
            return task_fail(task, conflict(task, id, out));
        }
    }
    if (status == STATUS_OK) {
        status = asset_load(task, id, &before);
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &before, out);
    }
    return task_fail(task, status);
}
