/*
 * model.h - what every page's model holds; templates/README.md is the contract.
 *
 * Models are JSON values that the templates print. What is absent is null, never "".
 */
#ifndef WEB_MODEL_H
#define WEB_MODEL_H

#include "web/exchange.h"

/* The common part: page, user, can, nav, csrf, flash, ... `name` is the page's, in the README's
 * list. */
json_t *model_page(const struct exchange *exchange, const char *name, struct str title);

/* The text, or null for the empty one. */
json_t *model_text_or_null(struct str text);

/* An object of the pairs, in their order. */
json_t *model_pairs(struct arena *arena, struct pairs pairs);

/* A string made from a format. */
json_t *model_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* "…_iso" and "…_text" of a moment. */
void model_set_time(json_t *object, struct arena *arena, const char *name, int64_t at_s);

/*
 * `errors` of a page with a form: null without errors, else the list, how many, and each of the
 * page's `fields` (ended by NULL) by name. An error of a field that the page does not have is shown
 * as one of the form as a whole.
 */
json_t *model_errors(
    struct arena *arena, const char *const *fields, const struct field_errors *errors);

/* The problem document of `status`, with the words of exchange->task.failure. */
json_t *problem_json(struct exchange *exchange, enum status status);

#endif
