/*
 * multipart_sign.c - presigning the parts of an upload: a few at a time, just before they are sent.
 */
#include "domain/multipart_row.h"

#include "base/escape.h"
#include "base/metrics.h"
#include "crypto/digest.h"
#include "sign/presign.h"

enum { PART_HEADERS_MAX = 2 };

static struct str field_name(struct task *task, size_t index, const char *name)
{
    return arena_printf(task->arena, "parts[%zu].%s", index, name);
}

/* The digest as S3 wants it; empty where storage does not look at it. */
static enum status check_wish(struct task *task, const struct multipart_pair *pair, size_t index,
    const struct multipart_wish *wish, struct str *out_base64)
{
    struct str digest = STR_EMPTY;
    bool is_needed = task->domain->options->storage.has_checksum;

    *out_base64 = STR_EMPTY;
    if (part_plan_size(&pair->plan, wish->number) == 0) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID,
            field_name(task, index, "number"), "This upload has %lld %s: there is no part %lld.",
            (long long)pair->plan.part_count, pair->plan.part_count == 1 ? "part" : "parts",
            (long long)wish->number);
    }
    if (!is_needed && str_is_empty(wish->sha256_hex)) {
        return STATUS_OK;
    }
    if (wish->sha256_hex.len != 2 * (size_t)SHA256_BYTES ||
        !escape_hex_decode(task->arena, wish->sha256_hex, &digest)) {
        return task_refuse(task, STATUS_INVALID, field_name(task, index, "sha256"),
            STR("Give the SHA-256 of the part's bytes as 64 hexadecimal digits."));
    }
    *out_base64 = is_needed ? escape_base64(task->arena, digest) : STR_EMPTY;
    return STATUS_OK;
}

/* The length is signed but never listed, since browsers set it themselves. */
static enum status sign(struct task *task, const struct multipart_pair *pair, struct str checksum,
    struct multipart_part_grant *grant)
{
    struct pair *item = ARENA_ARRAY(task->arena, struct pair, PART_HEADERS_MAX);
    bool has_checksum = !str_is_empty(checksum);
    struct presign_part_options options = {
        .signed_at = task_storage_now_s(task),
        .upload_id = pair->upload.upload_id,
        .number = grant->number,
        .headers = { item, has_checksum ? PART_HEADERS_MAX : 1 },
    };
    const struct s3_credentials *keys;
    enum status status = task_keys(
        task, options.signed_at, task->domain->options->grant_ttl_s, &keys, &options.expires_s);

    if (status != STATUS_OK) {
        return status;
    }
    grant->size_bytes = part_plan_size(&pair->plan, grant->number);
    grant->expires_at = options.signed_at + options.expires_s;
    item[0] = (struct pair){ STR("content-length"),
        arena_printf(task->arena, "%lld", (long long)grant->size_bytes) };
    item[1] = (struct pair){ STR("x-amz-checksum-sha256"), checksum };
    grant->headers = (struct pairs){ item + 1, has_checksum };
    if (presign_part(task->arena, &task->external, keys, pair->upload.key, &options, &grant->url) !=
        STATUS_OK) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("The upload could not be signed: the storage settings need a look."));
    }
    metrics_count(METRIC_PRESIGNS, METRIC_PRESIGN_UPLOAD, 0);
    return STATUS_OK;
}

/* All are checked before the first is signed. */
static enum status check_wishes(struct task *task, const struct multipart_pair *pair,
    const struct multipart_wish *wishes, size_t count, struct str *out_checksums)
{
    enum status status = STATUS_OK;

    if (count < 1 || count > MULTIPART_WINDOW_MAX) {
        return failure_format(&task->failure, task->arena, STATUS_INVALID, STR("parts"),
            "Ask for 1 to %d parts at once.", MULTIPART_WINDOW_MAX);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = check_wish(task, pair, i, &wishes[i], &out_checksums[i]);
    }
    return status;
}

enum status multipart_sign_parts(struct task *task, int64_t id, const struct multipart_wish *wishes,
    size_t count, struct multipart_part_grant **out_grants)
{
    struct multipart_part_grant *grants;
    struct multipart_pair pair;
    struct str checksums[MULTIPART_WINDOW_MAX];
    enum status status;

    task_begin(task);
    status = multipart_load(task, id, &pair);
    if (status == STATUS_OK) {
        status = multipart_check_open(task, &pair);
    }
    if (status == STATUS_OK) {
        status = check_wishes(task, &pair, wishes, count, checksums);
    }
    if (status == STATUS_OK) {
        status = multipart_renew(task, &pair);
    }
    if (status == STATUS_OK) {
        status = multipart_need_id(task, &pair);
    }
    grants = ARENA_ARRAY(task->arena, struct multipart_part_grant, count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        grants[i].number = wishes[i].number;
        status = sign(task, &pair, checksums[i], &grants[i]);
    }
    *out_grants = grants;
    return task_fail(task, status);
}
