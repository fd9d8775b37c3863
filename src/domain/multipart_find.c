/*
 * multipart_find.c - which uploads are unfinished, and what has arrived of one: that only storage
 * knows.
 */
#include "domain/multipart_row.h"

#include "base/escape.h"
#include "crypto/digest.h"
#include "domain/flight.h"

enum status multipart_list(struct task *task, struct multiparts *out)
{
    struct multipart_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct multiparts){ 0 };
    status = multiparts_list_open(
        task->domain->db, task->arena, task->actor.user_id, MULTIPART_LIST_MAX, &rows);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    out->item = ARENA_ARRAY(task->arena, struct multipart, rows.count);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        struct multipart_pair pair = { .upload = rows.item[i] };
        status = assets_find(task->domain->db, task->arena, pair.upload.asset_id, &pair.asset);
        multipart_understand(&pair);
        if (status == STATUS_OK && pair.state == MULTIPART_UPLOADING) {
            multipart_describe(task, &pair, &out->item[out->count++]);
        }
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status; /* ended between two reads */
    }
    return task_fail(task, status);
}

enum status multipart_list_parts(
    struct task *task, const struct multipart_pair *pair, struct s3_part_list *out)
{
    struct s3_parts page = { .is_truncated = !str_is_empty(pair->upload.upload_id) };

    *out = (struct s3_part_list){ .item = ARENA_ARRAY(task->arena, struct s3_part, S3_PARTS_MAX) };
    while (page.is_truncated) {
        struct s3_result result = { 0 };
        enum status status = s3_multipart_parts(&task->domain->s3, task->arena, pair->upload.key,
            pair->upload.upload_id, page.next_marker, &page, &result);
        if (status != STATUS_OK) { /* of those that went well there are too many */
            flight_note_storage(task, pair->upload.asset_id, FLIGHT_LIST, status, &result);
        }
        if (status == STATUS_NOT_FOUND) {
            return str_equal(result.error_code, STR("NoSuchBucket"))
                       ? task_fail_storage(task, STATUS_STORAGE_REFUSED, &result)
                       : status;
        }
        if (status != STATUS_OK) {
            return task_fail_storage(task, status, &result);
        }
        for (size_t i = 0; i < page.count; i++) { /* ascending, so no more than S3_PARTS_MAX */
            out->item[out->count++] = page.item[i];
        }
    }
    return STATUS_OK;
}

/* What counts of what storage has: parts that fit the plan. */
static void take_parts(struct task *task, const struct multipart_pair *pair,
    const struct s3_part_list *list, struct multipart_status *out)
{
    out->part = ARENA_ARRAY(task->arena, struct multipart_part, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct s3_part *part = &list->item[i];
        struct str digest;

        if (part_plan_size(&pair->plan, part->number) != part->size_bytes) {
            continue;
        }
        out->part[out->part_count++] = (struct multipart_part){
            .number = part->number,
            .size_bytes = part->size_bytes,
            .etag = part->etag,
            .sha256_hex = escape_base64_decode(task->arena, part->checksum_sha256, &digest) &&
                                  digest.len == SHA256_BYTES
                              ? escape_hex(task->arena, digest)
                              : STR_EMPTY,
        };
    }
}

/* While it is uploading: what has arrived. */
static enum status look(
    struct task *task, struct multipart_pair *pair, struct multipart_status *out)
{
    struct s3_part_list list;
    enum status status = multipart_renew(task, pair);

    if (status != STATUS_OK) {
        return status;
    }
    status = multipart_list_parts(task, pair, &list);
    if (status == STATUS_NOT_FOUND) {
        status = multipart_after_vanishing(task, pair);
        out->is_complete = status == STATUS_OK;
    } else if (status == STATUS_OK) {
        take_parts(task, pair, &list, out);
    }
    return status;
}

enum status multipart_find(struct task *task, int64_t id, struct multipart_status *out)
{
    struct multipart_pair pair;
    enum status status;

    task_begin(task);
    *out = (struct multipart_status){ .part_count = 0 };
    status = multipart_load(task, id, &pair);
    if (status == STATUS_OK && pair.state == MULTIPART_UPLOADING) {
        status = look(task, &pair, out);
        if (status == STATUS_GONE || status == STATUS_CONFLICT) { /* it ended just now */
            task_begin(task);
            status = multipart_load(task, id, &pair);
        }
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    multipart_describe(task, &pair, &out->upload);
    if (pair.state == MULTIPART_SAVED) {
        asset_from_row(task->arena, &pair.asset, &out->image);
    }
    return STATUS_OK;
}
