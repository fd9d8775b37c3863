/*
 * reconcile.h - the bucket and the rows, compared as wholes.
 *
 * One pass walks the bucket's listing under our prefixes and the rows by key, both in the order of
 * bytes, as a merge: memory does not grow with either. What it finds:
 *
 *     image, no object          flagged "gone"      after HEAD says so too
 *     image, another object     flagged "changed"   after HEAD says so too; where storage proves
 * the same SHA-256, the new ETag is taken instead flagged, and right again  the flag goes object,
 * no row            recorded in unknown_objects, counted, told; deleted only as below key that is
 * not our kind  counted, never touched: a bucket may be shared
 *
 * Flags are shown (asset.h: problem) and audited; an image is never dropped. Rows that wait for
 * their object, and tombstones, are asset_sweep.h's.
 *
 * Nothing is concluded on a guess. A listing that fails, or is not in order, ends the call; the
 * pass goes on from there the next time. While the pass walks, differences are only noted; only
 * when all was compared, each is asked again about. When more than RECONCILE_GONE_MIN images and
 * one in RECONCILE_GONE_SHARE are newly missing, the bucket is wrong rather than they: the pass is
 * stopped and nothing is flagged, unless the caller insists.
 *
 * An unknown object is deleted only where the settings say so (domain_options.removes_unknown),
 * when it is older than unknown_age_s, was seen with the same ETag by two passes, and still has it
 * right before. While that goes on no row can take its key (schema.sql: assets_not_being_removed),
 * and storage compares the ETag once more where it can. A manifest tells of each: it is on the disk
 * before the request leaves.
 *
 * A pass is a row; what was done is kept with every thousand keys, so that a killed one goes on
 * where it was. Two callers at once do no harm: one of them ends with CONFLICT. No transaction is
 * open while storage is asked.
 */
#ifndef DOMAIN_RECONCILE_H
#define DOMAIN_RECONCILE_H

#include "domain/domain.h"

enum { RECONCILE_GONE_MIN = 100, RECONCILE_GONE_SHARE = 10 };

enum reconcile_kind {
    RECONCILE_GONE,    /* an image without object */
    RECONCILE_CHANGED, /* an image with another object */
    RECONCILE_CLEARED, /* a flag that goes */
    RECONCILE_UNKNOWN, /* an object without row */
    RECONCILE_REMOVED, /* ... that is deleted */
    RECONCILE__COUNT
};

struct reconcile_finding {
    enum reconcile_kind kind;
    struct str key;      /* during the call only, like the other strs */
    int64_t asset_id;    /* 0: none */
    int64_t size_bytes;  /* of the object; -1: there is none */
    int64_t modified_at; /* of the object; 0: not known */
};

struct reconcile_options {
    bool is_dry_run;   /* a whole pass that writes and deletes nothing, and touches no other pass */
    bool is_forced;    /* however many images are gone */
    int64_t budget_ms; /* end after about so long, to be called again; 0: to the end */
    void (*tell)(void *context, const struct reconcile_finding *finding); /* NULL: not told */
    void *tell_context;
};

struct reconcile_report {
    bool is_finished;     /* of the pass, by this call or without anything left to do */
    int64_t row_count;    /* of the whole pass so far, over all calls; in any state */
    int64_t object_count; /* with keys like ours */
    int64_t foreign_count;
    int64_t count[RECONCILE__COUNT];
    struct str manifest; /* the file that tells what this call removed; empty: nothing */
};

/*
 * Begin a pass, or go on with the one that is under way. BUSY when task_must_stop said so; CONFLICT
 * when another caller goes on with it; STORAGE_REFUSED when too much is gone (failure.sentence has
 * the numbers and what to do), the listing is not in order, or the settings are wrong; STORAGE*, IO
 * and NO_SPACE (the manifest), as the database says. After any of these what was done is kept.
 */
enum status reconcile_run(struct task *task, const struct reconcile_options *options,
    struct reconcile_report *out) MUST_CHECK;

/* How old the last finished pass over this bucket is, in seconds; -1: there was none, or the last
 * one was not finished. */
enum status reconcile_age(struct task *task, int64_t *out_age_s) MUST_CHECK;

#endif
