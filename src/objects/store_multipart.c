/*
 * store_multipart.c - the life of a multipart upload: created, found, listed, aborted, cleared
 * away. Its parts are written by store_part.c and put together by store_assemble.c.
 */
#include "objects/store_part.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ABANDONED_AFTER_S = 60 };

const char *multipart_path(struct arena *arena, struct str id, const char *name)
{
    return arena_printf(arena, "multipart/%.*s/%s", STR_ARG(id), name).ptr;
}

const char *multipart_numbered_path(
    struct arena *arena, struct str id, const char *name, int number)
{
    return arena_printf(arena, "multipart/%.*s/%s.%d", STR_ARG(id), name, number).ptr;
}

/* Ids come from clients: what is none must not become a path. */
bool multipart_id_is_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == STORE_ID_LEN;
}

/* --- the lock of an upload --- */

enum status multipart_lock(struct store *store, struct arena *arena, struct str id, int *out_fd)
{
    *out_fd =
        openat(store->root_fd, multipart_path(arena, id, "lock"), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (*out_fd < 0)
        return store_status_of_errno(errno);
    while (flock(*out_fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return STATUS_IO;
    /* It may have ended while we waited. */
    if (faccessat(store->root_fd, multipart_path(arena, id, "meta"), F_OK, 0) == 0)
        return STATUS_OK;
    return store_status_of_errno(errno);
}

void multipart_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* --- created --- */

static enum status make_file(struct store *store, const char *path)
{
    int fd = openat(store->root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return store_status_of_errno(errno);
    close(fd);
    return STATUS_OK;
}

static enum status write_meta(
    struct store *store, struct arena *arena, const struct store_object *object)
{
    struct buf text;
    const char *path = multipart_path(arena, object->id, "meta");
    buf_init_arena(&text, arena, STORE_META_FILE_MAX);
    store_meta_write(&text, object);
    if (buf_is_over(&text))
        return STATUS_TOO_LARGE;
    return file_write_atomic(
        arena_printf(arena, "%s/%s", store->root, path).ptr, buf_str(&text), 0640);
}

enum status store_multipart_create(
    struct store *store, struct arena *arena, const struct store_object *object, struct str *out_id)
{
    struct store_object copy = *object;
    char id[STORE_ID_LEN + 1];
    store_new_id(id);
    copy.id = *out_id = arena_copy(arena, str_from(id, STORE_ID_LEN));
    copy.modified_at_ms = clock_now_ms();
    if (!store_has_bucket(store, arena, object->bucket))
        return STATUS_NOT_FOUND;
    if (mkdirat(store->root_fd, multipart_path(arena, copy.id, ""), 0750) != 0)
        return store_status_of_errno(errno);
    enum status status = make_file(store, multipart_path(arena, copy.id, "lock"));
    if (status == STATUS_OK)
        status = make_file(store, store_data_path(arena, copy.id));
    if (status == STATUS_OK)
        status = store_sync_parent(store, arena, store_data_path(arena, copy.id));
    if (status == STATUS_OK)
        status = write_meta(store, arena, &copy);
    return status == STATUS_OK ? store_sync_folder(store, "multipart") : status;
}

/* --- found --- */

static enum status read_upload(
    struct store *store, struct arena *arena, struct str id, struct store_object *out)
{
    if (!multipart_id_is_valid(id))
        return STATUS_NOT_FOUND;
    return store_read_meta(store, arena, multipart_path(arena, id, "meta"), out);
}

enum status store_multipart_find(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct str id, struct store_object *out)
{
    enum status status = read_upload(store, arena, id, out);
    if (status == STATUS_OK && (!str_equal(out->bucket, bucket) || !str_equal(out->key, key)))
        return STATUS_NOT_FOUND;
    return status;
}

static int compare_uploads(const void *a, const void *b)
{
    const struct store_multipart *left = a, *right = b;
    int order = str_compare(left->object.key, right->object.key);
    return order != 0 ? order : str_compare(left->id, right->id);
}

/* Room for one more item in an array of the arena, which doubles. */
static void *grown(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    size_t larger_room = *room == 0 ? 16 : *room * 2;
    void *larger = arena_alloc(arena, larger_room * size);
    if (count > 0)
        memcpy(larger, items, count * size);
    *room = larger_room;
    return larger;
}

enum status store_multipart_list(struct store *store, struct arena *arena, struct str bucket,
    struct str prefix, struct store_multipart **out, size_t *out_count)
{
    struct store_multipart *found = NULL;
    size_t count = 0, room = 0;
    DIR *dir = store_open_folder(store, "multipart");
    if (dir == NULL)
        return store_status_of_errno(errno);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct store_object object;
        struct str id = str_from_c(entry->d_name);
        if (read_upload(store, arena, id, &object) != STATUS_OK ||
            !str_equal(object.bucket, bucket) || !str_starts_with(object.key, prefix))
            continue;
        found = grown(arena, found, count, &room, sizeof *found);
        found[count++] = (struct store_multipart){ arena_copy(arena, id), object };
    }
    closedir(dir);
    if (count > 1)
        qsort(found, count, sizeof *found, compare_uploads);
    *out = found;
    *out_count = count;
    return STATUS_OK;
}

/* --- its parts --- */

/* The number of "part.17", or 0. */
static int numbered(const char *name, struct str prefix)
{
    uint64_t number;
    struct str text = str_from_c(name);
    bool is_right = str_starts_with(text, prefix) &&
                    str_parse_u64(str_from_offset(text, prefix.len), &number) && number >= 1 &&
                    number <= MULTIPART_PARTS_MAX;
    return is_right ? (int)number : 0;
}

enum status multipart_read_part(
    struct store *store, struct arena *arena, struct str id, int number, struct store_part *out)
{
    struct store_object facts;
    enum status status =
        store_read_meta(store, arena, multipart_numbered_path(arena, id, "part", number), &facts);
    if (status != STATUS_OK)
        return status;
    *out = (struct store_part){
        .number = number,
        .size_bytes = facts.size_bytes,
        .modified_at_ms = facts.modified_at_ms,
        .etag = facts.etag,
        .checksum = facts.checksum,
        .data_id = facts.id,
    };
    return STATUS_OK;
}

static int compare_parts(const void *a, const void *b)
{
    return ((const struct store_part *)a)->number - ((const struct store_part *)b)->number;
}

enum status store_multipart_parts(struct store *store, struct arena *arena, struct str id,
    struct store_part **out, size_t *out_count)
{
    struct store_part *parts = NULL, part;
    size_t count = 0, room = 0;
    DIR *dir = store_open_folder(store, multipart_path(arena, id, ""));
    if (dir == NULL)
        return store_status_of_errno(errno);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        int number = numbered(entry->d_name, STR("part."));
        /* one that is being replaced at this instant is there before and after */
        if (number == 0 || multipart_read_part(store, arena, id, number, &part) != STATUS_OK)
            continue;
        parts = grown(arena, parts, count, &room, sizeof *parts);
        parts[count++] = part;
    }
    closedir(dir);
    if (count > 1)
        qsort(parts, count, sizeof *parts, compare_parts);
    *out = parts;
    *out_count = count;
    return STATUS_OK;
}

/* How many places of the common data file are taken, by whatever became of their writers. */
size_t multipart_count_slots(struct store *store, struct arena *arena, struct str id)
{
    size_t count = 0;
    DIR *dir = store_open_folder(store, multipart_path(arena, id, ""));
    if (dir == NULL)
        return SIZE_MAX;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += numbered(entry->d_name, STR("slot.")) > 0;
    closedir(dir);
    return count;
}

/* --- ended --- */

/* The data of a part that has a file of its own goes as a replaced object's does: the sweeper takes
 * it, and whoever is just copying it can finish. */
void multipart_retire_part(struct store *store, struct arena *arena, struct str id, int number)
{
    struct store_part part;
    const char *path = multipart_numbered_path(arena, id, "part", number);
    if (multipart_read_part(store, arena, id, number, &part) == STATUS_OK &&
        !str_equal(part.data_id, id)) {
        const char *retired = store_retired_path(arena, part.data_id);
        if (linkat(store->root_fd, path, store->root_fd, retired, 0) != 0 && errno != EEXIST)
            return; /* it stays, and the next sweep comes by here again */
    }
    unlinkat(store->root_fd, path, 0);
}

/* Everything but the folder; "lock" last, so that who waits for it finds the upload ended. */
static void clear_folder(struct store *store, struct arena *arena, struct str id)
{
    DIR *dir = store_open_folder(store, multipart_path(arena, id, ""));
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        int number = numbered(entry->d_name, STR("part."));
        if (number > 0)
            multipart_retire_part(store, arena, id, number);
        else if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0)
            unlinkat(store->root_fd, multipart_path(arena, id, entry->d_name), 0);
    }
    closedir(dir);
    unlinkat(store->root_fd, store_data_path(arena, id), 0);
    unlinkat(store->root_fd, multipart_path(arena, id, "lock"), 0);
    unlinkat(store->root_fd, multipart_path(arena, id, ""), AT_REMOVEDIR);
}

