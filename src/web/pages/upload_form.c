/*
 * Uploading without JavaScript straight to the storage: which file, the signed form, and what
 * became of it.
 *
 * A form's policy names the type before there is a file. So the first page asks which file it is:
 * a urlencoded form with a file field sends the name of the file that was chosen and none of its
 * bytes (HTML, "constructing the entry list", urlencoded), and the name's ending decides the type.
 */
#include "web/handlers.h"

#include "domain/asset_form.h"
#include "domain/duplicate.h"
#include "domain/file_types.h"
#include "web/model.h"
#include "web/response.h"
#include "web/types_text.h"

#define BEGIN_PAGE "/admin/upload/form"

struct begin_form {
    struct str filename;
};

/* clang-format off */
static const struct param form_list[] = {
    { "filename", PARAM_STR, offsetof(struct begin_form, filename), REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES,
      .missing = "Choose a file." },
};
/* clang-format on */
const struct param_set upload_form_post_params = PARAM_SET(struct begin_form, form_list);

struct saved_query {
    struct str key;
};

/* S3 adds bucket, key and etag to the address; what our path says is bound by the policy. */
/* clang-format off */
static const struct param query_list[] = {
    { "key", PARAM_STR, offsetof(struct saved_query, key), .max = ASSET_KEY_MAX_BYTES },
};
/* clang-format on */
const struct param_set upload_form_saved_get_params = PARAM_SET(struct saved_query, query_list);

static const struct policy *policy_of(const struct exchange *exchange)
{
    return &exchange->thread->app->options->domain.policy;
}

/* Exactly one of `begin`, `send` and `failure` is not null; they are consumed. */
static enum status render(
    struct exchange *exchange, int http_status, json_t *begin, json_t *send, json_t *failure)
{
    static const char *const fields[] = { "filename", NULL };
    json_t *model = model_page(exchange, "upload-form", STR("Upload straight to the storage"));

    json_object_set_new(model, "begin", begin);
    json_object_set_new(model, "send", send);
    json_object_set_new(model, "failure", failure);
    json_object_set_new(model, "errors", model_errors(exchange->arena, fields, &exchange->errors));
    return response_page(exchange, http_status, "upload-form", model);
}

/* --- which file --- */

static enum status render_begin(struct exchange *exchange, int http_status)
{
    struct arena *arena = exchange->arena;
    const struct policy *policy = policy_of(exchange);

    return render(exchange, http_status,
        json_pack("{s:o, s:o, s:o}", "max_size_text",
            json_from_str(policy_format_size(arena, policy->max_size_bytes)), "types_text",
            types_text(arena, policy), "accept", accept_text(arena, policy)),
        json_null(), json_null());
}

enum status upload_form_get(struct exchange *exchange)
{
    if (!asset_form_is_possible(&exchange->task))
        return response_see_other(exchange, STR("/admin/upload"), FLASH_NONE);
    return render_begin(exchange, 200);
}

/* What another file, or less of other files, would put right. */
static bool is_about_the_file(enum status status)
{
    return status == STATUS_INVALID || status == STATUS_TYPE_NOT_ALLOWED || status == STATUS_QUOTA;
}

enum status upload_form_post(struct exchange *exchange)
{
    const struct begin_form *form = exchange->params;
    int64_t id = 0;
    enum status status;

    if (exchange->errors.count > 0)
        return render_begin(exchange, 422);
    status = asset_form_grant(&exchange->task, form->filename, &id);
    if (is_about_the_file(status)) {
        field_errors_add(&exchange->errors, STR("filename"), exchange->task.failure.sentence);
        return render_begin(exchange, 422);
    }
    if (status != STATUS_OK)
        return status;
    return response_see_other(
        exchange, arena_printf(exchange->arena, BEGIN_PAGE "/%lld", (long long)id), FLASH_NONE);
}

/* --- the signed form --- */

static json_t *fields_model(struct pairs fields)
{
    json_t *list = json_array();

    for (size_t i = 0; i < fields.count; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:o}", "name", json_from_str(fields.item[i].name), "value",
                      json_from_str(fields.item[i].value)));
    return list;
}

