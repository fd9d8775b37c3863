/*
 * store_assemble.c - parts become one object: by a hard link when they stand in their places, else
 * by copying them one after the other.
 */
#include "objects/store_part.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { COPY_STEP_BYTES = 64 * 1024 * 1024 };

/* One object from parts. */
struct assembly {
    struct store *store;
    struct arena *arena;
    struct str id;
    const struct store_part *parts;
    size_t count;
    int64_t total_bytes;
    int64_t slot_bytes;
    struct store_upload upload;
};

/* From now on nobody writes into the common file, so what is linked to it cannot change any more.
 */
static enum status close_common_file(struct assembly *assembly)
{
    const char *path = multipart_path(assembly->arena, assembly->id, "closed");
    int fd = openat(assembly->store->root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return store_status_of_errno(errno);
    close(fd);
    return store_sync_parent(assembly->store, assembly->arena, path);
}

/* Each part in its place, the places without a gap, and none taken by anything else: then the
 * common file is the object. */
static bool is_in_place(const struct assembly *assembly)
{
    for (size_t i = 0; i < assembly->count; i++) {
        const struct store_part *part = &assembly->parts[i];
        bool is_last = i + 1 == assembly->count;
        if (!str_equal(part->data_id, assembly->id) || part->number != (int)i + 1 ||
            (!is_last && part->size_bytes != assembly->slot_bytes))
            return false;
    }
    return multipart_count_slots(assembly->store, assembly->arena, assembly->id) == assembly->count;
}

static enum status link_common_file(struct assembly *assembly)
{
    struct store_upload *upload = &assembly->upload;
    enum status status =
        store_upload_begin_copy(assembly->store, assembly->arena, upload, assembly->id);
    /* a writer that failed may have left bytes behind the end */
    if (status == STATUS_OK && ftruncate(upload->data_fd, assembly->total_bytes) != 0)
        return store_status_of_errno(errno);
    return status;
}

/* A step that the file system can share rather than copy, where it knows how. */
static ssize_t copy_step(int from, off_t *offset, int to, size_t len)
{
    ssize_t done = copy_file_range(from, offset, to, NULL, len, 0);
    if (done < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
        done = sendfile(to, from, offset, len);
    return done;
}

enum status store_copy_bytes(int from, int64_t offset, int64_t len, int to)
{
    off_t at = offset;
    while (len > 0) {
        ssize_t done =
            copy_step(from, &at, to, len < COPY_STEP_BYTES ? (size_t)len : COPY_STEP_BYTES);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return store_status_of_errno(errno);
        if (done == 0)
            return STATUS_IO; /* shorter than its record says */
        len -= done;
    }
    return STATUS_OK;
}

static enum status copy_part(struct assembly *assembly, const struct store_part *part)
{
    bool is_common = str_equal(part->data_id, assembly->id);
    int64_t offset = is_common ? (part->number - 1) * assembly->slot_bytes : 0;
    int fd = store_open_data(assembly->store, assembly->arena, part->data_id);
    if (fd < 0)
        return store_status_of_errno(errno);
    enum status status = store_copy_bytes(fd, offset, part->size_bytes, assembly->upload.data_fd);
    close(fd);
    return status;
}

static enum status copy_parts(struct assembly *assembly)
{
    enum status status =
        store_upload_begin(assembly->store, &assembly->upload, assembly->total_bytes);
    for (size_t i = 0; i < assembly->count && status == STATUS_OK; i++)
        status = copy_part(assembly, &assembly->parts[i]);
    return status;
}

/* Under the lock. */
static enum status assemble(
    struct assembly *assembly, struct store_object *object, struct store_condition condition)
{
    enum status status = close_common_file(assembly);
    assembly->slot_bytes = multipart_slot_bytes(assembly->store, assembly->arena, assembly->id, 0);
    if (status == STATUS_OK)
        status = is_in_place(assembly) ? link_common_file(assembly) : copy_parts(assembly);
    if (status == STATUS_OK)
        status = store_upload_commit(&assembly->upload, assembly->arena, object, condition);
    store_upload_abort(&assembly->upload);
    return status;
}

enum status store_multipart_complete(struct store *store, struct arena *arena, struct str id,
    const struct store_part *parts, size_t count, struct store_object *object,
    struct store_condition condition)
{
    struct assembly assembly = { .store = store,
        .arena = arena,
        .id = id,
        .parts = parts,
        .count = count,
        .upload = STORE_UPLOAD_INIT };
    int lock = -1;
    for (size_t i = 0; i < count; i++)
        assembly.total_bytes += parts[i].size_bytes;
    object->size_bytes = assembly.total_bytes;
    enum status status = multipart_lock(store, arena, id, &lock);
    if (status == STATUS_OK)
        status = assemble(&assembly, object, condition);
    if (status == STATUS_OK && multipart_end(store, arena, id) != STATUS_OK)
        log_event(LOG_WARN, "A completed multipart upload is left to the sweeper.");
    multipart_unlock(lock);
    return status;
}
