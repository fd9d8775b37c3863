/*
 * POST /auth/signin, /auth/refresh and /auth/signout: tokens for programs that know an e-mail
 * address and a password. API 000 documents the first without its answer, so the token is there
 * under every name that clients look for.
 */
#include "web/handlers.h"

#include "domain/login.h"
#include "web/cookies.h"
#include "web/response.h"

enum { REFRESH_TOKEN_MAX_BYTES = 200 };

struct signin_body {
    struct str email;
    struct str password;
    struct str scope;
};

/* clang-format off */
static const struct param signin_list[] = {
    { "email",    PARAM_STR, offsetof(struct signin_body, email),    REQUIRED, .min = 1, .max = ACCOUNT_EMAIL_MAX_BYTES },
    { "password", PARAM_STR, offsetof(struct signin_body, password), REQUIRED, .min = 1, .max = ACCOUNT_PASSWORD_MAX_BYTES },
    { "scope",    PARAM_STR, offsetof(struct signin_body, scope),    .max = SCOPES_TEXT_MAX_BYTES },
};
/* clang-format on */
const struct param_set auth_signin_post_params = PARAM_SET(struct signin_body, signin_list);

struct refresh_body {
    struct str refresh_token;
    struct str refresh_token_camel;
};

/* clang-format off */
static const struct param refresh_list[] = {
    { "refresh_token", PARAM_STR, offsetof(struct refresh_body, refresh_token),       .max = REFRESH_TOKEN_MAX_BYTES },
    { "refreshToken",  PARAM_STR, offsetof(struct refresh_body, refresh_token_camel), .max = REFRESH_TOKEN_MAX_BYTES },
};
/* clang-format on */
const struct param_set auth_refresh_post_params = PARAM_SET(struct refresh_body, refresh_list);

static json_t *user_json(const struct account *account)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "id", (json_int_t)account->id, "email",
        json_from_str(account->email), "name", json_from_str(account->name), "role",
        json_from_str(role_name(account->role)));
}

static enum status send_tokens(
    struct exchange *exchange, const struct login_tokens *tokens, const struct account *account)
{
    json_t *token = json_from_str(tokens->access_token);
    json_t *refresh = json_from_str(tokens->refresh_token);
    json_t *body = json_pack("{s:O, s:O, s:o, s:O, s:o, s:s, s:I, s:I, s:o, s:o}", "token", token,
        "access_token", token, "accessToken", token, "refresh_token", refresh, "refreshToken",
        refresh, "token_type", "Bearer", "expires_in", (json_int_t)tokens->expires_in_s,
        "expiresIn", (json_int_t)tokens->expires_in_s, "scope",
        json_from_str(scopes_format(exchange->arena, tokens->scopes)), "user", user_json(account));

    return response_json(exchange, 200, body);
}

enum status auth_signin_post(struct exchange *exchange)
{
    const struct signin_body *body = exchange->params;
    struct scopes scopes = SCOPES_ALL;
    struct login_tokens tokens;
    struct account account;
    enum status status;

    if (!str_is_empty(body->scope) && !scopes_parse(body->scope, &scopes))
        return failure_set(&exchange->task.failure, STATUS_INVALID, STR("scope"),
            STR("Name scopes out of read, upload, delete and admin, with spaces between them."));
    status = account_authenticate(&exchange->task, body->email, body->password, &account);
    if (status == STATUS_OK)
        status = login_start(&exchange->task, &account, scopes, &tokens);
    return status == STATUS_OK ? send_tokens(exchange, &tokens, &account) : status;
}

enum status auth_refresh_post(struct exchange *exchange)
{
    const struct refresh_body *body = exchange->params;
    struct str token =
        str_is_empty(body->refresh_token) ? body->refresh_token_camel : body->refresh_token;
    struct login_tokens tokens;
    struct account account;
    enum status status;

    if (str_is_empty(token))
        return failure_set(&exchange->task.failure, STATUS_INVALID, STR("refresh_token"),
            STR("Give the refresh_token of the last sign-in or refresh."));
    status = login_refresh(&exchange->task, token, &tokens, &account);
    return status == STATUS_OK ? send_tokens(exchange, &tokens, &account) : status;
}

/* A token of the command line, or of somebody else's sign-in, is not ours to end. */
static enum status cannot_end(struct exchange *exchange)
{
    failure_set(&exchange->task.failure, STATUS_FORBIDDEN, STR_EMPTY,
        STR("This token did not come from /auth/signin, so it cannot be signed out here."));
    exchange->task.failure.hint =
        STR("`vitrine token revoke` ends an API token; an external issuer ends its own.");
    return STATUS_FORBIDDEN;
}

enum status auth_signout_post(struct exchange *exchange)
{
    enum status status;

    if (exchange->is_bearer && exchange->login_id == 0)
        return cannot_end(exchange);
    if (exchange->is_bearer) {
        status = login_end(&exchange->task, exchange->login_id);
    } else {
        status = session_end(&exchange->task, exchange->session_token);
        cookie_set_session(exchange, STR_EMPTY);
    }
    return status == STATUS_OK
               ? response_json(exchange, 200, json_pack("{s:s}", "message", "Signed out."))
               : status;
}
