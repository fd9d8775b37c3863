/*
 * asset_inspect.c - does the object keep what its grant promised? And the end of those that do not.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/digest.h"
#include "domain/file_types.h"
#include "domain/flight.h"

static enum status mismatch(struct task *task, struct str field, struct str sentence)
{
    return task_refuse(task, STATUS_MISMATCH, field, sentence);
}

static enum status check_size(struct task *task, const struct asset_row *row, int64_t size_bytes)
{
    if (row->granted_size == 0 || row->granted_size == size_bytes) {
        return STATUS_OK;
    }
    return mismatch(task, STR("size"),
        arena_printf(task->arena,
            "The file was announced with %lld bytes, and %lld arrived in storage. It was not "
            "saved; upload it "
            "again.",
            (long long)row->granted_size, (long long)size_bytes));
}

/* A provider that says no type is not held to it. */
static enum status check_content_type(
    struct task *task, const struct asset_row *row, struct str content_type)
{
    struct str stored = file_type_normalise(task->arena, content_type);

    if (str_is_empty(stored) || str_equal(stored, row->content_type)) {
        return STATUS_OK;
    }
    return mismatch(task, STR("filetype"),
        arena_printf(task->arena,
            "The file was announced as %.*s, and storage holds it as %.*s. It was not saved; "
            "upload it again.",
            STR_ARG(row->content_type), STR_ARG(str_head(stored, 60))));
}

/* The SHA-256 that is proven: by what storage shows, or by all of the bytes. Empty when neither is
 * there: what a client claims is not a fact. */
static struct str proven_sha256(
    struct task *task, const struct s3_result *head, const struct s3_result *get)
{
    char hex[2 * SHA256_BYTES];
    struct str digest;

    if (escape_base64_decode(task->arena, head->checksum_sha256, &digest) &&
        digest.len == SHA256_BYTES) {
        return escape_hex(task->arena, digest);
    }
    if ((int64_t)get->body.len == head->size_bytes) {
        sha256_hex(get->body, hex);
        return arena_copy(task->arena, str_from(hex, sizeof(hex)));
    }
    return STR_EMPTY;
}

static enum status check_sha256(struct task *task, const struct asset_row *row, struct str proven)
{
    if (str_is_empty(row->sha256) || str_is_empty(proven) || str_equal(row->sha256, proven)) {
        return STATUS_OK;
    }
    return mismatch(task, STR("sha256"),
        STR("What arrived in storage is not the file that was announced: their checksums differ. "
            "It was not "
            "saved; upload it again."));
}

/* The same question as before the grant, now with what the bytes say. */
static enum status check_policy(
    struct task *task, const struct asset_row *row, int64_t size_bytes, const struct sniff *sniff)
{
    const struct file_claim claim = {
        .filename = row->filename,
        .content_type = row->content_type,
        .size_bytes = size_bytes,
        .sniff = sniff,
    };
    struct file_verdict verdict;
    enum status status =
        policy_check(&task->domain->options->policy, task->arena, &claim, &verdict, &task->failure);

    if (status == STATUS_INVALID) { /* an empty object: its bytes, not the request, are at fault */
        task->failure.status = STATUS_MISMATCH;
        status = STATUS_MISMATCH;
    }
    return status;
}

enum status asset_bucket_is_missing(struct task *task, const struct s3_result *result)
{
    task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
        STR("The bucket of the storage settings does not exist."));
    return task_fail_storage(task, STATUS_STORAGE_REFUSED, result);
}

/* HEAD says 404 for an absent object and for an absent bucket alike; nothing is concluded from a
 * bucket that a wrong setting names. */
static enum status absent(struct task *task)
{
    struct s3_result result = { 0 };
    enum status status = s3_head_bucket(&task->domain->s3, task->arena, &result);

    if (status == STATUS_NOT_FOUND) {
        return asset_bucket_is_missing(task, &result);
    }
    if (status == STATUS_STORAGE || status == STATUS_STORAGE_TIMEOUT) {
        return task_fail_storage(task, status, &result);
    }
    return task_refuse(task, STATUS_NOT_UPLOADED, STR("key"),
        STR("The file has not arrived in storage. Upload it first, then save it."));
}

