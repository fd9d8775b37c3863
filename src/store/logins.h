/*
 * logins.h - the tables logins and refresh_tokens.
 */
#ifndef STORE_LOGINS_H
#define STORE_LOGINS_H

#include "store/users.h"

struct login_row {
    int64_t id;
    int64_t user_id;
    struct str scopes; /* "read upload" */
    int64_t created_at;
    int64_t expires_at;
    struct str address;
};

enum status logins_insert(struct db *db, const struct login_row *row, int64_t *out_id) MUST_CHECK;

/* That login, expired or not, and its user (whose password_hash is left empty). */
enum status logins_find(struct db *db, struct arena *arena, int64_t id, struct login_row *out,
    struct user_row *out_user) MUST_CHECK;

/* With its refresh tokens. OK when there is none. */
enum status logins_delete(struct db *db, int64_t id) MUST_CHECK;
enum status logins_delete_of_user(struct db *db, int64_t user_id, int64_t *out_count) MUST_CHECK;
enum status logins_delete_expired(struct db *db, int64_t now_s, int64_t *out_count) MUST_CHECK;

struct refresh_token_row {
    int64_t login_id;
    int64_t used_at; /* 0: NULL */
};

enum status refresh_tokens_insert(
    struct db *db, struct str token_hash, int64_t login_id) MUST_CHECK;
enum status refresh_tokens_find(
    struct db *db, struct str token_hash, struct refresh_token_row *out) MUST_CHECK;

/* Keeps the first time when it was used before. */
enum status refresh_tokens_set_used(struct db *db, struct str token_hash, int64_t at) MUST_CHECK;

#endif
