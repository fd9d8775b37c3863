/*
 * files.c - API 003: presigned uploads and downloads by key, a list, a delete.
 *
 * Its clients PUT with Content-Type alone and then ask for the key. PRESIGNED_URL_EXPIRATION is the
 * life of both kinds of URL there.
 */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/asset.h"
#include "web/model.h"
#include "web/response.h"

enum { TIME_LEN = 19 };

struct upload_body {
    struct str filename;
    struct str content_type;
};

/* clang-format off */
static const struct param upload_list[] = {
    { "filename",     PARAM_STR, offsetof(struct upload_body, filename),     REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES },
    { "content_type", PARAM_STR, offsetof(struct upload_body, content_type), REQUIRED, .max = PARAM_TYPE_MAX_BYTES },
};
/* clang-format on */
const struct param_set files_upload_url_post_params = PARAM_SET(struct upload_body, upload_list);

struct download_body {
    struct str file_key;
};

/* clang-format off */
static const struct param download_list[] = {
    { "file_key", PARAM_STR, offsetof(struct download_body, file_key), REQUIRED, .min = 1, .max = ASSET_KEY_MAX_BYTES },
};
/* clang-format on */
const struct param_set files_download_url_post_params =
    PARAM_SET(struct download_body, download_list);

struct list_query {
    struct str cursor;
    int64_t limit;
};

/* clang-format off */
static const struct param list_list[] = {
    { "cursor", PARAM_STR, offsetof(struct list_query, cursor), .max = ASSET_KEY_MAX_BYTES },
    { "limit",  PARAM_I64, offsetof(struct list_query, limit),  .min = 1, .max = ASSET_KEYS_MAX },
};
/* clang-format on */
const struct param_set files_get_params = PARAM_SET(struct list_query, list_list);

static json_t *url_json(struct str url, int64_t expires_in_s, struct str key)
{
    return json_pack("{s:o, s:I, s:o}", "presigned_url", json_from_str(url), "expires_in",
        (json_int_t)expires_in_s, "file_key", json_from_str(key));
}

enum status files_upload_url_post(struct exchange *exchange)
{
    const struct upload_body *body = exchange->params;
    const struct upload_request request = {
        .filename = body->filename,
        .content_type = body->content_type,
        .size_bytes = -1,
        .layout = KEY_UUID_NAME,
        .is_self_committing = true,
    };
    struct upload_grant grant;
    json_t *answer;
    enum status status = asset_grant(&exchange->task, &request, &grant);

    if (status != STATUS_OK)
        return status;
    answer = url_json(grant.url, grant.expires_in_s, grant.key);
    json_object_set_new(answer, "headers", model_pairs(exchange->arena, grant.headers));
    return response_json(exchange, 200, answer);
}

static enum status words(struct exchange *exchange, enum status status)
{
    if (status == STATUS_NOT_FOUND)
        exchange->task.failure.sentence = STR("There is no file with this key.");
    return status;
}

enum status files_download_url_post(struct exchange *exchange)
{
    const struct download_body *body = exchange->params;
    struct asset asset;
    struct signed_url download;
    enum status status = asset_find_by_key(&exchange->task, body->file_key, &asset);

    if (status == STATUS_OK)
        status = asset_sign(&exchange->task, &asset, DELIVERY_DOWNLOAD,
            exchange->thread->domain.options->grant_ttl_s, &download);
    if (status != STATUS_OK)
        return words(exchange, status);
    return response_json(exchange, 200, url_json(download.url, download.expires_in_s, asset.key));
}

/* "2024-01-01T12:00:00": Python's isoformat() of a time without zone, meant as UTC. */
static json_t *time_json(struct arena *arena, int64_t at_s)
{
    return json_from_str(str_head(clock_format_iso(arena, at_s), TIME_LEN));
}

enum status files_get(struct exchange *exchange)
{
    const struct list_query *query = exchange->params;
    const struct asset_key_query wanted = {
        .after_key = query->cursor,
        .limit = query->limit != 0 ? (size_t)query->limit : ASSET_KEYS_MAX,
    };
    struct asset_key_page page;
    json_t *files;
    enum status status = asset_list_keys(&exchange->task, &wanted, &page);

    if (status != STATUS_OK)
        return status;
    files = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(
            files, json_pack("{s:o, s:I, s:o, s:o}", "key", json_from_str(page.item[i].key), "size",
                       (json_int_t)page.item[i].size_bytes, "last_modified",
                       time_json(exchange->arena, page.item[i].stored_at), "etag",
                       json_from_str(page.item[i].etag)));
    return response_json(exchange, 200,
        json_pack("{s:o, s:I, s:o}", "files", files, "count", (json_int_t)page.count, "next",
            model_text_or_null(page.next_after_key)));
}

enum status files_file_delete(struct exchange *exchange)
{
    bool is_pending;
    enum status status = asset_delete_by_key(&exchange->task, exchange->key, &is_pending);

    if (status != STATUS_OK)
        return words(exchange, status);
    return response_json(exchange, is_pending ? 202 : 200,
        json_pack("{s:s, s:o}", "message", "File deleted successfully", "file_key",
            json_from_str(exchange->key)));
}
