/*
 * throttle.c - rows of throttle.
 */
#include "store/throttle.h"

#include "store/query.h"

enum throttle_column { THROTTLE_KEY, THROTTLE_FAILURES, THROTTLE_LAST_AT, THROTTLE_BLOCKED_UNTIL };

enum status throttle_find(
    struct db *db, struct arena *arena, struct str key, struct throttle_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_THROTTLE_FIND);
    query_bind_str(&query, 1, key);
    has_row = query_next(&query);
    if (has_row) {
        *out = (struct throttle_row){
            .key = query_get_str(&query, arena, THROTTLE_KEY),
            .failures = query_get_i64(&query, THROTTLE_FAILURES),
            .last_at = query_get_i64(&query, THROTTLE_LAST_AT),
            .blocked_until = query_get_i64(&query, THROTTLE_BLOCKED_UNTIL),
        };
    }
    return query_end_found(&query, has_row);
}

enum status throttle_put(struct db *db, const struct throttle_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_THROTTLE_PUT);
    query_bind_str(&query, 1, row->key);
    query_bind_i64(&query, 2, row->failures);
    query_bind_i64(&query, 3, row->last_at);
    query_bind_i64(&query, 4, row->blocked_until);
    return query_run(&query);
}

enum status throttle_delete(struct db *db, struct str key)
{
    struct query query;

    query_begin(&query, db, STATEMENT_THROTTLE_DELETE);
    query_bind_str(&query, 1, key);
    return query_run(&query);
}

enum status throttle_delete_stale(struct db *db, int64_t before_s)
{
    struct query query;

    query_begin(&query, db, STATEMENT_THROTTLE_PRUNE);
    query_bind_i64(&query, 1, before_s);
    return query_run(&query);
}
