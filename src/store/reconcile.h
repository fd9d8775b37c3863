/*
 * reconcile.h - the tables of reconciliation: reconcile_passes, reconcile_suspects,
 * unknown_objects; and the rows of assets as a walk along the keys wants them.
 *
 * What a stage means and what follows on what is domain/reconcile.h's business.
 */
#ifndef STORE_RECONCILE_H
#define STORE_RECONCILE_H

#include "store/db.h"

/* --- passes */

struct reconcile_pass {
    int64_t id;
    struct str bucket;
    struct str stage;
    struct str after_key;
    int64_t started_at;
    int64_t changed_at;
    int64_t finished_at; /* 0: under way */
    int64_t row_count;
    int64_t object_count;
    int64_t foreign_count;
    int64_t unknown_count;
    int64_t gone_count;
    int64_t changed_count;
    int64_t cleared_count;
    int64_t removed_count;
};

/* The last one that was begun. NOT_FOUND: there was none yet. */
enum status reconcile_find_last(
    struct db *db, struct arena *arena, struct reconcile_pass *out) MUST_CHECK;

/* A new one, in stage 'walk'; all but the last hundred are forgotten. */
enum status reconcile_insert(
    struct db *db, struct str bucket, int64_t now_s, int64_t *out_id) MUST_CHECK;

/* Write everything of `pass` but where it began, if it still is in that stage at that key.
 * CONFLICT: someone else went on with it. */
enum status reconcile_advance(struct db *db, const struct reconcile_pass *pass,
    struct str from_stage, struct str from_key) MUST_CHECK;

/* --- suspects */

struct reconcile_suspect {
    struct str key;
    int64_t asset_id;
    int64_t is_gone;
};

struct reconcile_suspects {
    struct reconcile_suspect *item;
    size_t count;
};

/* Insert or replace. */
enum status suspects_put(struct db *db, const struct reconcile_suspect *suspect) MUST_CHECK;

/* Behind `after_key`, by key. */
enum status suspects_list(struct db *db, struct arena *arena, struct str after_key, size_t limit,
    struct reconcile_suspects *out) MUST_CHECK;

enum status suspects_delete_all(struct db *db) MUST_CHECK;

/* --- unknown objects */

struct unknown_row {
    struct str key;
    struct str etag;
    int64_t size_bytes;
    int64_t last_modified_at;
    int64_t first_seen_at;
    int64_t last_seen_at;
    int64_t sightings;
    int64_t pass_id;
    int64_t removing_at; /* 0: NULL */
};

struct unknown_rows {
    struct unknown_row *item;
    size_t count;
};

/* One was seen: key, etag, size, last_modified_at, last_seen_at (now) and pass_id of `row`. With
 * another etag than before, it is seen for the first time; twice in one pass counts once. A removal
 * that began before `stale_before` died: it is taken back. */
enum status unknown_see(
    struct db *db, const struct unknown_row *row, int64_t stale_before) MUST_CHECK;

/* NOT_FOUND. */
enum status unknown_find(
    struct db *db, struct arena *arena, struct str key, struct unknown_row *out) MUST_CHECK;

/* Behind `after_key`, by key. */
enum status unknown_list(struct db *db, struct arena *arena, struct str after_key, size_t limit,
    struct unknown_rows *out) MUST_CHECK;

/* Whether it is being removed: from then on no row can take its key (CONFLICT there). 0: not any
 * more. NOT_FOUND. */
enum status unknown_set_removing(struct db *db, struct str key, int64_t at) MUST_CHECK;

/* Harmless when it is not there. */
enum status unknown_delete(struct db *db, struct str key) MUST_CHECK;
enum status unknown_delete_all(struct db *db) MUST_CHECK;

/* --- rows of assets, by key */

/* What a walk compares. */
struct asset_fact {
    int64_t id;
    struct str key;
    struct str state;
    int64_t size_bytes;
    struct str etag;
    int64_t is_open;
    struct str flag;
};

struct asset_facts {
    struct asset_fact *item;
    size_t count;
};

/* Rows in any state with keys behind `after` up to and with `last`, by key (bytes compared). */
enum status facts_list(struct db *db, struct arena *arena, struct str after, struct str last,
    size_t limit, struct asset_facts *out) MUST_CHECK;

#endif
