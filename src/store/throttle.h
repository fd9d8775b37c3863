/*
 * throttle.h - the table throttle: failed attempts by key.
 */
#ifndef STORE_THROTTLE_H
#define STORE_THROTTLE_H

#include "store/db.h"

struct throttle_row {
    struct str key;
    int64_t failures;
    int64_t last_at;
    int64_t blocked_until; /* 0: not blocked */
};

/* NOT_FOUND when nothing is counted under that key. */
enum status throttle_find(
    struct db *db, struct arena *arena, struct str key, struct throttle_row *out) MUST_CHECK;

/* Insert or replace. */
enum status throttle_put(struct db *db, const struct throttle_row *row) MUST_CHECK;

enum status throttle_delete(struct db *db, struct str key) MUST_CHECK;

/* Forget what was last touched before `before_s`. */
enum status throttle_delete_stale(struct db *db, int64_t before_s) MUST_CHECK;

#endif
