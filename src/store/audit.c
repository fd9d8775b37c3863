/*
 * audit.c - rows of audit.
 */
#include "store/audit.h"

#include "store/query.h"

enum status audit_insert(struct db *db, const struct audit_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_AUDIT_INSERT);
    query_bind_i64(&query, 1, row->at);
    query_bind_i64_or_null(&query, 2, row->actor_id);
    query_bind_str(&query, 3, row->address);
    query_bind_str(&query, 4, row->action);
    query_bind_i64_or_null(&query, 5, row->asset_id);
    query_bind_i64_or_null(&query, 6, row->user_id);
    query_bind_str(&query, 7, str_is_empty(row->detail) ? STR("{}") : row->detail);
    return query_run(&query);
}