enum status multipart_end(struct store *store, struct arena *arena, struct str id)
{
    const char *meta = multipart_path(arena, id, "meta");
    if (unlinkat(store->root_fd, meta, 0) != 0)
        return store_status_of_errno(errno);
    enum status status = store_sync_parent(store, arena, meta);
    clear_folder(store, arena, id);
    return status;
}

enum status store_multipart_abort(struct store *store, struct arena *arena, struct str id)
{
    int lock = -1;
    if (!multipart_id_is_valid(id))
        return STATUS_NOT_FOUND;
    enum status status = multipart_lock(store, arena, id, &lock);
    if (status == STATUS_OK)
        status = multipart_end(store, arena, id);
    multipart_unlock(lock);
    return status;
}

/* --- swept --- */

/* Neither an upload nor one that is being created: a crash left it, or its bucket is gone. */
static bool is_abandoned(struct store *store, struct arena *arena, struct str id)
{
    struct stat info;
    struct store_object object;
    enum status status = read_upload(store, arena, id, &object);
    if (status == STATUS_OK)
        return !store_has_bucket(store, arena, object.bucket);
    return status == STATUS_NOT_FOUND &&
           fstatat(store->root_fd, multipart_path(arena, id, ""), &info, 0) == 0 &&
           time(NULL) - info.st_ctime >= ABANDONED_AFTER_S;
}

void store_multipart_sweep(struct store *store)
{
    struct arena arena;
    DIR *dir = store_open_folder(store, "multipart");
    if (dir == NULL)
        return;
    arena_init(&arena);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct str id = str_from_c(entry->d_name);
        if (multipart_id_is_valid(id) && is_abandoned(store, &arena, id)) {
            unlinkat(store->root_fd, multipart_path(&arena, id, "meta"), 0);
            clear_folder(store, &arena, id);
        }
        arena_reset(&arena);
    }
    arena_clear(&arena);
    closedir(dir);
}
