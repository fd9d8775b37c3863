/*
 * trash.h - images on their way out, and back: the trash, its end, and many images at once.
 *
 *     ready <-> trashed -> purging -> (object gone) -> row gone
 *
 * What is in the trash is NOT_FOUND to whoever may not change it, and GONE (410) with words that
 * say so to its owner and admins: not in grids, lists, searches or among neighbours, and no URL is
 * signed for it. Its object stays, and counts for the owner's quota. URLs that were given out
 * before work until they expire: nothing can take them back.
 *
 * After domain_options.trash_s (TRASH_DAYS) the sweep deletes it for good (trash_expire). With 0
 * there is no trash: what is moved there is deleted at once, and the next sweep empties it.
 * Deleting for good past the trash is asset_delete (asset.h).
 */
#ifndef DOMAIN_TRASH_H
#define DOMAIN_TRASH_H

#include "domain/asset.h"

enum { TRASH_BULK_MAX = 200 };

enum trash_action {
    TRASH_MOVE,    /* ready -> trashed; deleted for good where there is no trash */
    TRASH_RESTORE, /* trashed -> ready, with its words, tags and permanent address */
    TRASH_DELETE,  /* ready or trashed -> purging */
    TRASH_ACTION_COUNT
};

/* What became of one image. */
struct trash_result {
    int64_t id;
    struct failure failure; /* status OK: it is as was asked for, by this call or before it */
    bool is_trashed;        /* it is in the trash now */
    bool is_pending;        /* deleted for good, and its object goes with the next sweep */
};

/*
 * Do that to `count` images, at most TRASH_BULK_MAX, in one transaction; out_results in the order
 * of ids. One image's refusal does not hinder the others: NOT_FOUND (not visible, never there, or
 * deleted for good), FORBIDDEN (visible, but of someone else). Repeated, or done by someone else a
 * moment before, it is OK again. Returns a failure only where nothing was done: INVALID (field
 * "ids").
 *
 * A restored image whose object is gone or another one meanwhile comes back all the same, with its
 * words, and is flagged (asset.problem). That is looked for afterwards, for as long as a few
 * seconds allow, and left to the reconciliation then.
 */
enum status trash_bulk(struct task *task, enum trash_action action, const int64_t *ids,
    size_t count, struct trash_result *out_results) MUST_CHECK;

/*
 * The same for one image. `version` is the one that the person saw, 0 where that does not matter:
 * CONFLICT when it was changed since. Returns the result's status.
 */
enum status trash_one(struct task *task, enum trash_action action, int64_t id, int64_t version,
    struct trash_result *out) MUST_CHECK;

/* An image in the trash, for who may restore it; else NOT_FOUND, also when it is not in the trash.
 */
enum status trash_find(struct task *task, int64_t id, struct asset *out) MUST_CHECK;

/* When the sweep deletes for good what is in the trash. */
int64_t trash_ends_at(const struct task *task, const struct asset *asset);

/* A page of what the actor may restore, the last moved there first. */
struct trash_query {
    int64_t owner_id;             /* 0: every owner whose images the actor may restore */
    int64_t before_at, before_id; /* behind this one (trashed_at, id); 0: from the first */
    size_t limit;                 /* 1..ASSET_PAGE_MAX */
};

struct trash_page {
    struct asset *item;
    size_t count;
    bool has_more; /* ask with the last one's trashed_at and id */
};

enum status trash_list(
    struct task *task, const struct trash_query *query, struct trash_page *out) MUST_CHECK;

/* How many images that is in all, and their bytes. owner_id as in trash_query. */
enum status trash_count(struct task *task, int64_t owner_id, struct asset_count *out) MUST_CHECK;

/*
 * Delete for good what the actor may restore, of that owner (0: of all) and moved there at `until`
 * or before: not what came after the page that asked. *out_count images went; a call gives up after
 * a few seconds, *out_has_more tells whether any are left. Objects go with the sweep.
 */
enum status trash_empty(struct task *task, int64_t owner_id, int64_t until, int64_t *out_count,
    bool *out_has_more) MUST_CHECK;

/* How many of these images are what now, as far as the actor sees: what a page says after a bulk
 * action is true, whatever its address says. */
struct trash_census {
    int64_t trashed; /* and the actor may restore them */
    int64_t ready;   /* and the actor may move them to the trash */
    int64_t foreign; /* seen, but of someone else */
    int64_t gone;    /* deleted for good, or never seen */
};

/* INVALID (field "ids") for more than TRASH_BULK_MAX. */
enum status trash_look(
    struct task *task, const int64_t *ids, size_t count, struct trash_census *out) MUST_CHECK;

/*
 * Of the sweep: bury at most `limit` images each whose time in the trash is over, and uploads of
 * API 004 older than domain_options.cleanup_s (FILE_CLEANUP_DAYS) that nobody ever gave a word.
 * Objects go with the tombstones, in asset_sweep.
 */
enum status trash_expire(
    struct task *task, int64_t limit, int64_t *out_emptied, int64_t *out_cleaned) MUST_CHECK;

/* What that would bury, of each kind at most `limit`; nothing is written. */
struct asset_rows; /* store/assets.h */
enum status trash_due(struct task *task, size_t limit, struct asset_rows *out_trashed,
    struct asset_rows *out_uploads) MUST_CHECK;

#endif
