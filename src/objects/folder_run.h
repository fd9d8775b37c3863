/*
 * folder_run.h - the entries of one folder of keys, in order, as many as a listing wants at a time
 * and more; inside objects/ only.
 *
 * A folder has no order, so the first entries behind some name are found by reading all of it. For
 * each page of a listing that would be too much when a folder holds a million objects: so a run is
 * kept for the next page, while nothing was added to the folder and nothing removed. Every listing
 * is as true as one that reads the folder.
 *
 * Order of use: folder_run_take, folder_run_start, folder_run_give_back. One thread has a run.
 */
#ifndef OBJECTS_FOLDER_RUN_H
#define OBJECTS_FOLDER_RUN_H

#include "objects/key_path.h"
#include "objects/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    FOLDER_RUN_MAX = 65536,      /* entries: 4 MB */
    FOLDER_RUN_KEPT_LEAST = 256, /* shorter ones are read again sooner than looked for */
    FOLDER_RUNS_KEPT = 4         /* by a process */
};

/* From where on: all of it, from `piece` on, or behind it. */
struct folder_bound {
    enum { BOUND_NONE, BOUND_FROM, BOUND_BEHIND } kind;
    struct key_piece piece;
};

struct folder_run {
    struct key_piece *pieces; /* in order, without a gap: every entry within `bound` ... */
    size_t count;
    bool is_last; /* ... and none comes behind them */
    struct folder_bound bound;
    char *path;
    struct timespec changed_at; /* the folder's, when it was read */
    uint64_t folder_id;
    bool is_certain; /* a later change would show */
};

/* Those that are kept: a part of the store. */
struct folder_runs {
    pthread_mutex_t mutex;
    struct folder_run *kept[FOLDER_RUNS_KEPT]; /* the latest first; NULL: none */
    size_t entries_max, kept_least;            /* as above; tests set them lower */
    atomic_ulong reads;                        /* how often a folder was read */
};

void folder_runs_init(struct folder_runs *runs);
void folder_runs_clear(struct folder_runs *runs);

/*
 * The first FOLDER_RUN_MAX entries within `bound` of the folder at `path` below the root; of a kept
 * run perhaps fewer, and some before the bound. Names that key_path_write never makes are left out.
 * A folder that is not there is an empty one. NULL: it cannot be read, errno says why not.
 */
struct folder_run *folder_run_take(
    struct store *store, const char *path, const struct folder_bound *bound) MUST_CHECK;
void folder_run_give_back(struct store *store, struct folder_run *run);

/* The index of the first entry within `bound`; run->count: none. */
size_t folder_run_start(const struct folder_run *run, const struct folder_bound *bound);

#endif
