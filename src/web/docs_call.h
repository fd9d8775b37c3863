/*
 * docs_call.h - an operation as one types it in a shell, with curl.
 */
#ifndef WEB_DOCS_CALL_H
#define WEB_DOCS_CALL_H

#include "base/json.h"

/*
 * The command for `operation` of an OpenAPI document. It reads $api (the origin) and $auth (the
 * header with the token); names in the path are filled in with examples. In `arena`.
 */
struct str docs_call(
    struct arena *arena, const char *path, const char *method, const json_t *operation);

#endif
