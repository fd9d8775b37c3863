/*
 * gateway.c - API 000: a Lambda function behind API Gateway.
 *
 * POST /upload {fileName, fileType} -> {uploadUrl, fileKey, expiresIn}. POST /auth/signin is
 * api/auth's. Its clients PUT with Content-Type alone and never say that they have.
 */
#include "web/handlers.h"

#include "domain/asset.h"
#include "web/model.h"
#include "web/response.h"

struct upload_body {
    struct str file_name;
    struct str file_type;
};

/* clang-format off */
static const struct param body_list[] = {
    { "fileName", PARAM_STR, offsetof(struct upload_body, file_name), REQUIRED, .min = 1, .max = PARAM_FILENAME_MAX_BYTES },
    { "fileType", PARAM_STR, offsetof(struct upload_body, file_type), REQUIRED, .max = PARAM_TYPE_MAX_BYTES },
};
/* clang-format on */
const struct param_set gateway_upload_post_params = PARAM_SET(struct upload_body, body_list);

enum status gateway_upload_post(struct exchange *exchange)
{
    const struct upload_body *body = exchange->params;
    const struct upload_request request = {
        .filename = body->file_name,
        .content_type = body->file_type,
        .size_bytes = -1,
        .layout = KEY_USER_UUID,
        .is_self_committing = true,
    };
    struct upload_grant grant;
    enum status status = asset_grant(&exchange->task, &request, &grant);

    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 200,
        json_pack("{s:o, s:o, s:I, s:o}", "uploadUrl", json_from_str(grant.url), "fileKey",
            json_from_str(grant.key), "expiresIn", (json_int_t)grant.expires_in_s, "headers",
            model_pairs(exchange->arena, grant.headers)));
}
