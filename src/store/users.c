/*
 * users.c - rows of users.
 */
#include "store/users.h"

#include "store/user_reader.h"

enum user_column {
    USER_ID,
    USER_EMAIL,
    USER_NAME,
    USER_ROLE,
    USER_PASSWORD_HASH,
    USER_PASSWORD_CHANGED_AT,
    USER_CREATED_AT,
    USER_DISABLED_AT,
    USER_LAST_SIGN_IN_AT
};

void user_read(struct query *query, struct arena *arena, int first, struct user_row *out)
{
    *out = (struct user_row){
        .id = query_get_i64(query, first + USER_ID),
        .email = query_get_str(query, arena, first + USER_EMAIL),
        .name = query_get_str(query, arena, first + USER_NAME),
        .role = query_get_str(query, arena, first + USER_ROLE),
        .password_hash = query_get_str(query, arena, first + USER_PASSWORD_HASH),
        .password_changed_at = query_get_i64(query, first + USER_PASSWORD_CHANGED_AT),
        .created_at = query_get_i64(query, first + USER_CREATED_AT),
        .disabled_at = query_get_i64(query, first + USER_DISABLED_AT),
        .last_sign_in_at = query_get_i64(query, first + USER_LAST_SIGN_IN_AT),
    };
}

enum status users_insert(struct db *db, const struct user_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_INSERT);
    query_bind_str(&query, 1, row->email);
    query_bind_str(&query, 2, row->name);
    query_bind_str(&query, 3, row->role);
    query_bind_str(&query, 4, row->password_hash);
    query_bind_i64(&query, 5, row->password_changed_at);
    query_bind_i64(&query, 6, row->created_at);
    return query_run_inserting(&query, out_id);
}

/* The one row of a bound query. */
static enum status read_one(struct query *query, struct arena *arena, struct user_row *out)
{
    bool has_row = query_next(query);

    if (has_row) {
        user_read(query, arena, 0, out);
    }
    return query_end_found(query, has_row);
}

enum status users_find(struct db *db, struct arena *arena, int64_t id, struct user_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_FIND);
    query_bind_i64(&query, 1, id);
    return read_one(&query, arena, out);
}

enum status users_find_by_email(
    struct db *db, struct arena *arena, struct str email, struct user_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_FIND_BY_EMAIL);
    query_bind_str(&query, 1, email);
    return read_one(&query, arena, out);
}

enum status users_list(struct db *db, struct arena *arena, size_t limit, struct user_rows *out)
{
    struct query query;

    *out = (struct user_rows){ .item = ARENA_ARRAY(arena, struct user_row, limit) };
    query_begin(&query, db, STATEMENT_USER_LIST);
    query_bind_i64(&query, 1, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        user_read(&query, arena, 0, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status users_count_other_admins(struct db *db, int64_t but_id, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_COUNT_OTHER_ADMINS);
    query_bind_i64(&query, 1, but_id);
    *out_count = query_next(&query) ? query_get_i64(&query, 0) : 0;
    return query_end(&query);
}

enum status users_set_password(struct db *db, int64_t id, struct str password_hash, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_SET_PASSWORD);
    query_bind_str(&query, 1, password_hash);
    query_bind_i64(&query, 2, at);
    query_bind_i64(&query, 3, id);
    return query_run_on_row(&query);
}

enum status users_set_rehashed(struct db *db, int64_t id, struct str password_hash)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_SET_REHASHED);
    query_bind_str(&query, 1, password_hash);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status users_set_role(struct db *db, int64_t id, struct str role)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_SET_ROLE);
    query_bind_str(&query, 1, role);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status users_set_disabled(struct db *db, int64_t id, int64_t disabled_at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_SET_DISABLED);
    query_bind_i64_or_null(&query, 1, disabled_at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}

enum status users_set_signed_in(struct db *db, int64_t id, int64_t at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_USER_SET_SIGNED_IN);
    query_bind_i64(&query, 1, at);
    query_bind_i64(&query, 2, id);
    return query_run_on_row(&query);
}
