/* GET /health: for load balancers and people who wonder. Tells no addresses or settings. */
#include "web/handlers.h"

#include "web/response.h"

/* Of the worker it is only said whether it keeps up. */
static json_t *worker_json(const struct health_check *check)
{
    json_t *json = json_pack("{s:b}", "ok", check->is_ok);

    if (!check->is_ok)
        json_object_set_new(json, "error", json_from_str(check->error));
    return json;
}

static json_t *check_json(const struct health_check *check)
{
    json_t *json =
        json_pack("{s:b, s:I}", "ok", check->is_ok, "ms", (json_int_t)check->duration_ms);

    if (!check->is_ok)
        json_object_set_new(json, "error", json_from_str(check->error));
    return json;
}

enum status health_get(struct exchange *exchange)
{
    struct health health;

    health_memory_check(&exchange->thread->app->health, &exchange->task, &health);
    return response_json(exchange, health.is_ok ? 200 : 503,
        json_pack("{s:s, s:{s:o, s:o}, s:o, s:I, s:o}", "status", health.is_ok ? "ok" : "degraded",
            "checks", "database", check_json(&health.database), "storage",
            check_json(&health.storage), "worker", worker_json(&health.worker), "clock_offset_s",
            (json_int_t)health_clock_offset_s(&exchange->task), "version",
            json_from_str(exchange->thread->app->options->version)));
}
