/* CloudFront's signed cookies, for front ends that show many images of one user by plain URLs. */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/delivery.h"
#include "web/cookies.h"
#include "web/response.h"

/* Programs keep cookies by themselves; a page is not told what HttpOnly keeps from its scripts. */
static json_t *values_json(
    const struct exchange *exchange, const struct cloudfront_cookies *cookies)
{
    json_t *values;

    if (!exchange->is_bearer)
        return json_null();
    values = json_object();
    for (size_t i = 0; i < cookies->count; i++)
        json_object_set_new(values, arena_c_string(exchange->arena, cookies->item[i].name),
            json_from_str(cookies->item[i].value));
    return values;
}

enum status api_signed_cookies_post(struct exchange *exchange)
{
    struct signed_cookies signed_cookies;
    enum status status = delivery_sign_cookies(&exchange->task, &signed_cookies);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < signed_cookies.cookies.count; i++)
        cookie_set_cloudfront(exchange, &signed_cookies, i);
    return response_json(exchange, 200,
        json_pack("{s:o, s:o, s:o, s:I, s:o}", "resource", json_from_str(signed_cookies.resource),
            "path", json_from_str(signed_cookies.path), "expires_at",
            json_from_str(clock_format_iso(exchange->arena, signed_cookies.expires_at)),
            "expires_in", (json_int_t)signed_cookies.expires_in_s, "cookies",
            values_json(exchange, &signed_cookies.cookies)));
}
