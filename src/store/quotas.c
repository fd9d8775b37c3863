/*
 * quotas.c - rows of quotas.
 */
#include "store/quotas.h"

#include "store/query.h"

enum quota_column {
    QUOTA_ASSET_COUNT,
    QUOTA_SIZE_BYTES,
    QUOTA_PENDING_COUNT,
    QUOTA_RESERVED_BYTES,
    QUOTA_IS_OWN,
    QUOTA_MAX_BYTES,
    QUOTA_MAX_FILES
};

enum status quotas_find(struct db *db, int64_t user_id, struct quota_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_QUOTA_FIND);
    query_bind_i64(&query, 1, user_id);
    has_row = query_next(&query);
    if (has_row) {
        *out = (struct quota_row){
            .asset_count = query_get_i64(&query, QUOTA_ASSET_COUNT),
            .size_bytes = query_get_i64(&query, QUOTA_SIZE_BYTES),
            .pending_count = query_get_i64(&query, QUOTA_PENDING_COUNT),
            .reserved_bytes = query_get_i64(&query, QUOTA_RESERVED_BYTES),
            .is_own = query_get_i64(&query, QUOTA_IS_OWN) != 0,
            .max_bytes = query_get_i64(&query, QUOTA_MAX_BYTES),
            .max_files = query_get_i64(&query, QUOTA_MAX_FILES),
        };
    }
    return query_end_found(&query, has_row);
}

enum status quotas_put(struct db *db, int64_t user_id, int64_t max_bytes, int64_t max_files)
{
    struct query query;

    query_begin(&query, db, STATEMENT_QUOTA_PUT);
    query_bind_i64(&query, 1, user_id);
    query_bind_i64(&query, 2, max_bytes);
    query_bind_i64(&query, 3, max_files);
    return query_run_on_row(&query);
}

enum status quotas_delete(struct db *db, int64_t user_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_QUOTA_DELETE);
    query_bind_i64(&query, 1, user_id);
    return query_run_on_row(&query);
}