static json_t *saved_page(struct arena *arena, int64_t id)
{
    return model_format(arena, BEGIN_PAGE "/%lld/saved", (long long)id);
}

static json_t *send_model(struct exchange *exchange, const struct upload_form *form)
{
    struct arena *arena = exchange->arena;
    struct policy only = { .types = { form->content_type }, .type_count = 1 };
    json_t *model =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "url", json_from_str(form->url),
            "fields", fields_model(form->fields), "name", json_from_str(form->filename),
            "type_label", json_from_str(file_type_label(arena, form->content_type)), "accept",
            accept_text(arena, &only), "max_size_text",
            json_from_str(policy_format_size(arena, form->max_size_bytes)), "replaces",
            !form->writes_once, "ask_page", saved_page(arena, form->asset_id));

    model_set_time(model, arena, "expires", form->expires_at);
    return model;
}

/* An image that is there already needs no form. */
static enum status lead_to_image(struct exchange *exchange, int64_t id, enum flash flash)
{
    return response_see_other(
        exchange, arena_printf(exchange->arena, "/admin/images/%lld", (long long)id), flash);
}

/* What happened. The domain says "upload it first"; here that is not what was left out. */
static json_t *failure_words(
    const struct exchange *exchange, enum status status, bool is_over, bool can_ask)
{
    const struct failure *failure = &exchange->task.failure;

    if (status == STATUS_NOT_UPLOADED)
        return json_pack("{s:s, s:s, s:s}", "title", "The file is not saved yet", "detail",
            "Nothing has arrived in the storage.", "hint",
            "If your browser is still sending the file, look again when that is done.");
    return json_pack("{s:s, s:o, s:o}", "title",
        is_over   ? "This form is over"
        : can_ask ? "The file is not saved yet"
                  : "The file was not saved",
        "detail", json_from_str(failure->sentence), "hint", model_text_or_null(failure->hint));
}

/* What happened, and the way on: to the same form while it is good for another try, to the question
 * whether the file is there where that is not answered for good (`is_over`: not even asked), or to
 * the beginning. */
static enum status render_failure(struct exchange *exchange, enum status status, bool is_over)
{
    bool can_send = status == STATUS_NOT_UPLOADED;
    bool can_ask = status_http(status) >= 500 || status == STATUS_CONFLICT || can_send || is_over;
    json_t *model = failure_words(exchange, status, is_over, can_ask);

    json_object_set_new(model, "send_page",
        can_send ? model_format(exchange->arena, BEGIN_PAGE "/%lld", (long long)exchange->id)
                 : json_null());
    json_object_set_new(
        model, "ask_page", can_ask ? saved_page(exchange->arena, exchange->id) : json_null());
    return render(exchange, status_http(status), json_null(), json_null(), model);
}

enum status upload_form_send_get(struct exchange *exchange)
{
    struct str redirect = arena_printf(exchange->arena, "%.*s" BEGIN_PAGE "/%lld/saved",
        STR_ARG(exchange_origin(exchange)), (long long)exchange->id);
    struct upload_form form;
    enum status status = asset_form_sign(&exchange->task, exchange->id, redirect, &form);

    if (status == STATUS_GONE)
        return render_failure(exchange, status, true);
    if (status != STATUS_OK)
        return status;
    if (form.is_saved)
        return lead_to_image(exchange, exchange->id, FLASH_NONE);
    exchange->posts_to_storage = true;
    return render(exchange, 200, json_null(), send_model(exchange, &form), json_null());
}

/* --- what became of it --- */

enum status upload_form_saved_get(struct exchange *exchange)
{
    const struct saved_query *query = exchange->params;
    struct asset asset;
    bool is_new;
    enum status status =
        asset_form_commit(&exchange->task, exchange->id, query->key, &asset, &is_new);

    if (status == STATUS_NOT_FOUND)
        return status;
    if (status != STATUS_OK)
        return render_failure(exchange, status, false);
    return lead_to_image(exchange, asset.id,
        duplicate_of(&exchange->task, &asset) != NULL ? FLASH_UPLOADED_AGAIN : FLASH_UPLOADED);
}
