/* The part of the models that all pages share. */
#include "web/model.h"

#include "base/clock.h"
#include "web/guard.h"
#include "web/text.h"

json_t *model_text_or_null(struct str text)
{
    return str_is_empty(text) ? json_null() : json_from_str(text);
}

json_t *model_pairs(struct arena *arena, struct pairs pairs)
{
    json_t *object = json_object();

    for (size_t i = 0; i < pairs.count; i++)
        json_object_set_new(
            object, arena_c_string(arena, pairs.item[i].name), json_from_str(pairs.item[i].value));
    return object;
}

json_t *model_format(struct arena *arena, const char *format, ...)
{
    struct str text;
    va_list args;

    va_start(args, format);
    text = arena_vprintf(arena, format, args);
    va_end(args);
    return json_from_str(text);
}

void model_set_time(json_t *object, struct arena *arena, const char *name, int64_t at_s)
{
    json_object_set_new(object, arena_printf(arena, "%s_iso", name).ptr,
        json_from_str(clock_format_iso(arena, at_s)));
    json_object_set_new(
        object, arena_printf(arena, "%s_text", name).ptr, json_from_str(text_moment(arena, at_s)));
}

static json_t *user_model(const struct exchange *exchange)
{
    const struct account *user = &exchange->user;

    if (!exchange->is_signed_in)
        return json_null();
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)user->id, "name",
        json_from_str(user->name), "email", json_from_str(user->email), "role",
        json_from_str(role_name(user->role)), "role_text", json_from_str(text_role(user->role)),
        "initials", json_from_str(text_initials(exchange->arena, user->name)));
}

static json_t *can_model(const struct exchange *exchange)
{
    const struct actor *actor = &exchange->task.actor;
    bool can_upload = exchange->is_signed_in && access_can_upload(actor);

    return json_pack("{s:b, s:b, s:b, s:b}", "upload", can_upload, "edit", can_upload, "users",
        exchange->is_signed_in && access_can_manage_users(actor), "jobs",
        exchange->is_signed_in && access_can_manage_jobs(actor));
}

static json_t *nav_model(const char *page)
{
    bool is_images =
        strcmp(page, "images") == 0 || strcmp(page, "image") == 0 || strcmp(page, "delete") == 0;
    bool is_trash =
        strcmp(page, "trash") == 0 || strcmp(page, "trashed") == 0 || strcmp(page, "confirm") == 0;

    return json_pack("{s:b, s:b, s:b, s:b, s:b}", "images", is_images, "upload",
        strncmp(page, "upload", 6) == 0, "trash", is_trash, "jobs", strcmp(page, "jobs") == 0,
        "account", strcmp(page, "account") == 0);
}

static json_t *flash_model(enum flash flash)
{
    if (flash == FLASH_NONE)
        return json_null();
    return json_pack("{s:o, s:b, s:o}", "kind", json_from_str(flash_kind(flash)), "is_error",
        str_equal(flash_kind(flash), STR("error")), "text", json_from_str(flash_text(flash)));
}

json_t *model_page(const struct exchange *exchange, const char *name, struct str title)
{
    const struct app_options *options = exchange->thread->app->options;
    struct task task = exchange->task; /* asking for the origin fails nothing */

    return json_pack("{s:{s:o, s:s}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "page", "title",
        json_from_str(title), "name", name, "user", user_model(exchange), "can",
        can_model(exchange), "nav", nav_model(name), "csrf",
        json_from_str(guard_csrf_token(exchange)), "flash", flash_model(exchange->flash),
        "storage_origin", json_from_str(domain_storage_origin(&task)), "asset_version",
        json_from_str(options->asset_version), "request_id", json_from_str(exchange->request->id),
        "now_iso", json_from_str(clock_format_iso(exchange->arena, clock_now_s())));
}

/* --- errors of a form --- */

json_t *model_errors(
    struct arena *arena, const char *const *fields, const struct field_errors *errors)
{
    json_t *model, *list = json_array();

    if (errors->count == 0) {
        json_decref(list);
        return json_null();
    }
    model = json_pack("{s:o, s:o, s:n}", "count_text",
        errors->count == 1 ? json_string("There is a problem")
                           : model_format(arena, "There are %zu problems", errors->count),
        "list", list, "form");
    for (; *fields != NULL; fields++)
        json_object_set_new(model, *fields, json_null());
    for (size_t i = 0; i < errors->count; i++) {
        const struct field_error *error = &errors->item[i];
        const char *name = arena_c_string(arena, error->field);
        if (json_object_get(model, name) == NULL)
            name = "form";
        json_object_set_new(model, name, json_from_str(error->sentence));
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "field", name, "text", json_from_str(error->sentence)));
    }
    return model;
}
