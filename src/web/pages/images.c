/* The grid of images: newest first, searched by text and owner, paged by keys that stay true when
 * images come and go. */
#include "web/handlers.h"

#include "web/image_link.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

enum { GRID_PAGE = 60 };

struct images_query {
    struct str q;
    int64_t owner;
    int64_t before;
    int64_t after;
};

/* clang-format off */
static const struct param query_list[] = {
    { "q",      PARAM_STR, offsetof(struct images_query, q),      .max = ASSET_SEARCH_MAX_BYTES },
    { "owner",  PARAM_I64, offsetof(struct images_query, owner),  .min = 1, .max = INT64_MAX },
    { "before", PARAM_I64, offsetof(struct images_query, before), .min = 1, .max = INT64_MAX },
    { "after",  PARAM_I64, offsetof(struct images_query, after),  .min = 1, .max = INT64_MAX },
};
/* clang-format on */
const struct param_set images_get_params = PARAM_SET(struct images_query, query_list);

static bool has_filter(const struct images_query *query)
{
    return !str_is_empty(query->q) || query->owner != 0;
}

/* The address of another page of the same filter: "before" or "after" an image; null: there is
 * none. */
static json_t *page_link(struct arena *arena, const struct images_query *query, const char *key,
    int64_t id, bool is_there)
{
    struct image_link link = { "/admin/images", query->q, query->owner, 0, key, id };

    return is_there ? json_from_str(image_link(arena, &link)) : json_null();
}

static json_t *owners_model(
    struct arena *arena, const struct owner_list *owners, const struct images_query *query)
{
    json_t *list = json_array();

    for (size_t i = 0; i < owners->count; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "value",
                                        model_format(arena, "%lld", (long long)owners->item[i].id),
                                        "name", json_from_str(owners->item[i].name), "is_selected",
                                        owners->item[i].id == query->owner));
    return list;
}

static json_t *count_model(
    struct arena *arena, const struct asset_count *count, const struct images_query *query)
{
    struct str number = text_number(arena, count->count);
    const char *noun = count->count == 1 ? "image" : "images";

    return model_format(arena, "%.*s%s %s%s", STR_ARG(number), count->is_capped ? "+" : "", noun,
        !has_filter(query)  ? ""
        : count->count == 1 ? " matches"
                            : " match");
}

static enum status items_model(
    struct exchange *exchange, const struct asset_page *page, json_t **out)
{
    json_t *list = json_array();

    for (size_t i = 0; i < page->count; i++) {
        json_t *item;
        enum status status = image_item_model(exchange, &page->item[i], &item);
        if (status != STATUS_OK) {
            json_decref(list);
            return status;
        }
        json_array_append_new(list, item);
    }
    *out = list;
    return STATUS_OK;
}

struct grid {
    struct asset_page page;
    struct asset_count count;
    struct owner_list owners;
};

static enum status find(
    struct exchange *exchange, const struct images_query *query, struct grid *out)
{
    struct asset_query wanted = {
        .text = query->q,
        .owner_id = query->owner,
        .before_id = query->after != 0 ? 0 : query->before,
        .after_id = query->after,
        .limit = GRID_PAGE,
    };
    enum status status = asset_list(&exchange->task, &wanted, &out->page);

    if (status == STATUS_OK)
        status = asset_count(&exchange->task, &wanted, &out->count);
    if (status == STATUS_OK)
        status = account_list_owners(&exchange->task, &out->owners);
    return status;
}

static json_t *images_model(
    struct arena *arena, const struct images_query *query, const struct grid *grid, json_t *items)
{
    const struct asset_page *page = &grid->page;
    int64_t first = page->count > 0 ? page->item[0].id : 0;
    int64_t last = page->count > 0 ? page->item[page->count - 1].id : 0;
    bool is_empty = grid->count.count == 0 && !has_filter(query);

    return json_pack("{s:o, s:o, s:o, s:b, s:b, s:s, s:o, s:o, s:o, s:b, s:b}", "items", items, "q",
        json_from_str(query->q), "owners", owners_model(arena, &grid->owners, query), "has_owners",
        grid->owners.count > 1, "has_filter", has_filter(query), "clear_url", "/admin/images",
        "newer_url", page_link(arena, query, "after", first, page->has_newer && page->count > 0),
        "older_url", page_link(arena, query, "before", last, page->has_older && page->count > 0),
        "count_text", count_model(arena, &grid->count, query), "is_empty", is_empty, "is_no_match",
        page->count == 0 && !is_empty);
}

enum status images_get(struct exchange *exchange)
{
    struct images_query *query = exchange->params;
    struct grid grid;
    json_t *items, *model;
    enum status status;

    query->q = str_trim(query->q);
    status = find(exchange, query, &grid);
    if (status == STATUS_OK)
        status = items_model(exchange, &grid.page, &items);
    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "images", STR("Images"));
    json_object_set_new(model, "images", images_model(exchange->arena, query, &grid, items));
    return response_page(exchange, 200, "images", model);
}
