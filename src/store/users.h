/*
 * users.h - the table users.
 */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "store/db.h"

struct user_row {
    int64_t id;
    struct str email;
    struct str name;
    struct str role; /* 'viewer', 'editor', 'admin' */
    struct str password_hash;
    int64_t password_changed_at;
    int64_t created_at;
    int64_t disabled_at;     /* 0: NULL */
    int64_t last_sign_in_at; /* 0: NULL */
};

/* CONFLICT when the e-mail is taken (in any case of letters). */
enum status users_insert(struct db *db, const struct user_row *row, int64_t *out_id) MUST_CHECK;

enum status users_find(
    struct db *db, struct arena *arena, int64_t id, struct user_row *out) MUST_CHECK;
enum status users_find_by_email(
    struct db *db, struct arena *arena, struct str email, struct user_row *out) MUST_CHECK;

struct user_rows {
    struct user_row *item;
    size_t count;
};

/* By e-mail. */
enum status users_list(
    struct db *db, struct arena *arena, size_t limit, struct user_rows *out) MUST_CHECK;

/* Admins that are not disabled, but for that one. */
enum status users_count_other_admins(struct db *db, int64_t but_id, int64_t *out_count) MUST_CHECK;

/* NOT_FOUND when there is no such row. */
enum status users_set_password(
    struct db *db, int64_t id, struct str password_hash, int64_t at) MUST_CHECK;
enum status users_set_role(struct db *db, int64_t id, struct str role) MUST_CHECK;
enum status users_set_disabled(struct db *db, int64_t id, int64_t disabled_at) MUST_CHECK;
enum status users_set_signed_in(struct db *db, int64_t id, int64_t at) MUST_CHECK;

/* The same password under another hash: its age stays. */
enum status users_set_rehashed(struct db *db, int64_t id, struct str password_hash) MUST_CHECK;

#endif
