/*
 * /images/multipart: large files, uploaded in parts (domain/multipart.h).
 */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/multipart.h"
#include "web/api/images.h"
#include "web/image_model.h"
#include "web/model.h"
#include "web/response.h"

enum { HASH_MAX_BYTES = 64, ETAG_MAX_BYTES = 256 };

/* --- what is sent --- */

struct create_body {
    struct str filename;
    struct str filetype;
    int64_t size;
    struct str sha256;
    int if_duplicate; /* enum if_duplicate */
};

/* clang-format off */
static const struct param create_list[] = {
    { "filename", PARAM_STR, offsetof(struct create_body, filename), REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES },
    { "filetype", PARAM_STR, offsetof(struct create_body, filetype), REQUIRED, .max = PARAM_TYPE_MAX_BYTES },
    { "size",     PARAM_I64, offsetof(struct create_body, size),     REQUIRED, .max = INT64_MAX },
    { "sha256",   PARAM_STR, offsetof(struct create_body, sha256),   .max = HASH_MAX_BYTES },
    { "if_duplicate", PARAM_CHOICE, offsetof(struct create_body, if_duplicate), .choices = image_if_duplicate_words },
};
/* clang-format on */
const struct param_set api_multiparts_post_params = PARAM_SET(struct create_body, create_list);

struct part_body {
    int64_t number;
    struct str sha256;
};

/* clang-format off */
static const struct param part_list[] = {
    { "number", PARAM_I64, offsetof(struct part_body, number), REQUIRED, .max = INT64_MAX },
    { "sha256", PARAM_STR, offsetof(struct part_body, sha256), .max = HASH_MAX_BYTES },
};
/* clang-format on */
static const struct param_set part_params = PARAM_SET(struct part_body, part_list);

struct parts_body {
    struct param_objects parts;
};

/* clang-format off */
static const struct param parts_list[] = {
    { "parts", PARAM_OBJECTS, offsetof(struct parts_body, parts), REQUIRED, .min = 1, .max = MULTIPART_WINDOW_MAX,
      .items = &part_params },
};
/* clang-format on */
const struct param_set api_multipart_parts_post_params = PARAM_SET(struct parts_body, parts_list);

struct claim_body {
    int64_t number;
    struct str etag;
};

/* clang-format off */
static const struct param claim_list[] = {
    { "number", PARAM_I64, offsetof(struct claim_body, number), REQUIRED, .max = INT64_MAX },
    { "etag",   PARAM_STR, offsetof(struct claim_body, etag),   REQUIRED, .min = 1, .max = ETAG_MAX_BYTES },
};
/* clang-format on */
static const struct param_set claim_params = PARAM_SET(struct claim_body, claim_list);

struct complete_body {
    struct param_objects parts;
    struct str title;
    struct str alt;
    int64_t width;
    int64_t height;
    bool has_parts;
};

/* clang-format off */
static const struct param complete_list[] = {
    { "parts",  PARAM_OBJECTS, offsetof(struct complete_body, parts), .min = 1, .max = MULTIPART_PARTS_MAX,
      .items = &claim_params, .has_offset = offsetof(struct complete_body, has_parts) },
    { "title",  PARAM_STR, offsetof(struct complete_body, title),  .max = ASSET_TITLE_MAX_BYTES },
    { "alt",    PARAM_STR, offsetof(struct complete_body, alt),    .max = ASSET_ALT_MAX_BYTES },
    { "width",  PARAM_I64, offsetof(struct complete_body, width),  .max = SNIFF_DIMENSION_MAX },
    { "height", PARAM_I64, offsetof(struct complete_body, height), .max = SNIFF_DIMENSION_MAX },
};
/* clang-format on */
const struct param_set api_multipart_complete_post_params =
    PARAM_SET(struct complete_body, complete_list);

/* --- what is answered --- */

static json_t *upload_json(struct arena *arena, const struct multipart *upload)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:o, s:o, s:i}", "id",
        (json_int_t)upload->id, "key", json_from_str(upload->key), "filename",
        json_from_str(upload->filename), "filetype", json_from_str(upload->content_type), "size",
        (json_int_t)upload->plan.size_bytes, "part_size", (json_int_t)upload->plan.part_size,
        "part_count", (json_int_t)upload->plan.part_count, "needs_sha256", upload->needs_sha256,
        "created_at", json_from_str(clock_format_iso(arena, upload->created_at)), "expires_at",
        json_from_str(clock_format_iso(arena, upload->expires_at)), "max_parts_per_call",
        MULTIPART_WINDOW_MAX);
}

static json_t *part_json(const struct multipart_part *part)
{
    return json_pack("{s:I, s:I, s:o, s:o}", "number", (json_int_t)part->number, "size",
        (json_int_t)part->size_bytes, "etag", json_from_str(part->etag), "sha256",
        model_text_or_null(part->sha256_hex));
}

static json_t *grant_json(struct arena *arena, const struct multipart_part_grant *grant)
{
    return json_pack("{s:I, s:o, s:s, s:o, s:I, s:o}", "number", (json_int_t)grant->number, "url",
        json_from_str(grant->url), "method", "PUT", "headers", model_pairs(arena, grant->headers),
        "size", (json_int_t)grant->size_bytes, "expires_at",
        json_from_str(clock_format_iso(arena, grant->expires_at)));
}