static enum status head_failed(struct task *task, enum status status, const struct s3_result *head)
{
    task_fail_storage(task, status, head);
    if (head->http_status == 403) {
        task->failure.hint = STR(
            "Storage answers 403 also for an object that is absent when its keys may not list the "
            "bucket: allow s3:GetObject and s3:ListBucket.");
    }
    return status;
}

/* What stands between us and storage may drop a length from HEAD. It must not make a good object
 * look like another one than was granted: those are deleted. */
static enum status know_size(struct task *task, struct s3_result *head, const struct s3_result *get)
{
    if (head->size_bytes < 0) {
        head->size_bytes = get->size_bytes;
    }
    return head->size_bytes >= 0
               ? STATUS_OK
               : task_refuse(task, STATUS_STORAGE, STR_EMPTY,
                     STR("The image storage does not say how large the file is. Save it again."));
}

enum status asset_head(struct task *task, struct str key, struct s3_result *head)
{
    enum status status = s3_head(&task->domain->s3, task->arena, key, head);

    if (status == STATUS_NOT_FOUND) {
        return absent(task);
    }
    return status == STATUS_OK ? STATUS_OK : head_failed(task, status, head);
}

/* HEAD and the first bytes, of the same object. */
static enum status look(
    struct task *task, struct str key, struct s3_result *head, struct s3_result *get)
{
    const struct s3_range range = { .first = 0, .length = SNIFF_BYTES };
    enum status status = asset_head(task, key, head);

    if (status != STATUS_OK || head->size_bytes == 0) { /* a range of nothing cannot be asked for */
        return status;
    }
    status = s3_get(&task->domain->s3, task->arena, key, range, SNIFF_BYTES, get);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !str_equal(head->etag, get->etag))) {
        return task_refuse(task, STATUS_CONFLICT, STR("key"),
            STR("The file changed in storage while it was looked at. Save it again."));
    }
    return status == STATUS_OK ? know_size(task, head, get) : task_fail_storage(task, status, get);
}

static enum status inspect(
    struct task *task, struct asset_row *row, struct s3_result *head, struct s3_result *get)
{
    struct str proven;
    struct sniff sniff;
    enum status status = look(task, row->key, head, get);

    if (status != STATUS_OK) {
        return status;
    }
    sniff = sniff_bytes(get->body);
    proven = proven_sha256(task, head, get);
    status = check_size(task, row, head->size_bytes);
    if (status == STATUS_OK) {
        status = check_content_type(task, row, head->content_type);
    }
    if (status == STATUS_OK) {
        status = check_sha256(task, row, proven);
    }
    if (status == STATUS_OK) {
        status = check_policy(task, row, head->size_bytes, &sniff);
    }
    if (status == STATUS_OK) {
        row->size_bytes = head->size_bytes;
        row->sha256 = proven;
        row->checksum =
            str_index(head->checksum_sha256, '-') >= 0 ? head->checksum_sha256 : STR_EMPTY;
        row->etag = head->etag;
        row->stored_at = head->last_modified_at > 0 ? head->last_modified_at : clock_now_s();
        row->is_open |= !task->domain->options->storage.has_conditional_put;
        row->width = sniff.width;
        row->height = sniff.height;
    }
    return status;
}

/* Not whether it was saved: asset_make_ready counts that. */
static void count_refusal(enum status status)
{
    static const struct {
        enum status status;
        enum metric_commit outcome;
    } outcomes[] = {
        { STATUS_NOT_UPLOADED, METRIC_COMMIT_NOT_UPLOADED },
        { STATUS_MISMATCH, METRIC_COMMIT_MISMATCH },
        { STATUS_TOO_LARGE, METRIC_COMMIT_TOO_LARGE },
        { STATUS_TYPE_NOT_ALLOWED, METRIC_COMMIT_TYPE },
        { STATUS_STORAGE, METRIC_COMMIT_STORAGE },
        { STATUS_STORAGE_REFUSED, METRIC_COMMIT_STORAGE },
        { STATUS_STORAGE_TIMEOUT, METRIC_COMMIT_STORAGE },
    };
    enum metric_commit outcome = METRIC_COMMIT_OTHER;

    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        if (outcomes[i].status == status) {
            outcome = outcomes[i].outcome;
        }
    }
    metrics_count(METRIC_COMMITS, outcome, 0);
}

