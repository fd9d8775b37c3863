/*
 * account.c - creating and changing accounts, and finding them. Signing in is in account_sign_in.c.
 */
#include "domain/account.h"

#include "base/clock.h"
#include "crypto/password.h"
#include "domain/account_row.h"
#include "domain/audit.h"
#include "domain/task.h"
#include "store/assets.h"
#include "store/logins.h"
#include "store/sessions.h"

enum { ACCOUNTS_MAX = 1000 };

void account_from_row(const struct user_row *row, struct account *out)
{
    *out = (struct account){
        .id = row->id,
        .email = row->email,
        .name = row->name,
        .role = ROLE_VIEWER,
        .created_at = row->created_at,
        .disabled_at = row->disabled_at,
        .last_sign_in_at = row->last_sign_in_at,
    };
    /* The CHECK of the table allows no other names; if one came by, it would mean the least. */
    (void)!role_parse(row->role, &out->role);
}

/* Trimmed, what follows the last '@' in lower case (RFC 5321, section 2.4: only the local part may
 * tell cases apart). */
struct str account_normalise_email(struct arena *arena, struct str email)
{
    struct str copy = arena_copy(arena, str_trim(email));
    ssize_t at = str_last_index(copy, '@');
    char *bytes = (char *)copy.ptr; /* the arena's copy: ours to change */

    for (size_t i = at < 0 ? copy.len : (size_t)at; i < copy.len; i++) {
        bytes[i] = bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char)(bytes[i] + ('a' - 'A')) : bytes[i];
    }
    return copy;
}

/* Something before one '@' and something after it. Whether mail arrives there, only mail can tell.
 */
static bool is_email(struct str email)
{
    ssize_t at = str_index(email, '@');

    return at > 0 && (size_t)at + 1 < email.len && str_last_index(email, '@') == at &&
           email.len <= ACCOUNT_EMAIL_MAX_BYTES && str_is_utf8(email) && !str_has_control(email) &&
           str_index(email, ' ') < 0;
}

enum status account_check_password(struct task *task, struct str password, struct str email)
{
    if (password.len > ACCOUNT_PASSWORD_MAX_BYTES) {
        return task_refuse(task, STATUS_INVALID, STR("password"),
            STR("Choose a password of at most 1,024 bytes."));
    }
    if (!str_is_utf8(password) || memchr(password.ptr ? password.ptr : "", '\0', password.len)) {
        return task_refuse(task, STATUS_INVALID, STR("password"),
            STR("Choose a password of ordinary characters."));
    }
    if (str_utf8_length(password) < ACCOUNT_PASSWORD_MIN_CHARS) {
        return task_refuse(task, STATUS_INVALID, STR("password"),
            STR("Choose a password of at least 10 characters; a few words are easy to keep in "
                "mind."));
    }
    if (str_equal_nocase(password, email)) {
        return task_refuse(task, STATUS_INVALID, STR("password"),
            STR("Choose a password that is not your e-mail address."));
    }
    return STATUS_OK;
}

static enum status check_new(struct task *task, struct str email, struct str name)
{
    if (!is_email(email)) {
        return task_refuse(task, STATUS_INVALID, STR("email"),
            STR("Give an e-mail address, for instance ada@example.org."));
    }
    if (name.len > ACCOUNT_NAME_MAX_BYTES || !str_is_utf8(name) || str_has_control(name)) {
        return task_refuse(
            task, STATUS_INVALID, STR("name"), STR("Give a name of at most 100 bytes."));
    }
    return STATUS_OK;
}

/* Insert and note it; the row is complete but for its id. */
static enum status insert(struct task *task, struct user_row *row)
{
    enum status status = db_begin(task->domain->db);

    if (status != STATUS_OK) {
        return status;
    }
    status = users_insert(task->domain->db, row, &row->id);
    if (status == STATUS_OK) {
        status = audit_write(
            task, &(struct audit_entry){ .action = AUDIT_ACCOUNT_CREATE,
                      .user_id = row->id,
                      .detail = json_pack("{s:s%}", "role", row->role.ptr, row->role.len) });
    }
    return db_end(task->domain->db, status);
}

enum status account_create(
    struct task *task, const struct account_new *new_account, struct account *out)
{
    struct str email = account_normalise_email(task->arena, new_account->email);
    struct str name = str_trim(new_account->name);
    struct user_row row = { 0 };
    enum status status;

