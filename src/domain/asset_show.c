/*
 * asset_show.c - signed URLs for images: one, or a page of them.
 */
#include "domain/asset_row.h"

enum status asset_sign(struct task *task, const struct asset *asset, enum delivery_kind kind,
    int64_t expires_in_s, struct signed_url *out)
{
    const struct delivery_object object = {
        .key = asset->key, .filename = asset->filename, .content_type = asset->content_type
    };

    task_begin(task);
    return delivery_sign(task, &object, kind, expires_in_s, out);
}

/* From the few columns that signing needs. `looks`: at an open one's object. */
static enum status sign_id(struct task *task, int64_t id, bool looks, struct signed_url *out)
{
    struct asset_row row;
    struct delivery_object object;
    enum status status = assets_find_delivery(task->domain->db, task->arena, id, &row);

    if (status == STATUS_OK &&
        !access_can_see(&task->actor, task->domain->options->library, row.owner_id)) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && row.is_open && looks) {
        status = assets_find(task->domain->db, task->arena, id, &row);
        status = status == STATUS_OK ? asset_see(task, &row) : status;
    }
    if (status != STATUS_OK) {
        return status;
    }
    object = (struct delivery_object){
        .key = row.key, .filename = row.filename, .content_type = row.content_type
    };
    return delivery_sign(task, &object, DELIVERY_DISPLAY, 0, out);
}

enum status asset_sign_id(struct task *task, int64_t id, struct signed_url *out)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    status = sign_id(task, id, true, out);
    if (status == STATUS_NOT_FOUND &&
        assets_find(task->domain->db, task->arena, id, &row) == STATUS_OK &&
        str_equal(row.state, ASSET_TRASHED)) {
        status = asset_refuse_trashed(task, &row);
    }
    return task_fail(task, status);
}

enum status asset_sign_many(
    struct task *task, const int64_t *ids, size_t count, struct asset_url *out_urls)
{
    task_begin(task);
    if (count > ASSET_URLS_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("ids"), STR("Ask for at most 1,000 images at once."));
    }
    for (size_t i = 0; i < count; i++) {
        enum status status;

        out_urls[i] = (struct asset_url){ .id = ids[i] };
        status = sign_id(task, ids[i], false, &out_urls[i].url);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return task_fail(task, status);
        }
    }
    return STATUS_OK;
}
