/*
 * form.h - forms that were not accepted: they come back with what was typed and what is wrong.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "web/exchange.h"

/*
 * Is `status` about what a person typed (so that the form comes back), rather than about us or the
 * storage? Then task.failure is added to exchange->errors, under its field or "form".
 */
bool form_failed(struct exchange *exchange, enum status status);

/* The HTTP status of a form that comes back: 422, but 409 for a conflict, 429 when throttled. */
int form_status(enum status status);

#endif
