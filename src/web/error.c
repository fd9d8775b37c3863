/*
 * Failures as answers: a page that says what happened and what to do, or a problem document.
 *
 * The words are the domain's (task.failure) where it said any, else those of the status table.
 */
#include "web/response.h"

#include "base/escape.h"
#include "base/log.h"
#include "web/cookies.h"
#include "web/image_model.h"
#include "web/local_path.h"
#include "web/model.h"
#include "web/routes.h"

/* What the error page says above the sentence, and below it where the failure gives no hint. */
static const struct page_words {
    enum status status;
    const char *title;
    const char *hint;
} page_words[] = {
    { STATUS_BAD_REQUEST, "That did not make sense", NULL },
    { STATUS_BAD_CSRF, "This page was open for too long",
        "Go back, copy what you typed, and reload before you send it again." },
    { STATUS_SCOPE, "This token cannot do this", NULL },
    { STATUS_FORBIDDEN, "You cannot do this", "An administrator can give you another role." },
    { STATUS_NOT_FOUND, "There is nothing here",
        "It may have been deleted, or a piece of the address is missing." },
    { STATUS_GONE, "It is not here any more", NULL },
    { STATUS_METHOD_NOT_ALLOWED, "That does not work here", NULL },
    { STATUS_TOO_LARGE, "That is too large", NULL },
    { STATUS_TOO_MANY, "Too many attempts", NULL },
    { STATUS_BUSY, "Busy just now", NULL },
    { STATUS_STORAGE, "The image storage does not answer", NULL },
    { STATUS_STORAGE_REFUSED, "The image storage refused", NULL },
    { STATUS_STORAGE_TIMEOUT, "The image storage does not answer", NULL },
    { STATUS_STORAGE_OFF, "There is no image storage", NULL },
    { STATUS_NO_SPACE, "There is no space left", NULL },
};

static struct page_words page_words_of(enum status status)
{
    for (size_t i = 0; i < COUNT_OF(page_words); i++)
        if (page_words[i].status == status)
            return page_words[i];
    return (struct page_words){
        .title = status_http(status) >= 500 ? "Something went wrong" : "That did not work",
    };
}

/* The domain's words when they are about this status, else the status's own. */
static struct failure words_of(const struct exchange *exchange, enum status status)
{
    struct failure failure = exchange->task.failure;

    if (failure.status != status)
        failure = (struct failure){ .status = status };
    if (str_is_empty(failure.sentence))
        failure.sentence = status_sentence(status);
    return failure;
}

/* --- problem documents (RFC 9457) --- */

static json_t *errors_json(const struct field_errors *errors)
{
    json_t *list = json_array();

    for (size_t i = 0; i < errors->count; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:o}", "field", json_from_str(errors->item[i].field), "detail",
                      json_from_str(errors->item[i].sentence)));
    return list;
}

static json_t *storage_json(const struct failure *failure)
{
    return json_pack("{s:o, s:o, s:o}", "code", model_text_or_null(failure->storage_code),
        "message", model_text_or_null(failure->storage_message), "request_id",
        model_text_or_null(failure->storage_request_id));
}

/* Where the clients of other systems look for the sentence. */
static void add_dialect_fields(json_t *problem, const struct route *route)
{
    static const char *const fields[][2] = {
        [NATIVE] = { NULL, NULL },
        [GATEWAY] = { "message", "error" },
        [PROFILE] = { "message", NULL },
        [FILES] = { "detail", NULL },
        [STORAGE_V1] = { "detail", NULL },
    };

    if (route == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(fields[0]); i++)
        if (fields[route->dialect][i] != NULL)
            json_object_set(problem, fields[route->dialect][i], json_object_get(problem, "detail"));
}

json_t *problem_json(struct exchange *exchange, enum status status)
{
    struct failure failure = words_of(exchange, status);
    struct field_errors errors = exchange->errors;
    json_t *problem = json_pack("{s:s, s:o, s:i, s:o, s:o, s:o}", "type", "about:blank", "title",
        json_from_str(status_sentence(status)), "status", status_http(status), "detail",
        json_from_str(failure.sentence), "code", json_from_str(status_code(status)), "request_id",
        json_from_str(exchange->request->id));

    if (!str_is_empty(failure.hint))
        json_object_set_new(problem, "hint", json_from_str(failure.hint));
    add_dialect_fields(problem, exchange->route);
    if (errors.count == 0 && !str_is_empty(failure.field))
        field_errors_add(&errors, failure.field, failure.sentence);
    if (errors.count > 0)
        json_object_set_new(problem, "errors", errors_json(&errors));
    if (failure.duplicate != NULL)
        json_object_set_new(
            problem, "duplicate", image_duplicate_json(exchange, failure.duplicate));
    if (!str_is_empty(failure.storage_code) || !str_is_empty(failure.storage_request_id))
        json_object_set_new(problem, "storage", storage_json(&failure));
    return problem;
}

