/*
 * asset_sweep.h - the rows that wait for storage, finished: deletions, grants that ended, images
 * that could still be overwritten.
 *
 * Goes from rows to objects. What is in the bucket and in no row is reconcile.h's.
 */
#ifndef DOMAIN_ASSET_SWEEP_H
#define DOMAIN_ASSET_SWEEP_H

#include "domain/asset.h"

struct sweep_report {
    int64_t purged;  /* tombstones whose object is gone now */
    int64_t adopted; /* pending rows whose verified object became an image */
    int64_t expired; /* pending rows without an object, seen absent twice */
    int64_t refused; /* rows whose object is not what was granted: deleted */
    int64_t emptied; /* images whose time in the trash was over: tombstones now */
    int64_t cleaned; /* uploads of API 004 past FILE_CLEANUP_DAYS: the same */
    int64_t settled; /* open images that cannot be overwritten any more, looked at the last time */
    int64_t aborted; /* uploads in parts whose parts are deleted now (multipart.h) */
    int64_t waiting; /* left for the next time */
};

/*
 * Bring rows and objects together: bury what has had its time (trash_expire); delete the objects of
 * tombstones; for grants that expired, adopt
 * the verified object, or, when HEAD says 404 in two sweeps at least an hour apart, drop the row (a
 * slow PUT can land after its URL expired); and take the last look at open images. Whatever storage
 * does not answer clearly waits, and holds up no other. At most `limit` rows of each kind. BUSY
 * when task_must_stop said so in between.
 */
enum status asset_sweep(struct task *task, int64_t limit, struct sweep_report *out) MUST_CHECK;

/* What a sweep does with a row; the counts of struct sweep_report, in its order. */
enum sweep_end {
    SWEEP_PURGE,
    SWEEP_ADOPT,
    SWEEP_EXPIRE,
    SWEEP_REFUSE,
    SWEEP_EMPTY, /* a dry run tells of the first thousand */
    SWEEP_CLEAN, /* likewise */
    SWEEP_SETTLE,
    SWEEP_WAIT,
    SWEEP__COUNT
};

struct sweep_listener {
    void (*tell)(void *context, enum sweep_end end, struct str key); /* key: during the call only */
    void *context;
};

/* What asset_sweep would do now: it asks storage as that does, and neither writes nor deletes.
 * `listener` NULL: it is asset_sweep. */
enum status asset_sweep_dry(struct task *task, int64_t limit, const struct sweep_listener *listener,
    struct sweep_report *out) MUST_CHECK;

#endif
