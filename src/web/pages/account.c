/* One's own account: the password, and the browsers that are signed in. */
#include "web/handlers.h"

#include "web/form.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

struct password_form {
    struct str current_password;
    struct str new_password;
};

/* clang-format off */
static const struct param form_list[] = {
    { "current_password", PARAM_STR, offsetof(struct password_form, current_password), REQUIRED, .min = 1, .max = ACCOUNT_PASSWORD_MAX_BYTES,
      .missing = "Enter your current password." },
    { "new_password",     PARAM_STR, offsetof(struct password_form, new_password),     REQUIRED, .min = 1, .max = ACCOUNT_PASSWORD_MAX_BYTES,
      .missing = "Enter a new password." },
};
/* clang-format on */
const struct param_set account_password_post_params = PARAM_SET(struct password_form, form_list);

static json_t *session_model(struct exchange *exchange, const struct session *session)
{
    struct arena *arena = exchange->arena;
    json_t *model = json_pack("{s:I, s:b, s:o, s:o, s:o}", "id", (json_int_t)session->id,
        "is_current", session->id == exchange->session.id, "device_text",
        json_from_str(text_device(arena, session->user_agent)), "address_text",
        json_from_str(session->address), "revoke_url",
        model_format(arena, "/admin/account/sessions/%lld/revoke", (long long)session->id));

    model_set_time(model, arena, "started", session->created_at);
    model_set_time(model, arena, "seen", session->last_seen_at);
    return model;
}

static json_t *account_model(struct exchange *exchange, const struct session_list *sessions)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sessions->count; i++)
        json_array_append_new(list, session_model(exchange, &sessions->item[i]));
    return json_pack("{s:i, s:o, s:b}", "password_min", ACCOUNT_PASSWORD_MIN_CHARS, "sessions",
        list, "has_other_sessions", sessions->count > 1);
}

static enum status render(struct exchange *exchange, int http_status)
{
    static const char *const fields[] = { "current_password", "new_password", NULL };
    struct session_list sessions;
    json_t *model;
    enum status status = session_list(&exchange->task, &sessions);

    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "account", STR("Account"));
    json_object_set_new(model, "account", account_model(exchange, &sessions));
    json_object_set_new(model, "errors", model_errors(exchange->arena, fields, &exchange->errors));
    return response_page(exchange, http_status, "account", model);
}

enum status account_get(struct exchange *exchange)
{
    return render(exchange, 200);
}

/* The domain says "current" and "password"; the form's fields have longer names. */
static enum status render_refused(struct exchange *exchange, enum status status)
{
    struct failure *failure = &exchange->task.failure;

    if (str_equal(failure->field, STR("current")))
        failure->field = STR("current_password");
    else if (str_equal(failure->field, STR("password")))
        failure->field = STR("new_password");
    return form_failed(exchange, status) ? render(exchange, form_status(status)) : status;
}

enum status account_password_post(struct exchange *exchange)
{
    const struct password_form *form = exchange->params;
    enum status status;

    if (exchange->errors.count > 0)
        return render(exchange, 422);
    status = account_change_password(
        &exchange->task, form->current_password, form->new_password, exchange->session.id);
    if (status != STATUS_OK)
        return render_refused(exchange, status);
    return response_see_other(exchange, STR("/admin/account"), FLASH_PASSWORD_CHANGED);
}

enum status account_session_revoke_post(struct exchange *exchange)
{
    enum status status = session_revoke(&exchange->task, exchange->id);

    if (status != STATUS_OK)
        return status;
    return response_see_other(exchange, STR("/admin/account"), FLASH_SESSION_REVOKED);
}

enum status account_sessions_revoke_others_post(struct exchange *exchange)
{
    int64_t count;
    enum status status = session_revoke_others(&exchange->task, exchange->session.id, &count);

    if (status != STATUS_OK)
        return status;
    return response_see_other(exchange, STR("/admin/account"), FLASH_OTHERS_REVOKED);
}
