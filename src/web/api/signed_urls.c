/* Signed URLs for display: of one image, and of many at once for pages that stay open. */
#include "web/handlers.h"

#include "base/clock.h"
#include "base/escape.h"
#include "domain/asset.h"
#include "web/response.h"

struct key_query {
    struct str key;
};

/* clang-format off */
static const struct param query_list[] = {
    { "key", PARAM_STR, offsetof(struct key_query, key), REQUIRED, .min = 1, .max = ASSET_KEY_MAX_BYTES,
      .missing = "Say which object: /images/signed-url?key=..." },
};
/* clang-format on */
const struct param_set api_signed_url_get_params = PARAM_SET(struct key_query, query_list);

struct ids_body {
    struct param_i64s ids;
};

/* clang-format off */
static const struct param body_list[] = {
    { "ids", PARAM_I64S, offsetof(struct ids_body, ids), REQUIRED, .min = 1, .max = ASSET_URLS_MAX,
      .item_max = INT64_MAX },
};
/* clang-format on */
const struct param_set api_signed_urls_post_params = PARAM_SET(struct ids_body, body_list);

/* Pages and programs ask for these all the time: written as text, without a tree in between. */
static enum status answer(struct exchange *exchange, const struct signed_url *url)
{
    struct buf *body = response_json_text(exchange, 200);

    buf_put(body, STR("{\"url\":\""));
    escape_json_plain(body, url->url);
    buf_put(body, STR("\",\"expires_at\":\""));
    buf_put(body, clock_format_iso(exchange->arena, url->expires_at));
    buf_put(body, STR("\",\"expires_in\":"));
    buf_put_i64(body, url->expires_in_s);
    buf_put_byte(body, '}');
    return STATUS_OK;
}

enum status api_image_signed_url_get(struct exchange *exchange)
{
    struct signed_url url;
    enum status status = asset_sign_id(&exchange->task, exchange->id, &url);

    return status == STATUS_OK ? answer(exchange, &url) : status;
}

enum status api_signed_url_get(struct exchange *exchange)
{
    const struct key_query *query = exchange->params;
    struct asset asset;
    struct signed_url url;
    enum status status = asset_find_by_key(&exchange->task, query->key, &asset);

    if (status == STATUS_OK)
        status = asset_sign(&exchange->task, &asset, DELIVERY_DISPLAY, 0, &url);
    return status == STATUS_OK ? answer(exchange, &url) : status;
}

static json_t *url_json(struct arena *arena, const struct asset_url *url)
{
    return json_pack("{s:I, s:o, s:o}", "id", (json_int_t)url->id, "url",
        json_from_str(url->url.url), "expires_at",
        json_from_str(clock_format_iso(arena, url->url.expires_at)));
}

enum status api_signed_urls_post(struct exchange *exchange)
{
    const struct ids_body *body = exchange->params;
    struct asset_url *found = ARENA_ARRAY(exchange->arena, struct asset_url, body->ids.count);
    json_t *urls, *missing;
    enum status status = asset_sign_many(&exchange->task, body->ids.item, body->ids.count, found);

    if (status != STATUS_OK)
        return status;
    urls = json_array();
    missing = json_array();
    for (size_t i = 0; i < body->ids.count; i++) {
        if (str_is_empty(found[i].url.url))
            json_array_append_new(missing, json_integer(found[i].id));
        else
            json_array_append_new(urls, url_json(exchange->arena, &found[i]));
    }
    return response_json(exchange, 200, json_pack("{s:o, s:o}", "urls", urls, "missing", missing));
}
