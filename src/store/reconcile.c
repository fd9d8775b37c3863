/*
 * reconcile.c - rows of reconciliation.
 */
#include "store/reconcile.h"

#include "store/query.h"

enum { PASSES_KEPT = 100 };

/* --- passes */

enum pass_column {
    PASS_ID,
    PASS_BUCKET,
    PASS_STAGE,
    PASS_AFTER_KEY,
    PASS_STARTED_AT,
    PASS_CHANGED_AT,
    PASS_FINISHED_AT,
    PASS_ROW_COUNT,
    PASS_OBJECT_COUNT,
    PASS_FOREIGN_COUNT,
    PASS_UNKNOWN_COUNT,
    PASS_GONE_COUNT,
    PASS_CHANGED_COUNT,
    PASS_CLEARED_COUNT,
    PASS_REMOVED_COUNT
};

static void read_pass(struct query *query, struct arena *arena, struct reconcile_pass *out)
{
    *out = (struct reconcile_pass){
        .id = query_get_i64(query, PASS_ID),
        .bucket = query_get_str(query, arena, PASS_BUCKET),
        .stage = query_get_str(query, arena, PASS_STAGE),
        .after_key = query_get_str(query, arena, PASS_AFTER_KEY),
        .started_at = query_get_i64(query, PASS_STARTED_AT),
        .changed_at = query_get_i64(query, PASS_CHANGED_AT),
        .finished_at = query_get_i64(query, PASS_FINISHED_AT),
        .row_count = query_get_i64(query, PASS_ROW_COUNT),
        .object_count = query_get_i64(query, PASS_OBJECT_COUNT),
        .foreign_count = query_get_i64(query, PASS_FOREIGN_COUNT),
        .unknown_count = query_get_i64(query, PASS_UNKNOWN_COUNT),
        .gone_count = query_get_i64(query, PASS_GONE_COUNT),
        .changed_count = query_get_i64(query, PASS_CHANGED_COUNT),
        .cleared_count = query_get_i64(query, PASS_CLEARED_COUNT),
        .removed_count = query_get_i64(query, PASS_REMOVED_COUNT),
    };
}

enum status reconcile_find_last(struct db *db, struct arena *arena, struct reconcile_pass *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_RECONCILE_LAST);
    has_row = query_next(&query);
    if (has_row) {
        read_pass(&query, arena, out);
    }
    return query_end_found(&query, has_row);
}

enum status reconcile_insert(struct db *db, struct str bucket, int64_t now_s, int64_t *out_id)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_RECONCILE_INSERT);
    query_bind_str(&query, 1, bucket);
    query_bind_i64(&query, 2, now_s);
    status = query_run_returning(&query, out_id);
    if (status != STATUS_OK) {
        return status;
    }
    query_begin(&query, db, STATEMENT_RECONCILE_PRUNE);
    query_bind_i64(&query, 1, *out_id - PASSES_KEPT);
    return query_run(&query);
}

enum status reconcile_advance(
    struct db *db, const struct reconcile_pass *pass, struct str from_stage, struct str from_key)
{
    struct query query;
    enum status status;

    query_begin(&query, db, STATEMENT_RECONCILE_ADVANCE);
    query_bind_str(&query, 1, pass->stage);
    query_bind_str(&query, 2, pass->after_key);
    query_bind_i64(&query, 3, pass->changed_at);
    query_bind_i64_or_null(&query, 4, pass->finished_at);
    query_bind_i64(&query, 5, pass->row_count);
    query_bind_i64(&query, 6, pass->object_count);
    query_bind_i64(&query, 7, pass->foreign_count);
    query_bind_i64(&query, 8, pass->unknown_count);
    query_bind_i64(&query, 9, pass->gone_count);
    query_bind_i64(&query, 10, pass->changed_count);
    query_bind_i64(&query, 11, pass->cleared_count);
    query_bind_i64(&query, 12, pass->removed_count);
    query_bind_i64(&query, 13, pass->id);
    query_bind_str(&query, 14, from_stage);
    query_bind_str(&query, 15, from_key);
    status = query_run_on_row(&query);
    return status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status;
}

/* --- suspects */

enum suspect_column { SUSPECT_KEY, SUSPECT_ASSET_ID, SUSPECT_IS_GONE };

enum status suspects_put(struct db *db, const struct reconcile_suspect *suspect)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SUSPECT_PUT);
    query_bind_str(&query, 1, suspect->key);
    query_bind_i64(&query, 2, suspect->asset_id);
    query_bind_i64(&query, 3, suspect->is_gone);
    return query_run(&query);
}

enum status suspects_list(struct db *db, struct arena *arena, struct str after_key, size_t limit,
    struct reconcile_suspects *out)
{
    struct query query;

    *out =
        (struct reconcile_suspects){ .item = ARENA_ARRAY(arena, struct reconcile_suspect, limit) };
    query_begin(&query, db, STATEMENT_SUSPECT_LIST);
    query_bind_str(&query, 1, after_key);
    query_bind_i64(&query, 2, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        out->item[out->count++] = (struct reconcile_suspect){
            .key = query_get_str(&query, arena, SUSPECT_KEY),
            .asset_id = query_get_i64(&query, SUSPECT_ASSET_ID),
            .is_gone = query_get_i64(&query, SUSPECT_IS_GONE),
        };
    }
    return query_end(&query);
}

