/* Models of the flight record. */
#include "web/flight_model.h"

#include "base/clock.h"
#include "web/model.h"
#include "web/text.h"

/* "200", "503 SlowDown", "No answer" */
static json_t *answer_model(struct arena *arena, const struct attempt_row *attempt)
{
    struct str error = attempt->error;

    if (attempt->http_status == 0)
        return model_format(
            arena, "No answer%s%.*s", str_is_empty(error) ? "" : ": ", STR_ARG(error));
    return model_format(arena, "%lld%s%.*s", (long long)attempt->http_status,
        str_is_empty(error) ? "" : " ", STR_ARG(error));
}

/* "120 ms", "2.2 s", "31.0 s, 4 tries" */
static json_t *duration_model(struct arena *arena, const struct attempt_row *attempt)
{
    struct str time =
        attempt->duration_ms < 1000
            ? arena_printf(arena, "%lld ms", (long long)attempt->duration_ms)
            : arena_printf(arena, "%lld.%lld s", (long long)attempt->duration_ms / 1000,
                  (long long)attempt->duration_ms / 100 % 10);

    return attempt->tries > 1
               ? model_format(arena, "%.*s, %lld tries", STR_ARG(time), (long long)attempt->tries)
               : json_from_str(time);
}

static bool is_failure(const struct attempt_row *attempt)
{
    return !str_is_empty(attempt->error) || attempt->http_status == 0 ||
           attempt->http_status >= 400;
}

static json_t *attempt_model(struct arena *arena, const struct attempt_row *attempt)
{
    bool is_by_client = str_equal(attempt->seen_by, STR("client"));

    return json_pack("{s:I, s:o, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "number",
        (json_int_t)attempt->number, "at_iso", json_from_str(clock_format_iso(arena, attempt->at)),
        "seen_by_text", is_by_client ? "Browser or program" : "Vitrine", "stage",
        json_from_str(attempt->stage), "answer_text", answer_model(arena, attempt), "is_failure",
        is_failure(attempt), "size_text",
        attempt->size_bytes < 0 ? json_null()
                                : json_from_str(policy_format_size(arena, attempt->size_bytes)),
        "duration_text", duration_model(arena, attempt), "request_id",
        model_text_or_null(attempt->request_id), "id2", model_text_or_null(attempt->id2));
}

enum status flight_model(
    struct exchange *exchange, int64_t asset_id, struct flight_row *out_flight, json_t **out)
{
    struct arena *arena = exchange->arena;
    struct attempt_rows attempts;
    json_t *list;
    enum status status = flight_find(&exchange->task, asset_id, out_flight, &attempts);

    if (status != STATUS_OK)
        return status;
    list = json_array();
    for (size_t i = 0; i < attempts.count; i++)
        json_array_append_new(list, attempt_model(arena, &attempts.item[i]));
    *out = json_pack("{s:o, s:o, s:o}", "attempts", list, "count_text",
        json_from_str(text_count(arena, out_flight->attempt_count, "attempt", "attempts")), "text",
        json_from_str(flight_text(arena, out_flight, &attempts)));
    return STATUS_OK;
}

enum status flight_model_or_null(struct exchange *exchange, int64_t asset_id, json_t **out)
{
    struct flight_row flight;
    enum status status = STATUS_NOT_FOUND;

    *out = NULL;
    if (access_can_read_flights(&exchange->task.actor))
        status = flight_model(exchange, asset_id, &flight, out);
    if (status == STATUS_NOT_FOUND)
        *out = json_null();
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What became of it, in words. */
static const char *state_text(struct str state)
{
    static const struct {
        struct str state;
        const char *text;
    } texts[] = {
        { STR_INIT("ready"), "Saved" },
        { STR_INIT("pending"), "Not finished" },
        { STR_INIT("trashed"), "In the trash" },
        { STR_INIT("purging"), "Refused or deleted" },
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (str_equal(texts[i].state, state))
            return texts[i].text;
    return "Gone";
}

json_t *flight_item_model(struct arena *arena, const struct flight_row *flight)
{
    bool is_ready = str_equal(flight->state, STR("ready"));
    json_t *item = json_pack("{s:o, s:o, s:o, s:o, s:s, s:b, s:o, s:o}", "filename",
        json_from_str(flight->filename), "key", json_from_str(flight->key), "owner",
        model_text_or_null(flight->owner_name), "page",
        model_format(arena, "/admin/uploads/%lld", (long long)flight->asset_id), "state_text",
        state_text(flight->state), "is_saved", is_ready, "image_page",
        is_ready ? model_format(arena, "/admin/images/%lld", (long long)flight->asset_id)
                 : json_null(),
        "failures_text",
        model_format(arena, "%lld of %.*s failed", (long long)flight->failure_count,
            STR_ARG(text_count(arena, flight->attempt_count, "attempt", "attempts"))));

    model_set_time(item, arena, "begun", flight->begun_at);
    model_set_time(item, arena, "last", flight->last_at);
    return item;
}
