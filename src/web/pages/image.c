/*
 * One image: large, with its facts, and the form that changes its words. A save names the version
 * that the person saw; when another change came first, both are shown and nothing is lost.
 */
#include "web/handlers.h"

#include "web/flight_model.h"
#include "web/form.h"
#include "web/image_model.h"
#include "web/image_trashed.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

enum { TAGS_TYPED_MAX_BYTES = 4000 };

struct image_form {
    int64_t version;
    struct str title;
    struct str alt;
    struct str tags;
    bool decorative;
};

/* The length of texts is the domain's to judge, so that what is too long comes back as typed. */
/* clang-format off */
static const struct param form_list[] = {
    { "version",    PARAM_I64,  offsetof(struct image_form, version),    REQUIRED, .min = 1, .max = INT64_MAX },
    { "title",      PARAM_STR,  offsetof(struct image_form, title),      .max = 4 * ASSET_TITLE_MAX_BYTES },
    { "alt",        PARAM_STR,  offsetof(struct image_form, alt),        .max = 4 * ASSET_ALT_MAX_BYTES },
    { "tags",       PARAM_STR,  offsetof(struct image_form, tags),       .max = TAGS_TYPED_MAX_BYTES },
    { "decorative", PARAM_BOOL, offsetof(struct image_form, decorative), .max = 1 },
};
/* clang-format on */
const struct param_set image_post_params = PARAM_SET(struct image_form, form_list);

static struct image_form form_of(struct arena *arena, const struct asset *asset)
{
    return (struct image_form){ asset->version, asset->title, asset->alt,
        image_tags_text(arena, asset), asset->is_decorative };
}

static json_t *form_model(const struct image_form *form)
{
    return json_pack("{s:o, s:o, s:b, s:o, s:I}", "title", json_from_str(form->title), "alt",
        json_from_str(form->alt), "decorative", form->decorative, "tags", json_from_str(form->tags),
        "version", (json_int_t)form->version);
}

static json_t *page_address(struct arena *arena, int64_t id)
{
    return id == 0 ? json_null() : model_format(arena, "/admin/images/%lld", (long long)id);
}

static enum status neighbours_model(struct exchange *exchange, int64_t id, json_t **out)
{
    int64_t newer, older;
    enum status status = asset_neighbours(&exchange->task, id, &newer, &older);

    if (status != STATUS_OK)
        return status;
    *out = json_pack("{s:o, s:o, s:s}", "newer_url", page_address(exchange->arena, newer),
        "older_url", page_address(exchange->arena, older), "back_url", "/admin/images");
    return STATUS_OK;
}

/* What is saved now, beside what the person typed. */
static json_t *conflict_model(struct arena *arena, const struct asset *current)
{
    struct image_form theirs = form_of(arena, current);

    return json_pack("{s:o, s:o, s:I}", "who_text",
        model_format(arena, "This image was saved at %.*s, after you opened it.",
            STR_ARG(text_clock(arena, current->updated_at))),
        "theirs", form_model(&theirs), "version", (json_int_t)current->version);
}

/* `conflict` is consumed. */
static enum status render(struct exchange *exchange, int http_status, const struct asset *asset,
    const struct image_form *form, json_t *conflict)
{
    static const char *const fields[] = { "title", "alt", "tags", NULL };
    json_t *model, *neighbours = NULL, *image = NULL, *flight = NULL;
    enum status status = neighbours_model(exchange, asset->id, &neighbours);

    if (status == STATUS_OK)
        status = image_page_model(exchange, asset, &image);
    if (status == STATUS_OK)
        status = flight_model_or_null(exchange, asset->id, &flight);
    if (status != STATUS_OK) {
        json_decref(neighbours);
        json_decref(image);
        json_decref(conflict);
        return status;
    }
    model = model_page(exchange, "image", image_name(asset));
    json_object_update_new(
        model, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "image", image, "form", form_model(form),
                   "errors", model_errors(exchange->arena, fields, &exchange->errors), "conflict",
                   conflict, "neighbours", neighbours, "flight", flight));
    return response_page(exchange, http_status, "image", model);
}

enum status image_get(struct exchange *exchange)
{
    struct asset asset;
    struct image_form form;
    enum status status = asset_find(&exchange->task, exchange->id, &asset);

    if (status == STATUS_GONE)
        return image_trashed_page(exchange, exchange->id);
    if (status != STATUS_OK)
        return status;
    form = form_of(exchange->arena, &asset);
    return render(exchange, 200, &asset, &form, json_null());
}

/* Saving again after a conflict means "mine": so the form carries the current version then. */
static enum status render_conflict(
    struct exchange *exchange, const struct asset *current, const struct image_form *typed)
{
    struct image_form form = *typed;

    form.version = current->version;
    return render(exchange, 409, current, &form, conflict_model(exchange->arena, current));
}

static enum status render_refused(
    struct exchange *exchange, enum status status, const struct image_form *form)
{
    struct asset asset;

    if (status != STATUS_OK && !form_failed(exchange, status))
        return status;
    status = asset_find(&exchange->task, exchange->id, &asset);
    return status == STATUS_OK ? render(exchange, 422, &asset, form, json_null()) : status;
}

static struct asset_change change_of(struct arena *arena, const struct image_form *form)
{
    struct asset_change change = {
        .version = form->version,
        .has_title = true,
        .has_alt = true,
        .has_decorative = true,
        .has_tags = true,
        .title = str_trim(form->title),
        .alt = str_trim(form->alt),
        .is_decorative = form->decorative,
    };
    struct str *tags;

    change.tag_count = asset_split_tags(arena, form->tags, &tags);
    change.tags = tags;
    return change;
}

enum status image_post(struct exchange *exchange)
{
    const struct image_form *form = exchange->params;
    struct asset_change change = change_of(exchange->arena, form);
    struct asset asset;
    enum status status;

    if (exchange->errors.count > 0)
        return render_refused(exchange, STATUS_OK, form);
    status = asset_update(&exchange->task, exchange->id, &change, &asset);
    if (status == STATUS_CONFLICT)
        return render_conflict(exchange, &asset, form);
    if (status != STATUS_OK)
        return render_refused(exchange, status, form);
    return response_see_other(exchange,
        arena_printf(exchange->arena, "/admin/images/%lld", (long long)exchange->id), FLASH_SAVED);
}
