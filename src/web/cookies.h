/*
 * cookies.h - the three cookies of Vitrine: their names, flags and lives, in one place.
 *
 *     vitrine_session   the session token; HttpOnly, SameSite=Lax
 *     vitrine_pre       before a session: what the CSRF token of the sign-in form is derived from
 *     vitrine_flash     the name of one message (flash.h), for the next page only
 *
 * Under TLS they are Secure and carry the prefix __Host-, so that neither a sibling domain
 * nor plain HTTP can set them for us (RFC 6265bis, section 4.1.3.2). CloudFront's cookies, which
 * are set here too, are not for us: their names are its own.
 */
#ifndef WEB_COOKIES_H
#define WEB_COOKIES_H

#include "web/exchange.h"

/* What came; the empty str when there is none. */
struct str cookie_session(const struct exchange *exchange);
struct str cookie_pre(const struct exchange *exchange);
enum flash cookie_flash(const struct exchange *exchange);

/* What to send. The empty token, or FLASH_NONE, removes the cookie. */
void cookie_set_session(struct exchange *exchange, struct str token);
void cookie_set_pre(struct exchange *exchange, struct str token);
void cookie_set_flash(struct exchange *exchange, enum flash flash);

/* One cookie of CloudFront's, for its distribution: HttpOnly, SameSite=Lax, Secure where the
 * distribution is https, under CloudFront's own name. It ends with the browser, or when CloudFront
 * says so: no Max-Age, as AWS advises. */
struct signed_cookies;
void cookie_set_cloudfront(
    struct exchange *exchange, const struct signed_cookies *signed_cookies, size_t index);

#endif
