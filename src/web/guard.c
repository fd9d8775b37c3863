/* The guard: enforcing the columns of the route table. The order of checks is the header's. */
#include "web/guard.h"

#include "base/escape.h"
#include "crypto/token.h"
#include "domain/asset.h"
#include "web/cookies.h"
#include "web/cors.h"
#include "web/limits.h"
#include "web/routes.h"

enum {
    QUERY_FIELDS_MAX = 100,
    FORM_FIELDS_MAX = 250 /* 200 ticked boxes and what stands around them */
};

static enum status refuse(struct exchange *exchange, enum status status, struct str sentence)
{
    return failure_set(&exchange->task.failure, status, STR_EMPTY, sentence);
}

/* --- body --- */

/* The media type without parameters, any case: "text/html; charset=x" is "text/html". */
static bool is_media_type(struct str content_type, struct str wanted)
{
    ssize_t end = str_index(content_type, ';');

    if (end >= 0)
        content_type = str_head(content_type, (size_t)end);
    return str_equal_nocase(str_trim(content_type), wanted);
}

static enum status check_type(struct exchange *exchange)
{
    static const struct {
        struct str type, sentence;
    } wanted[] = {
        [BODY_NONE] = { STR_INIT(""), STR_INIT("") },
        [BODY_FORM] = { STR_INIT("application/x-www-form-urlencoded"),
            STR_INIT("Send a form: Content-Type: application/x-www-form-urlencoded.") },
        [BODY_JSON] = { STR_INIT("application/json"),
            STR_INIT("Send JSON: Content-Type: application/json.") },
        [BODY_MULTIPART] = { STR_INIT("multipart/form-data"),
            STR_INIT("Send a form with files: Content-Type: multipart/form-data.") },
    };
    enum body_kind body = exchange->route->body;

    if (body == BODY_NONE || is_media_type(exchange->request->content_type, wanted[body].type))
        return STATUS_OK;
    return refuse(exchange, STATUS_UNSUPPORTED_TYPE, wanted[body].sentence);
}

static enum status check_length(struct exchange *exchange)
{
    const struct route *route = exchange->route;

    if (route->body == BODY_MULTIPART || route->body == BODY_NONE ||
        exchange->request->content_length <= (int64_t)route->body_max_bytes)
        return STATUS_OK;
    return refuse(exchange, STATUS_TOO_LARGE,
        arena_printf(exchange->arena, "The request's body is too large: at most %zu bytes here.",
            route->body_max_bytes));
}

/* Forms are decoded here because their CSRF token is inside; JSON only when the sender is known. */
static enum status read_body(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    enum status status;

    if (route->body != BODY_FORM && route->body != BODY_JSON)
        return STATUS_OK;
    status = request_read_all(exchange->request, route->body_max_bytes, &exchange->body);
    if (status != STATUS_OK)
        return refuse(exchange, status, STR_EMPTY);
    if (route->body == BODY_FORM)
        status = url_parse_form(exchange->arena, exchange->body, FORM_FIELDS_MAX, &exchange->form);
    if (status != STATUS_OK)
        return refuse(exchange, status, STR("The form holds something that is not text."));
    return STATUS_OK;
}

/* --- who --- */

/* Wrong tokens count like requests without any: so guessing has a limit. */
static enum status identify_and_count(struct exchange *exchange)
{
    enum status status = guard_identify(exchange);
    enum status counted;

    if (status != STATUS_OK && status != STATUS_UNAUTHENTICATED)
        return status;
    counted = limits_check_sender(exchange);
    return counted != STATUS_OK ? counted : status;
}

/* --- access --- */

static enum status check_access(struct exchange *exchange)
{
    static const enum role least[] = {
        [ACCESS_VIEWER] = ROLE_VIEWER,
        [ACCESS_EDITOR] = ROLE_EDITOR,
        [ACCESS_ADMIN] = ROLE_ADMIN,
        [ACCESS_METRICS] = ROLE_ADMIN,
    };
    enum access access = exchange->route->access;

