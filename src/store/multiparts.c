/*
 * multiparts.c - rows of multiparts.
 */
#include "store/multiparts.h"

#include "store/query.h"

enum multipart_column {
    MULTIPART_ASSET_ID,
    MULTIPART_OWNER_ID,
    MULTIPART_KEY,
    MULTIPART_UPLOAD_ID,
    MULTIPART_STATE,
    MULTIPART_PART_SIZE,
    MULTIPART_PART_COUNT,
    MULTIPART_CREATED_AT
};

static void read_row(struct query *query, struct arena *arena, struct multipart_row *out)
{
    *out = (struct multipart_row){
        .asset_id = query_get_i64(query, MULTIPART_ASSET_ID),
        .owner_id = query_get_i64(query, MULTIPART_OWNER_ID),
        .key = query_get_str(query, arena, MULTIPART_KEY),
        .upload_id = query_get_str(query, arena, MULTIPART_UPLOAD_ID),
        .state = query_get_str(query, arena, MULTIPART_STATE),
        .part_size = query_get_i64(query, MULTIPART_PART_SIZE),
        .part_count = query_get_i64(query, MULTIPART_PART_COUNT),
        .created_at = query_get_i64(query, MULTIPART_CREATED_AT),
    };
}

static enum status read_one(struct query *query, struct arena *arena, struct multipart_row *out)
{
    bool has_row = query_next(query);

    if (has_row) {
        read_row(query, arena, out);
    }
    return query_end_found(query, has_row);
}

static enum status read_all(
    struct query *query, struct arena *arena, size_t limit, struct multipart_rows *out)
{
    *out = (struct multipart_rows){ .item = ARENA_ARRAY(arena, struct multipart_row, limit) };
    while (out->count < limit && query_next(query)) {
        read_row(query, arena, &out->item[out->count++]);
    }
    return query_end(query);
}

enum status multiparts_insert(struct db *db, const struct multipart_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_INSERT);
    query_bind_i64(&query, 1, row->asset_id);
    query_bind_i64(&query, 2, row->owner_id);
    query_bind_str(&query, 3, row->key);
    query_bind_i64(&query, 4, row->part_size);
    query_bind_i64(&query, 5, row->part_count);
    query_bind_i64(&query, 6, row->created_at);
    return query_run(&query);
}

enum status multiparts_find(
    struct db *db, struct arena *arena, int64_t asset_id, struct multipart_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_FIND);
    query_bind_i64(&query, 1, asset_id);
    return read_one(&query, arena, out);
}

enum status multiparts_find_by_key(
    struct db *db, struct arena *arena, struct str key, struct multipart_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_FIND_BY_KEY);
    query_bind_str(&query, 1, key);
    return read_one(&query, arena, out);
}

enum status multiparts_list_open(
    struct db *db, struct arena *arena, int64_t owner_id, size_t limit, struct multipart_rows *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_LIST_OPEN);
    query_bind_i64(&query, 1, owner_id);
    query_bind_i64(&query, 2, (int64_t)limit);
    return read_all(&query, arena, limit, out);
}

enum status multiparts_list_aborting(
    struct db *db, struct arena *arena, int64_t after_id, size_t limit, struct multipart_rows *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_LIST_ABORTING);
    query_bind_i64(&query, 1, after_id);
    query_bind_i64(&query, 2, (int64_t)limit);
    return read_all(&query, arena, limit, out);
}

enum status multiparts_set_upload_id(struct db *db, int64_t asset_id, struct str upload_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_MULTIPART_SET_UPLOAD_ID);
    query_bind_str(&query, 1, upload_id);
    query_bind_i64(&query, 2, asset_id);
    return query_run_on_row(&query);
}

enum status multiparts_set_aborted(struct db *db, int64_t asset_id)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_MULTIPART_SET_ABORTED);
    query_bind_i64(&query, 1, asset_id);
    status = query_run_on_row(&query);
    if (status != STATUS_OK) {
        return status;
    }
    query_begin(&query, db, STATEMENT_MULTIPART_FORGET);
    query_bind_i64(&query, 1, asset_id);
    return query_run(&query);
}
