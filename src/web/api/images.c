/* GET /images: a page of images. POST /images: "it is uploaded", which is verified and answered
 * with the image, as often as it is said. */
#include "web/handlers.h"

#include "web/api/images.h"
#include "web/image_link.h"
#include "web/image_model.h"
#include "web/response.h"

enum { LIST_DEFAULT = 60 };

struct list_query {
    struct str q;
    int64_t owner;
    int64_t before;
    int64_t after;
    int64_t limit;
    bool problem;
};

/* clang-format off */
static const struct param query_list[] = {
    { "q",      PARAM_STR, offsetof(struct list_query, q),      .max = ASSET_SEARCH_MAX_BYTES },
    { "owner",  PARAM_I64, offsetof(struct list_query, owner),  .min = 1, .max = INT64_MAX },
    { "before", PARAM_I64, offsetof(struct list_query, before), .min = 1, .max = INT64_MAX },
    { "after",  PARAM_I64, offsetof(struct list_query, after),  .min = 1, .max = INT64_MAX },
    { "limit",  PARAM_I64, offsetof(struct list_query, limit),  .min = 1, .max = ASSET_PAGE_MAX },
    { "problem", PARAM_BOOL, offsetof(struct list_query, problem), .max = 1 },
};
/* clang-format on */
const struct param_set api_images_get_params = PARAM_SET(struct list_query, query_list);

struct commit_body {
    struct str key;
    struct str filename;
    struct str filetype;
    struct str title;
    struct str alt;
    int64_t width;
    int64_t height;
};

/* clang-format off */
static const struct param body_list[] = {
    { "key",      PARAM_STR, offsetof(struct commit_body, key),      REQUIRED, .min = 1, .max = ASSET_KEY_MAX_BYTES },
    { "filename", PARAM_STR, offsetof(struct commit_body, filename), .max = PARAM_FILENAME_MAX_BYTES },
    { "filetype", PARAM_STR, offsetof(struct commit_body, filetype), .max = PARAM_TYPE_MAX_BYTES },
    { "title",    PARAM_STR, offsetof(struct commit_body, title),    .max = ASSET_TITLE_MAX_BYTES },
    { "alt",      PARAM_STR, offsetof(struct commit_body, alt),      .max = ASSET_ALT_MAX_BYTES },
    { "width",    PARAM_I64, offsetof(struct commit_body, width),    .max = SNIFF_DIMENSION_MAX },
    { "height",   PARAM_I64, offsetof(struct commit_body, height),   .max = SNIFF_DIMENSION_MAX },
};
/* clang-format on */
const struct param_set api_images_post_params = PARAM_SET(struct commit_body, body_list);

/* To the page beside the one that ends at `edge`; an empty page has no edge. */
static json_t *link_json(struct arena *arena, const struct list_query *query, const char *key,
    const struct asset_page *page, size_t edge, bool is_there)
{
    struct image_link link = { "/images", query->q, query->owner, query->limit, query->problem, key,
        0 };

    if (!is_there || edge >= page->count)
        return json_null();
    link.id = page->item[edge].id;
    return json_from_str(image_link(arena, &link));
}

static enum status list_json(struct exchange *exchange, const struct asset_page *page, json_t **out)
{
    json_t *list = json_array();

    for (size_t i = 0; i < page->count; i++) {
        json_t *image;
        enum status status = image_json(exchange, &page->item[i], &image);
        if (status != STATUS_OK) {
            json_decref(list);
            return status;
        }
        json_array_append_new(list, image);
    }
    *out = list;
    return STATUS_OK;
}

enum status api_images_get(struct exchange *exchange)
{
    const struct list_query *query = exchange->params;
    struct asset_query wanted = {
        .text = str_trim(query->q),
        .owner_id = query->owner,
        .has_problem = query->problem,
        .before_id = query->after != 0 ? 0 : query->before,
        .after_id = query->after,
        .limit = query->limit != 0 ? (size_t)query->limit : LIST_DEFAULT,
    };
    struct asset_page page;
    json_t *images;
    enum status status = asset_list(&exchange->task, &wanted, &page);

    if (status == STATUS_OK)
        status = list_json(exchange, &page, &images);
    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200,
        json_pack("{s:o, s:o, s:o}", "images", images, "newer",
            link_json(exchange->arena, query, "after", &page, 0, page.has_newer), "older",
            link_json(exchange->arena, query, "before", &page, page.count - 1, page.has_older)));
}

enum status images_answer_saved(struct exchange *exchange, const struct asset *asset, bool is_new)
{
    json_t *image;
    enum status status = image_json(exchange, asset, &image);

    if (status != STATUS_OK)
        return status;
    if (is_new)
        reply_set_header(exchange->reply, STR("Location"),
            arena_printf(exchange->arena, "/images/%lld", (long long)asset->id));
    return response_json(exchange, is_new ? 201 : 200,
        json_pack("{s:o, s:o}", "image", image, "duplicate",
            image_duplicate_json(exchange, duplicate_of(&exchange->task, asset))));
}

enum status api_images_post(struct exchange *exchange)
{
    const struct commit_body *body = exchange->params;
    struct upload_commit commit = {
        .key = body->key,
        .filename = body->filename,
        .content_type = body->filetype,
        .title = body->title,
        .alt = body->alt,
        .width = (int)body->width,
        .height = (int)body->height,
    };
    struct asset asset;
    bool is_new;
    enum status status = asset_commit(&exchange->task, &commit, &asset, &is_new);

    return status == STATUS_OK ? images_answer_saved(exchange, &asset, is_new) : status;
}
