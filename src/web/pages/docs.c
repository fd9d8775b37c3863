/* GET /docs: the reference of the APIs, for people who write against them. */
#include "web/handlers.h"

#include "web/model.h"
#include "web/response.h"

enum status docs_get(struct exchange *exchange)
{
    json_t *model = model_page(exchange, "docs", STR("API reference"));

    json_object_set(model, "docs", exchange->thread->app->docs);
    json_object_set_new(model, "origin", json_from_str(exchange_origin(exchange)));
    return response_page(exchange, 200, "docs", model);
}
