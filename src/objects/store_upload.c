/*
 * store_upload.c - writing an object: data first, then its metadata, then one rename.
 *
 * A crash at any point leaves either the old object or the new one, and at most a ticket in
 * uploads/ or retired/ that store_sweep.c settles.
 */
#include "objects/store_internal.h"

#include "base/escape.h"
#include "base/file.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMMIT_ATTEMPTS = 16, PATH_MAX_BYTES = 64 };

static void upload_path(const struct store_upload *upload, char out[PATH_MAX_BYTES])
{
    snprintf(out, PATH_MAX_BYTES, "uploads/%s", upload->id);
}

static void data_path(const struct store_upload *upload, char out[PATH_MAX_BYTES])
{
    snprintf(out, PATH_MAX_BYTES, "data/%.2s/%s", upload->id, upload->id);
}

void store_new_id(char out[STORE_ID_LEN + 1])
{
    unsigned char bytes[STORE_ID_LEN / 2];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/*
 * The ticket, locked for as long as the descriptor is open. A sweeper may take a new ticket for a
 * dead writer's in the instant before it is locked and remove it: then there is no link left, and
 * another one is made.
 */
static enum status open_ticket(struct store_upload *upload)
{
    char path[PATH_MAX_BYTES];
    for (;;) {
        struct stat info;
        store_new_id(upload->id);
        upload_path(upload, path);
        upload->ticket_fd =
            openat(upload->store->root_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        if (upload->ticket_fd < 0)
            return store_status_of_errno(errno);
        if (flock(upload->ticket_fd, LOCK_EX) != 0 || fstat(upload->ticket_fd, &info) != 0)
            return STATUS_IO;
        if (info.st_nlink > 0)
            return STATUS_OK;
        close(upload->ticket_fd);
    }
}

/* Ask for the space now, so that a full disk is told before the body is sent. A file system that
 * cannot reserve is no failure: writing will tell. */
static enum status reserve(int fd, int64_t size_bytes)
{
    if (size_bytes <= 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size_bytes) == 0)
        return STATUS_OK;
    return store_status_of_errno(errno) == STATUS_NO_SPACE ? STATUS_NO_SPACE : STATUS_OK;
}

enum status store_upload_begin_ticket(struct store *store, struct store_upload *upload)
{
    upload->store = store;
    return open_ticket(upload);
}

enum status store_upload_begin(struct store *store, struct store_upload *upload, int64_t size_bytes)
{
    char path[PATH_MAX_BYTES];
    enum status status = store_upload_begin_ticket(store, upload);
    if (status != STATUS_OK)
        return status;
    data_path(upload, path);
    upload->data_fd = openat(store->root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (upload->data_fd < 0)
        return store_status_of_errno(errno);
    return reserve(upload->data_fd, size_bytes);
}

enum status store_upload_begin_copy(
    struct store *store, struct arena *arena, struct store_upload *upload, struct str id)
{
    char path[PATH_MAX_BYTES];
    enum status status = store_upload_begin_ticket(store, upload);
    if (status != STATUS_OK)
        return status;
    data_path(upload, path);
    if (linkat(store->root_fd, store_data_path(arena, id), store->root_fd, path, 0) != 0)
        return store_status_of_errno(errno);
    upload->data_fd = openat(store->root_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return upload->data_fd < 0 ? store_status_of_errno(errno) : STATUS_OK;
}

enum status store_upload_write(struct store_upload *upload, const void *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(upload->data_fd, bytes, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return store_status_of_errno(errno);
        bytes = (const char *)bytes + done;
        len -= (size_t)done;
    }
    return STATUS_OK;
}

void store_upload_abort(struct store_upload *upload)
{
    char path[PATH_MAX_BYTES];
    if (upload->data_fd >= 0) {
        close(upload->data_fd);
        data_path(upload, path);
        unlinkat(upload->store->root_fd, path, 0);
    }
    if (upload->ticket_fd >= 0) {
        upload_path(upload, path);
        unlinkat(upload->store->root_fd, path, 0);
        close(upload->ticket_fd);
    }
    upload->data_fd = upload->ticket_fd = -1;
}

/* The data and the name of its file, on the disk. */
static enum status sync_data(struct store_upload *upload)
{
    char folder[] = "data/00";
    memcpy(folder + 5, upload->id, 2);
    if (fsync(upload->data_fd) != 0)
        return store_status_of_errno(errno);
    return store_sync_folder(upload->store, folder);
}

static enum status write_ticket(
    struct store_upload *upload, struct arena *arena, const struct store_object *object)
{
    struct buf text;
    buf_init_arena(&text, arena, STORE_META_FILE_MAX);
    store_meta_write(&text, object);
    if (buf_is_over(&text))
        return STATUS_TOO_LARGE;
    enum status status = file_write_all(upload->ticket_fd, text.ptr, text.len);
    if (status == STATUS_OK && fsync(upload->ticket_fd) != 0)
        status = store_status_of_errno(errno);
    return status;
}

/*
 * Make the folders of `path` that are missing, from "buckets/NAME/keys/" on. *new_len becomes the
 * length of the path of the topmost one that was made, if it is less. NOT_FOUND when "keys" itself
 * is gone, or when a delete beside us removed an empty folder again: the caller tries once more.
 */
static enum status make_key_folders(
    struct store *store, struct arena *arena, const char *path, size_t *new_len)
{
    char *folder = arena_c_string(arena, str_from_c(path));
    char *slash = strstr(folder, "/keys/") + strlen("/keys");
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        bool is_new = mkdirat(store->root_fd, folder, 0750) == 0;
        if (!is_new && errno != EEXIST)
            return store_status_of_errno(errno);
        size_t len = (size_t)(slash - folder);
        if (is_new && len < *new_len)
            *new_len = len;
        *slash = '/';
    }
    return STATUS_OK;
}

/*
 * fsync the folder that `path` is in, and those above it that are new or hold a new one. From
 * below, after everything is made: the first of them makes the file system write all of it in one
 * go.
 */
static enum status sync_upwards(
    struct store *store, struct arena *arena, const char *path, size_t new_len)
{
    char *folder = arena_c_string(arena, str_from_c(path));
    enum status status = STATUS_OK;
    bool is_more = true;
    while (status == STATUS_OK && is_more) {
        char *slash = strrchr(folder, '/');
        *slash = '\0';
        is_more = (size_t)(slash - folder) >= new_len;
        status = store_sync_folder(store, folder);
    }
    return status;
}

enum status store_upload_prepare(
    struct store_upload *upload, struct arena *arena, const struct store_object *object)
{
    enum status status = sync_data(upload);
    return status == STATUS_OK ? write_ticket(upload, arena, object) : status;
}

/* From here on the data belongs to the object: there is nothing to abort any more. */
void store_upload_let_go(struct store_upload *upload)
{
    close(upload->data_fd);
    close(upload->ticket_fd);
    upload->data_fd = upload->ticket_fd = -1;
}

/*
 * The ticket becomes the object's metadata file: the commit. Should the folder not be synced after
 * it, the client is told of a failure, and the object is there all the same, whole.
 */
static enum status publish(struct store_upload *upload, struct arena *arena, const char *path,
    const struct store_object *object)
{
    struct store *store = upload->store;
    const char *ticket = store_upload_path(arena, object->id);
    size_t new_len = SIZE_MAX;
    for (int attempt = 0; attempt < COMMIT_ATTEMPTS; attempt++) {
        if (renameat(store->root_fd, ticket, store->root_fd, path) == 0) {
            store_upload_let_go(upload);
            return sync_upwards(store, arena, path, new_len);
        }
        if (errno != ENOENT)
            return store_status_of_errno(errno);
        enum status status = make_key_folders(store, arena, path, &new_len);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        if (!store_has_bucket(store, arena, object->bucket))
            return STATUS_NOT_FOUND;
    }
    return STATUS_BUSY;
}

static enum status check_condition(
    enum status found, const struct store_object *old, struct store_condition condition)
{
    if (found != STATUS_OK && found != STATUS_NOT_FOUND)
        return found;
    if (condition.must_be_absent && found == STATUS_OK)
        return STATUS_PRECONDITION;
    if (str_is_empty(condition.only_etag) && str_is_empty(condition.only_id))
        return STATUS_OK;
    if (found == STATUS_NOT_FOUND)
        return STATUS_NOT_FOUND;
    return store_is_wanted(old, condition) ? STATUS_OK : STATUS_PRECONDITION;
}

/* Under the key's lock: judge what is there, leave a note about it, take its place. */
static enum status replace(struct store_upload *upload, struct arena *arena,
    const struct store_object *object, struct store_condition condition)
{
    struct store *store = upload->store;
    struct store_object old;
    const char *path = store_object_path(arena, object->bucket, object->key);
    enum status found = store_read_meta(store, arena, path, &old);
    enum status status = check_condition(found, &old, condition);
    if (status != STATUS_OK)
        return status;
    const char *retired = found == STATUS_OK ? store_retired_path(arena, old.id) : NULL;
    if (retired && linkat(store->root_fd, path, store->root_fd, retired, 0) != 0 && errno != EEXIST)
        return store_status_of_errno(errno);
    return publish(upload, arena, path, object);
}

enum status store_upload_commit(struct store_upload *upload, struct arena *arena,
    struct store_object *object, struct store_condition condition)
{
    object->id = arena_copy(arena, str_from(upload->id, STORE_ID_LEN));
    enum status status = store_upload_prepare(upload, arena, object);
    if (status != STATUS_OK)
        return status;
    struct store_lock *lock = store_lock_key(upload->store, object->bucket, object->key);
    status = replace(upload, arena, object, condition);
    store_unlock(lock);
    return status;
}
