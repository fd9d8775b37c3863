/* GET /openapi.json: what the APIs are, for programs; GET /docs tells it to people. */
#include "web/handlers.h"

#include "web/openapi.h"
#include "web/response.h"

enum status openapi_get(struct exchange *exchange)
{
    reply_set_header(exchange->reply, STR("Cache-Control"), STR("public, max-age=300"));
    return response_json(exchange, 200, openapi_document(exchange->thread->app->options->version));
}
