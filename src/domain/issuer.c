/*
 * issuer.c - from the claims of an external issuer to an account of ours.
 */
#include "domain/issuer.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"
#include "domain/task.h"
#include "sign/jwt_claims.h"

enum { CLOCK_LEEWAY_S = 60 };

static enum status refuse(struct task *task, struct str sentence)
{
    return task_refuse(task, STATUS_UNAUTHENTICATED, STR_EMPTY, sentence);
}

/* "roles", "https://app.example.org/roles", or "realm_access.roles", in this order. */
static const json_t *find_claim(struct arena *arena, const json_t *claims, struct str path)
{
    const json_t *value = json_object_get(claims, arena_c_string(arena, path));
    struct str rest = path, name;

    if (value != NULL) {
        return value;
    }
    value = claims;
    while (value != NULL && str_split(&rest, '.', &name)) {
        value = json_object_get(value, arena_c_string(arena, name));
    }
    return value;
}

/* --- roles and scopes --- */

/* The most powerful of those that the token names; false when it names none. */
static bool read_role(struct task *task, const json_t *claims, enum role *out)
{
    const struct issuer_options *options = &task->domain->options->jwt.external;
    const json_t *claim = find_claim(task->arena, claims, options->role_claim);
    bool is_found = false;
    struct str value;
    size_t index = 0;

    while (jwt_claim_next(claim, &index, &value)) {
        for (size_t i = 0; i < options->role_count; i++) {
            const struct jwt_role *row = &options->roles[i];

            if (str_equal(row->value, value) && (!is_found || row->role > *out)) {
                *out = row->role;
                is_found = true;
            }
        }
    }
    return is_found;
}

/* Those of ours that the token names. Issuers have scopes of their own ("openid"): a token that
 * names none of ours does not mean to narrow anything. */
static struct scopes read_scopes(const json_t *claims)
{
    struct scopes scopes = { 0 };
    struct str name;
    size_t index = 0;

    while (jwt_claim_next(json_object_get(claims, "scope"), &index, &name)) {
        (void)!scopes_add(&scopes, name);
    }
    return scopes.bits == 0 ? SCOPES_WORK : scopes;
}

/* --- the account --- */

/* Whoever can write any address into a token could be anybody: issuers that let people type
 * theirs say whether it was verified (OpenID Connect Core, section 5.1). */
static bool is_verified(const struct issuer_options *options, const json_t *claims)
{
    const json_t *verified = json_object_get(claims, "email_verified");

    return !str_equal(options->account_claim, STR("email")) || verified == NULL ||
           json_is_true(verified) ||
           str_equal(jwt_claim_text(claims, "email_verified"), STR("true"));
}

/* With a password that nobody knows: the person signs in at the issuer. Two requests at once make
 * one account. */
static enum status provision(
    struct task *task, const json_t *claims, struct str email, enum role role, struct account *out)
{
    struct account_new wanted = {
        .email = email,
        .name = str_utf8_head(jwt_claim_text(claims, "name"), ACCOUNT_NAME_MAX_BYTES),
        .password = random_token(task->arena),
        .role = role,
    };
    enum status status = account_create(task, &wanted, out);

    if (status == STATUS_OK) {
        log_event(LOG_INFO, "account %lld was made for a token of the issuer", (long long)out->id);
    } else if (status == STATUS_CONFLICT) {
        status = account_find_by_email(task, email, out);
    } else if (status == STATUS_INVALID) {
        status = refuse(task, STR("The token names no e-mail address that an account can have."));
    }
    return status;
}

static enum status find_account(
    struct task *task, const json_t *claims, enum role role, struct account *out)
{
    const struct issuer_options *options = &task->domain->options->jwt.external;
    struct str email = jwt_claim_text(claims, arena_c_string(task->arena, options->account_claim));
    enum status status;

    if (str_is_empty(email)) {
        return refuse(task, STR("The token does not say whose account it is for."));
    }
    if (!is_verified(options, claims)) {
        return refuse(task, STR("The issuer has not verified the e-mail address in the token."));
    }
    status = account_find_by_email(task, email, out);
    if (status == STATUS_NOT_FOUND && options->provisions) {
        status = provision(task, claims, email, role, out);
    }
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && out->disabled_at != 0)) {
        return refuse(task, STR("There is no account here for whom the token names."));
    }
    return status;
}

static enum status admit(
    struct task *task, const json_t *claims, struct login *out, struct account *out_account)
{
    const struct issuer_options *options = &task->domain->options->jwt.external;
    struct jwt_expectation expected = { options->issuer, options->audience, clock_now_s(),
        CLOCK_LEEWAY_S };
    enum role role = ROLE_VIEWER;
    struct jwt_claims registered;
    struct str problem;
    enum status status;

    if (!jwt_claims_check(claims, &expected, &registered, &problem)) {
        return refuse(task, problem);
    }
    if (options->role_count > 0 && !read_role(task, claims, &role)) {
        return task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
            STR("Your account at the issuer of this token has no role that counts here."));
    }
    status = find_account(task, claims, role, out_account);
    if (status != STATUS_OK) {
        return status;
    }
    if (options->role_count > 0) {
        out_account->role = role;
    }
    *out = (struct login){ .id = 0, .scopes = read_scopes(claims) };
    return STATUS_OK;
}

enum status issuer_check(struct task *task, struct str jwt, const struct jwt_header *header,
    struct login *out, struct account *out_account)
{
    struct jwks *jwks = task->domain->options->jwt.jwks;
    struct str problem;
    json_t *claims;
    enum status status;

    if (jwks == NULL) {
        return refuse(task, STR("The token is signed with a key that is not known here."));
    }
    status = jwks_verify(jwks, task->arena, jwt, header, &claims, &problem);
    if (status != STATUS_OK) {
        return task_refuse(task, status, STR_EMPTY, problem);
    }
    status = admit(task, claims, out, out_account);
    json_decref(claims);
    return status;
}
