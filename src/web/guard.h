/*
 * guard.h - everything that must hold before a handler runs, in one order, from the route's
 * columns.
 *
 *  - address: not too many requests from it; 429
 *  - who: session cookie or bearer token -> account; a bad bearer token: 401
 *  - rate: not too many requests of that sender; 429
 *  - access: signed in, and the role is enough; 401, 403
 *  - body: its content type and length are those of the route; 415, 413
 *  - csrf: the form's token, or the Origin of a JSON request; 403
 *  - parameters: read and typed; 400, 422
 *
 * What it does not do: whose image it is. That is domain/access.h's, asked for each image.
 */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "web/exchange.h"

/* Check all columns of exchange->route and fill the guard's and params' part of *exchange. A status
 * other than OK is the answer; the sentence is in exchange->task.failure. */
enum status guard_check(struct exchange *exchange) MUST_CHECK;

/* Nobody yet, but calls of domain/ and error pages have what they need. Always OK. */
enum status guard_begin(struct exchange *exchange) MUST_CHECK;

/*
 * Who is it? Fills user, session, tokens and task of *exchange. Also used for answers without a
 * route, so that an error page shows the person's own frame. UNAUTHENTICATED only for a bearer
 * token that is no good: an old cookie is just nobody.
 */
enum status guard_identify(struct exchange *exchange) MUST_CHECK;

/* The token for the forms of a page: of the session, else of vitrine_pre; empty without either. */
struct str guard_csrf_token(const struct exchange *exchange);

/* Is `token` the one of this session's (or sign-in page's) forms? For CSRF_STREAM. */
bool guard_csrf_matches(const struct exchange *exchange, struct str token);

#endif
