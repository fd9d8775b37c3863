/*
 * json.h - JSON in and out, over jansson; the only file that includes <jansson.h> is this header's.
 *
 * Reading is strict: one object or array, no duplicate keys, no NUL, valid UTF-8, at most
 * JSON_DEPTH_MAX levels. Fields are read by json_read_* into a struct, and every problem is
 * collected with the field's name, so that a caller is told all of them at once.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/status.h"

#include <jansson.h>

enum { JSON_DEPTH_LIMIT = 32, JSON_ERRORS_MAX = 16 };

/*
 * Parse `text`. Returns NULL on failure with a sentence for people in *out_error (in `arena`).
 * The caller owns the result: json_decref.
 */
json_t *json_parse(struct arena *arena, struct str text, struct str *out_error) MUST_CHECK;

/* Compact UTF-8 text of `value`, safe inside HTML (< > & escaped as \\u00XX), in `arena`. NULL, as
 * of a value that could not be made, is "null". */
struct str json_text(struct arena *arena, const json_t *value);

/* The same appended to `out`, for what never stands in HTML: < > & are as they are, as in URLs. */
void json_put(struct buf *out, const json_t *value);

/* A JSON string from a str; invalid UTF-8 is replaced by U+FFFD. */
json_t *json_from_str(struct str s);

/* One field that is wrong, and what to do about it. */
struct field_error {
    struct str field;    /* "filename" or "files[3].size" */
    struct str sentence; /* "Give the file's size in bytes, a whole number from 1." */
};

struct field_errors {
    struct field_error item[JSON_ERRORS_MAX];
    size_t count;
};

/* Append; more than JSON_ERRORS_MAX are dropped. The strs are borrowed. */
void field_errors_add(struct field_errors *errors, struct str field, struct str sentence);

/*
 * Read `key` of `object`. Absent and null are the same. When it is absent and `required`, of
 * another type, or outside the bounds, an error is added, *out is left as it is and false is
 * returned; absent and not required returns true. Strings: valid UTF-8 of at most `max_bytes`
 * bytes, no NUL; the str points into the json_t.
 */
bool json_read_str(const json_t *object, const char *key, bool required, size_t max_bytes,
    struct str *out, struct field_errors *errors);
bool json_read_i64(const json_t *object, const char *key, bool required, const int64_t bounds[2],
    int64_t *out, struct field_errors *errors);
bool json_read_bool(
    const json_t *object, const char *key, bool required, bool *out, struct field_errors *errors);

#endif