    if (access == ACCESS_ANYONE || (access == ACCESS_METRICS && exchange->is_metrics_token))
        return STATUS_OK;
    if (!exchange->is_signed_in)
        return refuse(exchange, STATUS_UNAUTHENTICATED,
            exchange->had_session ? STR("Your session ended. Sign in again.") : STR_EMPTY);
    if (exchange->user.role < least[access])
        return refuse(exchange, STATUS_FORBIDDEN,
            arena_printf(exchange->arena, "This needs the role %.*s, and yours is %.*s.",
                STR_ARG(role_name(least[access])), STR_ARG(role_name(exchange->user.role))));
    return STATUS_OK;
}

static enum status check_scope(struct exchange *exchange)
{
    enum scope scope = exchange->route->scope;

    if (!exchange->is_signed_in || scopes_allow(exchange->scopes, scope))
        return STATUS_OK;
    return refuse(exchange, STATUS_SCOPE,
        arena_printf(exchange->arena, "This needs a token with the scope %.*s; this one has: %.*s.",
            STR_ARG(scope_name(scope)), STR_ARG(scopes_format(exchange->arena, exchange->scopes))));
}

/* --- storage --- */

/* Reading, uploading and deleting are all about objects. */
static bool needs_storage(enum scope scope)
{
    return scope == SCOPE_READ || scope == SCOPE_UPLOAD || scope == SCOPE_DELETE;
}

static enum status check_storage(struct exchange *exchange)
{
    struct failure *failure = &exchange->task.failure;

    if (!exchange->thread->app->options->domain.storage.is_off ||
        !needs_storage(exchange->route->scope))
        return STATUS_OK;
    failure_set(failure, STATUS_STORAGE_OFF, STR_EMPTY,
        exchange->route->dialect == STORAGE_V1
            ? STR("S3 file storage is not enabled or not properly configured") /* word for word */
            : STR_EMPTY);
    failure->hint = STR("Whoever runs Vitrine can switch it on with S3_ENABLED=on.");
    return STATUS_STORAGE_OFF;
}

/* --- csrf --- */

static bool token_is_from(struct str source, struct str token)
{
    return token_is_well_formed(source) && token_csrf_matches(source, token);
}

struct str guard_csrf_token(const struct exchange *exchange)
{
    struct str source =
        str_is_empty(exchange->session_token) ? exchange->pre_token : exchange->session_token;

    return token_is_well_formed(source) ? token_csrf(exchange->arena, source) : STR_EMPTY;
}

/* A sign-in form that was opened before another tab signed in is as good as ever. */
bool guard_csrf_matches(const struct exchange *exchange, struct str token)
{
    bool is_sign_in = exchange->route->access == ACCESS_ANYONE;

    return token_is_from(exchange->session_token, token) ||
           (is_sign_in && token_is_from(exchange->pre_token, token));
}

static enum status check_form_token(struct exchange *exchange)
{
    struct str token = request_header(exchange->request, STR("x-csrf-token"));

    if (str_is_empty(token))
        token = pairs_get(exchange->form, STR("csrf"), NULL);
    return guard_csrf_matches(exchange, token) ? STATUS_OK
                                               : refuse(exchange, STATUS_BAD_CSRF, STR_EMPTY);
}

/*
 * Sec-Fetch-Site is said by the browser itself and cannot be set by a script; where it is absent
 * (old browsers, plain HTTP on a name other than localhost) Origin says the same. A request with a
 * cookie and neither comes from no browser that we would have to protect, and is refused all the
 * same: who writes a program has bearer tokens.
 */
static enum status check_origin(struct exchange *exchange)
{
    struct str site = request_header(exchange->request, STR("sec-fetch-site"));
    struct str origin = request_header(exchange->request, STR("origin"));
    struct str ours = exchange_origin(exchange);
    /* Where everybody is let in there is nothing to borrow, but pages of any site could be made to
     * call in the name of whoever stands inside our network: only those that CORS_ORIGINS names. */
    bool is_no_browser = str_is_empty(site) && str_is_empty(origin);
    bool is_let_in = exchange->is_open && (is_no_browser || cors_allows(exchange));
    bool is_ours = str_is_empty(site) ? !str_is_empty(ours) && str_equal_nocase(origin, ours)
                                      : str_equal(site, STR("same-origin"));

