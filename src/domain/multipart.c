/*
 * multipart.c - uploads in parts: loaded, kept alive, begun. What has arrived of them is
 * multipart_find.c's, signing their parts multipart_sign.c's, their two ends multipart_complete.c's
 * and multipart_abort.c's.
 *
 * The order of create is what makes it safe to be killed anywhere: the row that expects the upload,
 * the upload, its id in the row.
 */
#include "domain/multipart_row.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/duplicate.h"
#include "domain/flight.h"

#include <inttypes.h>

enum {
    CREATE_HEADERS_EXTRA = 1,
    RENEW_SHARE = 8,     /* it is renewed when an eighth of its life is over, not each time */
    RENEW_LEAST_S = 3600 /* or when less than this is left */
};

/* --- finding one --- */

static enum multipart_state state_of(struct str asset_state)
{
    if (str_equal(asset_state, ASSET_PENDING)) {
        return MULTIPART_UPLOADING;
    }
    return str_is_empty(asset_state) || str_equal(asset_state, ASSET_PURGING) ? MULTIPART_ABORTED
                                                                              : MULTIPART_SAVED;
}

/* The size of the file is in its asset; when that is gone, nobody needs the plan any more. */
void multipart_understand(struct multipart_pair *pair)
{
    pair->state = state_of(pair->asset.state);
    pair->plan = (struct part_plan){ .size_bytes = pair->asset.granted_size,
        .part_size = pair->upload.part_size,
        .part_count = pair->upload.part_count };
}

enum status multipart_load(struct task *task, int64_t id, struct multipart_pair *out)
{
    struct db *db = task->domain->db;
    enum status status = multiparts_find(db, task->arena, id, &out->upload);

    out->asset = (struct asset_row){ .id = id };
    if (status == STATUS_OK && !access_can_edit(&task->actor, out->upload.owner_id)) {
        status = STATUS_NOT_FOUND;
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = assets_find(db, task->arena, id, &out->asset);
    multipart_understand(out);
    return status == STATUS_NOT_FOUND ? STATUS_OK : task_fail(task, status);
}

enum status multipart_check_open(struct task *task, const struct multipart_pair *pair)
{
    if (pair->state == MULTIPART_SAVED) {
        return task_refuse(task, STATUS_CONFLICT, STR_EMPTY,
            STR("This upload is complete: it is an image already."));
    }
    if (pair->state == MULTIPART_ABORTED) {
        return task_refuse(task, STATUS_GONE, STR_EMPTY,
            STR("This upload was given up, refused or deleted. Begin it again."));
    }
    return STATUS_OK;
}

static enum status reload_open(struct task *task, struct multipart_pair *pair)
{
    enum status status = multipart_load(task, pair->upload.asset_id, pair);

    return status == STATUS_OK ? multipart_check_open(task, pair) : status;
}

enum status multipart_renew(struct task *task, struct multipart_pair *pair)
{
    int64_t ttl_s = task->domain->options->multipart.ttl_s;
    int64_t now_s = clock_now_s(), left_s = pair->asset.grant_expires_at - now_s;
    enum status status = multipart_check_open(task, pair);

    if (status != STATUS_OK || (left_s > ttl_s - ttl_s / RENEW_SHARE && left_s > RENEW_LEAST_S)) {
        return status;
    }
    status = db_begin(task->domain->db);
    if (status == STATUS_OK) {
        status = assets_set_grant_end(task->domain->db, pair->asset.id, now_s + ttl_s);
        status = db_end_soon(task->domain->db, status);
    }
    if (status == STATUS_NOT_FOUND) {
        status = reload_open(task, pair);
        return status == STATUS_OK ? STATUS_CONFLICT : status;
    }
    pair->asset.grant_expires_at = now_s + ttl_s;
    return task_fail(task, status);
}

/* --- beginning it in storage --- */

/* The headers of a grant, but for those that are about one PUT's bytes; and which checksum the
 * parts will have. */
static struct pairs create_headers(struct task *task, const struct asset_row *row)
{
    static const struct str not_here[] = { STR_INIT("content-length"), STR_INIT("if-none-match"),
        STR_INIT("x-amz-checksum-sha256") };
    struct pairs grant = asset_put_headers(task, row, false);
    struct pair *item = ARENA_ARRAY(task->arena, struct pair, grant.count + CREATE_HEADERS_EXTRA);
    size_t count = 0;

    for (size_t i = 0; i < grant.count; i++) {
        bool is_here = true;
        for (size_t j = 0; j < COUNT_OF(not_here); j++) {
            is_here &= !str_equal(grant.item[i].name, not_here[j]);
        }
        if (is_here) {
            item[count++] = grant.item[i];
        }
    }
    if (task->domain->options->storage.has_checksum) {
        item[count++] = (struct pair){ STR("x-amz-checksum-algorithm"), STR("SHA256") };
    }
    return (struct pairs){ item, count };
}

static enum status record_id(struct task *task, int64_t asset_id, struct str upload_id)
{
    enum status status = db_begin(task->domain->db);

