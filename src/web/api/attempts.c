/* POST /images/attempts: what a client saw of its uploads, for the flight record. */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/asset.h"
#include "domain/flight.h"
#include "web/response.h"

enum { STAGE_MAX_BYTES = 20, ID_MAX_BYTES = 200, ERROR_MAX_BYTES = 1000, WEEK_MS = 7 * 86400000 };

struct attempt_body {
    struct str key;
    struct str stage;
    int64_t http_status;
    struct str request_id;
    struct str id2;
    struct str error;
    int64_t bytes;
    int64_t ms;
    struct str at;
    bool has_bytes;
};

/* clang-format off */
static const struct param attempt_list[] = {
    { "key",         PARAM_STR, offsetof(struct attempt_body, key),         REQUIRED, .min = 1, .max = ASSET_KEY_MAX_BYTES },
    { "stage",       PARAM_STR, offsetof(struct attempt_body, stage),       REQUIRED, .min = 1, .max = STAGE_MAX_BYTES },
    { "http_status", PARAM_I64, offsetof(struct attempt_body, http_status), .max = 999 },
    { "request_id",  PARAM_STR, offsetof(struct attempt_body, request_id),  .max = ID_MAX_BYTES },
    { "id2",         PARAM_STR, offsetof(struct attempt_body, id2),         .max = ID_MAX_BYTES },
    { "error",       PARAM_STR, offsetof(struct attempt_body, error),       .max = ERROR_MAX_BYTES },
    { "bytes",       PARAM_I64, offsetof(struct attempt_body, bytes),       .max = INT64_MAX,
      .has_offset = offsetof(struct attempt_body, has_bytes) },
    { "ms",          PARAM_I64, offsetof(struct attempt_body, ms),          .max = WEEK_MS },
    { "at",          PARAM_STR, offsetof(struct attempt_body, at),          .max = CLOCK_ISO_MS_LEN },
};
/* clang-format on */
static const struct param_set attempt_params = PARAM_SET(struct attempt_body, attempt_list);

struct attempts_body {
    struct param_objects attempts;
};

/* clang-format off */
static const struct param body_list[] = {
    { "attempts", PARAM_OBJECTS, offsetof(struct attempts_body, attempts), REQUIRED, .min = 1, .max = FLIGHT_REPORTS_MAX,
      .items = &attempt_params },
};
/* clang-format on */
const struct param_set api_attempts_post_params = PARAM_SET(struct attempts_body, body_list);

/* False: there is no such stage. A time that is none is as one that was not said. */
static bool read_report(const struct attempt_body *body, struct flight_report *out)
{
    int64_t at = 0;

    if (!clock_parse_iso(body->at, &at))
        at = 0;
    *out = (struct flight_report){
        .key = body->key,
        .entry = {
            .http_status = (int)body->http_status,
            .request_id = body->request_id,
            .id2 = body->id2,
            .error = body->error,
            .bytes = body->has_bytes ? body->bytes : -1,
            .ms = body->ms,
            .at = at,
        },
    };
    return flight_find_stage(body->stage, &out->entry.stage);
}

enum status api_attempts_post(struct exchange *exchange)
{
    const struct attempts_body *batch = exchange->params;
    const struct attempt_body *bodies = (const struct attempt_body *)(void *)batch->attempts.item;
    size_t count = batch->attempts.count, noted = 0;
    struct flight_report *reports = ARENA_ARRAY(exchange->arena, struct flight_report, count);
    enum status status;

    for (size_t i = 0; i < count; i++)
        if (!read_report(&bodies[i], &reports[i]))
            return failure_set(&exchange->task.failure, STATUS_INVALID,
                arena_printf(exchange->arena, "attempts[%zu].stage", i),
                STR("This is none of the stages of an upload."));
    status = flight_report(&exchange->task, reports, count, &noted);
    if (status != STATUS_OK)
        return status;
    return response_json(exchange, 202, json_pack("{s:I}", "noted", (json_int_t)noted));
}
