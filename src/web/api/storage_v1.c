/*
 * storage_v1.c - API 004: files through us or by presigned URLs, ids that are keys.
 *
 * The download through us is storage_v1_download.c's.
 */
#include "web/api/storage_v1.h"

#include "base/clock.h"
#include "domain/asset.h"
#include "web/form_upload.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/response.h"

enum { LIST_DEFAULT = 100 };

struct presigned_body {
    struct str filename;
    struct str content_type;
    int64_t expires_in;
};

/* clang-format off */
static const struct param presigned_list[] = {
    { "filename",     PARAM_STR, offsetof(struct presigned_body, filename),     REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES },
    { "content_type", PARAM_STR, offsetof(struct presigned_body, content_type), REQUIRED, .max = PARAM_TYPE_MAX_BYTES },
    { "expires_in",   PARAM_I64, offsetof(struct presigned_body, expires_in),   .min = 1, .max = ASSET_TTL_MAX_S },
};
/* clang-format on */
const struct param_set storage_v1_presigned_post_params =
    PARAM_SET(struct presigned_body, presigned_list);

struct url_query {
    int64_t expires_in;
};

/* clang-format off */
static const struct param url_list[] = {
    { "expires_in", PARAM_I64, offsetof(struct url_query, expires_in), .min = 1, .max = ASSET_TTL_MAX_S },
};
/* clang-format on */
const struct param_set storage_v1_download_url_get_params = PARAM_SET(struct url_query, url_list);

struct list_query {
    struct str prefix;
    struct str cursor;
    int64_t limit;
};

/* clang-format off */
static const struct param list_list[] = {
    { "cursor", PARAM_STR, offsetof(struct list_query, cursor), .max = ASSET_KEY_MAX_BYTES },
    { "limit",  PARAM_I64, offsetof(struct list_query, limit),  .min = 1, .max = ASSET_KEYS_MAX },
    { "prefix", PARAM_STR, offsetof(struct list_query, prefix), .max = ASSET_KEY_MAX_BYTES },
};
/* clang-format on */
const struct param_set storage_v1_list_get_params = PARAM_SET(struct list_query, list_list);

/* --- words --- */

static struct str their_words(const struct exchange *exchange, enum status status)
{
    switch (status) {
    case STATUS_TOO_LARGE:
        return arena_printf(exchange->arena, "File too large. Maximum size: %lld bytes",
            (long long)exchange->thread->domain.options->policy.max_size_bytes);
    case STATUS_TYPE_NOT_ALLOWED:
        return STR("File type not allowed");
    case STATUS_STORAGE_REFUSED:
        return STR("Access denied to S3 bucket");
    default:
        return STR_EMPTY;
    }
}

enum status storage_v1_words(struct exchange *exchange, enum status status)
{
    struct failure *failure = &exchange->task.failure;
    struct str theirs = their_words(exchange, status);
    bool is_form = status == STATUS_TOO_LARGE && !str_equal(failure->field, STR("size"));

    if (status == STATUS_NOT_FOUND)
        failure->sentence = STR("There is no file with this id.");
    if (str_is_empty(theirs) || is_form)
        return status;
    if (str_is_empty(failure->hint))
        failure->hint = failure->sentence;
    failure->sentence = theirs;
    return status;
}

/* --- answers --- */

static json_t *file_json(struct exchange *exchange, const struct asset *asset)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "file_id", json_from_str(asset->key),
        "filename", json_from_str(asset->filename), "file_url",
        json_from_str(domain_object_url(&exchange->task, asset->key)), "file_size",
        (json_int_t)asset->size_bytes, "content_type", json_from_str(asset->content_type),
        "upload_timestamp", json_from_str(clock_format_iso(exchange->arena, asset->stored_at)),
        "etag", json_from_str(asset->etag));
}

enum status storage_v1_direct_post(struct exchange *exchange)
{
    const struct asset_store_request how = { .layout = KEY_DATE_UUID_NAME };
    struct asset asset;
    enum status status = form_upload(exchange, "file", &how, &asset);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    return response_json(exchange, 200, file_json(exchange, &asset));
}

