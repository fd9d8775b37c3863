/*
 * logins.c - rows of logins and refresh_tokens.
 */
#include "store/logins.h"

#include "store/user_reader.h"

enum login_column {
    LOGIN_ID,
    LOGIN_USER_ID,
    LOGIN_SCOPES,
    LOGIN_CREATED_AT,
    LOGIN_EXPIRES_AT,
    LOGIN_ADDRESS,
    LOGIN__COUNT
};

enum refresh_token_column { REFRESH_TOKEN_LOGIN_ID, REFRESH_TOKEN_USED_AT };

enum status logins_insert(struct db *db, const struct login_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_LOGIN_INSERT);
    query_bind_i64(&query, 1, row->user_id);
    query_bind_str(&query, 2, row->scopes);
    query_bind_i64(&query, 3, row->created_at);
    query_bind_i64(&query, 4, row->expires_at);
    query_bind_str(&query, 5, row->address);
    return query_run_inserting(&query, out_id);
}

static void login_read(struct query *query, struct arena *arena, struct login_row *out)
{
    *out = (struct login_row){
        .id = query_get_i64(query, LOGIN_ID),
        .user_id = query_get_i64(query, LOGIN_USER_ID),
        .scopes = query_get_str(query, arena, LOGIN_SCOPES),
        .created_at = query_get_i64(query, LOGIN_CREATED_AT),
        .expires_at = query_get_i64(query, LOGIN_EXPIRES_AT),
        .address = query_get_str(query, arena, LOGIN_ADDRESS),
    };
}

enum status logins_find(struct db *db, struct arena *arena, int64_t id, struct login_row *out,
    struct user_row *out_user)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_LOGIN_FIND);
    query_bind_i64(&query, 1, id);
    has_row = query_next(&query);
    if (has_row) {
        login_read(&query, arena, out);
        user_read(&query, arena, LOGIN__COUNT, out_user);
    }
    return query_end_found(&query, has_row);
}

enum status logins_delete(struct db *db, int64_t id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_LOGIN_DELETE);
    query_bind_i64(&query, 1, id);
    return query_run(&query);
}

enum status logins_delete_of_user(struct db *db, int64_t user_id, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_LOGIN_DELETE_OF_USER);
    query_bind_i64(&query, 1, user_id);
    return query_run_counted(&query, out_count);
}

enum status logins_delete_expired(struct db *db, int64_t now_s, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_LOGIN_PRUNE);
    query_bind_i64(&query, 1, now_s);
    return query_run_counted(&query, out_count);
}

enum status refresh_tokens_insert(struct db *db, struct str token_hash, int64_t login_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_REFRESH_TOKEN_INSERT);
    query_bind_str(&query, 1, token_hash);
    query_bind_i64(&query, 2, login_id);
    return query_run(&query);
}

enum status refresh_tokens_find(struct db *db, struct str token_hash, struct refresh_token_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_REFRESH_TOKEN_FIND);
    query_bind_str(&query, 1, token_hash);
    has_row = query_next(&query);
    if (has_row) {
        *out = (struct refresh_token_row){
            .login_id = query_get_i64(&query, REFRESH_TOKEN_LOGIN_ID),
            .used_at = query_get_i64(&query, REFRESH_TOKEN_USED_AT),
        };
    }
    return query_end_found(&query, has_row);
}

enum status refresh_tokens_set_used(struct db *db, struct str token_hash, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_REFRESH_TOKEN_SET_USED);
    query_bind_i64(&query, 1, at);
    query_bind_str(&query, 2, token_hash);
    return query_run(&query);
}
