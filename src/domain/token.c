/*
 * token.c - API tokens.
 */
#include "domain/token.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/token.h"
#include "domain/account_row.h"
#include "domain/audit.h"
#include "domain/task.h"
#include "store/api_tokens.h"

#define API_TOKEN_PREFIX STR("vt_")

enum { USED_AFTER_S = 60, API_TOKENS_MAX = 1000 };

static void api_token_from_row(const struct api_token_row *row, struct api_token *out)
{
    *out = (struct api_token){
        .id = row->id,
        .user_id = row->user_id,
        .user_email = row->user_email,
        .name = row->name,
        .created_at = row->created_at,
        .expires_at = row->expires_at,
        .last_used_at = row->last_used_at,
        .revoked_at = row->revoked_at,
    };
    (void)!scopes_parse(row->scopes, &out->scopes); /* a word that is not known allows nothing */
}

static enum status insert(struct task *task, struct api_token_row *row)
{
    struct user_row user;
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    status = users_find(task->domain->db, task->arena, row->user_id, &user);
    if (status == STATUS_OK) {
        row->user_email = user.email;
        status = api_tokens_insert(task->domain->db, row, &row->id);
    }
    if (status == STATUS_OK) {
        status =
            audit_write(task, &(struct audit_entry){ .action = AUDIT_TOKEN_CREATE,
                                  .user_id = row->user_id,
                                  .detail = json_pack("{s:I}", "token", (json_int_t)row->id) });
    }
    return db_end(task->domain->db, status);
}

enum status api_token_create(struct task *task, const struct api_token_new *wanted,
    struct str *out_text, struct api_token *out)
{
    struct str token = random_token(task->arena);
    int64_t now_s = clock_now_s();
    struct api_token_row row = {
        .token_hash = token_digest(task->arena, token),
        .user_id = wanted->user_id,
        .name = str_trim(wanted->name),
        .scopes =
            scopes_format(task->arena, wanted->scopes.bits == 0 ? SCOPES_WORK : wanted->scopes),
        .created_at = now_s,
        .expires_at = wanted->lifetime_s == 0 ? 0 : now_s + wanted->lifetime_s,
    };
    enum status status;

    task_begin(task);
    if (row.name.len == 0 || row.name.len > API_TOKEN_NAME_MAX_BYTES || !str_is_utf8(row.name) ||
        str_has_control(row.name)) {
        return task_refuse(task, STATUS_INVALID, STR("name"),
            STR("Say in 1 to 100 bytes what the token is for, for instance \"blog import\"."));
    }
    status = insert(task, &row);
    if (status == STATUS_OK) {
        *out_text = ARENA_JOIN(task->arena, API_TOKEN_PREFIX, token);
        api_token_from_row(&row, out);
    }
    return task_fail(task, status);
}

/* To the minute. The request goes on when it cannot be written. */
static void note_use(struct task *task, struct api_token_row *row, int64_t now_s)
{
    enum status status = db_begin(task->domain->db);

    if (status == STATUS_OK) {
        status = db_end(task->domain->db, api_tokens_set_used(task->domain->db, row->id, now_s));
    }
    if (status == STATUS_OK) {
        row->last_used_at = now_s;
    } else {
        log_event(LOG_WARN, "the last use of an API token could not be written");
    }
}

static bool is_live(const struct api_token_row *row, const struct user_row *user, int64_t now_s)
{
    return row->revoked_at == 0 && user->disabled_at == 0 &&
           (row->expires_at == 0 || now_s < row->expires_at);
}

enum status api_token_check(
    struct task *task, struct str text, struct api_token *out, struct account *out_account)
{
    struct str token = str_from_offset(text, API_TOKEN_PREFIX.len);
    int64_t now_s = clock_now_s();
    struct api_token_row row;
    struct user_row user;
    enum status status;

    task_begin(task);
    if (!str_starts_with(text, API_TOKEN_PREFIX) || !token_is_well_formed(token)) {
        return task_fail(task, STATUS_UNAUTHENTICATED);
    }
    status = api_tokens_find(
        task->domain->db, task->arena, token_digest(task->arena, token), &row, &user);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_live(&row, &user, now_s))) {
        return task_fail(task, STATUS_UNAUTHENTICATED);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (now_s - row.last_used_at >= USED_AFTER_S) {
        note_use(task, &row, now_s);
    }
    api_token_from_row(&row, out);
    account_from_row(&user, out_account);
    return STATUS_OK;
}

enum status api_token_list(struct task *task, int64_t user_id, struct api_token_list *out)
{
    struct api_token_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct api_token_list){ 0 };
    status = api_tokens_list(task->domain->db, task->arena, user_id, API_TOKENS_MAX, &rows);
    if (status == STATUS_OK) {
        out->item = ARENA_ARRAY(task->arena, struct api_token, rows.count);
        for (; out->count < rows.count; out->count++) {
            api_token_from_row(&rows.item[out->count], &out->item[out->count]);
        }
    }
    return task_fail(task, status);
}

enum status api_token_revoke(struct task *task, int64_t id)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = api_tokens_set_revoked(task->domain->db, id, clock_now_s());
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_TOKEN_REVOKE,
                                       .detail = json_pack("{s:I}", "token", (json_int_t)id) });
    }
    return task_end_transaction(task, status);
}
