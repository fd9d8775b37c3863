/*
 * assets.h - the table assets, with its tags, its search index and what is counted of it.
 *
 * States are text here ('pending', 'ready', 'purging'); which may follow which is the domain's
 * business, and every change of state names the one it starts from.
 */
#ifndef STORE_ASSETS_H
#define STORE_ASSETS_H

#include "store/db.h"

struct asset_row {
    int64_t id;
    struct str key;
    struct str state;
    int64_t owner_id;
    struct str owner_name; /* of users */
    struct str filename;
    struct str content_type;
    int64_t granted_size; /* 0: NULL */
    int64_t size_bytes;   /* 0 also for NULL */
    struct str sha256;    /* hex; empty: NULL */
    struct str etag;
    int64_t width; /* 0: NULL */
    int64_t height;
    struct str title;
    struct str alt;
    int64_t is_decorative;
    struct str tag_list; /* names, sorted, with '\n' between */
    int64_t version;
    int64_t created_at;
    int64_t updated_at;
    int64_t grant_expires_at; /* 0: NULL */
    int64_t absent_seen_at;   /* 0: NULL */
    int64_t stored_at;        /* 0: NULL */
    int64_t is_open;
    struct str flag;       /* what is wrong with its object: "gone", "changed"; empty: nothing */
    int64_t flag_at;       /* since when; 0: NULL */
    struct str checksum;   /* of an upload in parts: "base64-N"; else empty */
    int64_t trashed_at;    /* 0: NULL */
    int64_t reserved_size; /* written with a new row, not read */
};

struct asset_rows {
    struct asset_row *item;
    size_t count;
};

/* A row in state 'pending'; version 1. CONFLICT when the key is taken. */
enum status assets_insert(struct db *db, const struct asset_row *row, int64_t *out_id) MUST_CHECK;

/* A row in state 'ready', made from its object: id (0: the next one), owner_id, key, filename,
 * content_type, size_bytes, sha256, checksum, etag, width, height, created_at, updated_at,
 * stored_at. CONFLICT when id or key is taken. */
enum status assets_insert_ready(
    struct db *db, const struct asset_row *row, int64_t *out_id) MUST_CHECK;

/* In any state. */
enum status assets_find(
    struct db *db, struct arena *arena, int64_t id, struct asset_row *out) MUST_CHECK;
enum status assets_find_by_key(
    struct db *db, struct arena *arena, struct str key, struct asset_row *out) MUST_CHECK;

/* The oldest 'ready' row of that owner with these bytes, else the oldest 'trashed' one: by the
 * SHA-256 that was proven, else by the one that was claimed. size_bytes 0 or less: of any size. */
enum status assets_find_same(struct db *db, struct arena *arena, int64_t owner_id,
    struct str sha256_hex, int64_t size_bytes, struct asset_row *out) MUST_CHECK;

/* The same for the bytes of a row, besides itself: by SHA-256, else by the checksum of its parts.
 */
enum status assets_find_twin(
    struct db *db, struct arena *arena, int64_t id, struct asset_row *out) MUST_CHECK;

/* Only what signing needs (key, owner_id, filename, content_type, is_open), only when 'ready'. */
enum status assets_find_delivery(
    struct db *db, struct arena *arena, int64_t id, struct asset_row *out) MUST_CHECK;

/* Which ready images, from where, in which direction. */
struct asset_selection {
    struct str match; /* an FTS5 expression; empty: all */
    int64_t owner_id; /* 0: of everyone */
    bool has_problem; /* flagged ones only; `match` is not looked at then */
    bool is_newer;    /* ids above `bound_id`, ascending; else below it, descending */
    int64_t bound_id;
    size_t limit;
};

/* A run of rows in the direction of the selection: an index walk of `limit` steps. */
enum status assets_list(struct db *db, struct arena *arena, const struct asset_selection *selection,
    struct asset_rows *out) MUST_CHECK;

/* The first id in the direction of the selection (limit and match are not looked at); 0: none. */
enum status assets_neighbour(
    struct db *db, const struct asset_selection *selection, int64_t *out_id) MUST_CHECK;

/* How many match, counted no further than selection->limit. */
enum status assets_count_matches(
    struct db *db, const struct asset_selection *selection, int64_t *out_count) MUST_CHECK;

/* Rows that wait for their object, and those of them whose grant is over at `now_s`: the sweep's
 * work. */
enum status assets_count_pending(
    struct db *db, int64_t now_s, int64_t *out_count, int64_t *out_lapsed) MUST_CHECK;

/* What the table usage says; owner_id 0: all owners together. */
enum status assets_usage(
    struct db *db, int64_t owner_id, int64_t *out_count, int64_t *out_bytes) MUST_CHECK;

struct owner_row {
    int64_t id;
    struct str name;
    int64_t asset_count;
};

struct owner_rows {
    struct owner_row *item;
    size_t count;
};

/* Those who have ready images, by name. */
enum status assets_list_owners(
    struct db *db, struct arena *arena, size_t limit, struct owner_rows *out) MUST_CHECK;

/* 'pending' -> 'ready', with what storage and the bytes say: size_bytes, sha256, etag, width,
 * height, stored_at, filename, title, alt, updated_at, is_open, checksum of `row`. NOT_FOUND when
 * it was not pending any more. */
