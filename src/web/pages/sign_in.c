/*
 * The sign-in page. Its CSRF token hangs on a short-lived cookie, because there is no session yet:
 * so nobody can sign a visitor in to an account of theirs.
 */
#include "web/handlers.h"

#include "crypto/random.h"
#include "crypto/token.h"
#include "web/cookies.h"
#include "web/form.h"
#include "web/local_path.h"
#include "web/model.h"
#include "web/response.h"

struct sign_in_query {
    struct str next;
};

/* clang-format off */
static const struct param query_list[] = {
    { "next", PARAM_STR, offsetof(struct sign_in_query, next), .max = LOCAL_PATH_MAX_BYTES },
};
/* clang-format on */
const struct param_set sign_in_get_params = PARAM_SET(struct sign_in_query, query_list);

struct sign_in_form {
    struct str email;
    struct str password;
    struct str next;
};

/* clang-format off */
static const struct param form_list[] = {
    { "email",    PARAM_STR, offsetof(struct sign_in_form, email),    REQUIRED, .min = 1, .max = ACCOUNT_EMAIL_MAX_BYTES,
      .missing = "Enter your e-mail address." },
    { "password", PARAM_STR, offsetof(struct sign_in_form, password), REQUIRED, .min = 1, .max = ACCOUNT_PASSWORD_MAX_BYTES,
      .missing = "Enter your password." },
    { "next",     PARAM_STR, offsetof(struct sign_in_form, next),     .max = LOCAL_PATH_MAX_BYTES },
};
/* clang-format on */
const struct param_set sign_in_post_params = PARAM_SET(struct sign_in_form, form_list);

static struct str destination(struct str next)
{
    return local_path_is_safe(next) ? next : STR("/admin/images");
}

static enum status render(
    struct exchange *exchange, int http_status, const struct sign_in_form *form)
{
    static const char *const fields[] = { "email", "password", NULL };
    json_t *model = model_page(exchange, "sign-in", STR("Sign in"));

    json_object_set_new(model, "form",
        json_pack("{s:o, s:o}", "email", json_from_str(form->email), "next",
            local_path_is_safe(form->next) ? json_from_str(form->next) : json_null()));
    json_object_set_new(model, "errors", model_errors(exchange->arena, fields, &exchange->errors));
    return response_page(exchange, http_status, "sign-in", model);
}

/* Two tabs share the cookie, so a live one is kept. */
static void ensure_pre_cookie(struct exchange *exchange)
{
    if (!token_is_well_formed(exchange->pre_token))
        exchange->pre_token = random_token(exchange->arena);
    cookie_set_pre(exchange, exchange->pre_token);
}

enum status sign_in_get(struct exchange *exchange)
{
    const struct sign_in_query *query = exchange->params;

    if (exchange->is_signed_in)
        return response_see_other(exchange, destination(query->next), FLASH_NONE);
    ensure_pre_cookie(exchange);
    return render(exchange, 200, &(struct sign_in_form){ .next = query->next });
}

/* Which part was wrong is not said; an account that does not exist answers the same. */
static enum status render_failure(
    struct exchange *exchange, enum status status, const struct sign_in_form *form)
{
    exchange->task.failure.field = STR("form");
    return form_failed(exchange, status) ? render(exchange, form_status(status), form) : status;
}

enum status sign_in_post(struct exchange *exchange)
{
    const struct sign_in_form *form = exchange->params;
    struct account account;
    struct session session;
    struct str token;
    enum status status;

    if (exchange->errors.count > 0)
        return render(exchange, 422, form);
    status = account_authenticate(&exchange->task, form->email, form->password, &account);
    if (status != STATUS_OK)
        return render_failure(exchange, status, form);
    status = session_start(&exchange->task, account.id,
        request_header(exchange->request, STR("user-agent")), cookie_session(exchange), &token,
        &session);
    if (status != STATUS_OK)
        return status;
    cookie_set_session(exchange, token);
    return response_see_other(exchange, destination(form->next), FLASH_NONE);
}

enum status sign_out_post(struct exchange *exchange)
{
    enum status status = session_end(&exchange->task, exchange->session_token);

    if (status != STATUS_OK)
        return status;
    cookie_set_session(exchange, STR_EMPTY);
    return response_see_other(exchange, STR("/sign-in"), FLASH_SIGNED_OUT);
}
