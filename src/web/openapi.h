/*
 * openapi.h - the description of the APIs (OpenAPI 3.1), made from the route table.
 *
 * Addresses, methods, parameters with their bounds, who may call, body limits and errors come from
 * the table and so cannot differ from what the program does. What no table knows (what fields mean,
 * what answers look like) stands in openapi.json, which is built into the program; a test holds the
 * two together. A route without words there is described all the same, with less.
 */
#ifndef WEB_OPENAPI_H
#define WEB_OPENAPI_H

#include "base/json.h"
#include "web/params.h"

/* openapi.json, ended by NUL. */
extern const char openapi_words[];

/* The whole document, a new reference; NULL, logged, when openapi.json is no JSON object. Every
 * route for programs is in it. */
json_t *openapi_document(struct str version);

/*
 * The JSON Schema (2020-12) of an object with these parameters, a new reference. `words` are those
 * of openapi.json; its "fields" say what each parameter means. maxLength counts characters and the
 * program counts bytes, so it is the most that can be right.
 */
json_t *openapi_schema_of_set(const json_t *words, const struct param_set *set);
json_t *openapi_schema_of_param(const json_t *words, const struct param *param);

/* What the field of that name means; NULL when openapi.json does not say. */
const char *openapi_field_words(const json_t *words, const char *name);

#endif