/* Why was it looked at? */
static enum flight_stage stage_of(const struct task *task, const struct asset_row *row)
{
    if (!str_equal(row->state, ASSET_PENDING)) {
        return FLIGHT_CHECK;
    }
    return row->is_open || task->actor.user_id == 0 ? FLIGHT_ADOPT : FLIGHT_COMMIT;
}

/* One line of the flight record: of the request that decided. Where nobody said that something was
 * uploaded, nothing is as it should be. */
static void note_look(struct task *task, const struct asset_row *row, enum flight_stage stage,
    enum status status, const struct s3_result *head, const struct s3_result *get)
{
    struct s3_result look = get->attempts == 0 ? *head : *get;

    if (status == STATUS_NOT_UPLOADED && stage != FLIGHT_COMMIT) {
        return;
    }
    look.size_bytes = head->size_bytes;
    look.duration_ms = head->duration_ms + get->duration_ms;
    flight_note_storage(task, row->id, stage, status, &look);
}

enum status asset_inspect(struct task *task, struct asset_row *row)
{
    enum flight_stage stage = stage_of(task, row); /* before the row learns more */
    struct s3_result head = { 0 }, get = { 0 };
    enum status status = inspect(task, row, &head, &get);

    note_look(task, row, stage, status, &head, &get);
    if (status != STATUS_OK) {
        count_refusal(status);
    }
    return status;
}

bool asset_is_refusal(enum status status)
{
    return status == STATUS_MISMATCH || status == STATUS_TOO_LARGE ||
           status == STATUS_TYPE_NOT_ALLOWED || status == STATUS_QUOTA;
}

enum status asset_refuse(
    struct task *task, const struct asset_row *row, struct str from, enum status why)
{
    struct failure failure = task->failure;
    bool is_pending = false;
    enum status status = asset_bury(task, row, from, AUDIT_ASSET_REFUSE);

    if (status == STATUS_OK && asset_purge(task, row, &is_pending) != STATUS_OK) {
        log_event(LOG_WARN, "a refused object is left to the sweep");
    }
    task->failure = failure;
    return status == STATUS_OK || status == STATUS_NOT_FOUND ? why : task_fail(task, status);
}

enum { WITNESSES_MAX = 3, WITNESS_ROWS_MAX = 20 };

enum status asset_check_bucket(struct task *task)
{
    const struct asset_selection newest = { .bound_id = INT64_MAX, .limit = WITNESS_ROWS_MAX };
    struct asset_rows rows;
    int absent_count = 0;
    enum status status = assets_list(task->domain->db, task->arena, &newest, &rows);

    for (size_t i = 0; i < rows.count && status == STATUS_OK && absent_count < WITNESSES_MAX; i++) {
        struct s3_result head = { 0 };

        if (!str_is_empty(rows.item[i].flag)) {
            continue;
        }
        status = asset_head(task, rows.item[i].key, &head);
        if (status == STATUS_OK || (status == STATUS_STORAGE_REFUSED && head.http_status == 403)) {
            task_begin(task);
            return STATUS_OK;
        }
        if (status == STATUS_NOT_UPLOADED) {
            task_begin(task);
            absent_count++;
            status = STATUS_OK;
        }
    }
    if (status != STATUS_OK || absent_count == 0) {
        return status;
    }
    return failure_format(&task->failure, task->arena, STATUS_STORAGE_REFUSED, STR_EMPTY,
        "The bucket %.*s has none of the newest images, so nothing is concluded from what it does "
        "not have. Check S3_BUCKET and S3_ENDPOINT_URL; if the images are really lost, `vitrine "
        "reconcile` flags them.",
        STR_ARG(task->domain->options->storage.internal.bucket));
}
