/*
 * folder_run.c - see folder_run.h. One pass over a folder picks the smallest entries behind a
 * bound, so that memory follows FOLDER_RUN_MAX and not the folder.
 */
#include "objects/folder_run.h"

#include "objects/store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { GROW_FIRST = 64 };

/* A folder's time of change comes from a clock that ticks every 10 ms at most: what was changed in
 * the last moment can change again and show the same time. */
static const int64_t UNCERTAIN_NS = 50 * 1000 * 1000;

/* --- the smallest entries: a heap with the greatest on top --------------------------------------
 */

static void swap(struct key_piece *a, struct key_piece *b)
{
    struct key_piece kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct folder_run *run, size_t i)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (key_piece_compare(&run->pieces[parent], &run->pieces[i]) >= 0)
            return;
        swap(&run->pieces[parent], &run->pieces[i]);
        i = parent;
    }
}

static void sift_down(struct folder_run *run)
{
    size_t i = 0;
    for (;;) {
        size_t greatest = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < run->count; child++)
            if (key_piece_compare(&run->pieces[child], &run->pieces[greatest]) > 0)
                greatest = child;
        if (greatest == i)
            return;
        swap(&run->pieces[greatest], &run->pieces[i]);
        i = greatest;
    }
}

/* Room for one more: 64 of them, 128, 256 and so on. */
static void grow(struct folder_run *run)
{
    bool is_full =
        run->count == 0 || (run->count >= GROW_FIRST && (run->count & (run->count - 1)) == 0);
    if (!is_full)
        return;
    size_t room = run->count == 0 ? GROW_FIRST : 2 * run->count;
    struct key_piece *larger = realloc(run->pieces, room * sizeof *run->pieces);
    if (larger == NULL)
        abort();
    run->pieces = larger;
}

static void add(struct folder_run *run, size_t max, const struct key_piece *piece)
{
    if (run->count < max) {
        grow(run);
        run->pieces[run->count++] = *piece;
        sift_up(run, run->count - 1);
        return;
    }
    run->is_last = false;
    if (key_piece_compare(piece, &run->pieces[0]) >= 0)
        return;
    run->pieces[0] = *piece;
    sift_down(run);
}

/* --- reading a folder ----------------------------------------------------------------------------
 */

static bool is_within(const struct folder_bound *bound, const struct key_piece *piece)
{
    int order = bound->kind == BOUND_NONE ? 1 : key_piece_compare(piece, &bound->piece);
    return bound->kind == BOUND_FROM ? order >= 0 : order > 0;
}

