/*
 * login.c - issuing, refreshing, checking and ending our own JWTs.
 */
#include "domain/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/token.h"
#include "domain/account_row.h"
#include "domain/audit.h"
#include "domain/issuer.h"
#include "domain/task.h"
#include "sign/jwt_claims.h"
#include "store/logins.h"

#define REFRESH_PREFIX STR("vr_")

enum { JTI_LENGTH = 26 };

/* --- issue --- */

static json_t *claims_of(struct task *task, const struct login_row *row,
    const struct account *account, int64_t now_s, int64_t expires_at)
{
    const struct jwt_options *options = &task->domain->options->jwt;

    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:o, s:o}", "iss",
        json_from_str(options->issuer), "aud", json_from_str(options->issuer), "sub",
        json_from_str(arena_printf(task->arena, "%lld", (long long)account->id)), "iat",
        (json_int_t)now_s, "nbf", (json_int_t)now_s, "exp", (json_int_t)expires_at, "jti",
        json_from_str(random_base32(task->arena, JTI_LENGTH)), "sid", (json_int_t)row->id, "role",
        json_from_str(role_name(account->role)), "scope", json_from_str(row->scopes));
}

/* Sign a JWT and make a refresh token, whose hash is kept. Inside a transaction. */
static enum status issue(struct task *task, const struct login_row *row,
    const struct account *account, struct login_tokens *out)
{
    const struct jwt_options *options = &task->domain->options->jwt;
    int64_t now_s = clock_now_s();
    int64_t end_s = now_s + options->lifetime_s;
    struct str token = random_token(task->arena);
    json_t *claims;

    if (end_s > row->expires_at) {
        end_s = row->expires_at;
    }
    claims = claims_of(task, row, account, now_s, end_s);
    *out = (struct login_tokens){
        .access_token = jwt_sign(task->arena, options->ring[0], claims),
        .refresh_token = ARENA_JOIN(task->arena, REFRESH_PREFIX, token),
        .expires_in_s = end_s - now_s,
    };
    json_decref(claims);
    (void)!scopes_parse(row->scopes, &out->scopes); /* written by us */
    return refresh_tokens_insert(task->domain->db, token_digest(task->arena, token), row->id);
}

enum status login_start(struct task *task, const struct account *account, struct scopes scopes,
    struct login_tokens *out)
{
    const struct jwt_options *options = &task->domain->options->jwt;
    int64_t now_s = clock_now_s();
    struct login_row row = {
        .user_id = account->id,
        .scopes = scopes_format(task->arena, scopes),
        .created_at = now_s,
        .expires_at = now_s + options->refresh_s,
        .address = task->actor.address,
    };
    enum status status;

    task_begin(task);
    if (options->ring_count == 0) {
        return task_refuse(task, STATUS_BUSY, STR_EMPTY,
            STR("Signing in to the API is not set up: JWT_SECRET is missing."));
    }
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = logins_insert(task->domain->db, &row, &row.id);
    if (status == STATUS_OK) {
        status = issue(task, &row, account, out);
    }
    return task_end_transaction(task, status);
}

/* --- refresh --- */

/* Someone has a copy of a token that its owner used already. Which of them asks now cannot be
 * known, so both have to sign in again. */
static enum status end_copied(struct task *task, const struct login_row *login)
{
    enum status status = logins_delete(task->domain->db, login->id);

    log_event(LOG_WARN, "a refresh token was used twice: the login of user %lld has ended",
        (long long)login->user_id);
    if (status == STATUS_OK) {
        status =
            audit_write(task, &(struct audit_entry){ .action = AUDIT_LOGIN_REVOKE,
                                  .user_id = login->user_id,
                                  .detail = json_pack("{s:I, s:s}", "login", (json_int_t)login->id,
                                      "why", "a refresh token was used twice") });
    }
    return status;
}

/* Inside a transaction, which is to be committed whenever this is OK; *out_is_fine tells whether
 * there are new tokens in *out. */
static enum status rotate(struct task *task, struct str hash, struct login_tokens *out,
    struct account *out_account, bool *out_is_fine)
{
    int64_t now_s = clock_now_s();
    struct db *db = task->domain->db;
    struct refresh_token_row token;
    struct login_row login;
    struct user_row user;
    enum status status = refresh_tokens_find(db, hash, &token);

    *out_is_fine = false;
    if (status == STATUS_OK) {
        status = logins_find(db, task->arena, token.login_id, &login, &user);
    }
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status != STATUS_OK || user.disabled_at != 0 || now_s >= login.expires_at) {
        return status;
    }
    if (token.used_at != 0 && now_s - token.used_at > LOGIN_REFRESH_GRACE_S) {
        return end_copied(task, &login);
    }
    account_from_row(&user, out_account);
    status = refresh_tokens_set_used(db, hash, now_s);
    if (status == STATUS_OK) {
        status = issue(task, &login, out_account, out);
    }
    *out_is_fine = status == STATUS_OK;
    return status;
}

