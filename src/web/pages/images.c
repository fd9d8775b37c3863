/* The grid of images: newest first, searched by text and owner, paged by keys that stay true when
 * images come and go. */
#include "web/handlers.h"

#include "web/bulk_notice.h"
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
    bool problem;
    bool all; /* every box is ticked */
    struct bulk_done done;
};

/* clang-format off */
static const struct param query_list[] = {
    { "q",      PARAM_STR, offsetof(struct images_query, q),      .max = ASSET_SEARCH_MAX_BYTES },
    { "owner",  PARAM_I64, offsetof(struct images_query, owner),  .min = 1, .max = INT64_MAX },
    { "before", PARAM_I64, offsetof(struct images_query, before), .min = 1, .max = INT64_MAX },
    { "after",  PARAM_I64, offsetof(struct images_query, after),  .min = 1, .max = INT64_MAX },
    { "problem", PARAM_BOOL, offsetof(struct images_query, problem), .max = 1 },
    { "all",    PARAM_BOOL, offsetof(struct images_query, all),   .max = 1 },
    BULK_DONE_PARAMS(images_query, done),
};
/* clang-format on */
const struct param_set images_get_params = PARAM_SET(struct images_query, query_list);

static bool has_filter(const struct images_query *query)
{
    return !str_is_empty(query->q) || query->owner != 0 || query->problem;
}

/* The address of another page of the same filter: "before" or "after" an image; null: there is
 * none. */
static json_t *page_link(struct arena *arena, const struct images_query *query, const char *key,
    int64_t id, bool is_there)
{
    struct image_link link = { "/admin/images", query->q, query->owner, 0, query->problem, key,
        id };

    return is_there ? json_from_str(image_link(arena, &link)) : json_null();
}

/* The address of this page, without what was done and what is ticked. */
static struct str page_path(struct arena *arena, const struct images_query *query)
{
    struct image_link link = { "/admin/images", query->q, query->owner, 0, query->problem,
        query->after != 0 ? "after" : "before", query->after != 0 ? query->after : query->before };

    return image_link(arena, &link);
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

struct grid {
    struct asset_page page;
    struct asset_count count;
    struct asset_count problems; /* in all images that one sees */
    struct owner_list owners;
};

static enum status find(
    struct exchange *exchange, const struct images_query *query, struct grid *out)
{
    struct asset_query wanted = {
        .text = query->q,
        .owner_id = query->owner,
        .has_problem = query->problem,
        .before_id = query->after != 0 ? 0 : query->before,
        .after_id = query->after,
        .limit = GRID_PAGE,
    };
    const struct asset_query problems = { .has_problem = true };
    enum status status = asset_list(&exchange->task, &wanted, &out->page);

    if (status == STATUS_OK)
        status = asset_count(&exchange->task, &wanted, &out->count);
    if (status == STATUS_OK)
        status = asset_count(&exchange->task, &problems, &out->problems);
    if (status == STATUS_OK)
        status = account_list_owners(&exchange->task, &out->owners);
    return status;
}

/* The banner over the grid; null when every file is as it should be, or is what one looks at. */
static json_t *problems_model(
    struct arena *arena, const struct images_query *query, const struct asset_count *count)
{
    bool is_one = count->count == 1;

    if (count->count == 0 || query->problem)
        return json_null();
    return json_pack("{s:o, s:s}", "text",
        model_format(arena, "The %s of %.*s%s %s gone from the storage or %s changed there.",
            is_one ? "file" : "files", STR_ARG(text_count(arena, count->count, "image", "images")),
            count->is_capped ? " and more" : "", is_one ? "is" : "are", is_one ? "was" : "were"),
        "url", "/admin/images?problem=1");
}

/* What the form around the grid needs; null for who may change nothing. */
static json_t *bulk_model(const struct exchange *exchange, const struct images_query *query)
{
    struct arena *arena = exchange->arena;
    struct str path = page_path(arena, query);

    if (!access_can_upload(&exchange->task.actor))
        return json_null();
    return json_pack("{s:o, s:o, s:b}", "back", json_from_str(path), "all_url",
        model_format(arena, "%.*s%call=1", STR_ARG(path), str_index(path, '?') < 0 ? '?' : '&'),
        "has_trash", exchange->task.domain->options->trash_s > 0);
}

static json_t *images_model(
    struct arena *arena, const struct images_query *query, const struct grid *grid, json_t *items)
{
    const struct asset_page *page = &grid->page;
    int64_t first = page->count > 0 ? page->item[0].id : 0;
    int64_t last = page->count > 0 ? page->item[page->count - 1].id : 0;
    bool is_empty = grid->count.count == 0 && !has_filter(query);

    return json_pack("{s:o, s:o, s:o, s:b, s:b, s:b, s:s, s:o, s:o, s:o, s:b, s:b}", "items", items,
        "q", json_from_str(query->q), "owners", owners_model(arena, &grid->owners, query),
        "has_owners", grid->owners.count > 1, "has_filter", has_filter(query), "is_problem",
        query->problem, "clear_url", "/admin/images", "newer_url",
        page_link(arena, query, "after", first, page->has_newer && page->count > 0), "older_url",
        page_link(arena, query, "before", last, page->has_older && page->count > 0), "count_text",
        count_model(arena, &grid->count, query), "is_empty", is_empty, "is_no_match",
        page->count == 0 && !is_empty);
}

enum status images_get(struct exchange *exchange)
{
    struct images_query *query = exchange->params;
    struct grid grid;
    json_t *items, *model, *images, *notice = NULL;
    enum status status;

    query->q = query->problem ? STR_EMPTY : str_trim(query->q);
    status = find(exchange, query, &grid);
    if (status == STATUS_OK)
        status =
            bulk_notice_model(exchange, &query->done, page_path(exchange->arena, query), &notice);
    if (status == STATUS_OK)
        status = image_items_model(exchange, grid.page.item, grid.page.count, query->all, &items);
    if (status != STATUS_OK) {
        json_decref(notice);
        return status;
    }
    images = images_model(exchange->arena, query, &grid, items);
    json_object_set_new(images, "bulk", bulk_model(exchange, query));
    json_object_set_new(images, "problems", problems_model(exchange->arena, query, &grid.problems));
    model = model_page(exchange, "images", STR("Images"));
    json_object_set_new(model, "images", images);
    json_object_set_new(model, "notice", notice);
    return response_page(exchange, 200, "images", model);
}
