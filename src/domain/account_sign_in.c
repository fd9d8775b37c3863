/*
 * account_sign_in.c - proving who one is, and changing what proves it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crypto/password.h"
#include "domain/account_row.h"
#include "domain/audit.h"
#include "domain/task.h"
#include "domain/throttle.h"
#include "store/logins.h"
#include "store/sessions.h"

/* Note a sign-in that succeeded; a stale hash is replaced while the password is known. */
static enum status note_success(
    struct task *task, struct str email, struct user_row *row, struct str new_hash)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    status = throttle_forgive(task, email);
    if (status == STATUS_OK) {
        row->last_sign_in_at = clock_now_s();
        status = users_set_signed_in(task->domain->db, row->id, row->last_sign_in_at);
    }
    if (status == STATUS_OK && !str_is_empty(new_hash)) {
        status = users_set_rehashed(task->domain->db, row->id, new_hash);
    }
    if (status == STATUS_OK) {
        status = audit_write(
            task, &(struct audit_entry){ .action = AUDIT_ACCOUNT_SIGN_IN, .user_id = row->id });
    }
    return db_end(task->domain->db, status);
}

/* Note one that failed. The person is told the same whether this can be written or not. */
static void note_refusal(struct task *task, int64_t user_id)
{
    enum status status = db_begin(task->domain->db);

    if (status == STATUS_OK) {
        status = db_end(task->domain->db,
            audit_write(
                task, &(struct audit_entry){ .action = AUDIT_ACCOUNT_REFUSE, .user_id = user_id }));
    }
    if (status != STATUS_OK) {
        log_event(LOG_WARN, "a refused sign-in could not be written to the audit trail");
    }
}

/* Settle what was counted before it was known how the attempt ends. */
static void settle(
    struct task *task, struct str email, enum status (*how)(struct task *, struct str email))
{
    if (db_begin(task->domain->db) == STATUS_OK) {
        (void)!db_end(task->domain->db, how(task, email));
    }
}

/* OK when the password is that row's. A row with id 0 is nobody's: the work is the same. */
static enum status verify(
    struct task *task, struct str email, const struct user_row *row, struct str password)
{
    enum status status;

    if (password.len > ACCOUNT_PASSWORD_MAX_BYTES) {
        password = STR_EMPTY; /* nobody's either */
    }
    status = password_verify(row->password_hash, password);
    if (status == STATUS_OK && row->disabled_at != 0) {
        status = STATUS_BAD_CREDENTIALS;
    }
    if (status == STATUS_BAD_CREDENTIALS) {
        metrics_count(METRIC_AUTH_FAILURES, METRIC_AUTH_PASSWORD, 0);
        note_refusal(task, row->id);
    } else if (status != STATUS_OK) { /* BUSY: it was not looked at */
        settle(task, email, throttle_take_back);
    }
    return status;
}

enum status account_authenticate(
    struct task *task, struct str email, struct str password, struct account *out)
{
    struct str address = account_normalise_email(task->arena, email);
    struct str new_hash = STR_EMPTY;
    struct user_row row = { 0 };
    enum status status;

    task_begin(task);
    status = throttle_charge(task, address);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = users_find_by_email(task->domain->db, task->arena, address, &row);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        status = verify(task, address, &row, password);
    }
    if (status == STATUS_OK && password_needs_rehash(row.password_hash) &&
        password_hash(task->arena, password, &new_hash) != STATUS_OK) {
        new_hash = STR_EMPTY; /* another time */
    }
    if (status == STATUS_OK) {
        status = note_success(task, address, &row, new_hash);
    }
    if (status == STATUS_OK) {
        account_from_row(&row, out);
    }
    return task_fail(task, status);
}

/* Store the new password and end the sessions but `keep_session_id`. */
static enum status replace(
    struct task *task, int64_t id, struct str password, int64_t keep_session_id)
{
    struct str hash = STR_EMPTY;
    int64_t ended = 0, logins_ended = 0;
    enum status status = password_hash(task->arena, password, &hash);

    if (status == STATUS_OK) {
        status = db_begin(task->domain->db);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = users_set_password(task->domain->db, id, hash, clock_now_s());
    if (status == STATUS_OK) {
        status = sessions_delete_others(task->domain->db, id, keep_session_id, &ended);
    }
    if (status == STATUS_OK) {
        status = logins_delete_of_user(task->domain->db, id, &logins_ended);
    }
    if (status == STATUS_OK) {
        status = audit_write(
            task, &(struct audit_entry){ .action = AUDIT_ACCOUNT_PASSWORD,
                      .user_id = id,
                      .detail = json_pack("{s:I, s:I}", "sessions_ended", (json_int_t)ended,
                          "logins_ended", (json_int_t)logins_ended) });
    }
    return db_end(task->domain->db, status);
}

enum status account_change_password(
    struct task *task, struct str current, struct str password, int64_t keep_session_id)
{
    struct user_row row = { 0 };
    enum status status;

    task_begin(task);
    status = users_find(task->domain->db, task->arena, task->actor.user_id, &row);
    if (status == STATUS_OK) {
        status = account_check_password(task, password, row.email);
    }
    if (status == STATUS_OK) {
        status = throttle_charge(task, row.email);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = verify(task, row.email, &row, current);
    if (status == STATUS_BAD_CREDENTIALS) {
        return task_refuse(task, status, STR("current"), STR("This is not your current password."));
    }
    if (status == STATUS_OK) {
        settle(task, row.email, throttle_forgive);
        status = replace(task, row.id, password, keep_session_id);
    }
    return task_fail(task, status);
}

enum status account_set_password(struct task *task, int64_t id, struct str password)
{
    struct user_row row = { 0 };
    enum status status;

    task_begin(task);
    status = users_find(task->domain->db, task->arena, id, &row);
    if (status == STATUS_OK) {
        status = account_check_password(task, password, row.email);
    }
    if (status == STATUS_OK) {
        status = replace(task, id, password, 0);
    }
    return task_fail(task, status);
}