/* RFC 6750, section 3: what is wrong with the token, when there was one. Our sentences hold no
 * quotation mark and no backslash. */
static struct str challenge(const struct exchange *exchange, enum status status)
{
    struct failure failure = words_of(exchange, status);
    struct arena *arena = exchange->arena;

    if (status == STATUS_SCOPE)
        return arena_printf(arena,
            "Bearer realm=\"Vitrine\", error=\"insufficient_scope\", scope=\"%.*s\"",
            STR_ARG(scope_name(exchange->route->scope)));
    if (!exchange->is_bearer)
        return STR("Bearer realm=\"Vitrine\"");
    return arena_printf(arena,
        "Bearer realm=\"Vitrine\", error=\"invalid_token\", error_description=\"%.*s\"",
        STR_ARG(failure.sentence));
}

static enum status send_problem(struct exchange *exchange, enum status status)
{
    struct reply *reply = exchange->reply;
    enum status sent = response_json(exchange, status_http(status), problem_json(exchange, status));

    reply_set_header(reply, STR("Content-Type"), STR("application/problem+json"));
    if (status == STATUS_UNAUTHENTICATED || status == STATUS_SCOPE)
        reply_set_header(reply, STR("WWW-Authenticate"), challenge(exchange, status));
    return sent;
}

/* --- pages --- */

/* Where to go on: not to the images when it is they that cannot be shown. */
static json_t *page_action(bool is_signed_in, enum status status)
{
    bool has_images = is_signed_in && status != STATUS_STORAGE_OFF;

    return json_pack("{s:s, s:s}", "url",
        has_images     ? "/admin/images"
        : is_signed_in ? "/admin/account"
                       : "/sign-in",
        "label",
        has_images     ? "Go to the images"
        : is_signed_in ? "Go to your account"
                       : "Sign in");
}

static json_t *page_error_json(const struct exchange *exchange, enum status status)
{
    struct failure failure = words_of(exchange, status);
    struct page_words words = page_words_of(status);
    json_t *storage = json_null();

    if (str_is_empty(failure.hint) && words.hint != NULL)
        failure.hint = str_from_c(words.hint);
    if (status == STATUS_STORAGE_OFF) /* its own words are what clients of API 004 look for */
        failure.sentence = STR("Images can be neither shown nor uploaded at the moment.");
    if (!str_is_empty(failure.storage_code) || !str_is_empty(failure.storage_request_id))
        storage = json_pack("{s:o, s:o}", "code", json_from_str(failure.storage_code), "request_id",
            json_from_str(failure.storage_request_id));
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "status", status_http(status), "title",
        words.title, "detail", json_from_str(failure.sentence), "hint",
        model_text_or_null(failure.hint), "storage", storage, "action",
        page_action(exchange->is_signed_in, status));
}

static enum status send_page(struct exchange *exchange, enum status status)
{
    json_t *model = model_page(exchange, "error", str_from_c(page_words_of(status).title));

    json_object_set_new(model, "error", page_error_json(exchange, status));
    return response_page(exchange, status_http(status), "error", model);
}

/* To the sign-in page and from there back to where the person wanted to go; most forms are sent to
 * the address of a page as well, so that is where they find it again. */
static enum status send_to_sign_in(struct exchange *exchange)
{
    const struct request *request = exchange->request;
    struct str wanted = exchange->path;
    struct str location = STR("/sign-in");

    if (request->method == METHOD_GET && !str_is_empty(request->raw_query))
        wanted = ARENA_JOIN(exchange->arena, wanted, STR("?"), request->raw_query);
    if (local_path_is_safe(wanted) && route_answers_get(exchange->path))
        location = ARENA_JOIN(
            exchange->arena, STR("/sign-in?next="), escape_url_str(exchange->arena, wanted));
    return response_see_other(
        exchange, location, exchange->had_session ? FLASH_SESSION_ENDED : FLASH_SIGN_IN_FIRST);
}

/* --- which one --- */

static enum status send(struct exchange *exchange, enum status status)
{
    if (!exchange_wants_page(exchange))
        return send_problem(exchange, status);
    if (status == STATUS_UNAUTHENTICATED && !exchange->is_bearer)
        return send_to_sign_in(exchange);
    return send_page(exchange, status);
}

/* When even the error page does not render: a line of text, so that the reply is never empty. */
static void send_plain(struct exchange *exchange, enum status status)
{
    exchange->reply->http_status = status_http(status);
    reply_set_header(exchange->reply, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    buf_put(&exchange->reply->body, status_sentence(status));
    buf_put_byte(&exchange->reply->body, '\n');
}

void response_error(struct exchange *exchange, enum status status)
{
    struct reply *reply = exchange->reply;

    if (reply->is_streaming)
        return;
    reply_reset(reply);
    if (send(exchange, status) != STATUS_OK) {
        reply_reset(reply);
        send_plain(exchange, status);
    }
    if (status == STATUS_METHOD_NOT_ALLOWED)
        reply_set_header(reply, STR("Allow"), exchange->allow);
}
