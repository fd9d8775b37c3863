/*
 * bucket_cors.c - see bucket_cors.h. The rules themselves are cors.c's.
 */
#include "objects/bucket_cors.h"

#include "objects/cors.h"

/* The rules of the call's bucket; none when it has no configuration or is not there. */
static struct cors_config read_rules(struct call *call)
{
    struct cors_config config = { 0 };
    struct str xml;
    struct str problem;
    if (str_is_empty(call->bucket) ||
        store_read_document(call->store, call->arena, call->bucket, STORE_CORS, &xml) !=
            STATUS_OK ||
        cors_parse(call->arena, xml, &config, &problem) != STATUS_OK)
        config.count = 0;
    return config;
}

/* Caches must keep the answers to different origins apart, also when this one got no headers. */
static void vary(struct call *call)
{
    reply_set_header(call->reply, STR("Vary"),
        STR("Origin, Access-Control-Request-Headers, Access-Control-Request-Method"));
}

static void allow_origin(struct call *call, struct str origin, bool any_origin)
{
    call_set_header(call, STR("Access-Control-Allow-Origin"), any_origin ? STR("*") : origin);
    if (!any_origin)
        call_set_header(call, STR("Access-Control-Allow-Credentials"), STR("true"));
}

void bucket_cors_decorate(struct call *call)
{
    bool any_origin = false;
    struct str origin = call_header(call, STR("origin"));
    if (str_is_empty(origin))
        return;
    struct cors_config config = read_rules(call);
    if (config.count > 0)
        vary(call);
    const struct cors_rule *rule =
        cors_find(&config, origin, method_to_str(call->request->method), STR_EMPTY, &any_origin);
    if (rule == NULL)
        return;
    allow_origin(call, origin, any_origin);
    call_set_header(
        call, STR("Access-Control-Allow-Methods"), cors_join(call->arena, rule->methods));
    call_set_header(
        call, STR("Access-Control-Expose-Headers"), cors_join(call->arena, rule->expose));
}

enum s3_error bucket_cors_preflight(struct call *call)
{
    bool any_origin = false;
    struct str origin = call_header(call, STR("origin"));
    struct str method = call_header(call, STR("access-control-request-method"));
    struct str headers = call_header(call, STR("access-control-request-headers"));
    call->operation = STR("Preflight");
    if (str_is_empty(origin))
        return call_fail(
            call, S3_INVALID_REQUEST, "Insufficient information. Origin request header needed.");
    if (str_is_empty(method))
        return call_fail(call, S3_INVALID_REQUEST, "Invalid Access-Control-Request-Method: %.*s",
            STR_ARG(method));
    struct cors_config config = read_rules(call);
    vary(call);
    if (config.count == 0)
        return call_fail(
            call, S3_CORS_FORBIDDEN, "CORSResponse: CORS is not enabled for this bucket.");
    const struct cors_rule *rule = cors_find(&config, origin, method, headers, &any_origin);
    if (rule == NULL)
        return S3_CORS_FORBIDDEN;
    allow_origin(call, origin, any_origin);
    call_set_header(
        call, STR("Access-Control-Allow-Methods"), cors_join(call->arena, rule->methods));
    call_set_header(call, STR("Access-Control-Allow-Headers"), headers);
    call_set_header(
        call, STR("Access-Control-Expose-Headers"), cors_join(call->arena, rule->expose));
    call_set_header(call, STR("Access-Control-Max-Age"), rule->max_age);
    return S3_OK;
}
