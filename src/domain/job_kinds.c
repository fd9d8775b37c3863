/*
 * job_kinds.c - the kinds of jobs, sorted by name; read across.
 */
#include "domain/job_kinds.h"

enum { MINUTE = 60, HOUR = 3600 };

/* clang-format off */
static const struct job_kind job_kinds[] = {
    /* name     what it does                                                                 function    period  limit     tries storage wanted by */
    { "prune",  "Forget sessions, sign-ins and counts of failed sign-ins that are over.",    job_prune,  HOUR,   10*MINUTE, 5,   false,  NULL },
    { "reconcile", "Compare the bucket with the images: what is gone, changed or unknown.",  job_reconcile, 24*HOUR, 6*HOUR, 5,  true,   NULL },
    { "sweep",  "Finish deletions, adopt or drop unfinished uploads.",                       job_sweep,  HOUR,   2*HOUR,    5,   true,   NULL },
};
/* clang-format on */

static const struct job_kind *kinds = job_kinds;
static size_t kind_count = COUNT_OF(job_kinds);

void job_kinds_inject(const struct job_kind *injected, size_t count)
{
    kinds = injected != NULL ? injected : job_kinds;
    kind_count = injected != NULL ? count : COUNT_OF(job_kinds);
}

const struct job_kind *job_kind_at(size_t index)
{
    return index < kind_count ? &kinds[index] : NULL;
}

const struct job_kind *job_kind_find(struct str name)
{
    for (size_t i = 0; i < kind_count; i++) {
        if (str_equal(name, str_from_c(kinds[i].name))) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool job_kind_is_wanted(const struct job_kind *kind, const struct domain_options *options)
{
    if (kind->needs_storage && options->storage.is_off) {
        return false;
    }
    return !kind->is_wanted || kind->is_wanted(options);
}