enum status storage_v1_presigned_post(struct exchange *exchange)
{
    const struct presigned_body *body = exchange->params;
    const struct upload_request request = {
        .filename = body->filename,
        .content_type = body->content_type,
        .size_bytes = -1,
        .layout = KEY_DATE_UUID_NAME,
        .expires_in_s = body->expires_in,
        .is_self_committing = true,
    };
    struct arena *arena = exchange->arena;
    struct upload_grant grant;
    enum status status = asset_grant(&exchange->task, &request, &grant);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    return response_json(exchange, 200,
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "upload_url", json_from_str(grant.url),
            "file_url", json_from_str(domain_object_url(&exchange->task, grant.key)), "file_id",
            json_from_str(grant.key), "filename", json_from_str(body->filename), "expires_in",
            (json_int_t)grant.expires_in_s, "expires_at",
            json_from_str(clock_format_iso(arena, grant.expires_at)), "headers",
            model_pairs(arena, grant.headers)));
}

enum status storage_v1_download_url_get(struct exchange *exchange)
{
    const struct url_query *query = exchange->params;
    int64_t usual_s = exchange->thread->domain.options->grant_ttl_s;
    int64_t wanted_s = query->expires_in != 0 ? query->expires_in : usual_s;
    struct asset asset;
    struct signed_url download;
    enum status status = asset_find_by_key(&exchange->task, exchange->key, &asset);

    if (status == STATUS_OK)
        status = asset_sign(&exchange->task, &asset, DELIVERY_DOWNLOAD, wanted_s, &download);
    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    return response_json(exchange, 200,
        json_pack("{s:o, s:o, s:I}", "download_url", json_from_str(download.url), "file_id",
            json_from_str(asset.key), "expires_in", (json_int_t)download.expires_in_s));
}

enum status storage_v1_metadata_get(struct exchange *exchange)
{
    struct asset asset;
    enum status status = asset_find_by_key(&exchange->task, exchange->key, &asset);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    return response_json(exchange, 200, file_json(exchange, &asset));
}

enum status storage_v1_list_get(struct exchange *exchange)
{
    const struct list_query *query = exchange->params;
    const struct asset_key_query wanted = {
        .prefix = query->prefix,
        .after_key = query->cursor,
        .limit = query->limit != 0 ? (size_t)query->limit : LIST_DEFAULT,
    };
    struct asset_key_page page;
    json_t *files;
    enum status status = asset_list_keys(&exchange->task, &wanted, &page);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    files = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(files, file_json(exchange, &page.item[i]));
    return response_json(exchange, 200,
        json_pack("{s:o, s:I, s:o}", "files", files, "count", (json_int_t)page.count, "next",
            model_text_or_null(page.next_after_key)));
}

enum status storage_v1_file_delete(struct exchange *exchange)
{
    bool is_pending;
    enum status status = asset_delete_by_key(&exchange->task, exchange->key, &is_pending);

    if (status != STATUS_OK)
        return storage_v1_words(exchange, status);
    return response_json(exchange, is_pending ? 202 : 200,
        json_pack("{s:s, s:o}", "message", "File deleted successfully", "file_id",
            json_from_str(exchange->key)));
}

enum status storage_v1_health_get(struct exchange *exchange)
{
    struct health health;
    json_t *answer;
    bool is_ok;

    health_memory_check(&exchange->thread->app->health, &exchange->task, &health);
    is_ok = health.is_ok && health.storage.is_ok; /* without storage these addresses are nothing */
    answer = json_pack("{s:s, s:b, s:b}", "status", is_ok ? "healthy" : "unhealthy", "s3_enabled",
        !exchange->thread->domain.options->storage.is_off, "s3_accessible", health.storage.is_ok);
    if (!health.storage.is_ok)
        json_object_set_new(answer, "detail", json_from_str(health.storage.error));
    return response_json(exchange, is_ok ? 200 : 503, answer);
}
