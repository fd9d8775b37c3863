/*
 * job_kinds.h - the table of what vitrine-worker can do. To add a kind: a row in job_kinds.c, and
 * its function, declared below, beside the rules that it is part of.
 */
#ifndef DOMAIN_JOB_KINDS_H
#define DOMAIN_JOB_KINDS_H

#include "domain/job_run.h"

struct job_kind {
    const char *name; /* in the table jobs, on pages and the command line: a-z and '_' */
    const char *doc;  /* what it does: one sentence for people */
    job_fn *run;
    int64_t period_s;     /* how long after it was done it is due again; 0: only when it is added */
    int64_t time_limit_s; /* then it has to stop, and counts as failed */
    int max_attempts;     /* how often it is tried before it is dead (or waits for its period) */
    bool needs_storage;   /* is not planned, and not run, without storage (S3_ENABLED=off) */
    bool (*is_wanted)(const struct domain_options *options); /* by the settings; NULL: always */
};

/* The rows, from 0; NULL behind the last. */
const struct job_kind *job_kind_at(size_t index);

/* NULL when this program has no such kind. */
const struct job_kind *job_kind_find(struct str name);

/* Whether settings and storage let it run here. */
bool job_kind_is_wanted(const struct job_kind *kind, const struct domain_options *options);

/* Another table from now on; NULL: the program's own. For tests; process-wide. */
void job_kinds_inject(const struct job_kind *kinds, size_t count);

/* --- the kinds, sorted by name --- */

job_fn job_prune;     /* session.h */
job_fn job_reconcile; /* reconcile.h */
job_fn job_sweep;     /* asset.h: asset_sweep */

#endif
