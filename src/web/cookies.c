/* Cookies: no attribute of one is decided anywhere else. */
#include "web/cookies.h"

#include "domain/delivery.h"

enum { PRE_LIFE_S = 3600, FLASH_LIFE_S = 60 };

static struct str full_name(const struct exchange *exchange, struct str name)
{
    if (!exchange_is_secure(exchange))
        return name;
    return ARENA_JOIN(exchange->arena, STR("__Host-"), name);
}

static struct str get(const struct exchange *exchange, struct str name)
{
    return request_cookie(exchange->request, full_name(exchange, name));
}

static void set(struct exchange *exchange, struct str name, struct str value, int64_t life_s)
{
    struct str cookie =
        arena_printf(exchange->arena, "%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
            STR_ARG(full_name(exchange, name)), STR_ARG(value),
            (long long)(str_is_empty(value) ? 0 : life_s),
            exchange_is_secure(exchange) ? "; Secure" : "");

    reply_add_header(exchange->reply, STR("Set-Cookie"), cookie);
}

struct str cookie_session(const struct exchange *exchange)
{
    return get(exchange, STR("vitrine_session"));
}

struct str cookie_pre(const struct exchange *exchange)
{
    return get(exchange, STR("vitrine_pre"));
}

enum flash cookie_flash(const struct exchange *exchange)
{
    return flash_from_name(get(exchange, STR("vitrine_flash")));
}

void cookie_set_session(struct exchange *exchange, struct str token)
{
    set(exchange, STR("vitrine_session"), token,
        exchange->thread->app->options->domain.session_max_s);
}

void cookie_set_pre(struct exchange *exchange, struct str token)
{
    set(exchange, STR("vitrine_pre"), token, PRE_LIFE_S);
}

void cookie_set_flash(struct exchange *exchange, enum flash flash)
{
    set(exchange, STR("vitrine_flash"), flash_name(flash), FLASH_LIFE_S);
}

void cookie_set_cloudfront(
    struct exchange *exchange, const struct signed_cookies *signed_cookies, size_t index)
{
    struct str domain = signed_cookies->domain;

    reply_add_header(exchange->reply, STR("Set-Cookie"),
        arena_printf(exchange->arena, "%.*s=%.*s; Path=%.*s%s%.*s; HttpOnly; SameSite=Lax%s",
            STR_ARG(signed_cookies->cookies.item[index].name),
            STR_ARG(signed_cookies->cookies.item[index].value), STR_ARG(signed_cookies->path),
            str_is_empty(domain) ? "" : "; Domain=", STR_ARG(domain),
            signed_cookies->is_secure ? "; Secure" : ""));
}
