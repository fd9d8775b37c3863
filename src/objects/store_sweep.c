/*
 * store_sweep.c - settling what is no object any more: dead uploads, and what was replaced or
 * deleted.
 */
#include "objects/store_internal.h"
#include "objects/store_multipart.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Call `settle` with the id of each file of a folder. Names that are no ids are left alone. */
static void each_id(struct store *store, const char *folder, int grace_s,
    void (*settle)(struct store *, struct arena *, struct str id, int grace_s))
{
    struct arena arena;
    DIR *dir = store_open_folder(store, folder);
    if (dir == NULL)
        return;
    arena_init(&arena);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct str id = str_from_c(entry->d_name);
        if (id.len == STORE_ID_LEN)
            settle(store, &arena, id, grace_s);
        arena_reset(&arena);
    }
    arena_clear(&arena);
    closedir(dir);
}

/* An upload whose lock can be taken has no writer any more: its process died. */
static void settle_upload(struct store *store, struct arena *arena, struct str id, int grace_s)
{
    (void)grace_s;
    const char *path = store_upload_path(arena, id);
    int fd = openat(store->root_fd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    struct stat info;
    bool is_dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
    /* While we waited to look, the writer may have given the ticket the object's name. */
    if (is_dead && fstatat(store->root_fd, path, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        unlinkat(store->root_fd, store_data_path(arena, id), 0);
        unlinkat(store->root_fd, path, 0);
        log_event(LOG_INFO, "Removed an unfinished upload that a stopped process left.");
    }
    close(fd);
}

/* The data goes, unless the object still has it: a crash between the two steps of a replacement. */
static void settle_retired(struct store *store, struct arena *arena, struct str id, int grace_s)
{
    struct stat info;
    struct store_object retired;
    struct store_object current;
    const char *path = store_retired_path(arena, id);
    if (fstatat(store->root_fd, path, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        time(NULL) - info.st_ctime < grace_s ||
        store_read_meta(store, arena, path, &retired) != STATUS_OK)
        return;
    struct store_lock *lock = store_lock_key(store, retired.bucket, retired.key);
    enum status status = store_find_object(store, arena, retired.bucket, retired.key, &current);
    bool is_current = status == STATUS_OK && str_equal(current.id, retired.id);
    bool is_known = status == STATUS_OK || status == STATUS_NOT_FOUND;
    if (is_known && !is_current)
        unlinkat(store->root_fd, store_data_path(arena, id), 0);
    if (is_known)
        unlinkat(store->root_fd, path, 0);
    store_unlock(lock);
}

void store_sweep(struct store *store, int grace_s)
{
    each_id(store, "uploads", grace_s, settle_upload);
    store_multipart_sweep(store);
    each_id(store, "retired", grace_s, settle_retired);
}