    return status == STATUS_OK ? db_end(task->domain->db, multiparts_set_upload_id(task->domain->db,
                                                              asset_id, upload_id))
                               : status;
}

/* Its id is not in our record, so nothing may come of it. What is left of it, multipart_sweep
 * finds.
 */
static void drop_unrecorded(struct task *task, const struct multipart_pair *pair, struct str id)
{
    struct s3_result result;

    if (s3_multipart_abort(&task->domain->s3, task->arena, pair->upload.key, id, &result) !=
        STATUS_OK) {
        log_event(LOG_WARN, "an upload in parts of asset %" PRId64 " is left to the sweep",
            pair->upload.asset_id);
    }
}

enum status multipart_need_id(struct task *task, struct multipart_pair *pair)
{
    struct s3_result result = { 0 };
    struct str id;
    enum status status;

    if (!str_is_empty(pair->upload.upload_id)) {
        return STATUS_OK;
    }
    status = s3_multipart_create(&task->domain->s3, task->arena, pair->upload.key,
        create_headers(task, &pair->asset), &id, &result);
    flight_note_storage(task, pair->upload.asset_id, FLIGHT_CREATE, status, &result);
    if (status != STATUS_OK) {
        return task_fail_storage(
            task, status == STATUS_NOT_FOUND ? STATUS_STORAGE_REFUSED : status, &result);
    }
    status = record_id(task, pair->upload.asset_id, id);
    if (status == STATUS_OK) {
        pair->upload.upload_id = id;
        return STATUS_OK;
    }
    drop_unrecorded(task, pair, id);
    if (status == STATUS_NOT_FOUND) { /* ended meanwhile, or begun by another request */
        status = reload_open(task, pair);
        return status == STATUS_OK && str_is_empty(pair->upload.upload_id) ? STATUS_CONFLICT
                                                                           : status;
    }
    return task_fail(task, status);
}

/* --- create --- */

void multipart_describe(struct task *task, const struct multipart_pair *pair, struct multipart *out)
{
    *out = (struct multipart){
        .id = pair->upload.asset_id,
        .key = pair->upload.key,
        .filename = pair->asset.filename,
        .content_type = pair->asset.content_type,
        .plan = pair->plan,
        .state = pair->state,
        .needs_sha256 = task->domain->options->storage.has_checksum,
        .created_at = pair->upload.created_at,
        .expires_at = pair->asset.grant_expires_at,
    };
}

/* What is asked for becomes a row and a plan; nothing is written yet. */
static enum status prepare(
    struct task *task, const struct multipart_request *request, struct multipart_pair *out)
{
    const struct domain_options *options = task->domain->options;
    const struct file_claim claim = {
        .filename = request->filename,
        .content_type = request->content_type,
        .size_bytes = request->size_bytes < 0 ? 0 : request->size_bytes,
    };
    struct asset_plan plan = {
        .layout = KEY_IMAGES,
        .size_bytes = request->size_bytes,
        .ttl_s = options->multipart.ttl_s,
    };
    struct file_verdict verdict;
    enum status status =
        policy_check(&options->policy, task->arena, &claim, &verdict, &task->failure);

    if (status == STATUS_OK) {
        status = asset_check_sha256(task, request->sha256_hex, &plan.sha256_hex);
    }
    if (status == STATUS_OK &&
        !part_plan_make(request->size_bytes, options->multipart.part_size, &out->plan)) {
        status = task_refuse(task, STATUS_TOO_LARGE, STR("size"),
            STR("A file can have at most 5 TiB. Nothing was saved."));
    }
    if (status == STATUS_OK) {
        asset_new_row(task, &verdict, &plan, &out->asset);
    }
    return status;
}

static enum status insert(struct task *task, struct multipart_pair *pair)
{
    enum status status = asset_reserve(task, &pair->asset, false);

    pair->upload = (struct multipart_row){
        .asset_id = pair->asset.id,
        .owner_id = pair->asset.owner_id,
        .key = pair->asset.key,
        .state = MULTIPART_OPEN,
        .part_size = pair->plan.part_size,
        .part_count = pair->plan.part_count,
        .created_at = pair->asset.created_at,
    };
    return status == STATUS_OK ? multiparts_insert(task->domain->db, &pair->upload) : status;
}

/* The client will not hear its id: what is reserved is given back. */
static enum status undo(struct task *task, const struct multipart_pair *pair, enum status why)
{
    struct failure failure = task->failure;

    if (multipart_bury(task, pair, AUDIT_ASSET_ABORT) != STATUS_OK) {
        log_event(LOG_WARN, "asset %" PRId64 " was not begun in storage, and is left to the sweep",
            pair->asset.id);
    }
    task->failure = failure;
    return task_fail(task, why);
}

enum status multipart_create(
    struct task *task, const struct multipart_request *request, struct multipart *out)
{
    struct multipart_pair pair = { .state = MULTIPART_UPLOADING };
    const struct duplicate *duplicate = NULL;
    enum status status;

    task_begin(task);
    status = asset_check_may_upload(task);
    if (status == STATUS_OK) {
        status = prepare(task, request, &pair);
    }
    if (status == STATUS_OK) {
        const struct duplicate_query query = { pair.asset.sha256, pair.asset.granted_size };

        status = duplicate_check(task, &query, request->if_duplicate, &duplicate);
    }
    if (status == STATUS_OK) {
        status = db_begin(task->domain->db);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = task_end_transaction(task, insert(task, &pair));
    if (status != STATUS_OK) {
        return status;
    }
    status = multipart_need_id(task, &pair);
    if (status != STATUS_OK) {
        return undo(task, &pair, status);
    }
    multipart_describe(task, &pair, out);
    out->duplicate = duplicate;
    return STATUS_OK;
}
