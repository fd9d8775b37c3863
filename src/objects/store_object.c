/*
 * store_object.c - finding, opening and deleting objects that are there. Writing is store_upload.c.
 */
#include "objects/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum status store_find_object(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct store_object *out)
{
    return store_read_meta(store, arena, store_object_path(arena, bucket, key), out);
}

int store_open_data(struct store *store, struct arena *arena, struct str id)
{
    return openat(store->root_fd, store_data_path(arena, id), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

bool store_is_wanted(const struct store_object *object, struct store_condition condition)
{
    return (str_is_empty(condition.only_etag) || str_equal(condition.only_etag, object->etag)) &&
           (str_is_empty(condition.only_id) || str_equal(condition.only_id, object->id));
}

/*
 * One rename takes the object away and leaves the note for the sweeper. The key's lock keeps the
 * object that was judged the one that goes.
 */
enum status store_delete_object(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct store_condition only)
{
    struct store_object object;
    const char *path = store_object_path(arena, bucket, key);
    struct store_lock *lock = store_lock_key(store, bucket, key);
    enum status status = store_read_meta(store, arena, path, &object);
    if (status != STATUS_OK)
        goto out;
    status = STATUS_PRECONDITION;
    if (!store_is_wanted(&object, only))
        goto out;
    const char *retired = store_retired_path(arena, object.id);
    status = renameat(store->root_fd, path, store->root_fd, retired) == 0
                 ? store_sync_parent(store, arena, path)
                 : store_status_of_errno(errno);
    if (status == STATUS_OK)
        store_prune(store, arena, path);
out:
    store_unlock(lock);
    return status;
}
