/*
 * types_text.h - which files are accepted: for people, for file dialogs, for the scripts of the
 * upload page. Each function hands over a new JSON value.
 */
#ifndef WEB_TYPES_TEXT_H
#define WEB_TYPES_TEXT_H

#include "base/json.h"
#include "domain/policy.h"

/* "JPEG, PNG or HEIC" */
json_t *types_text(struct arena *arena, const struct policy *policy);

/* For the attribute accept: "image/jpeg,.jpg,.jpeg,image/png,.png" */
json_t *accept_text(struct arena *arena, const struct policy *policy);

/* [{"type": "image/jpeg", "label": "JPEG", "extensions": ".jpg .jpeg"}] */
json_t *types_model(struct arena *arena, const struct policy *policy);

#endif
