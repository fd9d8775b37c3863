/*
 * store.c - the store's root: opening it, its paths, its locks, its folders' durability.
 */
#include "objects/store_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "objects/key_path.h"
#include "objects/lifecycle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- paths ----------------------------------------------------------------------------------- */

char *store_bucket_path(struct arena *arena, struct str bucket, const char *name)
{
    return (char *)arena_printf(arena, "buckets/%.*s/%s", STR_ARG(bucket), name).ptr;
}

char *store_object_path(struct arena *arena, struct str bucket, struct str key)
{
    struct buf path;
    buf_init_arena(&path, arena, KEY_PATH_MAX);
    buf_put_c(&path, "buckets/");
    buf_put(&path, bucket);
    buf_put_c(&path, "/keys/");
    key_path_write(&path, key);
    buf_put_byte(&path, '\0');
    return path.ptr;
}

struct str store_data_name(struct arena *arena, struct str id)
{
    return arena_printf(arena, "%.2s/%.*s", id.ptr, STR_ARG(id));
}

char *store_data_path(struct arena *arena, struct str id)
{
    return (char *)arena_printf(arena, "data/%.2s/%.*s", id.ptr, STR_ARG(id)).ptr;
}

char *store_upload_path(struct arena *arena, struct str id)
{
    return (char *)arena_printf(arena, "uploads/%.*s", STR_ARG(id)).ptr;
}

char *store_retired_path(struct arena *arena, struct str id)
{
    return (char *)arena_printf(arena, "retired/%.*s", STR_ARG(id)).ptr;
}

struct str store_data_folder(const struct store *store)
{
    return str_from_c(store->data_root);
}

/* --- failures and durability -------------------------------------------------------------------
 */

enum status store_status_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* RLIMIT_FSIZE or the file system's limit: no more fits in this file */
        return STATUS_NO_SPACE;
    default:
        return STATUS_IO;
    }
}

enum status store_sync_folder(struct store *store, const char *path)
{
    enum status status = STATUS_OK;
    int fd = openat(store->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? STATUS_OK : store_status_of_errno(errno);
    if (fsync(fd) != 0)
        status = store_status_of_errno(errno);
    close(fd);
    return status;
}

enum status store_sync_parent(struct store *store, struct arena *arena, const char *path)
{
    struct str text = str_from_c(path);
    ssize_t slash = str_last_index(text, '/');
    return store_sync_folder(store, arena_c_string(arena, str_head(text, (size_t)slash)));
}

DIR *store_open_folder(struct store *store, const char *path)
{
    int fd = openat(store->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && dir == NULL)
        close(fd);
    return dir;
}

void store_prune(struct store *store, struct arena *arena, const char *path)
{
    char *folder = arena_c_string(arena, str_from_c(path));
    char *keys = strstr(folder, "/keys/");
    for (;;) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash <= keys + strlen("/keys"))
            return;
        *slash = '\0';
        if (unlinkat(store->root_fd, folder, AT_REMOVEDIR) != 0)
            return;
    }
}

/* --- locks ----------------------------------------------------------------------------------- */

/* FNV-1a: spreads keys over the locks; no defence is needed, a collision only waits. */
static uint32_t hash(uint32_t state, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        state = (state ^ (unsigned char)s.ptr[i]) * 16777619u;
    return state;
}

