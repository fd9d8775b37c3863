/*
 * GET /docs: the reference of the APIs, for people who write against them. Few ask, so it is made
 * each time: kept, its model would be a megabyte of each worker.
 */
#include "web/handlers.h"

#include "web/docs_model.h"
#include "web/model.h"
#include "web/openapi.h"
#include "web/response.h"

enum status docs_get(struct exchange *exchange)
{
    json_t *document = openapi_document(exchange->thread->app->options->version);
    json_t *model = model_page(exchange, "docs", STR("API reference"));

    json_object_set_new(model, "docs", docs_model(document));
    json_decref(document);
    json_object_set_new(model, "origin", json_from_str(exchange_origin(exchange)));
    return response_page(exchange, 200, "docs", model);
}
