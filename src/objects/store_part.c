/*
 * store_part.c - writing one part: into its place in the common data file when it fits there, else
 * into a file of its own.
 */
#include "objects/store_part.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { LAYOUT_MAX = 32 };

/* No file of the common file systems is larger (ext4: 16 TiB). */
#define COMMON_FILE_MAX_BYTES ((int64_t)8 * 1024 * 1024 * 1024 * 1024)

static const char *absolute(struct store *store, struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s/%s", store->root, path).ptr;
}

/* How large a place is; the first part that comes decides. 0: it could not be told. */
int64_t multipart_slot_bytes(
    struct store *store, struct arena *arena, struct str id, int64_t first_size)
{
    struct str text;
    int64_t size = 0;
    const char *path = absolute(store, arena, multipart_path(arena, id, "layout"));
    enum status status = file_read(arena, path, LAYOUT_MAX, &text);
    if (status == STATUS_OK)
        return str_parse_i64(text, &size) ? size : 0;
    if (status != STATUS_NOT_FOUND || first_size <= 0)
        return 0;
    text = arena_printf(arena, "%lld", (long long)first_size);
    return file_write_atomic(path, text, 0640) == STATUS_OK ? first_size : 0;
}

static bool is_closed(struct store *store, struct arena *arena, struct str id)
{
    return faccessat(store->root_fd, multipart_path(arena, id, "closed"), F_OK, 0) == 0;
}

/* Take the part's place, when it fits and nobody had it. Under the lock. */
static bool claim_slot(struct store *store, struct arena *arena, struct str id, int number,
    int64_t size_bytes, int64_t *out_offset)
{
    if (size_bytes <= 0 || is_closed(store, arena, id))
        return false;
    int64_t slot_bytes = multipart_slot_bytes(store, arena, id, size_bytes);
    if (slot_bytes < size_bytes || slot_bytes > COMMON_FILE_MAX_BYTES / number)
        return false;
    int fd = openat(store->root_fd, multipart_numbered_path(arena, id, "slot", number),
        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    close(fd);
    *out_offset = (number - 1) * slot_bytes;
    return true;
}

/* A second descriptor of the common file, at the part's place. */
static enum status begin_in_slot(struct store *store, struct arena *arena, int64_t offset,
    int64_t size_bytes, struct store_part_upload *out)
{
    enum status status = store_upload_begin_ticket(store, &out->upload);
    if (status != STATUS_OK)
        return status;
    out->upload.data_fd =
        openat(store->root_fd, store_data_path(arena, out->id), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (out->upload.data_fd < 0 || lseek(out->upload.data_fd, offset, SEEK_SET) != offset)
        return store_status_of_errno(errno);
    if (fallocate(out->upload.data_fd, FALLOC_FL_KEEP_SIZE, offset, size_bytes) != 0 &&
        store_status_of_errno(errno) == STATUS_NO_SPACE)
        return STATUS_NO_SPACE;
    return STATUS_OK;
}

enum status store_part_begin(struct store *store, struct arena *arena, struct str id, int number,
    int64_t size_bytes, struct store_part_upload *out)
{
    int lock = -1;
    int64_t offset = 0;
    *out = (struct store_part_upload)STORE_PART_UPLOAD_INIT;
    out->id = id;
    out->number = number;
    if (!multipart_id_is_valid(id))
        return STATUS_NOT_FOUND;
    enum status status = multipart_lock(store, arena, id, &lock);
    if (status == STATUS_OK)
        out->has_slot = claim_slot(store, arena, id, number, size_bytes, &offset);
    multipart_unlock(lock);
    out->upload.store = store;
    if (status != STATUS_OK)
        return status;
    return out->has_slot ? begin_in_slot(store, arena, offset, size_bytes, out)
                         : store_upload_begin(store, &out->upload, size_bytes);
}

/* Sent again, with the same bytes: the first one stays where it is. */
static bool is_repetition(const struct store_part *part, const struct store_part *old)
{
    return old->size_bytes == part->size_bytes && str_equal(old->etag, part->etag) &&
           str_equal(old->checksum, part->checksum);
}

/* Under the lock: the ticket becomes the part's record. */
static enum status publish(
    struct store_part_upload *upload, struct arena *arena, const struct store_part *part)
{
    struct store *store = upload->upload.store;
    struct store_part old;
    const char *path = multipart_numbered_path(arena, upload->id, "part", upload->number);
    const char *ticket = store_upload_path(arena, str_from(upload->upload.id, STORE_ID_LEN));
    enum status found = multipart_read_part(store, arena, upload->id, upload->number, &old);
    if (found == STATUS_OK && is_repetition(part, &old))
        return STATUS_OK; /* and ours is thrown away by abort */
    if (found == STATUS_OK)
        multipart_retire_part(store, arena, upload->id, upload->number);
    if (renameat(store->root_fd, ticket, store->root_fd, path) != 0)
        return store_status_of_errno(errno);
    store_upload_let_go(&upload->upload);
    return store_sync_parent(store, arena, path);
}

enum status store_part_commit(
    struct store_part_upload *upload, struct arena *arena, const struct store_part *part)
{
    struct store *store = upload->upload.store;
    int lock = -1;
    struct store_object record = {
        .bucket = STR("-"), /* of no bucket: to the sweeper it never is a current object */
        .key = STR("part"),
        .id = upload->has_slot ? upload->id : str_from(upload->upload.id, STORE_ID_LEN),
        .size_bytes = part->size_bytes,
        .modified_at_ms = part->modified_at_ms,
        .etag = part->etag,
        .checksum = part->checksum,
    };
    enum status status = store_upload_prepare(&upload->upload, arena, &record);
    if (status == STATUS_OK)
        status = multipart_lock(store, arena, upload->id, &lock);
    if (status == STATUS_OK)
        status = publish(upload, arena, part);
    multipart_unlock(lock);
    return status;
}

/* The place is free again, unless the part stands in it. */
static void release_slot(struct store_part_upload *upload, struct arena *arena)
{
    struct store *store = upload->upload.store;
    struct store_part part;
    int lock = -1;
    if (multipart_lock(store, arena, upload->id, &lock) == STATUS_OK &&
        (multipart_read_part(store, arena, upload->id, upload->number, &part) != STATUS_OK ||
            !str_equal(part.data_id, upload->id)))
        unlinkat(
            store->root_fd, multipart_numbered_path(arena, upload->id, "slot", upload->number), 0);
    multipart_unlock(lock);
}

void store_part_abort(struct store_part_upload *upload, struct arena *arena)
{
    bool was_open = upload->upload.ticket_fd >= 0 || upload->upload.data_fd >= 0;
    store_upload_abort(&upload->upload);
    if (upload->has_slot && was_open)
        release_slot(upload, arena);
    upload->has_slot = false;
}