enum status assets_set_ready(struct db *db, const struct asset_row *row) MUST_CHECK;

/* An open image was overwritten: size_bytes, sha256, etag, width, height, stored_at, updated_at of
 * `row`. NOT_FOUND when it is not open and ready any more. */
enum status assets_set_rewritten(struct db *db, const struct asset_row *row) MUST_CHECK;

/* An open image cannot be overwritten any more. NOT_FOUND as above. */
enum status assets_set_settled(struct db *db, int64_t id) MUST_CHECK;

/* title, alt, is_decorative, tag_list, updated_at of `row`, where its version is still
 * row->version; the version goes up by one. CONFLICT when it is another, or the row is not ready.
 */
enum status assets_update(struct db *db, const struct asset_row *row) MUST_CHECK;

/* Replace the tags of an asset. The caller sets tag_list to match. */
enum status assets_set_tags(
    struct db *db, int64_t id, const struct str *names, size_t count) MUST_CHECK;

/* 'ready' -> 'trashed' and back; version and words stay. NOT_FOUND when it is not in that state. */
enum status assets_set_trashed(struct db *db, int64_t id, int64_t at) MUST_CHECK;
enum status assets_set_restored(struct db *db, int64_t id) MUST_CHECK;

/* `from` -> 'purging', and not open. NOT_FOUND when it is not in that state. */
enum status assets_set_purging(struct db *db, int64_t id, struct str from, int64_t at) MUST_CHECK;

/* Remember that a sweep saw no object for a pending row. */
enum status assets_set_absent(struct db *db, int64_t id, int64_t at) MUST_CHECK;

/* The same bytes have another etag now; nothing is wrong with it. NOT_FOUND as below. */
enum status assets_set_etag(
    struct db *db, int64_t id, struct str from, struct str to, int64_t stored_at) MUST_CHECK;

/* Say what is wrong with its object, or, with an empty flag and `at` 0, that nothing is; where it
 * is an image with that etag: NOT_FOUND when it is not, or not any more. */
enum status assets_set_flag(
    struct db *db, int64_t id, struct str etag, struct str flag, int64_t at) MUST_CHECK;

/* A pending row's grant ends at another time: it is alive again, or not any more. NOT_FOUND when it
 * is not pending. */
enum status assets_set_grant_end(struct db *db, int64_t id, int64_t at) MUST_CHECK;

/* 'pending' -> 'purging', only where its grant ended before now_s. NOT_FOUND. */
enum status assets_set_lapsed(struct db *db, int64_t id, int64_t now_s) MUST_CHECK;

/* Remove a row that is in that state. NOT_FOUND. */
enum status assets_delete(struct db *db, int64_t id, struct str state) MUST_CHECK;

/* Tombstones with an id above `after_id`, by id. */
enum status assets_list_purging(struct db *db, struct arena *arena, int64_t after_id, size_t limit,
    struct asset_rows *out) MUST_CHECK;

/* Where a page of the trash begins: behind what was moved there before; INT64_MAX twice: the
 * newest. */
struct trash_bound {
    int64_t trashed_at;
    int64_t id;
};

/* What is in the trash, the last moved there first. owner_id 0: of everyone. */
enum status assets_list_trashed(struct db *db, struct arena *arena, int64_t owner_id,
    struct trash_bound before, size_t limit, struct asset_rows *out) MUST_CHECK;

/* What was moved there at `until` or earlier, the oldest first. */
enum status assets_list_trashed_due(struct db *db, struct arena *arena, int64_t until, size_t limit,
    struct asset_rows *out) MUST_CHECK;

/* Ready rows of keys "uploads/YYYY/MM/DD/...", granted at `until` or earlier and never edited, the
 * oldest first. */
enum status assets_list_temporary(struct db *db, struct arena *arena, int64_t until, size_t limit,
    struct asset_rows *out) MUST_CHECK;

/* How much the trash holds; owner_id 0: of all. */
enum status assets_trash_usage(
    struct db *db, int64_t owner_id, int64_t *out_count, int64_t *out_bytes) MUST_CHECK;

/* Where a walk along the ends of grants has come to; zeroed: the start. */
struct grant_bound {
    int64_t grant_expires_at;
    int64_t id;
};

/* Pending rows whose grant ended before `lapsed_before` and that were not seen absent since
 * `seen_before`, behind `after`; the oldest grant first. */
enum status assets_list_lapsed(struct db *db, struct arena *arena, int64_t lapsed_before,
    int64_t seen_before, struct grant_bound after, size_t limit, struct asset_rows *out) MUST_CHECK;

/* Open ready rows whose grant ended before `ended_before`, in the same way. */
enum status assets_list_unsettled(struct db *db, struct arena *arena, int64_t ended_before,
    struct grant_bound after, size_t limit, struct asset_rows *out) MUST_CHECK;

/* A stretch of keys: from `from` on, but not `not_key`, to before `before`; bytes are compared. */
struct key_selection {
    struct str from;
    struct str not_key;
    struct str before;
    int64_t owner_id; /* 0: of everyone */
    bool is_open;     /* the open rows, pending or ready; else the ready ones */
    size_t limit;
};

/* The rows of the stretch, by key. */
enum status assets_list_keys(struct db *db, struct arena *arena,
    const struct key_selection *selection, struct asset_rows *out) MUST_CHECK;

#endif
