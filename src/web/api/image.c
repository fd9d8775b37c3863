/* GET, PATCH and DELETE /images/:id. */
#include "web/handlers.h"

#include "domain/trash.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"

struct change_body {
    int64_t version;
    struct str title;
    struct str alt;
    bool decorative;
    struct param_strs tags;
    bool has_title, has_alt, has_decorative, has_tags;
};

#define HAS(field) .has_offset = offsetof(struct change_body, has_##field)

/* clang-format off */
static const struct param body_list[] = {
    { "version",    PARAM_I64,  offsetof(struct change_body, version),    REQUIRED, .min = 1, .max = INT64_MAX },
    { "title",      PARAM_STR,  offsetof(struct change_body, title),      .max = ASSET_TITLE_MAX_BYTES, HAS(title) },
    { "alt",        PARAM_STR,  offsetof(struct change_body, alt),        .max = ASSET_ALT_MAX_BYTES, HAS(alt) },
    { "decorative", PARAM_BOOL, offsetof(struct change_body, decorative), HAS(decorative) },
    { "tags",       PARAM_STRS, offsetof(struct change_body, tags),       .max = ASSET_TAGS_MAX,
      .item_max = ASSET_TAG_MAX_BYTES, HAS(tags) },
};
/* clang-format on */
const struct param_set api_image_patch_params = PARAM_SET(struct change_body, body_list);

static enum status answer(struct exchange *exchange, int http_status, const struct asset *asset)
{
    json_t *image;
    enum status status = image_json(exchange, asset, &image);

    if (status != STATUS_OK)
        return status;
    return response_json(exchange, http_status, json_pack("{s:o}", "image", image));
}

enum status api_image_get(struct exchange *exchange)
{
    struct asset asset;
    enum status status = asset_find(&exchange->task, exchange->id, &asset);

    return status == STATUS_OK ? answer(exchange, 200, &asset) : status;
}

/* The second of two who change one image is told what it is now, so that nothing is lost. */
static enum status answer_conflict(struct exchange *exchange, const struct asset *current)
{
    json_t *problem =
        problem_json(exchange, STATUS_CONFLICT); /* before signing forgets the words */
    json_t *image;
    enum status status = image_json(exchange, current, &image);

    if (status != STATUS_OK) {
        json_decref(problem);
        return status;
    }
    json_object_set_new(problem, "current", image);
    status = response_json(exchange, status_http(STATUS_CONFLICT), problem);
    reply_set_header(exchange->reply, STR("Content-Type"), STR("application/problem+json"));
    return status;
}

enum status api_image_patch(struct exchange *exchange)
{
    const struct change_body *body = exchange->params;
    struct asset_change change = {
        .version = body->version,
        .has_title = body->has_title,
        .has_alt = body->has_alt,
        .has_decorative = body->has_decorative,
        .has_tags = body->has_tags,
        .title = body->title,
        .alt = body->alt,
        .is_decorative = body->decorative,
        .tags = body->tags.item,
        .tag_count = body->tags.count,
    };
    struct asset asset;
    enum status status = asset_update(&exchange->task, exchange->id, &change, &asset);

    if (status == STATUS_CONFLICT)
        return answer_conflict(exchange, &asset);
    return status == STATUS_OK ? answer(exchange, 200, &asset) : status;
}

struct delete_query {
    bool permanent;
    int64_t version;
};

/* clang-format off */
static const struct param delete_list[] = {
    { "permanent", PARAM_BOOL, offsetof(struct delete_query, permanent), .max = 1 },
    { "version",   PARAM_I64,  offsetof(struct delete_query, version),   .min = 1, .max = INT64_MAX },
};
/* clang-format on */
const struct param_set api_image_delete_params = PARAM_SET(struct delete_query, delete_list);

enum status api_image_delete(struct exchange *exchange)
{
    const struct delete_query *query = exchange->params;
    struct trash_result result;
    json_t *answered;
    enum status status = trash_one(&exchange->task, query->permanent ? TRASH_DELETE : TRASH_MOVE,
        exchange->id, query->version, &result);

    if (status != STATUS_OK)
        return status;
    answered = json_pack("{s:b, s:I, s:b}", "deleted", 1, "id", (json_int_t)exchange->id, "trashed",
        result.is_trashed);
    if (result.is_pending)
        json_object_set_new(answered, "pending", json_true());
    return response_json(exchange, result.is_pending ? 202 : 200, answered);
}
