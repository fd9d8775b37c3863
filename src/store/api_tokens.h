/*
 * api_tokens.h - the table api_tokens.
 */
#ifndef STORE_API_TOKENS_H
#define STORE_API_TOKENS_H

#include "store/users.h"

struct api_token_row {
    int64_t id;
    struct str token_hash; /* 64 hex digits */
    int64_t user_id;
    struct str user_email; /* of users */
    struct str name;
    struct str scopes; /* "read upload" */
    int64_t created_at;
    int64_t expires_at;   /* 0: NULL */
    int64_t last_used_at; /* 0: NULL */
    int64_t revoked_at;   /* 0: NULL */
};

struct api_token_rows {
    struct api_token_row *item;
    size_t count;
};

enum status api_tokens_insert(
    struct db *db, const struct api_token_row *row, int64_t *out_id) MUST_CHECK;

/* The token with that hash, revoked or not, and its user (whose password_hash is left empty). */
enum status api_tokens_find(struct db *db, struct arena *arena, struct str token_hash,
    struct api_token_row *out, struct user_row *out_user) MUST_CHECK;

/* Of one user, or of all with user_id 0; the newest first. */
enum status api_tokens_list(struct db *db, struct arena *arena, int64_t user_id, size_t limit,
    struct api_token_rows *out) MUST_CHECK;

enum status api_tokens_set_used(struct db *db, int64_t id, int64_t at) MUST_CHECK;

/* Keeps the first time when it was revoked before. NOT_FOUND. */
enum status api_tokens_set_revoked(struct db *db, int64_t id, int64_t at) MUST_CHECK;

#endif
