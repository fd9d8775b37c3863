/*
 * asset_read.c - downloads that come through us: from storage to whoever asked, a piece at a time.
 *
 * The object's ETag is a condition of the request, so that what is given is what was verified, and
 * the head that is written before the first byte is true.
 */
#include "domain/asset_row.h"

#include "base/log.h"

#include <inttypes.h>

/* A download on its way. */
struct download {
    const struct asset_sink *sink;
    struct asset_body body;
    int64_t given_bytes;
    bool has_begun;
    bool is_unwanted; /* the sink said so */
};

static bool take(void *context, struct str bytes)
{
    struct download *download = context;
    const struct asset_sink *sink = download->sink;

    if ((int64_t)bytes.len > download->body.length - download->given_bytes) {
        return false; /* more than was announced */
    }
    if (!download->has_begun) {
        download->has_begun = true;
        download->is_unwanted = !sink->begin(sink->context, &download->body);
    }
    if (!download->is_unwanted) {
        download->is_unwanted = !sink->write(sink->context, bytes);
    }
    download->given_bytes += (int64_t)bytes.len;
    return !download->is_unwanted;
}

/* What will be given, as the row knows it. */
static enum status describe(struct task *task, const struct asset *asset, enum delivery_kind kind,
    struct s3_range range, struct asset_body *out)
{
    const struct delivery_object object = {
        .key = asset->key, .filename = asset->filename, .content_type = asset->content_type
    };
    int64_t rest = asset->size_bytes - range.first;

    if (range.first < 0 || range.length < 0 || rest <= 0) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR("range"),
            "This file has %lld bytes; ask for some of them.", (long long)asset->size_bytes);
    }
    *out = (struct asset_body){
        .first = range.first,
        .length = range.length > 0 && range.length < rest ? range.length : rest,
        .size_bytes = asset->size_bytes,
        .etag = asset->etag,
        .stored_at = asset->stored_at,
        .type = delivery_content_type(&object),
        .disposition = delivery_disposition(task->arena, kind, &object),
    };
    return STATUS_OK;
}

/* What storage's answer means for who wanted the file. */
static enum status explain(struct task *task, const struct asset *asset,
    const struct download *download, enum status status, const struct s3_result *result)
{
    if (status == STATUS_OK && download->given_bytes == download->body.length) {
        return STATUS_OK;
    }
    if (download->is_unwanted) {
        return task_fail(task, STATUS_IO);
    }
    if (status == STATUS_PRECONDITION) {
        return task_refuse(task, STATUS_CONFLICT, STR("key"),
            STR("The file was written again just now. Ask for it once more."));
    }
    if (status == STATUS_NOT_FOUND && !str_equal(result->error_code, STR("NoSuchBucket"))) {
        log_event(LOG_WARN, "the object of asset %" PRId64 " is gone from storage", asset->id);
        return task_fail(task, STATUS_NOT_FOUND);
    }
    if (status == STATUS_OK || status == STATUS_IO) { /* fewer or more bytes than there should be */
        log_event(LOG_ERROR, "storage gave %" PRId64 " of %" PRId64 " bytes of asset %" PRId64,
            download->given_bytes, download->body.length, asset->id);
        status = STATUS_STORAGE;
    }
    return task_fail_storage(
        task, status == STATUS_NOT_FOUND ? STATUS_STORAGE_REFUSED : status, result);
}

enum status asset_read_stream(struct task *task, const struct asset *asset, enum delivery_kind kind,
    struct s3_range range, const struct asset_sink *sink, bool *out_has_begun)
{
    struct download download = { .sink = sink };
    const struct http_sink http = { .write = take, .context = &download };
    struct s3_get_options options = { .if_match = asset->etag };
    struct s3_result result = { 0 };
    enum status status;

    task_begin(task);
    *out_has_begun = false;
    status = describe(task, asset, kind, range, &download.body);
    if (status != STATUS_OK) {
        return status;
    }
    if (download.body.length < asset->size_bytes) {
        options.range = (struct s3_range){ download.body.first, download.body.length };
    }
    status = s3_get_stream(&task->domain->s3, task->arena, asset->key, &options, &http, &result);
    *out_has_begun = download.has_begun;
    return explain(task, asset, &download, status, &result);
}
