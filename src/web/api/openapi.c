/* GET /openapi.json: what the APIs are, for programs; GET /docs tells it to people. */
#include "web/handlers.h"

#include "web/response.h"

enum status openapi_get(struct exchange *exchange)
{
    buf_put(response_json_text(exchange, 200), buf_str(&exchange->thread->app->openapi_text));
    reply_set_header(exchange->reply, STR("Cache-Control"), STR("public, max-age=300"));
    return STATUS_OK;
}
