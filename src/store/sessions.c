/*
 * sessions.c - rows of sessions.
 */
#include "store/sessions.h"

#include "store/user_reader.h"

enum session_column {
    SESSION_ID,
    SESSION_TOKEN_HASH,
    SESSION_USER_ID,
    SESSION_CREATED_AT,
    SESSION_LAST_SEEN_AT,
    SESSION_EXPIRES_AT,
    SESSION_ADDRESS,
    SESSION_USER_AGENT,
    SESSION__COUNT
};

static void session_read(struct query *query, struct arena *arena, struct session_row *out)
{
    *out = (struct session_row){
        .id = query_get_i64(query, SESSION_ID),
        .token_hash = query_get_str(query, arena, SESSION_TOKEN_HASH),
        .user_id = query_get_i64(query, SESSION_USER_ID),
        .created_at = query_get_i64(query, SESSION_CREATED_AT),
        .last_seen_at = query_get_i64(query, SESSION_LAST_SEEN_AT),
        .expires_at = query_get_i64(query, SESSION_EXPIRES_AT),
        .address = query_get_str(query, arena, SESSION_ADDRESS),
        .user_agent = query_get_str(query, arena, SESSION_USER_AGENT),
    };
}

enum status sessions_insert(struct db *db, const struct session_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_INSERT);
    query_bind_str(&query, 1, row->token_hash);
    query_bind_i64(&query, 2, row->user_id);
    query_bind_i64(&query, 3, row->created_at);
    query_bind_i64(&query, 4, row->last_seen_at);
    query_bind_i64(&query, 5, row->expires_at);
    query_bind_str(&query, 6, row->address);
    query_bind_str(&query, 7, row->user_agent);
    return query_run_inserting(&query, out_id);
}

enum status sessions_find(struct db *db, struct arena *arena, struct str token_hash,
    struct session_row *out, struct user_row *out_user)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_SESSION_FIND);
    query_bind_str(&query, 1, token_hash);
    has_row = query_next(&query);
    if (has_row) {
        session_read(&query, arena, out);
        user_read(&query, arena, SESSION__COUNT, out_user);
    }
    return query_end_found(&query, has_row);
}

enum status sessions_list(struct db *db, struct arena *arena, int64_t user_id, int64_t now_s,
    size_t limit, struct session_rows *out)
{
    struct query query;

    *out = (struct session_rows){ .item = ARENA_ARRAY(arena, struct session_row, limit) };
    query_begin(&query, db, STATEMENT_SESSION_LIST);
    query_bind_i64(&query, 1, user_id);
    query_bind_i64(&query, 2, now_s);
    query_bind_i64(&query, 3, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        session_read(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status sessions_touch(struct db *db, int64_t id, int64_t last_seen_at, int64_t expires_at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_TOUCH);
    query_bind_i64(&query, 1, last_seen_at);
    query_bind_i64(&query, 2, expires_at);
    query_bind_i64(&query, 3, id);
    return query_run(&query);
}

enum status sessions_delete(struct db *db, int64_t id, int64_t user_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_DELETE);
    query_bind_i64(&query, 1, id);
    query_bind_i64(&query, 2, user_id);
    return query_run_on_row(&query);
}

enum status sessions_delete_others(
    struct db *db, int64_t user_id, int64_t keep_id, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_DELETE_OTHERS);
    query_bind_i64(&query, 1, user_id);
    query_bind_i64(&query, 2, keep_id);
    return query_run_counted(&query, out_count);
}

enum status sessions_delete_by_hash(struct db *db, struct str token_hash)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_DELETE_BY_HASH);
    query_bind_str(&query, 1, token_hash);
    return query_run(&query);
}

enum status sessions_delete_expired(struct db *db, int64_t now_s, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_SESSION_PRUNE);
    query_bind_i64(&query, 1, now_s);
    return query_run_counted(&query, out_count);
}
