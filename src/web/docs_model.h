/*
 * docs_model.h - the model of the page /docs, made from the OpenAPI document, so that people and
 * programs read the same.
 */
#ifndef WEB_DOCS_MODEL_H
#define WEB_DOCS_MODEL_H

#include "base/json.h"

/* `docs` of templates/README.md, a new reference; `document` is openapi_document's. */
json_t *docs_model(const json_t *document);

/* What a JSON Schema takes, in a few words: "text, at most 255 characters", "whole number from 1".
 * In `arena`. */
struct str docs_type_text(struct arena *arena, const json_t *schema);

#endif