    if (exchange->is_bearer || is_ours || is_let_in)
        return STATUS_OK;
    refuse(exchange, STATUS_BAD_ORIGIN, STR_EMPTY);
    exchange->task.failure.hint =
        STR("With the session cookie, send the Origin header of this site; programs use "
            "Authorization: Bearer with a token of `vitrine token add`.");
    return STATUS_BAD_ORIGIN;
}

static enum status check_csrf(struct exchange *exchange)
{
    switch (exchange->route->csrf) {
    case CSRF_FORM:
        return check_form_token(exchange);
    case CSRF_ORIGIN:
        return check_origin(exchange);
    case CSRF_STREAM: /* the handler does, when it has read the first field */
    case CSRF_NONE:
        break;
    }
    return STATUS_OK;
}

/* --- parameters --- */

/* "uploads%2Fa.png" and "uploads/a.png" are one key; a plus is a plus. */
static enum status read_key(struct exchange *exchange)
{
    struct str key;

    if (str_is_empty(exchange->raw_key))
        return STATUS_OK;
    if (!escape_url_decode(exchange->arena, exchange->raw_key, false, &key) || !str_is_utf8(key) ||
        str_index(key, '\0') >= 0)
        return refuse(exchange, STATUS_BAD_REQUEST,
            STR("The key in the address holds a bad %-escape or is not text: send it as UTF-8, "
                "percent-encoded."));
    if (key.len > ASSET_KEY_MAX_BYTES)
        return refuse(exchange, STATUS_BAD_REQUEST,
            STR("The key in the address is too long: object keys have at most 1024 bytes."));
    exchange->key = key;
    return STATUS_OK;
}

static enum status read_json_params(struct exchange *exchange)
{
    struct str why = STR_EMPTY;
    json_t *body = json_parse(exchange->arena, exchange->body, &why);

    if (body == NULL)
        return refuse(exchange, STATUS_BAD_REQUEST, why);
    if (!json_is_object(body)) {
        json_decref(body);
        return refuse(exchange, STATUS_BAD_REQUEST,
            STR("The body must be one JSON object, in curly brackets."));
    }
    exchange->params =
        params_from_json(exchange->arena, exchange->route->params, body, &exchange->errors);
    json_decref(body);
    return STATUS_OK;
}

static enum status read_query_params(struct exchange *exchange)
{
    struct pairs query;

    if (url_parse_form(exchange->arena, exchange->request->raw_query, QUERY_FIELDS_MAX, &query) !=
        STATUS_OK)
        return refuse(exchange, STATUS_BAD_REQUEST,
            STR("The part of the address after \"?\" holds a bad %-escape, is not text, or has too "
                "many fields."));
    exchange->params =
        params_from_pairs(exchange->arena, exchange->route->params, query, &exchange->errors);
    return STATUS_OK;
}

/*
 * A form for people comes back with its problems beside its fields, so its handler gets them; for
 * everything else a wrong parameter ends here.
 */
static enum status read_params(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    enum status status = STATUS_OK;

    if (route->params == NULL)
        return STATUS_OK;
    if (route->body == BODY_JSON)
        status = read_json_params(exchange);
    else if (route->body == BODY_NONE)
        status = read_query_params(exchange);
    else
        exchange->params =
            params_from_pairs(exchange->arena, route->params, exchange->form, &exchange->errors);
    if (status != STATUS_OK || exchange->errors.count == 0 || route->body == BODY_FORM)
        return status;
    return refuse(exchange, STATUS_INVALID,
        arena_printf(exchange->arena, "%.*s: %.*s", STR_ARG(exchange->errors.item[0].field),
            STR_ARG(exchange->errors.item[0].sentence)));
}

enum status guard_check(struct exchange *exchange)
{
    static enum status (*const checks[])(struct exchange *) = { guard_begin, limits_check_address,
        identify_and_count, check_access, check_scope, check_storage, check_type, check_length,
        read_body, check_csrf, read_key, read_params };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < COUNT_OF(checks) && status == STATUS_OK; i++)
        status = checks[i](exchange);
    return status;
}