enum status suspects_delete_all(struct db *db)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SUSPECT_DELETE_ALL);
    return query_run(&query);
}

/* --- unknown objects */

enum unknown_column {
    UNKNOWN_KEY,
    UNKNOWN_ETAG,
    UNKNOWN_SIZE_BYTES,
    UNKNOWN_LAST_MODIFIED_AT,
    UNKNOWN_FIRST_SEEN_AT,
    UNKNOWN_LAST_SEEN_AT,
    UNKNOWN_SIGHTINGS,
    UNKNOWN_PASS_ID,
    UNKNOWN_REMOVING_AT
};

static void read_unknown(struct query *query, struct arena *arena, struct unknown_row *out)
{
    *out = (struct unknown_row){
        .key = query_get_str(query, arena, UNKNOWN_KEY),
        .etag = query_get_str(query, arena, UNKNOWN_ETAG),
        .size_bytes = query_get_i64(query, UNKNOWN_SIZE_BYTES),
        .last_modified_at = query_get_i64(query, UNKNOWN_LAST_MODIFIED_AT),
        .first_seen_at = query_get_i64(query, UNKNOWN_FIRST_SEEN_AT),
        .last_seen_at = query_get_i64(query, UNKNOWN_LAST_SEEN_AT),
        .sightings = query_get_i64(query, UNKNOWN_SIGHTINGS),
        .pass_id = query_get_i64(query, UNKNOWN_PASS_ID),
        .removing_at = query_get_i64(query, UNKNOWN_REMOVING_AT),
    };
}

enum status unknown_see(struct db *db, const struct unknown_row *row, int64_t stale_before)
{
    struct query query;

    query_begin(&query, db, STATEMENT_UNKNOWN_SEE);
    query_bind_str(&query, 1, row->key);
    query_bind_str(&query, 2, row->etag);
    query_bind_i64(&query, 3, row->size_bytes);
    query_bind_i64(&query, 4, row->last_modified_at);
    query_bind_i64(&query, 5, row->last_seen_at);
    query_bind_i64(&query, 6, row->pass_id);
    query_bind_i64(&query, 7, stale_before);
    return query_run(&query);
}

enum status unknown_find(
    struct db *db, struct arena *arena, struct str key, struct unknown_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_UNKNOWN_FIND);
    query_bind_str(&query, 1, key);
    has_row = query_next(&query);
    if (has_row) {
        read_unknown(&query, arena, out);
    }
    return query_end_found(&query, has_row);
}

enum status unknown_list(struct db *db, struct arena *arena, struct str after_key, size_t limit,
    struct unknown_rows *out)
{
    struct query query;

    *out = (struct unknown_rows){ .item = ARENA_ARRAY(arena, struct unknown_row, limit) };
    query_begin(&query, db, STATEMENT_UNKNOWN_LIST);
    query_bind_str(&query, 1, after_key);
    query_bind_i64(&query, 2, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        read_unknown(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status unknown_set_removing(struct db *db, struct str key, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_UNKNOWN_SET_REMOVING);
    query_bind_i64_or_null(&query, 1, at);
    query_bind_str(&query, 2, key);
    return query_run_on_row(&query);
}

enum status unknown_delete(struct db *db, struct str key)
{
    struct query query;

    query_begin(&query, db, STATEMENT_UNKNOWN_DELETE);
    query_bind_str(&query, 1, key);
    return query_run(&query);
}

enum status unknown_delete_all(struct db *db)
{
    struct query query;

    query_begin(&query, db, STATEMENT_UNKNOWN_DELETE_ALL);
    return query_run(&query);
}

/* --- rows of assets, by key */

enum fact_column {
    FACT_ID,
    FACT_KEY,
    FACT_STATE,
    FACT_SIZE_BYTES,
    FACT_ETAG,
    FACT_IS_OPEN,
    FACT_FLAG
};

enum status facts_list(struct db *db, struct arena *arena, struct str after, struct str last,
    size_t limit, struct asset_facts *out)
{
    struct query query;

    *out = (struct asset_facts){ .item = ARENA_ARRAY(arena, struct asset_fact, limit) };
    query_begin(&query, db, STATEMENT_ASSET_LIST_FACTS);
    query_bind_str(&query, 1, after);
    query_bind_str(&query, 2, last);
    query_bind_i64(&query, 3, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        out->item[out->count++] = (struct asset_fact){
            .id = query_get_i64(&query, FACT_ID),
            .key = query_get_str(&query, arena, FACT_KEY),
            .state = query_get_str(&query, arena, FACT_STATE),
            .size_bytes = query_get_i64(&query, FACT_SIZE_BYTES),
            .etag = query_get_str(&query, arena, FACT_ETAG),
            .is_open = query_get_i64(&query, FACT_IS_OPEN),
            .flag = query_get_str(&query, arena, FACT_FLAG),
        };
    }
    return query_end(&query);
}