struct store_lock *store_lock_key(struct store *store, struct str bucket, struct str key)
{
    uint32_t number = hash(hash(2166136261u, bucket), key) % STORE_LOCKS;
    struct store_lock *lock = &store->locks[number];
    pthread_mutex_lock(&lock->mutex);
    while (flock(lock->fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return lock;
}

void store_unlock(struct store_lock *lock)
{
    flock(lock->fd, LOCK_UN);
    pthread_mutex_unlock(&lock->mutex);
}

static enum status open_locks(struct store *store)
{
    for (int i = 0; i < STORE_LOCKS; i++) {
        char name[] = "locks/00";
        name[6] = "0123456789abcdef"[i >> 4];
        name[7] = "0123456789abcdef"[i & 15];
        store->locks[i].fd = openat(store->root_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (store->locks[i].fd < 0)
            return store_status_of_errno(errno);
    }
    return STATUS_OK;
}

/* --- the sweeper's thread ----------------------------------------------------------------------
 */

bool store_is_stopping(struct store *store)
{
    pthread_mutex_lock(&store->stop_mutex);
    bool is_stopping = store->is_stopping;
    pthread_mutex_unlock(&store->stop_mutex);
    return is_stopping;
}

static void *sweeper_main(void *context)
{
    struct store *store = context;
    int64_t lifecycle_at_s = 0;
    pthread_mutex_lock(&store->stop_mutex);
    while (!store->is_stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += STORE_SWEEP_EVERY_S;
        pthread_cond_timedwait(&store->stop_condition, &store->stop_mutex, &until);
        if (store->is_stopping)
            break;
        pthread_mutex_unlock(&store->stop_mutex);
        store_sweep(store, STORE_RETIRED_GRACE_S);
        if (clock_now_s() >= lifecycle_at_s) {
            lifecycle_run(store, clock_now_s());
            lifecycle_at_s = clock_now_s() + LIFECYCLE_EVERY_S;
        }
        pthread_mutex_lock(&store->stop_mutex);
    }
    pthread_mutex_unlock(&store->stop_mutex);
    return NULL;
}

static void stop_sweeper(struct store *store)
{
    if (!store->has_sweeper)
        return;
    pthread_mutex_lock(&store->stop_mutex);
    store->is_stopping = true;
    pthread_cond_signal(&store->stop_condition);
    pthread_mutex_unlock(&store->stop_mutex);
    pthread_join(store->sweeper, NULL);
}

/* --- open and close ----------------------------------------------------------------------------
 */

/* The root is private; the data below it is readable for the group, so that a web server that runs
 * as another user of the group can send it. */
static enum status make_layout(struct store *store, struct arena *arena)
{
    static const char *const folders[] = { "buckets", "data", "uploads", "multipart", "retired",
        "locks" };
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (mkdirat(store->root_fd, folders[i], 0750) != 0 && errno != EEXIST)
            return store_status_of_errno(errno);
    for (int i = 0; i < 256; i++) {
        char *path = (char *)arena_printf(arena, "data/%02x", (unsigned)i).ptr;
        if (mkdirat(store->root_fd, path, 0750) != 0 && errno != EEXIST)
            return store_status_of_errno(errno);
    }
    enum status status = store_sync_folder(store, "data");
    return status == STATUS_OK ? store_sync_folder(store, ".") : status;
}

static struct store *store_new(void)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        abort();
    store->root_fd = -1;
    for (int i = 0; i < STORE_LOCKS; i++) {
        pthread_mutex_init(&store->locks[i].mutex, NULL);
        store->locks[i].fd = -1;
    }
    folder_runs_init(&store->runs);
    pthread_mutex_init(&store->stop_mutex, NULL);
    pthread_cond_init(&store->stop_condition, NULL);
    return store;
}

/* An absolute path is kept as it was written, symbolic links included: lighttpd compares the paths
 * that we name with the folder in its own settings, letter by letter. */
static char *absolute_path(struct arena *arena, struct str root)
{
    if (!str_starts_with(root, STR("/")))
        return realpath(arena_c_string(arena, root), NULL);
    while (root.len > 1 && root.ptr[root.len - 1] == '/')
        root.len--;
    return strdup(arena_c_string(arena, root));
}

/* Everything up to where requests could be served. */
static enum status open_root(struct store *store, struct arena *arena, struct str root)
{
    enum status status = file_make_folders(arena_c_string(arena, root), 0750);
    if (status != STATUS_OK)
        return status;
    store->root = absolute_path(arena, root);
    if (store->root == NULL)
        return store_status_of_errno(errno);
    if (asprintf(&store->data_root, "%s/data", store->root) < 0)
        abort();
    store->root_fd = open(store->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->root_fd < 0)
        return store_status_of_errno(errno);
    status = make_layout(store, arena);
    return status == STATUS_OK ? open_locks(store) : status;
}

struct store *store_open(struct str root)
{
    struct arena arena;
    arena_init(&arena);
    struct store *store = store_new();
    if (open_root(store, &arena, root) != STATUS_OK) {
        log_event(LOG_ERROR,
            "The folder for objects, %.*s, cannot be used: %s. Set OBJECTS_ROOT to a "
            "folder that this user can write.",
            STR_ARG(root), strerror(errno));
        store_close(store);
        store = NULL;
        goto out;
    }
    store_sweep(store, 0);
    store->has_sweeper = pthread_create(&store->sweeper, NULL, sweeper_main, store) == 0;
out:
    arena_clear(&arena);
    return store;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    stop_sweeper(store);
    for (int i = 0; i < STORE_LOCKS; i++) {
        if (store->locks[i].fd >= 0)
            close(store->locks[i].fd);
        pthread_mutex_destroy(&store->locks[i].mutex);
    }
    folder_runs_clear(&store->runs);
    pthread_mutex_destroy(&store->stop_mutex);
    pthread_cond_destroy(&store->stop_condition);
    if (store->root_fd >= 0)
        close(store->root_fd);
    free(store->root);
    free(store->data_root);
    free(store);
}
