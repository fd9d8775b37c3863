/*
 * asset_grant.c - reserving keys and presigning the PUTs for them.
 *
 * The row is written before the URL leaves: whatever arrives in storage is expected.
 */
#include "domain/asset_row.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/metrics.h"
#include "domain/asset_mirror.h"
#include "domain/duplicate.h"
#include "domain/quota.h"
#include "sign/presign.h"

enum { PUT_HEADERS_MAX = 9, KEY_TRIES_MAX = 1000 };

void asset_new_row(struct task *task, const struct file_verdict *verdict,
    const struct asset_plan *plan, struct asset_row *out)
{
    int64_t now_ms = clock_now_ms(), now_s = now_ms / 1000;

    *out = (struct asset_row){
        .key = asset_new_key(task->arena, plan->layout, task->actor.user_id, now_ms, verdict),
        .state = ASSET_PENDING,
        .owner_id = task->actor.user_id,
        .filename = verdict->filename,
        .content_type = verdict->content_type,
        .granted_size = plan->size_bytes > 0 ? plan->size_bytes : 0,
        .sha256 = plan->sha256_hex,
        .created_at = now_s,
        .updated_at = now_s,
        .grant_expires_at = now_s + plan->ttl_s,
        .is_open = plan->is_open,
    };
}

/* How storage is to encrypt the object. Signed like the rest, so that nobody can leave it out. */
static size_t add_encryption(const struct storage_options *storage, struct pair *item, size_t count)
{
    static const struct str algorithms[] = {
        [STORAGE_SSE_AES256] = STR_INIT("AES256"),
        [STORAGE_SSE_KMS] = STR_INIT("aws:kms"),
    };

    if (storage->sse == STORAGE_SSE_OFF) {
        return count;
    }
    item[count++] = (struct pair){ STR("x-amz-server-side-encryption"), algorithms[storage->sse] };
    if (storage->sse == STORAGE_SSE_KMS && !str_is_empty(storage->sse_kms_key)) {
        item[count++] = (struct pair){ STR("x-amz-server-side-encryption-aws-kms-key-id"),
            storage->sse_kms_key };
    }
    if (storage->sse == STORAGE_SSE_KMS && storage->has_sse_bucket_key) {
        item[count++] =
            (struct pair){ STR("x-amz-server-side-encryption-bucket-key-enabled"), STR("true") };
    }
    return count;
}

struct pairs asset_put_headers(struct task *task, const struct asset_row *row, bool with_length)
{
    const struct storage_options *storage = &task->domain->options->storage;
    struct pair *item = ARENA_ARRAY(task->arena, struct pair, PUT_HEADERS_MAX);
    struct str digest;
    size_t count = 0;

    item[count++] = (struct pair){ STR("content-type"), row->content_type };
    if (with_length && row->granted_size > 0) {
        item[count++] = (struct pair){ STR("content-length"),
            arena_printf(task->arena, "%lld", (long long)row->granted_size) };
    }
    if (storage->has_checksum && escape_hex_decode(task->arena, row->sha256, &digest) &&
        digest.len > 0) {
        item[count++] =
            (struct pair){ STR("x-amz-checksum-sha256"), escape_base64(task->arena, digest) };
    }
    if (storage->has_conditional_put && !row->is_open) {
        item[count++] = (struct pair){ STR("if-none-match"), STR("*") };
    }
    if (storage->has_metadata && !row->is_open && row->id > 0) {
        struct str mirror = asset_mirror_format(task, row);

        if (!str_is_empty(mirror)) {
            item[count++] = (struct pair){ S3_META_HEADER, mirror };
        }
    }
    count = add_encryption(storage, item, count);
    return (struct pairs){ .item = item, .count = count };
}

enum status asset_check_sha256(struct task *task, struct str text, struct str *out_hex)
{
    struct str digest = STR_EMPTY;

    *out_hex = STR_EMPTY;
    if (str_is_empty(text)) {
        return STATUS_OK;
    }
    if (text.len != 64 || !escape_hex_decode(task->arena, text, &digest)) {
        return task_refuse(task, STATUS_INVALID, STR("sha256"),
            STR("Give the file's SHA-256 as 64 hexadecimal digits, or leave it out."));
    }
    *out_hex = escape_hex(task->arena, digest);
    return STATUS_OK;
}

enum status asset_check_may_upload(struct task *task)
{
    if (access_can_upload(&task->actor)) {
        return STATUS_OK;
    }
    return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
        STR("Your account may look at images, but not upload any."));
}

/* How long the grant is to live. */
static enum status check_ttl(struct task *task, int64_t wanted_s, int64_t *out_ttl_s)
{
    const struct s3_credentials *keys;

    if (wanted_s < 0 || wanted_s > ASSET_TTL_MAX_S) {
        return task_refuse(
            task, STATUS_INVALID, STR("expires_in"), STR("Ask for 1 to 604800 seconds (7 days)."));
    }
    return task_keys(task, task_storage_now_s(task),
        wanted_s == 0 ? task->domain->options->grant_ttl_s : wanted_s, &keys, out_ttl_s);
}

