/*
 * asset_trash.c - what is in the trash, and what has had its time there or anywhere.
 */
#include "store/asset_reader.h"

enum status assets_list_trashed(struct db *db, struct arena *arena, int64_t owner_id,
    struct trash_bound before, size_t limit, struct asset_rows *out)
{
    struct query query;
    int number = 1;

    query_begin(&query, db,
        owner_id != 0 ? STATEMENT_ASSET_LIST_TRASHED_OWNER : STATEMENT_ASSET_LIST_TRASHED_ALL);
    if (owner_id != 0) {
        query_bind_i64(&query, number++, owner_id);
    }
    query_bind_i64(&query, number++, before.trashed_at);
    query_bind_i64(&query, number++, before.id);
    query_bind_i64(&query, number, (int64_t)limit);
    return asset_read_all(&query, arena, limit, out);
}

static enum status list_until(struct db *db, struct arena *arena, enum statement statement,
    int64_t until, size_t limit, struct asset_rows *out)
{
    struct query query;

    query_begin(&query, db, statement);
    query_bind_i64(&query, 1, until);
    query_bind_i64(&query, 2, (int64_t)limit);
    return asset_read_all(&query, arena, limit, out);
}

enum status assets_list_trashed_due(
    struct db *db, struct arena *arena, int64_t until, size_t limit, struct asset_rows *out)
{
    return list_until(db, arena, STATEMENT_ASSET_LIST_TRASHED_DUE, until, limit, out);
}

enum status assets_list_temporary(
    struct db *db, struct arena *arena, int64_t until, size_t limit, struct asset_rows *out)
{
    return list_until(db, arena, STATEMENT_ASSET_LIST_TEMPORARY, until, limit, out);
}

enum status assets_trash_usage(
    struct db *db, int64_t owner_id, int64_t *out_count, int64_t *out_bytes)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, owner_id != 0 ? STATEMENT_TRASH_OF_OWNER : STATEMENT_TRASH_OF_ALL);
    if (owner_id != 0) {
        query_bind_i64(&query, 1, owner_id);
    }
    has_row = query_next(&query); /* no row: this owner never had an image */
    *out_count = has_row ? query_get_i64(&query, 0) : 0;
    *out_bytes = has_row ? query_get_i64(&query, 1) : 0;
    return query_end(&query);
}
