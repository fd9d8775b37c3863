/*
 * session.c - sessions of browsers.
 */
#include "domain/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/token.h"
#include "domain/account_row.h"
#include "domain/audit.h"
#include "domain/task.h"
#include "store/logins.h"
#include "store/sessions.h"
#include "store/throttle.h"

enum {
    TOUCH_AFTER_S = 60,
    SESSIONS_MAX = 100,
    USER_AGENT_MAX_BYTES = 255,
    THROTTLE_KEPT_S = 24 * 3600
};

static void session_from_row(const struct session_row *row, struct session *out)
{
    *out = (struct session){
        .id = row->id,
        .user_id = row->user_id,
        .created_at = row->created_at,
        .last_seen_at = row->last_seen_at,
        .expires_at = row->expires_at,
        .address = row->address,
        .user_agent = row->user_agent,
    };
}

/* The nearer of the two ends, by today's settings. */
static int64_t end_of(const struct task *task, int64_t created_at, int64_t seen_at)
{
    int64_t idle = seen_at + task->domain->options->session_idle_s;
    int64_t absolute = created_at + task->domain->options->session_max_s;

    return idle < absolute ? idle : absolute;
}

/* What browsers send is bytes; the table holds text. */
static struct str clean_user_agent(struct str user_agent)
{
    return str_is_utf8(user_agent) ? str_utf8_head(user_agent, USER_AGENT_MAX_BYTES)
                                   : STR("unknown");
}

enum status session_start(struct task *task, int64_t user_id, struct str user_agent,
    struct str old_token, struct str *out_token, struct session *out)
{
    int64_t now_s = clock_now_s();
    struct str token = random_token(task->arena);
    struct session_row row = {
        .token_hash = token_digest(task->arena, token),
        .user_id = user_id,
        .created_at = now_s,
        .last_seen_at = now_s,
        .expires_at = end_of(task, now_s, now_s),
        .address = task->actor.address,
        .user_agent = clean_user_agent(user_agent),
    };
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (token_is_well_formed(old_token)) {
        status = sessions_delete_by_hash(task->domain->db, token_digest(task->arena, old_token));
    }
    if (status == STATUS_OK) {
        status = sessions_insert(task->domain->db, &row, &row.id);
    }
    status = task_end_transaction(task, status);
    if (status == STATUS_OK) {
        *out_token = token;
        session_from_row(&row, out);
    }
    return status;
}

/* Remember that the session is in use. The request goes on when that cannot be written. */
static void touch(struct task *task, struct session_row *row, int64_t now_s)
{
    int64_t expires_at = end_of(task, row->created_at, now_s);
    enum status status = db_begin(task->domain->db);

    if (status == STATUS_OK) {
        status =
            db_end(task->domain->db, sessions_touch(task->domain->db, row->id, now_s, expires_at));
    }
    if (status == STATUS_OK) {
        row->last_seen_at = now_s;
        row->expires_at = expires_at;
    } else {
        log_event(LOG_WARN, "the time of a session could not be moved forward");
    }
}

static bool is_live(const struct task *task, const struct session_row *row,
    const struct user_row *user, int64_t now_s)
{
    /* By what was written and by today's settings, should they have become stricter. */
    return user->disabled_at == 0 && now_s < row->expires_at &&
           now_s < end_of(task, row->created_at, row->last_seen_at);
}

enum status session_check(
    struct task *task, struct str token, struct session *out, struct account *out_account)
{
    int64_t now_s = clock_now_s();
    struct session_row row;
    struct user_row user;
    enum status status;

    task_begin(task);
    if (!token_is_well_formed(token)) {
        return task_fail(task, STATUS_UNAUTHENTICATED);
    }
    status =
        sessions_find(task->domain->db, task->arena, token_digest(task->arena, token), &row, &user);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_live(task, &row, &user, now_s))) {
        return task_fail(task, STATUS_UNAUTHENTICATED);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    if (now_s - row.last_seen_at >= TOUCH_AFTER_S) {
        touch(task, &row, now_s);
    }
    session_from_row(&row, out);
    account_from_row(&user, out_account);
    return STATUS_OK;
}

enum status session_list(struct task *task, struct session_list *out)
{
    struct session_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct session_list){ 0 };
    status = sessions_list(
        task->domain->db, task->arena, task->actor.user_id, clock_now_s(), SESSIONS_MAX, &rows);
    if (status == STATUS_OK) {
        out->item = ARENA_ARRAY(task->arena, struct session, rows.count);
        for (; out->count < rows.count; out->count++) {
            session_from_row(&rows.item[out->count], &out->item[out->count]);
        }
    }
    return task_fail(task, status);
}

enum status session_revoke(struct task *task, int64_t session_id)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = sessions_delete(task->domain->db, session_id, task->actor.user_id);
    if (status == STATUS_OK) {
        status = audit_write(
            task, &(struct audit_entry){ .action = AUDIT_SESSION_REVOKE,
                      .user_id = task->actor.user_id,
                      .detail = json_pack("{s:I}", "session", (json_int_t)session_id) });
    }
    return task_end_transaction(task, status);
}

enum status session_revoke_others(struct task *task, int64_t keep_session_id, int64_t *out_count)
{
    int64_t logins = 0;
    enum status status;

    task_begin(task);
    *out_count = 0;
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status =
        sessions_delete_others(task->domain->db, task->actor.user_id, keep_session_id, out_count);
    if (status == STATUS_OK) {
        status = logins_delete_of_user(task->domain->db, task->actor.user_id, &logins);
    }
    *out_count += logins;
    if (status == STATUS_OK) {
        status =
            audit_write(task, &(struct audit_entry){ .action = AUDIT_SESSION_REVOKE,
                                  .user_id = task->actor.user_id,
                                  .detail = json_pack("{s:I}", "count", (json_int_t)*out_count) });
    }
    return task_end_transaction(task, status);
}

enum status session_end(struct task *task, struct str token)
{
    enum status status;

    task_begin(task);
    if (!token_is_well_formed(token)) {
        return STATUS_OK;
    }
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = sessions_delete_by_hash(task->domain->db, token_digest(task->arena, token));
    if (status == STATUS_OK && task->actor.user_id != 0) {
        status = audit_write(task,
            &(struct audit_entry){ .action = AUDIT_SESSION_END, .user_id = task->actor.user_id });
    }
    return task_end_transaction(task, status);
}

enum status session_prune(struct task *task, int64_t *out_count)
{
    int64_t now_s = clock_now_s(), logins = 0;
    enum status status;

    task_begin(task);
    *out_count = 0;
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = sessions_delete_expired(task->domain->db, now_s, out_count);
    if (status == STATUS_OK) {
        status = logins_delete_expired(task->domain->db, now_s, &logins);
    }
    *out_count += logins;
    if (status == STATUS_OK) {
        status = throttle_delete_stale(task->domain->db, now_s - THROTTLE_KEPT_S);
    }
    return task_end_transaction(task, status);
}