static int64_t ns_between(struct timespec before, struct timespec after)
{
    return ((int64_t)after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
}

static struct folder_run *run_new(const char *path, const struct folder_bound *bound)
{
    struct folder_run *run = calloc(1, sizeof *run);
    char *copy = strdup(path);
    if (run == NULL || copy == NULL)
        abort();
    run->path = copy;
    run->bound = *bound;
    run->is_last = true;
    return run;
}

static void run_free(struct folder_run *run)
{
    if (run == NULL)
        return;
    free(run->pieces);
    free(run->path);
    free(run);
}

static int compare_pieces(const void *a, const void *b)
{
    return key_piece_compare(a, b);
}

/* Its time of change is taken before its entries are: what comes meanwhile makes it another. */
static void read_entries(struct folder_run *run, size_t max, DIR *dir)
{
    struct stat info;
    struct timespec now;
    struct key_piece piece;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (fstat(dirfd(dir), &info) == 0) {
        run->changed_at = info.st_mtim;
        run->folder_id = info.st_ino;
        run->is_certain = ns_between(info.st_mtim, now) > UNCERTAIN_NS;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (key_piece_parse(entry->d_name, &piece) && is_within(&run->bound, &piece))
            add(run, max, &piece);
    if (run->count > 1)
        qsort(run->pieces, run->count, sizeof *run->pieces, compare_pieces);
}

static struct folder_run *read_folder(
    struct store *store, const char *path, const struct folder_bound *bound)
{
    DIR *dir = store_open_folder(store, path);
    if (dir == NULL && errno != ENOENT)
        return NULL;
    struct folder_run *run = run_new(path, bound);
    if (dir != NULL) {
        atomic_fetch_add(&store->runs.reads, 1);
        read_entries(run, store->runs.entries_max, dir);
        closedir(dir);
    }
    return run;
}

/* --- those that are kept -------------------------------------------------------------------------
 */

size_t folder_run_start(const struct folder_run *run, const struct folder_bound *bound)
{
    size_t low = 0, high = run->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_within(bound, &run->pieces[middle]))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Whether everything within `inner` is within `outer`. */
static bool reaches(const struct folder_bound *outer, const struct folder_bound *inner)
{
    if (outer->kind == BOUND_NONE || inner->kind == BOUND_NONE)
        return outer->kind == BOUND_NONE;
    int order = key_piece_compare(&outer->piece, &inner->piece);
    return order < 0 || (order == 0 && outer->kind <= inner->kind);
}

static bool is_unchanged(struct store *store, const struct folder_run *run)
{
    struct stat info;
    return fstatat(store->root_fd, run->path, &info, 0) == 0 && info.st_ino == run->folder_id &&
           ns_between(run->changed_at, info.st_mtim) == 0;
}

static bool begins_with(
    const struct folder_run *run, const char *path, const struct folder_bound *bound)
{
    return strcmp(run->path, path) == 0 && reaches(&run->bound, bound) &&
           (run->is_last || folder_run_start(run, bound) < run->count);
}

/* Out of the kept ones, which close the gap. With the mutex. */
static struct folder_run *take_out(struct folder_runs *runs, size_t i)
{
    struct folder_run *run = runs->kept[i];
    for (; i + 1 < FOLDER_RUNS_KEPT; i++)
        runs->kept[i] = runs->kept[i + 1];
    runs->kept[FOLDER_RUNS_KEPT - 1] = NULL;
    return run;
}

static struct folder_run *take_kept(
    struct folder_runs *runs, const char *path, const struct folder_bound *bound)
{
    struct folder_run *found = NULL;
    pthread_mutex_lock(&runs->mutex);
    for (size_t i = 0; i < FOLDER_RUNS_KEPT && runs->kept[i] != NULL && found == NULL; i++)
        if (begins_with(runs->kept[i], path, bound))
            found = take_out(runs, i);
    pthread_mutex_unlock(&runs->mutex);
    return found;
}

struct folder_run *folder_run_take(
    struct store *store, const char *path, const struct folder_bound *bound)
{
    struct folder_run *run = take_kept(&store->runs, path, bound);
    if (run != NULL && is_unchanged(store, run))
        return run;
    run_free(run);
    return read_folder(store, path, bound);
}

void folder_run_give_back(struct store *store, struct folder_run *run)
{
    struct folder_runs *runs = &store->runs;
    struct folder_run *last = run;
    if (run->is_certain && run->count >= runs->kept_least) {
        pthread_mutex_lock(&runs->mutex);
        last = take_out(runs, FOLDER_RUNS_KEPT - 1);
        for (size_t i = FOLDER_RUNS_KEPT - 1; i > 0; i--)
            runs->kept[i] = runs->kept[i - 1];
        runs->kept[0] = run;
        pthread_mutex_unlock(&runs->mutex);
    }
    run_free(last);
}

void folder_runs_init(struct folder_runs *runs)
{
    *runs = (struct folder_runs){
        .entries_max = FOLDER_RUN_MAX,
        .kept_least = FOLDER_RUN_KEPT_LEAST,
    };
    pthread_mutex_init(&runs->mutex, NULL);
}

void folder_runs_clear(struct folder_runs *runs)
{
    for (size_t i = 0; i < FOLDER_RUNS_KEPT; i++)
        run_free(runs->kept[i]);
    pthread_mutex_destroy(&runs->mutex);
}
