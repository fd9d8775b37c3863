/*
 * cors.h - what browsers are told when a page of another origin calls an API (Fetch standard,
 * section 3.2; CORS_ORIGINS, CORS_CREDENTIALS).
 *
 * A browser keeps our answers from foreign pages unless these headers allow it; that is all they
 * do. They give nobody a right: a foreign page needs a token like every program, and what changes
 * something with the session cookie is refused from any origin but ours, listed or not (guard.c).
 * Pages (FOR_PEOPLE) never take part.
 */
#ifndef WEB_CORS_H
#define WEB_CORS_H

#include "web/exchange.h"

/*
 * Answer OPTIONS of an API address: 204 with Allow, and to a preflight what may be asked. No one
 * has to sign in for it, as preflights carry no credentials. BAD_ORIGIN when the preflight comes
 * from a page that may not call us.
 */
enum status cors_answer_options(struct exchange *exchange) MUST_CHECK;

/* Whether CORS_ORIGINS names the origin of the page that the request comes from. */
bool cors_allows(const struct exchange *exchange);

/* The headers of an answer, errors too. Called by response_finish. */
void cors_finish(struct exchange *exchange);

#endif
