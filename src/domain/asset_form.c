/*
 * asset_form.c - reserving for, signing and ending a form that goes straight to storage.
 */
#include "domain/asset_form.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "domain/asset_row.h"
#include "sign/post_policy.h"

enum { MIN_BYTES = 1 };

bool asset_form_is_possible(const struct task *task)
{
    const struct storage_options *storage = &task->domain->options->storage;

    return storage->has_post_policy && !storage->is_off;
}

/* --- reserve */

static enum status prepare(struct task *task, struct str filename, struct asset_row *out)
{
    const struct file_claim claim = { .filename = filename, .size_bytes = -1 };
    struct asset_plan plan = { .layout = KEY_IMAGES, .is_open = true };
    const struct s3_credentials *keys;
    struct file_verdict verdict;
    enum status status =
        policy_check(&task->domain->options->policy, task->arena, &claim, &verdict, &task->failure);

    if (status == STATUS_OK) {
        status = task_keys(
            task, task_storage_now_s(task), task->domain->options->grant_ttl_s, &keys, &plan.ttl_s);
    }
    if (status == STATUS_OK) {
        asset_new_row(task, &verdict, &plan, out);
    }
    return status;
}

enum status asset_form_grant(struct task *task, struct str filename, int64_t *out_id)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    if (!asset_form_is_possible(task)) {
        return task_fail(task, STATUS_NOT_FOUND);
    }
    if (!access_can_upload(&task->actor)) {
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Your account may look at images, but not upload any."));
    }
    status = prepare(task, filename, &row);
    if (status == STATUS_OK) {
        status = db_begin(task->domain->db);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = task_end_transaction(task, asset_reserve(task, &row, false));
    *out_id = row.id;
    return status;
}

/* --- sign */

/* The actor's own row, reserved for a form or as open as such a one. */
static enum status load(struct task *task, int64_t id, struct asset_row *out)
{
    enum status status = assets_find(task->domain->db, task->arena, id, out);

    if (status == STATUS_OK && out->owner_id != task->actor.user_id) {
        status = STATUS_NOT_FOUND;
    }
    return status;
}

static enum status refuse_over(struct task *task)
{
    enum status status =
        task_refuse(task, STATUS_GONE, STR_EMPTY, STR("The time of this form is over."));

    task->failure.hint = STR("Begin again. A file that it sent in time is not lost: it is saved "
                             "when you look for it here, or by itself a while later.");
    return status;
}

/* What storage is told with the file besides its type: encryption, and where it can be told, to
 * write once: who goes back and posts another file must not replace the first. */
static struct pairs fields_of(struct task *task, const struct asset_row *row)
{
    struct pairs headers = asset_put_headers(task, row, false);
    struct pair *item = ARENA_ARRAY(task->arena, struct pair, headers.count + 1);
    size_t count = 0;

    if (task->domain->options->storage.has_conditional_post) {
        item[count++] = (struct pair){ STR("if-none-match"), STR("*") };
    }
    for (size_t i = 0; i < headers.count; i++) {
        if (!str_equal(headers.item[i].name, STR("content-type"))) {
            item[count++] = headers.item[i];
        }
    }
    return (struct pairs){ item, count };
}

static enum status sign(
    struct task *task, const struct asset_row *row, struct str redirect, struct upload_form *out)
{
    int64_t left_s = row->grant_expires_at - clock_now_s();
    struct post_policy policy = {
        .key = row->key,
        .content_type = row->content_type,
        .min_bytes = MIN_BYTES,
        .max_bytes = task->domain->options->policy.max_size_bytes,
        .redirect = redirect,
        .fields = fields_of(task, row),
        .signed_at = task_storage_now_s(task),
    };
    const struct s3_credentials *keys;
    struct post_form form = { 0 };
    enum status status = task_keys(task, policy.signed_at, left_s, &keys, &policy.expires_s);

    if (status != STATUS_OK) {
        return status;
    }
    if (post_policy_sign(task->arena, &task->external, keys, &policy, &form) != STATUS_OK) {
        return task_refuse(task, STATUS_STORAGE_REFUSED, STR_EMPTY,
            STR("The upload could not be signed: the storage settings need a look."));
    }
    *out = (struct upload_form){
        .asset_id = row->id,
        .filename = row->filename,
        .content_type = row->content_type,
        .url = form.url,
        .fields = form.fields,
        .min_size_bytes = policy.min_bytes,
        .max_size_bytes = policy.max_bytes,
        .expires_at = clock_now_s() + policy.expires_s,
        .writes_once = task->domain->options->storage.has_conditional_post,
    };
    metrics_count(METRIC_PRESIGNS, METRIC_PRESIGN_UPLOAD, 0);
    return STATUS_OK;
}

enum status asset_form_sign(
    struct task *task, int64_t id, struct str redirect, struct upload_form *out)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out = (struct upload_form){ .asset_id = id };
    status = load(task, id, &row);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (str_equal(row.state, ASSET_READY) || str_equal(row.state, ASSET_TRASHED)) {
        out->is_saved = true;
        return STATUS_OK;
    }
    if (!str_equal(row.state, ASSET_PENDING)) {
        return task_refuse(task, STATUS_GONE, STR_EMPTY,
            STR("What this form sent was refused or deleted. Begin again with another one."));
    }
    if (row.is_open == 0 || !asset_form_is_possible(task)) {
        return task_fail(task, STATUS_NOT_FOUND);
    }
    if (row.grant_expires_at <= clock_now_s()) {
        return refuse_over(task);
    }
    return task_fail(task, sign(task, &row, redirect, out));
}

/* --- end */

/* A grant of another kind is for its own commit call, which may bring words along. */
enum status asset_form_commit(
    struct task *task, int64_t id, struct str key, struct asset *out, bool *out_created)
{
    struct asset_row row;
    enum status status;

    task_begin(task);
    *out_created = false;
    status = load(task, id, &row);
    if (status == STATUS_OK && str_equal(row.state, ASSET_PENDING) && row.is_open == 0) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && !str_is_empty(key) && !str_equal(key, row.key)) {
        status = STATUS_NOT_FOUND;
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    return asset_commit(task, &(struct upload_commit){ .key = row.key }, out, out_created);
}