/* Of an asset whose row is gone nothing is left but that it was. */
static json_t *ended_json(const struct multipart *upload)
{
    return json_pack("{s:I, s:o, s:s}", "id", (json_int_t)upload->id, "key",
        json_from_str(upload->key), "state", "aborted");
}

static json_t *status_json(struct arena *arena, const struct multipart_status *found)
{
    json_t *body = upload_json(arena, &found->upload), *parts = json_array();

    for (size_t i = 0; i < found->part_count; i++)
        json_array_append_new(parts, part_json(&found->part[i]));
    json_object_set_new(body, "parts", parts);
    json_object_set_new(body, "complete", json_boolean(found->is_complete));
    return body;
}

/* --- the calls --- */

enum status api_multiparts_get(struct exchange *exchange)
{
    struct multiparts uploads;
    json_t *list;
    enum status status = multipart_list(&exchange->task, &uploads);

    if (status != STATUS_OK)
        return status;
    list = json_array();
    for (size_t i = 0; i < uploads.count; i++)
        json_array_append_new(list, upload_json(exchange->arena, &uploads.item[i]));
    return response_json(exchange, 200, json_pack("{s:o}", "uploads", list));
}

enum status api_multiparts_post(struct exchange *exchange)
{
    const struct create_body *body = exchange->params;
    const struct multipart_request request = {
        .filename = body->filename,
        .content_type = body->filetype,
        .size_bytes = body->size,
        .sha256_hex = body->sha256,
        .if_duplicate = (enum if_duplicate)body->if_duplicate,
    };
    json_t *answer;
    struct multipart upload;
    enum status status = multipart_create(&exchange->task, &request, &upload);

    if (status != STATUS_OK)
        return status;
    reply_set_header(exchange->reply, STR("Location"),
        arena_printf(exchange->arena, "/images/multipart/%lld", (long long)upload.id));
    answer = upload_json(exchange->arena, &upload);
    json_object_set_new(answer, "duplicate", image_duplicate_json(exchange, upload.duplicate));
    return response_json(exchange, 201, answer);
}

enum status api_multipart_get(struct exchange *exchange)
{
    struct multipart_status found;
    json_t *body, *image;
    enum status status = multipart_find(&exchange->task, exchange->id, &found);

    if (status != STATUS_OK)
        return status;
    if (found.upload.state == MULTIPART_ABORTED)
        return response_json(exchange, 200, ended_json(&found.upload));
    if (found.upload.state == MULTIPART_UPLOADING) {
        body = status_json(exchange->arena, &found);
        json_object_set_new(body, "state", json_string("uploading"));
        return response_json(exchange, 200, body);
    }
    status = image_json(exchange, &found.image, &image);
    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200,
        json_pack("{s:I, s:o, s:s, s:o}", "id", (json_int_t)found.upload.id, "key",
            json_from_str(found.upload.key), "state", "saved", "image", image));
}

enum status api_multipart_parts_post(struct exchange *exchange)
{
    const struct parts_body *body = exchange->params;
    const struct part_body *parts = (const struct part_body *)(void *)body->parts.item;
    size_t count = body->parts.count;
    struct multipart_wish *wishes = ARENA_ARRAY(exchange->arena, struct multipart_wish, count);
    struct multipart_part_grant *grants;
    json_t *list;
    enum status status;

    for (size_t i = 0; i < count; i++)
        wishes[i] = (struct multipart_wish){ parts[i].number, parts[i].sha256 };
    status = multipart_sign_parts(&exchange->task, exchange->id, wishes, count, &grants);
    if (status != STATUS_OK)
        return status;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, grant_json(exchange->arena, &grants[i]));
    return response_json(exchange, 200, json_pack("{s:o}", "parts", list));
}

static const struct multipart_claim *claims_of(
    struct arena *arena, const struct complete_body *body)
{
    const struct claim_body *parts = (const struct claim_body *)(void *)body->parts.item;
    struct multipart_claim *claims = ARENA_ARRAY(arena, struct multipart_claim, body->parts.count);

    for (size_t i = 0; i < body->parts.count; i++)
        claims[i] = (struct multipart_claim){ parts[i].number, parts[i].etag };
    return body->has_parts ? claims : NULL;
}

enum status api_multipart_complete_post(struct exchange *exchange)
{
    const struct complete_body *body = exchange->params;
    const struct multipart_completion completion = {
        .claims = claims_of(exchange->arena, body),
        .claim_count = body->parts.count,
        .title = body->title,
        .alt = body->alt,
        .width = (int)body->width,
        .height = (int)body->height,
    };
    struct asset asset;
    bool is_new;
    enum status status =
        multipart_complete(&exchange->task, exchange->id, &completion, &asset, &is_new);

    return status == STATUS_OK ? images_answer_saved(exchange, &asset, is_new) : status;
}

enum status api_multipart_delete(struct exchange *exchange)
{
    enum status status = multipart_abort(&exchange->task, exchange->id);

    if (status == STATUS_OK)
        exchange->reply->http_status = 204;
    return status;
}
