/*
 * multiparts.h - the table multiparts: every upload id that storage was asked for.
 *
 * What ends a row is mostly said elsewhere: the triggers of schema.sql move it with its asset,
 * 'open' -> 'completed' or 'aborting', in the transaction that moves that. Here are its birth, the
 * upload id, and the last step, 'aborting' -> 'aborted'.
 */
#ifndef STORE_MULTIPARTS_H
#define STORE_MULTIPARTS_H

#include "store/db.h"

struct multipart_row {
    int64_t asset_id;
    int64_t owner_id;
    struct str key;
    struct str upload_id; /* empty: not known */
    struct str state;     /* 'open', 'completed', 'aborting', 'aborted' */
    int64_t part_size;
    int64_t part_count;
    int64_t created_at;
};

struct multipart_rows {
    struct multipart_row *item;
    size_t count;
};

/* A row in state 'open' without an upload id. CONFLICT when the asset has one. */
enum status multiparts_insert(struct db *db, const struct multipart_row *row) MUST_CHECK;

/* In any state. NOT_FOUND. */
enum status multiparts_find(
    struct db *db, struct arena *arena, int64_t asset_id, struct multipart_row *out) MUST_CHECK;
enum status multiparts_find_by_key(
    struct db *db, struct arena *arena, struct str key, struct multipart_row *out) MUST_CHECK;

/* Those of an owner that are open, the newest first. */
enum status multiparts_list_open(struct db *db, struct arena *arena, int64_t owner_id, size_t limit,
    struct multipart_rows *out) MUST_CHECK;

/* Those to be aborted, with an asset above `after_id`, in the order of assets. */
enum status multiparts_list_aborting(struct db *db, struct arena *arena, int64_t after_id,
    size_t limit, struct multipart_rows *out) MUST_CHECK;

/* NOT_FOUND when it is not open any more, or has an upload id already. */
enum status multiparts_set_upload_id(
    struct db *db, int64_t asset_id, struct str upload_id) MUST_CHECK;

/* 'aborting' -> 'aborted', and gone where there is no asset any more. NOT_FOUND when it was not
 * aborting. */
enum status multiparts_set_aborted(struct db *db, int64_t asset_id) MUST_CHECK;

#endif
