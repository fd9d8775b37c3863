/* For admins: uploads in which something failed, and what one of them went through. */
#include "web/handlers.h"

#include "web/flight_model.h"
#include "web/model.h"
#include "web/response.h"

enum { UPLOADS_PAGE = 50 };

struct uploads_query {
    int64_t before_at; /* both, or none: where the page before ended */
    int64_t before_id;
};

/* clang-format off */
static const struct param query_list[] = {
    { "before_at", PARAM_I64, offsetof(struct uploads_query, before_at), .min = 1, .max = INT64_MAX },
    { "before_id", PARAM_I64, offsetof(struct uploads_query, before_id), .min = 1, .max = INT64_MAX },
};
/* clang-format on */
const struct param_set uploads_get_params = PARAM_SET(struct uploads_query, query_list);

static json_t *older_link(struct arena *arena, const struct flight_row *last)
{
    return model_format(arena, "/admin/uploads?before_at=%lld&before_id=%lld",
        (long long)last->last_at, (long long)last->asset_id);
}

static json_t *uploads_model(struct arena *arena, const struct flight_rows *list, bool is_first)
{
    size_t count = list->count < UPLOADS_PAGE ? list->count : UPLOADS_PAGE;
    json_t *items = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, flight_item_model(arena, &list->item[i]));
    return json_pack("{s:o, s:b, s:b, s:o, s:o}", "items", items, "is_empty", count == 0,
        "has_pages", !is_first || list->count > count, "newest_url",
        is_first ? json_null() : json_string("/admin/uploads"), "older_url",
        list->count > count ? older_link(arena, &list->item[count - 1]) : json_null());
}

enum status uploads_get(struct exchange *exchange)
{
    const struct uploads_query *query = exchange->params;
    struct flight_bound after = { query->before_at, query->before_id };
    struct flight_rows list;
    json_t *model;
    enum status status = flight_list(&exchange->task, after, UPLOADS_PAGE, &list);

    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "uploads", STR("Failed uploads"));
    json_object_set_new(
        model, "uploads", uploads_model(exchange->arena, &list, query->before_id == 0));
    return response_page(exchange, 200, "uploads", model);
}

enum status upload_record_get(struct exchange *exchange)
{
    struct flight_row flight;
    json_t *record, *model;
    enum status status = flight_model(exchange, exchange->id, &flight, &record);

    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "upload-record", flight.filename);
    json_object_set_new(model, "upload", flight_item_model(exchange->arena, &flight));
    json_object_set_new(model, "flight", record);
    return response_page(exchange, 200, "upload-record", model);
}