    task_begin(task);
    status = check_new(task, email, name);
    if (status == STATUS_OK) {
        status = account_check_password(task, new_account->password, email);
    }
    if (status == STATUS_OK) {
        status = password_hash(task->arena, new_account->password, &row.password_hash);
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    row.email = email;
    row.name = str_is_empty(name) ? str_utf8_head(str_head(email, (size_t)str_index(email, '@')),
                                        ACCOUNT_NAME_MAX_BYTES)
                                  : name;
    row.role = role_name(new_account->role);
    row.created_at = clock_now_s();
    row.password_changed_at = row.created_at;
    status = insert(task, &row);
    if (status == STATUS_CONFLICT) {
        return task_refuse(task, status, STR("email"),
            STR("There is an account with this e-mail address already."));
    }
    if (status == STATUS_OK) {
        account_from_row(&row, out);
    }
    return task_fail(task, status);
}

enum status account_find_by_email(struct task *task, struct str email, struct account *out)
{
    struct user_row row;
    enum status status;

    task_begin(task);
    status = users_find_by_email(
        task->domain->db, task->arena, account_normalise_email(task->arena, email), &row);
    if (status == STATUS_OK) {
        account_from_row(&row, out);
    }
    return task_fail(task, status);
}

enum status account_list(struct task *task, struct account_list *out)
{
    struct user_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct account_list){ 0 };
    status = users_list(task->domain->db, task->arena, ACCOUNTS_MAX, &rows);
    if (status == STATUS_OK) {
        out->item = ARENA_ARRAY(task->arena, struct account, rows.count);
        for (; out->count < rows.count; out->count++) {
            account_from_row(&rows.item[out->count], &out->item[out->count]);
        }
    }
    return task_fail(task, status);
}

enum status account_list_owners(struct task *task, struct owner_list *out)
{
    struct owner_rows rows;
    enum status status;

    task_begin(task);
    *out = (struct owner_list){ 0 };
    status = assets_list_owners(task->domain->db, task->arena, ACCOUNTS_MAX, &rows);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    out->item = ARENA_ARRAY(task->arena, struct owner, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        if (access_can_see(&task->actor, task->domain->options->library, rows.item[i].id)) {
            out->item[out->count++] = (struct owner){
                .id = rows.item[i].id,
                .name = rows.item[i].name,
                .asset_count = rows.item[i].asset_count,
            };
        }
    }
    return STATUS_OK;
}

/* What a change of an account needs to know, and not leave behind. Inside a transaction. */
static enum status load_for_change(
    struct task *task, int64_t id, bool stays_admin, struct user_row *out)
{
    int64_t others = 0;
    enum status status = users_find(task->domain->db, task->arena, id, out);

    if (status != STATUS_OK || stays_admin || !str_equal(out->role, STR("admin")) ||
        out->disabled_at != 0) {
        return status;
    }
    status = users_count_other_admins(task->domain->db, id, &others);
    if (status == STATUS_OK && others == 0) {
        return task_refuse(task, STATUS_CONFLICT, STR_EMPTY,
            STR("This is the last admin who can sign in. Make someone else an admin first."));
    }
    return status;
}

enum status account_set_role(struct task *task, int64_t id, enum role role)
{
    struct str name = role_name(role);
    struct user_row row;
    int64_t ended = 0;
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = load_for_change(task, id, role == ROLE_ADMIN, &row);
    if (status == STATUS_OK) {
        status = users_set_role(task->domain->db, id, name);
    }
    if (status == STATUS_OK) { /* their tokens say the old role */
        status = logins_delete_of_user(task->domain->db, id, &ended);
    }
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_ACCOUNT_ROLE,
                                       .user_id = id,
                                       .detail = json_pack("{s:s%, s:s%}", "from", row.role.ptr,
                                           row.role.len, "to", name.ptr, name.len) });
    }
    return task_end_transaction(task, status);
}

enum status account_set_disabled(struct task *task, int64_t id, bool is_disabled)
{
    struct user_row row;
    int64_t ended = 0;
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = load_for_change(task, id, !is_disabled, &row);
    if (status == STATUS_OK) {
        status = users_set_disabled(task->domain->db, id, is_disabled ? clock_now_s() : 0);
    }
    if (status == STATUS_OK && is_disabled) {
        status = sessions_delete_others(task->domain->db, id, 0, &ended);
    }
    if (status == STATUS_OK && is_disabled) {
        status = logins_delete_of_user(task->domain->db, id, &ended);
    }
    if (status == STATUS_OK) {
        status =
            audit_write(task, &(struct audit_entry){ .action = is_disabled ? AUDIT_ACCOUNT_DISABLE
                                                                           : AUDIT_ACCOUNT_ENABLE,
                                  .user_id = id });
    }
    return task_end_transaction(task, status);
}
