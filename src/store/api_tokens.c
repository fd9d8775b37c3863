/*
 * api_tokens.c - rows of api_tokens.
 */
#include "store/api_tokens.h"

#include "store/user_reader.h"

enum api_token_column {
    API_TOKEN_ID,
    API_TOKEN_TOKEN_HASH,
    API_TOKEN_USER_ID,
    API_TOKEN_USER_EMAIL,
    API_TOKEN_NAME,
    API_TOKEN_SCOPES,
    API_TOKEN_CREATED_AT,
    API_TOKEN_EXPIRES_AT,
    API_TOKEN_LAST_USED_AT,
    API_TOKEN_REVOKED_AT,
    API_TOKEN__COUNT
};

static void api_token_read(struct query *query, struct arena *arena, struct api_token_row *out)
{
    *out = (struct api_token_row){
        .id = query_get_i64(query, API_TOKEN_ID),
        .token_hash = query_get_str(query, arena, API_TOKEN_TOKEN_HASH),
        .user_id = query_get_i64(query, API_TOKEN_USER_ID),
        .user_email = query_get_str(query, arena, API_TOKEN_USER_EMAIL),
        .name = query_get_str(query, arena, API_TOKEN_NAME),
        .scopes = query_get_str(query, arena, API_TOKEN_SCOPES),
        .created_at = query_get_i64(query, API_TOKEN_CREATED_AT),
        .expires_at = query_get_i64(query, API_TOKEN_EXPIRES_AT),
        .last_used_at = query_get_i64(query, API_TOKEN_LAST_USED_AT),
        .revoked_at = query_get_i64(query, API_TOKEN_REVOKED_AT),
    };
}

enum status api_tokens_insert(struct db *db, const struct api_token_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_API_TOKEN_INSERT);
    query_bind_str(&query, 1, row->token_hash);
    query_bind_i64(&query, 2, row->user_id);
    query_bind_str(&query, 3, row->name);
    query_bind_str(&query, 4, row->scopes);
    query_bind_i64(&query, 5, row->created_at);
    query_bind_i64_or_null(&query, 6, row->expires_at);
    return query_run_inserting(&query, out_id);
}

enum status api_tokens_find(struct db *db, struct arena *arena, struct str token_hash,
    struct api_token_row *out, struct user_row *out_user)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_API_TOKEN_FIND);
    query_bind_str(&query, 1, token_hash);
    has_row = query_next(&query);
    if (has_row) {
        api_token_read(&query, arena, out);
        user_read(&query, arena, API_TOKEN__COUNT, out_user);
    }
    return query_end_found(&query, has_row);
}

enum status api_tokens_list(
    struct db *db, struct arena *arena, int64_t user_id, size_t limit, struct api_token_rows *out)
{
    struct query query;

    *out = (struct api_token_rows){ .item = ARENA_ARRAY(arena, struct api_token_row, limit) };
    if (user_id != 0) {
        query_begin(&query, db, STATEMENT_API_TOKEN_LIST);
        query_bind_i64(&query, 1, user_id);
        query_bind_i64(&query, 2, (int64_t)limit);
    } else {
        query_begin(&query, db, STATEMENT_API_TOKEN_LIST_ALL);
        query_bind_i64(&query, 1, (int64_t)limit);
    }
    while (out->count < limit && query_next(&query)) {
        api_token_read(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status api_tokens_set_used(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_API_TOKEN_SET_USED);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status api_tokens_set_revoked(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_API_TOKEN_SET_REVOKED);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}
