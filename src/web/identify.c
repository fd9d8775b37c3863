/* Who asks: a bearer token (of the command line, or a JWT), a session cookie, or nobody. */
#include "web/guard.h"

#include "base/log.h"
#include "crypto/secret.h"
#include "domain/login.h"
#include "domain/token.h"
#include "web/cookies.h"
#include "web/routes.h"

static enum status refuse(struct exchange *exchange, enum status status, struct str sentence)
{
    return failure_set(&exchange->task.failure, status, STR_EMPTY, sentence);
}

static void become(struct exchange *exchange, struct scopes scopes)
{
    exchange->is_signed_in = true;
    exchange->scopes = scopes;
    exchange->task.actor.user_id = exchange->user.id;
    exchange->task.actor.role = exchange->user.role;
}

/* --- bearer tokens (RFC 6750) --- */

#define BEARER STR("Bearer")

/* "Basic" and the like were meant for whoever stands before us, and many proxies pass them on. */
static bool is_for_us(struct str authorization)
{
    struct str rest = str_from_offset(authorization, BEARER.len);

    return str_equal_nocase(str_head(authorization, BEARER.len), BEARER) &&
           (rest.len == 0 || rest.ptr[0] == ' ' || rest.ptr[0] == '\t');
}

static enum status identify_jwt(struct exchange *exchange, struct str text)
{
    struct login login;
    enum status status = login_check(&exchange->task, text, &login, &exchange->user);

    if (status == STATUS_OK) {
        exchange->login_id = login.id;
        become(exchange, login.scopes);
    }
    return status;
}

static enum status identify_api_token(struct exchange *exchange, struct str text)
{
    struct api_token token;
    enum status status = api_token_check(&exchange->task, text, &token, &exchange->user);

    if (status == STATUS_UNAUTHENTICATED)
        return refuse(
            exchange, status, STR("This API token is not valid, has expired, or was revoked."));
    if (status == STATUS_OK) {
        exchange->api_token_id = token.id;
        become(exchange, token.scopes);
    }
    return status;
}

/* Prometheus has no account: it may send the one token that opens nothing but the metrics. */
static bool is_metrics_token(const struct exchange *exchange, struct str text)
{
    struct str wanted = exchange->thread->app->options->metrics_token;

    return exchange->route != NULL && exchange->route->access == ACCESS_METRICS &&
           !str_is_empty(wanted) && secret_equal(text, wanted);
}

/* Clients send the token that they have also when they sign in again because it is no good any
 * more: where anyone may enter, a bad one is nobody's, and so is one of an issuer whose keys cannot
 * be had. */
static enum status identify_bearer(struct exchange *exchange, struct str authorization)
{
    struct str text = str_trim(str_from_offset(authorization, BEARER.len));
    enum status status;

    exchange->is_bearer = true;
    exchange->is_metrics_token = is_metrics_token(exchange, text);
    if (exchange->is_metrics_token)
        return STATUS_OK;
    status =
        jwt_is_shaped(text) ? identify_jwt(exchange, text) : identify_api_token(exchange, text);
    if ((status == STATUS_UNAUTHENTICATED || status == STATUS_BUSY) && exchange->route != NULL &&
        exchange->route->access == ACCESS_ANYONE)
        return STATUS_OK;
    return status;
}

/* --- sessions --- */

static enum status identify_session(struct exchange *exchange, struct str token)
{
    enum status status = session_check(&exchange->task, token, &exchange->session, &exchange->user);

    if (status == STATUS_UNAUTHENTICATED) {
        exchange->had_session = true;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    exchange->session_token = token;
    become(exchange, SCOPES_ALL);
    return STATUS_OK;
}

/* --- open dialects --- */

static bool is_open_route(const struct exchange *exchange)
{
    const struct open_options *open = &exchange->thread->app->options->open;
    const struct route *route = exchange->route;

    return route != NULL && route->access != ACCESS_ANYONE &&
           ((route->dialect == FILES && open->is_files) ||
               (route->dialect == STORAGE_V1 && open->is_storage_v1));
}

/* The account is looked up for each request, so disabling it closes the door. */
static enum status identify_open(struct exchange *exchange)
{
    const struct open_options *open = &exchange->thread->app->options->open;
    enum status status = account_find_by_email(&exchange->task, open->account, &exchange->user);

    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && exchange->user.disabled_at != 0)) {
        log_event(LOG_WARN, "OPEN_DIALECTS_ACCOUNT names no account that may sign in");
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    exchange->is_open = true;
    if (exchange->user.role > ROLE_EDITOR)
        exchange->user.role = ROLE_EDITOR;
    become(exchange, SCOPES_WORK);
    exchange->task.actor.is_own_only = true; /* a shared library is for who signed in */
    return STATUS_OK;
}

/* --- which of them --- */

enum status guard_begin(struct exchange *exchange)
{
    task_init(&exchange->task, &exchange->thread->domain, exchange->arena,
        (struct actor){ .role = ROLE_VIEWER, .address = exchange->request->remote_addr },
        exchange_public_host(exchange));
    return STATUS_OK;
}

enum status guard_identify(struct exchange *exchange)
{
    struct str authorization = request_header(exchange->request, STR("authorization"));
    struct str cookie = cookie_session(exchange);
    enum status status = guard_begin(exchange);

    if (is_for_us(authorization))
        return identify_bearer(exchange, authorization);
    if (!str_is_empty(cookie))
        status = identify_session(exchange, cookie);
    if (status == STATUS_OK && !exchange->is_signed_in && is_open_route(exchange))
        status = identify_open(exchange);
    exchange->pre_token = cookie_pre(exchange);
    return status;
}
