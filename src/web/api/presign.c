/*
 * POST /images/presign-upload and /images/presign-uploads: where and how to PUT files, so that the
 * storage itself refuses anything else.
 */
#include "web/handlers.h"

#include "base/clock.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"

enum { HASH_MAX_BYTES = 64 };

struct presign_body {
    struct str filename;
    struct str filetype;
    int64_t size;
    struct str sha256;
    int if_duplicate; /* enum if_duplicate */
    bool has_size;
};

/* clang-format off */
static const struct param body_list[] = {
    { "filename", PARAM_STR, offsetof(struct presign_body, filename), REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES },
    { "filetype", PARAM_STR, offsetof(struct presign_body, filetype), REQUIRED, .max = PARAM_TYPE_MAX_BYTES },
    { "size",     PARAM_I64, offsetof(struct presign_body, size),     .max = INT64_MAX,
      .has_offset = offsetof(struct presign_body, has_size) },
    { "sha256",   PARAM_STR, offsetof(struct presign_body, sha256),   .max = HASH_MAX_BYTES },
    { "if_duplicate", PARAM_CHOICE, offsetof(struct presign_body, if_duplicate), .choices = image_if_duplicate_words },
};
/* clang-format on */
const struct param_set api_presign_upload_post_params = PARAM_SET(struct presign_body, body_list);

struct presign_batch {
    struct param_objects files;
};

/* clang-format off */
static const struct param batch_list[] = {
    { "files", PARAM_OBJECTS, offsetof(struct presign_batch, files), REQUIRED, .min = 1, .max = ASSET_GRANTS_MAX,
      .items = &api_presign_upload_post_params },
};
/* clang-format on */
const struct param_set api_presign_uploads_post_params =
    PARAM_SET(struct presign_batch, batch_list);

static struct upload_request request_of(const struct presign_body *body)
{
    return (struct upload_request){
        .filename = body->filename,
        .content_type = body->filetype,
        .size_bytes = body->has_size ? body->size : -1,
        .sha256_hex = body->sha256,
        .if_duplicate = (enum if_duplicate)body->if_duplicate,
    };
}

static json_t *grant_json(struct exchange *exchange, const struct upload_grant *grant)
{
    struct arena *arena = exchange->arena;

    return json_pack("{s:o, s:o, s:s, s:o, s:I, s:o, s:I, s:o}", "url", json_from_str(grant->url),
        "key", json_from_str(grant->key), "method", "PUT", "headers",
        model_pairs(arena, grant->headers), "expires_in", (json_int_t)grant->expires_in_s,
        "expires_at", json_from_str(clock_format_iso(arena, grant->expires_at)), "max_size",
        (json_int_t)grant->max_size_bytes, "duplicate",
        image_duplicate_json(exchange, grant->duplicate));
}

enum status api_presign_upload_post(struct exchange *exchange)
{
    struct upload_request request = request_of(exchange->params);
    struct upload_grant grant;
    enum status status = asset_grant(&exchange->task, &request, &grant);

    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200, grant_json(exchange, &grant));
}

static json_t *refusal_json(struct exchange *exchange, const struct failure *failure)
{
    json_t *error = json_pack("{s:o, s:o}", "code", json_from_str(status_code(failure->status)),
        "detail", json_from_str(failure->sentence));

    if (!str_is_empty(failure->field))
        json_object_set_new(error, "field", json_from_str(failure->field));
    if (!str_is_empty(failure->hint))
        json_object_set_new(error, "hint", json_from_str(failure->hint));
    if (failure->duplicate != NULL)
        json_object_set_new(error, "duplicate", image_duplicate_json(exchange, failure->duplicate));
    return json_pack("{s:o}", "error", error);
}

enum status api_presign_uploads_post(struct exchange *exchange)
{
    const struct presign_batch *batch = exchange->params;
    const struct presign_body *files = (const struct presign_body *)(void *)batch->files.item;
    struct arena *arena = exchange->arena;
    size_t count = batch->files.count;
    struct upload_request *requests = ARENA_ARRAY(arena, struct upload_request, count);
    struct upload_grant_result *results = ARENA_ARRAY(arena, struct upload_grant_result, count);
    json_t *grants;
    enum status status;

    for (size_t i = 0; i < count; i++)
        requests[i] = request_of(&files[i]);
    status = asset_grant_many(&exchange->task, requests, count, results);
    if (status != STATUS_OK)
        return status;
    grants = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(grants, results[i].failure.status == STATUS_OK
                                          ? grant_json(exchange, &results[i].grant)
                                          : refusal_json(exchange, &results[i].failure));
    return response_json(exchange, 200, json_pack("{s:o}", "grants", grants));
}
