/*
 * store_bucket.c - buckets: folders that exist exactly when their "keys" folder does.
 */
#include "objects/store_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "objects/key_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CREATED_MAX = 32 };

static const char *absolute(struct store *store, struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s/%s", store->root, path).ptr;
}

static const char *const documents[] = {
    [STORE_CORS] = "cors.xml",
    [STORE_LIFECYCLE] = "lifecycle.xml",
};

static void remove_documents(struct store *store, struct arena *arena, struct str bucket)
{
    for (size_t i = 0; i < COUNT_OF(documents); i++)
        unlinkat(store->root_fd, store_bucket_path(arena, bucket, documents[i]), 0);
}

bool store_has_bucket(struct store *store, struct arena *arena, struct str name)
{
    return faccessat(store->root_fd, store_bucket_path(arena, name, "keys"), F_OK, 0) == 0;
}

/*
 * "keys" is made last: until then the bucket is not there, and a second attempt finishes what a
 * crash left. For the same reason old documents are removed here too.
 */
static enum status create_bucket(struct store *store, struct arena *arena, struct str name)
{
    if (store_has_bucket(store, arena, name))
        return STATUS_CONFLICT;
    char *folder = arena_c_string(arena, ARENA_JOIN(arena, STR("buckets/"), name));
    if (mkdirat(store->root_fd, folder, 0750) != 0 && errno != EEXIST)
        return store_status_of_errno(errno);
    remove_documents(store, arena, name);
    struct str created = arena_printf(arena, "%lld", (long long)clock_now_ms());
    enum status status = file_write_atomic(
        absolute(store, arena, store_bucket_path(arena, name, "created")), created, 0640);
    if (status != STATUS_OK)
        return status;
    if (mkdirat(store->root_fd, store_bucket_path(arena, name, "keys"), 0750) != 0)
        return errno == EEXIST ? STATUS_CONFLICT : store_status_of_errno(errno);
    status = store_sync_folder(store, folder);
    return status == STATUS_OK ? store_sync_folder(store, "buckets") : status;
}

/* Removing "keys" is the commit: the system does it only when the folder is empty, so no object
 * that is being stored at this instant can be lost. */
static enum status delete_bucket(struct store *store, struct arena *arena, struct str name)
{
    const char *keys = store_bucket_path(arena, name, "keys");
    if (unlinkat(store->root_fd, keys, AT_REMOVEDIR) != 0)
        return errno == ENOTEMPTY || errno == EEXIST ? STATUS_CONFLICT
                                                     : store_status_of_errno(errno);
    char *folder = arena_c_string(arena, ARENA_JOIN(arena, STR("buckets/"), name));
    remove_documents(store, arena, name);
    unlinkat(store->root_fd, store_bucket_path(arena, name, "created"), 0);
    unlinkat(store->root_fd, folder, AT_REMOVEDIR);
    return store_sync_folder(store, "buckets");
}

/* Making and removing the same bucket take turns: several files have to agree. */
enum status store_create_bucket(struct store *store, struct arena *arena, struct str name)
{
    struct store_lock *lock = store_lock_key(store, name, STR_EMPTY);
    enum status status = create_bucket(store, arena, name);
    store_unlock(lock);
    return status;
}

enum status store_delete_bucket(struct store *store, struct arena *arena, struct str name)
{
    struct store_lock *lock = store_lock_key(store, name, STR_EMPTY);
    enum status status = delete_bucket(store, arena, name);
    store_unlock(lock);
    return status;
}

/* When the bucket was made; 0 when nobody knows any more. */
static int64_t read_created(struct store *store, struct arena *arena, struct str name)
{
    struct str text;
    int64_t created_at_ms = 0;
    const char *path = absolute(store, arena, store_bucket_path(arena, name, "created"));
    if (file_read(arena, path, CREATED_MAX, &text) == STATUS_OK &&
        !str_parse_i64(str_trim(text), &created_at_ms))
        return 0;
    return created_at_ms;
}

static int compare_buckets(const void *a, const void *b)
{
    const struct store_bucket *left = a;
    const struct store_bucket *right = b;
    return str_compare(left->name, right->name);
}

enum status store_list_buckets(
    struct store *store, struct arena *arena, struct store_bucket **out, size_t *out_count)
{
    size_t room = 16;
    struct store_bucket *buckets = ARENA_ARRAY(arena, struct store_bucket, room);
    size_t count = 0;
    DIR *dir = store_open_folder(store, "buckets");
    if (dir == NULL)
        return STATUS_IO;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct str name = str_from_c(entry->d_name);
        if (!bucket_name_is_valid(name) || !store_has_bucket(store, arena, name))
            continue;
        if (count == room) {
            struct store_bucket *larger = ARENA_ARRAY(arena, struct store_bucket, room * 2);
            memcpy(larger, buckets, count * sizeof *buckets);
            buckets = larger;
            room *= 2;
        }
        name = arena_copy(arena, name);
        buckets[count++] = (struct store_bucket){ name, read_created(store, arena, name) };
    }
    closedir(dir);
    qsort(buckets, count, sizeof *buckets, compare_buckets);
    *out = buckets;
    *out_count = count;
    return STATUS_OK;
}

enum status store_read_document(struct store *store, struct arena *arena, struct str bucket,
    enum store_document document, struct str *out_xml)
{
    const char *path =
        absolute(store, arena, store_bucket_path(arena, bucket, documents[document]));
    return file_read(arena, path, STORE_DOCUMENT_MAX, out_xml);
}

static enum status write_document(struct store *store, struct arena *arena, struct str bucket,
    enum store_document document, struct str xml)
{
    const char *path = store_bucket_path(arena, bucket, documents[document]);
    if (!store_has_bucket(store, arena, bucket))
        return STATUS_NOT_FOUND;
    if (!str_is_empty(xml))
        return file_write_atomic(absolute(store, arena, path), xml, 0640);
    if (unlinkat(store->root_fd, path, 0) != 0 && errno != ENOENT)
        return store_status_of_errno(errno);
    return store_sync_parent(store, arena, path);
}

enum status store_write_document(struct store *store, struct arena *arena, struct str bucket,
    enum store_document document, struct str xml)
{
    struct store_lock *lock = store_lock_key(store, bucket, STR_EMPTY);
    enum status status = write_document(store, arena, bucket, document, xml);
    store_unlock(lock);
    return status;
}
