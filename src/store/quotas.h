/*
 * quotas.h - the table quotas, read together with what is counted in usage.
 */
#ifndef STORE_QUOTAS_H
#define STORE_QUOTAS_H

#include "store/db.h"

struct quota_row {
    int64_t asset_count; /* ready images of the account */
    int64_t size_bytes;
    int64_t pending_count;
    int64_t reserved_bytes;
    bool is_own;       /* the account has a row in quotas */
    int64_t max_bytes; /* of that row; 0: no limit */
    int64_t max_files;
};

/* NOT_FOUND when there is no such account. */
enum status quotas_find(struct db *db, int64_t user_id, struct quota_row *out) MUST_CHECK;

/* Insert or replace the account's row. */
enum status quotas_put(
    struct db *db, int64_t user_id, int64_t max_bytes, int64_t max_files) MUST_CHECK;

/* NOT_FOUND when it has none. */
enum status quotas_delete(struct db *db, int64_t user_id) MUST_CHECK;

#endif
