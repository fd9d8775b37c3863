/*
 * quota.h - how much one account may store.
 *
 * What counts: images that are there, with their real size, and uploads that were granted and are
 * not finished, with the size that they were granted for (the policy's maximum when the grant binds
 * none). The counters are kept by the triggers of schema.sql, in the transaction that changes an
 * image; a grant reserves in the transaction that writes its row, so parallel grants never pass the
 * edge. Unfinished ones give back what they held when they are refused, or when the sweep sees that
 * nothing came.
 */
#ifndef DOMAIN_QUOTA_H
#define DOMAIN_QUOTA_H

#include "domain/domain.h"

struct asset_row;

/* What one account has and may have. */
struct quota_state {
    struct quota limit;     /* the account's own, else that of the settings; 0: no limit */
    bool is_own;            /* set for this account */
    int64_t files;          /* images that are there */
    int64_t size_bytes;     /* of these */
    int64_t pending;        /* uploads that were granted and are not finished */
    int64_t reserved_bytes; /* for these */
};

/* NOT_FOUND when there is no such account. */
enum status quota_look(struct task *task, int64_t user_id, struct quota_state *out) MUST_CHECK;

/* What is left; INT64_MAX without a limit, never negative. */
int64_t quota_bytes_left(const struct quota_state *state);
int64_t quota_files_left(const struct quota_state *state);

/* An operator gives the account its own quota, or, with NULL, takes it back. NOT_FOUND. */
enum status quota_set(struct task *task, int64_t user_id, const struct quota *quota) MUST_CHECK;

/* --- inside domain/ only: in a transaction that is open */

/* May this row be granted? Sets row->reserved_size to what it will hold once it is inserted. QUOTA,
 * with the numbers. */
enum status quota_reserve(struct task *task, struct asset_row *row) MUST_CHECK;

/* May an image that is there become larger by so much? QUOTA. */
enum status quota_check_growth(
    struct task *task, int64_t owner_id, int64_t growth_bytes) MUST_CHECK;

#endif
