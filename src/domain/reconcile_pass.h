/*
 * reconcile_pass.h - what the stages of a pass share; inside domain/ only.
 */
#ifndef DOMAIN_RECONCILE_PASS_H
#define DOMAIN_RECONCILE_PASS_H

#include "domain/asset_row.h"
#include "domain/reconcile.h"
#include "store/reconcile.h"

#define STAGE_WALK    STR("walk")
#define STAGE_CONFIRM STR("confirm")
#define STAGE_REMOVE  STR("remove")
#define STAGE_DONE    STR("done")
#define STAGE_STOPPED STR("stopped")

/* How many keys are dealt with between two looks at the clock. */
enum { RECONCILE_ROWS = 1000, RECONCILE_BATCH = 100 };

/* A pass on its way, for one call. */
struct reconcile {
    struct task task;    /* the caller's, but for the arena: that is `work` */
    struct arena work;   /* of one step */
    struct arena listed; /* of one listing */
    const struct reconcile_options *options;
    struct reconcile_report *report;
    struct reconcile_pass pass;           /* as the table has it, but for what this step adds */
    char cursor[ASSET_KEY_MAX_BYTES + 8]; /* holds pass.after_key */
    int64_t image_count;
    int64_t end_us;      /* of the monotonic clock; 0: none */
    struct str manifest; /* in the caller's arena */
    struct arena *kept;
};

/* Enough for this call. */
bool reconcile_is_over(const struct reconcile *run);

/* OK to go on; BUSY when the process ends. */
enum status reconcile_step(struct reconcile *run);

void reconcile_tell(struct reconcile *run, enum reconcile_kind kind, struct str key,
    int64_t asset_id, const struct s3_object *object);

/* End a step, inside its transaction: the pass is in `stage` and done up to `key`. */
enum status reconcile_move(struct reconcile *run, struct str stage, struct str key) MUST_CHECK;

/* After its transaction was committed: take the new place over. */
void reconcile_moved(struct reconcile *run, struct str stage, struct str key);

/* The same with a transaction of its own; a dry run writes none. */
enum status reconcile_go(struct reconcile *run, struct str stage, struct str key) MUST_CHECK;

/* --- the stages: each works until it is through (the pass is then in the next one) or the call is
 * over --- */

enum status reconcile_walk(struct reconcile *run) MUST_CHECK;
enum status reconcile_confirm(struct reconcile *run) MUST_CHECK;
enum status reconcile_remove(struct reconcile *run) MUST_CHECK;

/* Ask storage about one suspect, and say what it is: *out_kind is GONE, CHANGED or CLEARED, or
 * RECONCILE__COUNT where there is nothing to do. `head` is what storage said. */
enum status reconcile_judge(struct task *task, int64_t asset_id, struct asset_row *out_row,
    struct s3_result *head, enum reconcile_kind *out_kind) MUST_CHECK;

/* Whether the settings want an unknown object deleted, seen like that. */
bool reconcile_is_removable(const struct reconcile *run, const struct unknown_row *row);

#endif
