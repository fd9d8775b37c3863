/*
 * sessions.h - the table sessions.
 */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "store/users.h"

struct session_row {
    int64_t id;
    struct str token_hash; /* 64 hex digits */
    int64_t user_id;
    int64_t created_at;
    int64_t last_seen_at;
    int64_t expires_at;
    struct str address;
    struct str user_agent;
};

struct session_rows {
    struct session_row *item;
    size_t count;
};

enum status sessions_insert(
    struct db *db, const struct session_row *row, int64_t *out_id) MUST_CHECK;

/* The session with that hash and its user (whose password_hash is left empty), expired or not. */
enum status sessions_find(struct db *db, struct arena *arena, struct str token_hash,
    struct session_row *out, struct user_row *out_user) MUST_CHECK;

/* Those of a user that have not expired at `now_s`, the latest seen first. */
enum status sessions_list(struct db *db, struct arena *arena, int64_t user_id, int64_t now_s,
    size_t limit, struct session_rows *out) MUST_CHECK;

/* Move last_seen_at and expires_at forward; never back. */
enum status sessions_touch(
    struct db *db, int64_t id, int64_t last_seen_at, int64_t expires_at) MUST_CHECK;

/* NOT_FOUND when there is none of that id and user. */
enum status sessions_delete(struct db *db, int64_t id, int64_t user_id) MUST_CHECK;

/* Every one of a user but `keep_id` (0: none is kept). */
enum status sessions_delete_others(
    struct db *db, int64_t user_id, int64_t keep_id, int64_t *out_count) MUST_CHECK;

enum status sessions_delete_by_hash(struct db *db, struct str token_hash) MUST_CHECK;
enum status sessions_delete_expired(struct db *db, int64_t now_s, int64_t *out_count) MUST_CHECK;

#endif