enum status login_refresh(struct task *task, struct str refresh_token, struct login_tokens *out,
    struct account *out_account)
{
    struct str token = str_from_offset(refresh_token, REFRESH_PREFIX.len);
    bool is_fine = false;
    enum status status;

    task_begin(task);
    if (str_starts_with(refresh_token, REFRESH_PREFIX) && token_is_well_formed(token)) {
        status = db_begin(task->domain->db);
        if (status != STATUS_OK) {
            return task_fail(task, status);
        }
        status = task_end_transaction(
            task, rotate(task, token_digest(task->arena, token), out, out_account, &is_fine));
        if (status != STATUS_OK || is_fine) {
            return status;
        }
    }
    return task_refuse(task, STATUS_UNAUTHENTICATED, STR("refresh_token"),
        STR("This refresh token is not valid, was used before, or its login has ended. Sign in "
            "again."));
}

/* --- check --- */

static const struct jwt_key *find_key(const struct jwt_options *options, struct str kid)
{
    for (size_t i = 0; i < options->ring_count; i++) {
        if (str_equal(jwt_key_id(options->ring[i]), kid)) {
            return options->ring[i];
        }
    }
    return NULL;
}

/* The row behind the token, and that the token says of it what is true. */
static enum status find_login(struct task *task, const struct login_proof *proof, struct login *out,
    struct account *out_account)
{
    struct login_row row;
    struct user_row user;
    enum status status = logins_find(task->domain->db, task->arena, proof->login_id, &row, &user);

    if (status == STATUS_OK && (user.disabled_at != 0 || clock_now_s() >= row.expires_at ||
                                   row.user_id != proof->user_id)) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_NOT_FOUND) {
        return task_refuse(task, STATUS_UNAUTHENTICATED, STR_EMPTY,
            STR("The login of this token has ended. Sign in again."));
    }
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    *out = (struct login){ .id = row.id };
    (void)!scopes_parse(row.scopes, &out->scopes);
    account_from_row(&user, out_account);
    return STATUS_OK;
}

/* Signature and claims of a token that says to be ours. */
static bool prove(struct task *task, struct str jwt, const struct jwt_header *header,
    struct login_proof *out, struct str *out_problem)
{
    const struct jwt_options *options = &task->domain->options->jwt;
    const struct jwt_key *key = find_key(options, header->kid);
    struct jwt_expectation expected = { options->issuer, options->issuer, clock_now_s(), 0 };
    struct jwt_claims registered;
    json_t *claims = NULL;
    bool is_proven = false;

    *out_problem = STR("The token is signed with a key that is not known here.");
    if (key != NULL) {
        claims = jwt_verify(task->arena, jwt, header, key, out_problem);
    }
    if (claims != NULL && jwt_claims_check(claims, &expected, &registered, out_problem)) {
        *out = (struct login_proof){
            .login_id = json_integer_value(json_object_get(claims, "sid")),
            .expires_at = registered.expires_at,
        };
        is_proven = true;
        if (!str_parse_i64(registered.subject, &out->user_id)) {
            out->user_id = 0; /* nobody's: find_login says that it has ended */
        }
    }
    json_decref(claims);
    return is_proven;
}

enum status login_check(
    struct task *task, struct str jwt, struct login *out, struct account *out_account)
{
    struct login_memory *memory = &task->domain->logins;
    unsigned char digest[SHA256_BYTES];
    struct login_proof proof;
    struct jwt_header header;
    struct str problem;

    task_begin(task);
    if (login_memory_find(memory, jwt, clock_now_s(), digest, &proof)) {
        return find_login(task, &proof, out, out_account);
    }
    if (!jwt_read_header(task->arena, jwt, &header, &problem)) {
        return task_refuse(task, STATUS_UNAUTHENTICATED, STR_EMPTY, problem);
    }
    if (header.algorithm != JWT_HS256) {
        return issuer_check(task, jwt, &header, out, out_account);
    }
    if (!prove(task, jwt, &header, &proof, &problem)) {
        return task_refuse(task, STATUS_UNAUTHENTICATED, STR_EMPTY, problem);
    }
    login_memory_keep(memory, digest, &proof);
    return find_login(task, &proof, out, out_account);
}

/* --- end --- */

enum status login_end(struct task *task, int64_t id)
{
    enum status status;

    task_begin(task);
    status = db_begin(task->domain->db);
    if (status != STATUS_OK) {
        return task_fail(task, status);
    }
    status = logins_delete(task->domain->db, id);
    if (status == STATUS_OK) {
        status = audit_write(task, &(struct audit_entry){ .action = AUDIT_LOGIN_END,
                                       .user_id = task->actor.user_id,
                                       .detail = json_pack("{s:I}", "login", (json_int_t)id) });
    }
    return task_end_transaction(task, status);
}
