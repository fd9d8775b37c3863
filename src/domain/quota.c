/*
 * quota.c - comparing what an account has with what it may have, and saying so with numbers.
 */
#include "domain/quota.h"

#include "domain/audit.h"
#include "domain/task.h"
#include "store/assets.h"
#include "store/db.h"
#include "store/quotas.h"

#include <inttypes.h>

static enum status load(struct task *task, int64_t user_id, struct quota_state *out)
{
    struct quota_row row;
    enum status status = quotas_find(task->domain->db, user_id, &row);

    if (status != STATUS_OK) {
        return status;
    }
    *out = (struct quota_state){
        .limit = row.is_own ? (struct quota){ row.max_bytes, row.max_files }
                            : task->domain->options->quota,
        .is_own = row.is_own,
        .files = row.asset_count,
        .size_bytes = row.size_bytes,
        .pending = row.pending_count,
        .reserved_bytes = row.reserved_bytes,
    };
    return STATUS_OK;
}

enum status quota_look(struct task *task, int64_t user_id, struct quota_state *out)
{
    task_begin(task);
    return task_fail(task, load(task, user_id, out));
}

static int64_t left(int64_t limit, int64_t used)
{
    if (limit == 0) {
        return INT64_MAX;
    }
    return used < limit ? limit - used : 0;
}

int64_t quota_bytes_left(const struct quota_state *state)
{
    return left(state->limit.max_bytes, state->size_bytes + state->reserved_bytes);
}

int64_t quota_files_left(const struct quota_state *state)
{
    return left(state->limit.max_files, state->files + state->pending);
}

/* --- refusals --- */

static enum status refuse(
    struct task *task, const struct quota_state *state, struct str field, struct str sentence)
{
    enum status status = failure_set(&task->failure, STATUS_QUOTA, field, sentence);

    task->failure.hint =
        state->pending > 0
            ? STR("Delete images that you do not need and empty the trash, or ask whoever runs "
                  "Vitrine for more. Uploads that were not finished count until an hour or two "
                  "after they expired.")
            : STR("Delete images that you do not need and empty the trash, or ask whoever runs "
                  "Vitrine for more.");
    return status;
}

static enum status refuse_bytes(
    struct task *task, const struct quota_state *state, int64_t wanted_bytes)
{
    struct arena *arena = task->arena;

    return refuse(task, state, STR("size"),
        arena_printf(arena,
            "This file needs %.*s and your account has %.*s left of %.*s. Nothing was saved.",
            STR_ARG(policy_format_size(arena, wanted_bytes)),
            STR_ARG(policy_format_size(arena, quota_bytes_left(state))),
            STR_ARG(policy_format_size(arena, state->limit.max_bytes))));
}

static enum status refuse_files(struct task *task, const struct quota_state *state)
{
    struct str unfinished = STR_EMPTY;

    if (state->pending > 0) {
        unfinished = arena_printf(
            task->arena, ", %" PRId64 " of them uploads that are not finished", state->pending);
    }
    return refuse(task, state, STR_EMPTY,
        arena_printf(task->arena,
            "Your account may have %" PRId64 " %s and has %" PRId64
            " already%.*s. Nothing was saved.",
            state->limit.max_files, state->limit.max_files == 1 ? "image" : "images",
            state->files + state->pending, STR_ARG(unfinished)));
}

static enum status refuse_pending(struct task *task, const struct quota_state *state)
{
    enum status status = failure_format(&task->failure, task->arena, STATUS_QUOTA, STR_EMPTY,
        "Your account has %" PRId64 " uploads that were begun and not finished, which is the most.",
        state->pending);

    task->failure.hint = STR("Finish some of them. Those that nothing comes for are forgotten an "
                             "hour or two after they expired.");
    return status;
}

/* --- reserving --- */

enum status quota_reserve(struct task *task, struct asset_row *row)
{
    const struct domain_options *options = task->domain->options;
    int64_t wanted = row->granted_size > 0 ? row->granted_size : options->policy.max_size_bytes;
    struct quota_state state;
    enum status status = load(task, row->owner_id, &state);

    if (status != STATUS_OK) {
        return status;
    }
    row->reserved_size = wanted;
    if (options->pending_max > 0 && state.pending >= options->pending_max) {
        return refuse_pending(task, &state);
    }
    if (quota_files_left(&state) < 1) {
        return refuse_files(task, &state);
    }
    return quota_bytes_left(&state) < wanted ? refuse_bytes(task, &state, wanted) : STATUS_OK;
}

enum status quota_check_growth(struct task *task, int64_t owner_id, int64_t growth_bytes)
{
    struct quota_state state;
    enum status status = growth_bytes > 0 ? load(task, owner_id, &state) : STATUS_OK;

    if (growth_bytes <= 0 || status != STATUS_OK) {
        return status;
    }
    return quota_bytes_left(&state) < growth_bytes ? refuse_bytes(task, &state, growth_bytes)
                                                   : STATUS_OK;
}

/* --- the account's own --- */

static enum status set(struct task *task, int64_t user_id, const struct quota *quota)
{
    struct db *db = task->domain->db;
    struct quota_state before;
    enum status status = load(task, user_id, &before);

    if (status == STATUS_OK && quota != NULL) {
        status = quotas_put(db, user_id, quota->max_bytes, quota->max_files);
    } else if (status == STATUS_OK && before.is_own) {
        status = quotas_delete(db, user_id);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return audit_write(task,
        &(struct audit_entry){ .action = AUDIT_ACCOUNT_QUOTA,
            .user_id = user_id,
            .detail = quota == NULL ? json_pack("{s:n}", "bytes")
                                    : json_pack("{s:I, s:I}", "bytes", (json_int_t)quota->max_bytes,
                                          "files", (json_int_t)quota->max_files) });
}

enum status quota_set(struct task *task, int64_t user_id, const struct quota *quota)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    return status == STATUS_OK ? task_end_transaction(task, set(task, user_id, quota))
                               : task_fail(task, status);
}
