/*
 * profile.c - API 001: a user's own images, uploaded through us, shown by signed URLs.
 *
 * "Users see only their own", administrators too: every call acts as its user and no more. The
 * field is called cloudfrontUrl whatever signs it.
 */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/asset.h"
#include "web/form_upload.h"
#include "web/response.h"

enum {
    IMAGE_MAX_BYTES = 5 * 1024 * 1024, /* "max 5MB", as Node counts */
    LIST_MAX = 1000                    /* in one answer: CloudFront signs each of them by RSA */
};

struct list_query {
    int64_t limit;
    int64_t before;
};

/* clang-format off */
static const struct param query_list[] = {
    { "before", PARAM_I64, offsetof(struct list_query, before), .min = 1, .max = INT64_MAX },
    { "limit",  PARAM_I64, offsetof(struct list_query, limit),  .min = 1, .max = LIST_MAX },
};
/* clang-format on */
const struct param_set profile_images_get_params = PARAM_SET(struct list_query, query_list);

static struct task *as_oneself(struct exchange *exchange)
{
    exchange->task.actor.is_own_only = true;
    return &exchange->task;
}

static json_t *time_json(struct arena *arena, int64_t at_s)
{
    return json_from_str(clock_format_iso_ms(arena, at_s * 1000));
}

static enum status image_json(struct exchange *exchange, const struct asset *asset, json_t **out)
{
    struct signed_url shown;
    enum status status = asset_sign(&exchange->task, asset, DELIVERY_DISPLAY, 0, &shown);

    if (status != STATUS_OK)
        return status;
    *out = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "id", (json_int_t)asset->id,
        "userId", (json_int_t)asset->owner_id, "s3Key", json_from_str(asset->key), "cloudfrontUrl",
        json_from_str(shown.url), "originalName", json_from_str(asset->filename), "mimeType",
        json_from_str(asset->content_type), "fileSize", (json_int_t)asset->size_bytes, "createdAt",
        time_json(exchange->arena, asset->created_at), "updatedAt",
        time_json(exchange->arena, asset->updated_at));
    return STATUS_OK;
}

static enum status answer(struct exchange *exchange, const char *message, json_t *data)
{
    return response_json(exchange, 200, json_pack("{s:s, s:o}", "message", message, "data", data));
}

enum status profile_upload_image_post(struct exchange *exchange)
{
    const struct asset_store_request how = {
        .layout = KEY_USER_MS,
        .max_size_bytes = IMAGE_MAX_BYTES,
        .images_only = true,
    };
    struct asset asset;
    json_t *data;
    enum status status;

    as_oneself(exchange);
    status = form_upload(exchange, "image", &how, &asset);
    if (status == STATUS_OK)
        status = image_json(exchange, &asset, &data);
    return status == STATUS_OK ? answer(exchange, "Image uploaded successfully", data) : status;
}

/* --- the list --- */

static enum status append_images(
    struct exchange *exchange, const struct asset_page *page, json_t *list)
{
    for (size_t i = 0; i < page->count; i++) {
        json_t *image;
        enum status status = image_json(exchange, &page->item[i], &image);
        if (status != STATUS_OK)
            return status;
        json_array_append_new(list, image);
    }
    return STATUS_OK;
}

/* Page after page of the domain's, until there are `limit`; *before is then where more follow, or
 * 0.
 */
static enum status list_images(
    struct exchange *exchange, size_t limit, int64_t *before, json_t *list)
{
    struct asset_page page = { .has_older = true };
    enum status status = STATUS_OK;

    while (status == STATUS_OK && page.has_older && json_array_size(list) < limit) {
        size_t left = limit - json_array_size(list);
        const struct asset_query query = {
            .owner_id = exchange->user.id,
            .before_id = *before,
            .limit = left < ASSET_PAGE_MAX ? left : ASSET_PAGE_MAX,
        };
        status = asset_list(&exchange->task, &query, &page);
        if (status == STATUS_OK)
            status = append_images(exchange, &page, list);
        if (status == STATUS_OK)
            *before = page.has_older ? page.item[page.count - 1].id : 0;
    }
    return status;
}

enum status profile_images_get(struct exchange *exchange)
{
    const struct list_query *query = exchange->params;
    int64_t before = query->before;
    json_t *list = json_array(), *body;
    enum status status;

    as_oneself(exchange);
    status = list_images(exchange, query->limit ? (size_t)query->limit : LIST_MAX, &before, list);
    if (status != STATUS_OK) {
        json_decref(list);
        return status;
    }
    body = json_pack("{s:s, s:o}", "message", "Images retrieved successfully", "data", list);
    if (before != 0)
        json_object_set_new(body, "next", json_integer(before));
    return response_json(exchange, 200, body);
}

/* --- one image --- */

enum status profile_image_delete(struct exchange *exchange)
{
    bool is_pending;
    enum status status = asset_delete(as_oneself(exchange), exchange->id, &is_pending);

    if (status != STATUS_OK)
        return status;
    return response_json(exchange, is_pending ? 202 : 200,
        json_pack("{s:s}", "message", "Image deleted successfully"));
}

enum status profile_image_signed_url_get(struct exchange *exchange)
{
    struct asset asset;
    struct signed_url shown;
    enum status status = asset_find(as_oneself(exchange), exchange->id, &asset);

    if (status == STATUS_OK)
        status = asset_sign(&exchange->task, &asset, DELIVERY_DISPLAY, 0, &shown);
    if (status != STATUS_OK)
        return status;
    return answer(exchange, "Signed URL generated successfully",
        json_pack("{s:o, s:I}", "signedUrl", json_from_str(shown.url), "expiresIn",
            (json_int_t)shown.expires_in_s));
}