/* What is asked for becomes a row; nothing is written yet. */
static enum status prepare(
    struct task *task, const struct upload_request *request, struct asset_row *out)
{
    const struct file_claim claim = {
        .filename = request->filename,
        .content_type = request->content_type,
        .size_bytes = request->size_bytes,
    };
    struct file_verdict verdict;
    struct asset_plan plan = {
        .layout = request->layout,
        .size_bytes = request->size_bytes,
        .is_open = request->is_self_committing,
    };
    enum status status =
        policy_check(&task->domain->options->policy, task->arena, &claim, &verdict, &task->failure);

    if (status == STATUS_OK && request->size_bytes > ASSET_PUT_MAX_BYTES) {
        status = task_refuse(task, STATUS_TOO_LARGE, STR("size"),
            STR("A file of more than 5 GiB has to be uploaded in parts. Nothing was saved."));
    }
    if (status == STATUS_OK) {
        status = asset_check_sha256(task, request->sha256_hex, &plan.sha256_hex);
    }
    if (status == STATUS_OK) {
        status = check_ttl(task, request->expires_in_s, &plan.ttl_s);
    }
    if (status == STATUS_OK) {
        asset_new_row(task, &verdict, &plan, out);
    }
    return status;
}

enum status asset_reserve(struct task *task, struct asset_row *row, bool is_direct)
{
    enum status status = quota_reserve(task, row);

    if (status == STATUS_OK) {
        status = assets_insert(task->domain->db, row, &row->id);
    }
    for (int i = 1; i < KEY_TRIES_MAX && status == STATUS_CONFLICT &&
                    asset_next_key(task->arena, row->key, &row->key);
         i++) {
        status = assets_insert(task->domain->db, row, &row->id);
    }
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_ASSET_GRANT,
                                       .asset_id = row->id,
                                       .detail = json_pack("{s:s%, s:b}", "key", row->key.ptr,
                                           row->key.len, "direct", is_direct) });
    }
    return status;
}

static enum status presign(struct task *task, const struct asset_row *row, struct upload_grant *out)
{
    const struct domain_options *options = task->domain->options;
    int64_t ttl_s = row->grant_expires_at - row->created_at;
    struct presign_put_options put = {
        .signed_at = task_storage_now_s(task),
        .headers = asset_put_headers(task, row, true),
    };
    const struct s3_credentials *keys;
    enum status status;

    *out = (struct upload_grant){
        .asset_id = row->id,
        .key = row->key,
        .headers = asset_put_headers(task, row, false),
        .expires_at = row->grant_expires_at,
        .expires_in_s = ttl_s,
        .max_size_bytes = options->policy.max_size_bytes,
    };
    status = task_keys(task, put.signed_at, ttl_s, &keys, &put.expires_s);
    if (status != STATUS_OK) {
        return status;
    }
    if (presign_put(task->arena, &task->external, keys, row->key, &put, &out->url) != STATUS_OK) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("The upload could not be signed: the storage settings need a look."));
    }
    metrics_count(METRIC_PRESIGNS, METRIC_PRESIGN_UPLOAD, 0);
    return STATUS_OK;
}

/* Every row that was prepared, in one transaction. What is over the quota is that file's failure;
 * a smaller one after it may fit. */
static enum status insert_all(
    struct task *task, struct asset_row *rows, size_t count, struct upload_grant_result *results)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (results[i].failure.status == STATUS_OK) {
            status = asset_reserve(task, &rows[i], false);
        }
        if (status == STATUS_QUOTA) {
            results[i].failure = task->failure;
            task_begin(task);
            status = STATUS_OK;
        }
    }
    /* Nothing is there yet that could be lost. Should the power fail within the next milliseconds,
     * the key is as if it had never been granted, and the client asks again. */
    return db_end_soon(task->domain->db, status);
}

enum status asset_grant_many(struct task *task, const struct upload_request *requests, size_t count,
    struct upload_grant_result *out_results)
{
    struct asset_row *rows = ARENA_ARRAY(task->arena, struct asset_row, count);
    const struct duplicate **duplicates = ARENA_ARRAY(task->arena, const struct duplicate *, count);
    enum status status = STATUS_OK;

    task_begin(task);
    status = asset_check_may_upload(task);
    if (status != STATUS_OK) {
        return status;
    }
    if (count == 0 || count > ASSET_GRANTS_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("files"), STR("Ask for 1 to 100 files at once."));
    }
    for (size_t i = 0; i < count; i++) {
        task_begin(task);
        duplicates[i] = NULL;
        if (prepare(task, &requests[i], &rows[i]) == STATUS_OK) {
            const struct duplicate_query query = { rows[i].sha256, rows[i].granted_size };

            (void)!duplicate_check(task, &query, requests[i].if_duplicate, &duplicates[i]);
        }
        out_results[i] = (struct upload_grant_result){ .failure = task->failure };
    }
    task_begin(task);
    status = insert_all(task, rows, count, out_results);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (out_results[i].failure.status == STATUS_OK) {
            status = presign(task, &rows[i], &out_results[i].grant);
            out_results[i].grant.duplicate = duplicates[i];
        }
    }
    return task_fail(task, status);
}

enum status asset_grant(
    struct task *task, const struct upload_request *request, struct upload_grant *out)
{
    struct upload_grant_result result;
    enum status status = asset_grant_many(task, request, 1, &result);

    if (status == STATUS_OK) {
        task->failure = result.failure;
        *out = result.grant;
    }
    return task->failure.status;
}
