/*
 * asset_store.c - files that come through us: the upload form of browsers without JavaScript, and
 * the APIs whose clients know nothing else.
 *
 * A part of multipart/form-data does not say how long it is, and S3 wants to know before the first
 * byte. So the bytes go into a file that has no name (it is gone when we are, however we go), are
 * hashed on the way, and leave with length and SHA-256: what arrives is what came.
 */
#include "domain/asset_row.h"

#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "domain/flight.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

enum { CHUNK_BYTES = SNIFF_BYTES, ETAG_LOOKS_MAX = 3 };

/* A file on its way through. */
struct spool {
    int fd; /* -1: none */
    int64_t size_bytes;
    struct digest digest;
    struct sniff sniff; /* of its first bytes */
    char *chunk;        /* CHUNK_BYTES, of the arena */
};

static enum status spool_open(struct task *task, struct spool *spool)
{
    const char *folder = task->domain->options->spool_folder;

    *spool = (struct spool){ .fd = -1, .chunk = arena_alloc(task->arena, CHUNK_BYTES) };
    digest_begin(&spool->digest, DIGEST_SHA256);
    if (file_make_folders(folder, 0700) == STATUS_OK) {
        spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    if (spool->fd < 0) {
        log_event(LOG_ERROR, "cannot spool in %s: %s", folder, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
    }
    return STATUS_OK;
}

static void spool_close(struct spool *spool)
{
    digest_clear(&spool->digest);
    if (spool->fd >= 0) {
        close(spool->fd);
    }
}

static enum status spool_add(struct spool *spool, struct str bytes)
{
    digest_update(&spool->digest, bytes);
    spool->size_bytes += (int64_t)bytes.len;
    return file_write_all(spool->fd, bytes.ptr, bytes.len);
}

/* Read until the chunk is full or the source ends. */
static enum status read_chunk(
    struct task *task, struct byte_source source, char *chunk, size_t *out_len)
{
    *out_len = 0;
    while (*out_len < CHUNK_BYTES) {
        ssize_t got = source.read(source.context, chunk + *out_len, CHUNK_BYTES - *out_len);

        if (got < 0) {
            return task_refuse(task, STATUS_BAD_REQUEST, STR("filename"),
                STR("The upload was cut short. Nothing was saved; try again."));
        }
        if (got == 0) {
            break;
        }
        *out_len += (size_t)got;
    }
    return STATUS_OK;
}

/* The policy, as this door narrows it. */
static struct policy policy_of(struct task *task, const struct asset_store_request *request)
{
    struct policy policy = task->domain->options->policy;

    if (policy.max_size_bytes > ASSET_PUT_MAX_BYTES) {
        policy.max_size_bytes = ASSET_PUT_MAX_BYTES;
    }
    if (request->max_size_bytes > 0 && request->max_size_bytes < policy.max_size_bytes) {
        policy.max_size_bytes = request->max_size_bytes;
    }
    if (request->images_only) {
        policy_keep_images(&policy);
    }
    return policy;
}

/* Judge the first bytes, then take the rest until it is too much. */
static enum status receive(struct task *task, const struct asset_store_request *request,
    struct byte_source source, struct spool *spool, struct file_verdict *out_verdict)
{
    const struct policy policy = policy_of(task, request);
    struct file_claim claim = {
        .filename = request->filename,
        .content_type = request->content_type,
        .sniff = &spool->sniff,
    };
    size_t len = 0;
    enum status status = read_chunk(task, source, spool->chunk, &len);

    if (status != STATUS_OK) {
        return status;
    }
    spool->sniff = sniff_bytes(str_from(spool->chunk, len));
    claim.size_bytes =
        len < CHUNK_BYTES ? (int64_t)len : -1; /* a chunk that is not full is all of it */
    status = policy_check(&policy, task->arena, &claim, out_verdict, &task->failure);
    while (status == STATUS_OK && len > 0) {
        status = spool_add(spool, str_from(spool->chunk, len));
        if (status == STATUS_OK && spool->size_bytes > policy.max_size_bytes) {
            return failure_format(&task->failure, task->arena, STATUS_TOO_LARGE, STR("size"),
                "This file is larger than the limit of %.*s. Nothing was saved.",
                STR_ARG(policy_format_size(task->arena, policy.max_size_bytes)));
        }
        if (status == STATUS_OK) {
            status = read_chunk(task, source, spool->chunk, &len);
        }
    }
    return status;
}

/* The row that expects the object. */
static enum status reserve(struct task *task, struct asset_row *row)
{
    enum status status = db_begin(task->domain->db);

    return status == STATUS_OK ? db_end(task->domain->db, asset_reserve(task, row, true)) : status;
}

static enum status contradiction(struct task *task)
{
    return task_refuse(task, STATUS_STORAGE, STR_EMPTY,
        STR("The image storage contradicts itself about the file. Nothing was saved; try again."));
}

/*
 * Storage says that the object is there already. It is ours when it is what we sent: the answer to
 * an earlier attempt was lost. Else it is another's, who writes to this bucket without asking us:
 * it is let alone, and only our row goes.
 */
static enum status recognise(struct task *task, struct asset_row *row)
{
    struct asset_row seen = *row;
    enum status status = asset_inspect(task, &seen);

    if (status == STATUS_OK) {
        row->etag = seen.etag;
        return STATUS_OK;
    }
    if (status == STATUS_CONFLICT) { /* two answers disagree: that does not make it another's */
        return contradiction(task);
    }
    if (!asset_is_refusal(status)) {
        return status;
    }
    log_event(LOG_ERROR,
        "the key of asset %" PRId64 " is taken in the bucket by an object of others", row->id);
    return task_refuse(task, STATUS_CONFLICT, STR("filename"),
        STR("The file could not be given a place of its own. Nothing was saved; try again."));
}

/*
 * Every later read is conditional on the ETag, so a wrong one would lock the image for ever: it
 * counts when storage has said it twice.
 */
static enum status agree_on_etag(struct task *task, struct asset_row *row)
{
    struct s3_result head = { 0 };

    for (int i = 0; i < ETAG_LOOKS_MAX; i++) {
        enum status status = asset_head(task, row->key, &head);

        if (status != STATUS_OK) {
            return status;
        }
        if (str_equal(head.etag, row->etag)) {
            return STATUS_OK;
        }
        row->etag = head.etag;
    }
    return contradiction(task);
}

static enum status send(struct task *task, const struct spool *spool, struct asset_row *row)
{
    const struct s3_put_options options = {
        .headers = asset_put_headers(task, row, false),
        .payload_hash = row->sha256,
    };
    struct http_source_file file;
    struct http_source source = http_source_from_file(&file, spool->fd, 0, spool->size_bytes);
    struct s3_result result = { 0 };
    enum status status =
        s3_put(&task->domain->s3, task->arena, row->key, &source, &options, &result);

    row->etag = result.etag;
    result.size_bytes = spool->size_bytes;
    flight_note_storage(task, row->id, FLIGHT_PUT, status, &result);
    if (status == STATUS_PRECONDITION) {
        status = recognise(task, row);
    } else if (status == STATUS_OK) {
        status = agree_on_etag(task, row);
    } else {
        task_fail_storage(task, status, &result);
    }
    row->size_bytes = spool->size_bytes;
    row->stored_at = task_storage_now_s(task);
    return status;
}

/* Nothing of ours is there. */
static enum status drop(struct task *task, const struct asset_row *row)
{
    enum status status = db_begin(task->domain->db);

    return status == STATUS_OK
               ? db_end(task->domain->db, assets_delete(task->domain->db, row->id, ASSET_PENDING))
               : status;
}

/* The person was told that it failed, so nothing may appear later: the object, should it be there,
 * goes. */
static void abandon(struct task *task, const struct asset_row *row, enum status why)
{
    struct failure failure = task->failure;
    bool is_pending = false;

    if (why == STATUS_CONFLICT) {
        if (drop(task, row) != STATUS_OK) {
            log_event(LOG_WARN, "asset %" PRId64 " has no object and its row stays", row->id);
        }
    } else if (asset_bury(task, row, ASSET_PENDING, AUDIT_ASSET_REFUSE) != STATUS_OK ||
               asset_purge(task, row, &is_pending) != STATUS_OK) {
        log_event(LOG_WARN, "a failed upload is left to the sweep");
    }
    task->failure = failure;
}

/* Row, object, visible row. */
static enum status keep(struct task *task, struct spool *spool, enum key_layout layout,
    const struct file_verdict *verdict, struct asset_row *row)
{
    unsigned char digest[DIGEST_MAX_BYTES];
    size_t len = digest_finish(&spool->digest, digest);
    const struct asset_plan plan = {
        .layout = layout,
        .size_bytes = spool->size_bytes,
        .sha256_hex = escape_hex(task->arena, str_from((const char *)digest, len)),
        .ttl_s = task->domain->options->grant_ttl_s,
    };
    enum status status;

    asset_new_row(task, verdict, &plan, row);
    row->width = spool->sniff.width;
    row->height = spool->sniff.height;
    status = reserve(task, row);
    if (status != STATUS_OK) {
        return status;
    }
    status = send(task, spool, row);
    if (status == STATUS_OK) {
        status = asset_make_ready(task, row, AUDIT_ASSET_COMMIT);
    }
    if (status != STATUS_OK) {
        task_fail(task, status);
        abandon(task, row, status);
    }
    return status;
}

enum status asset_store_stream(struct task *task, const struct asset_store_request *request,
    struct byte_source source, struct asset *out)
{
    struct file_verdict verdict;
    struct asset_row row;
    struct spool spool;
    enum status status;

    task_begin(task);
    status = asset_check_may_upload(task);
    if (status != STATUS_OK) {
        return status;
    }
    status = spool_open(task, &spool);
    if (status == STATUS_OK) {
        status = receive(task, request, source, &spool, &verdict);
    }
    if (status == STATUS_OK) {
        status = keep(task, &spool, request->layout, &verdict, &row);
    }
    spool_close(&spool);
    if (status == STATUS_OK) {
        status = assets_find(task->domain->db, task->arena, row.id, &row);
    }
    if (status == STATUS_OK) {
        asset_from_row(task->arena, &row, out);
    }
    return task_fail(task, status);
}
