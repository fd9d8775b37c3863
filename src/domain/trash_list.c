/*
 * trash_list.c - what is in the trash, as far as somebody may restore it.
 */
#include "domain/trash.h"

#include "base/clock.h"
#include "domain/asset_row.h"

enum { EMPTY_BATCH = 200, EMPTY_MAX_MS = 5000 };

/* The owner to ask the table for; false: nothing of theirs may be restored. */
static bool select_owner(const struct task *task, int64_t wanted, int64_t *out)
{
    int64_t editable = access_editable_owner(&task->actor);

    *out = wanted != 0 ? wanted : editable;
    return editable == 0 || *out == editable;
}

enum status trash_find(struct task *task, int64_t id, struct asset *out)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    status = assets_find(task->domain->db, task->arena, id, &row);
    if (status == STATUS_OK &&
        (!str_equal(row.state, ASSET_TRASHED) || !access_can_edit(&task->actor, row.owner_id))) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &row, out);
    }
    return task_fail(task, status);
}

int64_t trash_ends_at(const struct task *task, const struct asset *asset)
{
    return asset->trashed_at + task->domain->options->trash_s;
}

enum status trash_list(struct task *task, const struct trash_query *query, struct trash_page *out)
{
    struct trash_bound before = { query->before_at, query->before_id };
    struct asset_rows rows = { 0 };
    int64_t owner_id;
    enum status status = STATUS_OK;

    task_begin(task);
    *out = (struct trash_page){ 0 };
    if (query->limit < 1 || query->limit > ASSET_PAGE_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("limit"), STR("Ask for 1 to 200 images a page."));
    }
    if (query->before_at == 0) {
        before = (struct trash_bound){ INT64_MAX, INT64_MAX };
    }
    if (select_owner(task, query->owner_id, &owner_id)) {
        status = assets_list_trashed(
            task->domain->db, task->arena, owner_id, before, query->limit + 1, &rows);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    out->has_more = rows.count > query->limit;
    out->count = out->has_more ? query->limit : rows.count;
    out->item = ARENA_ARRAY(task->arena, struct asset, out->count);
    for (size_t i = 0; i < out->count; i++) {
        asset_from_row(task->arena, &rows.item[i], &out->item[i]);
    }
    return STATUS_OK;
}

enum status trash_count(struct task *task, int64_t owner_id, struct asset_count *out)
{
    enum status status = STATUS_OK;

    task_begin(task);
    *out = (struct asset_count){ 0 };
    if (select_owner(task, owner_id, &owner_id)) {
        status = assets_trash_usage(task->domain->db, owner_id, &out->count, &out->size_bytes);
    }
    return task_fail(task, status);
}

/* One image of the census. */
static enum status look_at(struct task *task, int64_t id, struct trash_census *out)
{
    struct asset_row row;
    enum status status = assets_find(task->domain->db, task->arena, id, &row);
    bool is_ready, is_trashed, is_editable, is_seen;

    if (status != STATUS_OK) {
        out->gone += status == STATUS_NOT_FOUND;
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    is_ready = str_equal(row.state, ASSET_READY);
    is_trashed = str_equal(row.state, ASSET_TRASHED);
    is_editable = access_can_edit(&task->actor, row.owner_id);
    is_seen = access_can_see(&task->actor, task->domain->options->library, row.owner_id);
    out->trashed += is_trashed && is_editable;
    out->ready += is_ready && is_editable;
    out->foreign += is_ready && !is_editable && is_seen;
    out->gone += !(is_trashed && is_editable) && !(is_ready && (is_editable || is_seen));
    return STATUS_OK;
}

enum status trash_look(
    struct task *task, const int64_t *ids, size_t count, struct trash_census *out)
{
    enum status status = STATUS_OK;

    task_begin(task);
    *out = (struct trash_census){ 0 };
    if (count > TRASH_BULK_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("ids"), STR("Choose from 1 to 200 images at once."));
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = look_at(task, ids[i], out);
    }
    return task_fail(task, status);
}

/* A batch of the trash becomes tombstones, in one transaction. *last: where the next one begins. */
static enum status bury_batch(
    struct task *task, int64_t owner_id, struct trash_bound *last, int64_t *count, bool *has_more)
{
    struct db *db = task->domain->db;
    struct asset_rows rows;
    enum status status = db_begin(db);

    if (status != STATUS_OK) {
        return status;
    }
    status = assets_list_trashed(db, task->arena, owner_id, *last, EMPTY_BATCH, &rows);
    for (size_t i = 0; i < rows.count && status == STATUS_OK; i++) {
        status = asset_bury_here(task, &rows.item[i], ASSET_TRASHED, AUDIT_ASSET_DELETE);
    }
    status = db_end(db, status);
    if (status == STATUS_OK && rows.count > 0) {
        const struct asset_row *end = &rows.item[rows.count - 1];

        *last = (struct trash_bound){ end->trashed_at, end->id };
        *count += (int64_t)rows.count;
    }
    *has_more = status == STATUS_OK && rows.count == EMPTY_BATCH;
    return status;
}

enum status trash_empty(
    struct task *task, int64_t owner_id, int64_t until, int64_t *out_count, bool *out_has_more)
{
    struct trash_bound last = { until, INT64_MAX };
    struct arena *kept = task->arena, batch;
    int64_t end_ms = clock_monotonic_us() / 1000 + EMPTY_MAX_MS;
    enum status status = STATUS_OK;

    task_begin(task);
    *out_count = 0;
    *out_has_more = select_owner(task, owner_id, &owner_id);
    arena_init(&batch);
    task->arena = &batch;
    while (*out_has_more && status == STATUS_OK && clock_monotonic_us() / 1000 < end_ms) {
        arena_reset(&batch);
        status = bury_batch(task, owner_id, &last, out_count, out_has_more);
    }
    task->arena = kept;
    arena_clear(&batch);
    return task_fail(task, status);
}
