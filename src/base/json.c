/*
 * json.c - jansson made strict, and its errors turned into sentences.
 */
#include "base/json.h"

#include "base/escape.h"

#include <stdlib.h>

/* True when `text` nests deeper than JSON_DEPTH_LIMIT. jansson's own limit is 2048 levels; a scan
 * that only has to know strings is cheaper than building them. */
static bool is_too_deep(struct str text)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > JSON_DEPTH_LIMIT)
                return true;
        } else if (byte == '}' || byte == ']') {
            depth--;
        }
    }
    return false;
}

/* What jansson calls it, and what people are told; the line is added. */
/* clang-format off */
static const struct {
    enum json_error_code code;
    const char *sentence;
} explanations[] = {
    { json_error_stack_overflow,         "The JSON is nested too deeply" },
    { json_error_invalid_utf8,           "The JSON is not valid UTF-8" },
    { json_error_premature_end_of_input, "The JSON ends too early" },
    { json_error_end_of_input_expected,  "There is something after the end of the JSON" },
    { json_error_null_character,         "The JSON contains a NUL character, which is not accepted" },
    { json_error_null_byte_in_key,       "The JSON contains a NUL character, which is not accepted" },
    { json_error_duplicate_key,          "The JSON has the same key twice" },
    { json_error_numeric_overflow,       "The JSON has a number that is too large" },
};
/* clang-format on */

static struct str explain(struct arena *arena, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    const char *sentence = "The JSON cannot be read";

    for (size_t i = 0; i < COUNT_OF(explanations); i++)
        if (explanations[i].code == code)
            sentence = explanations[i].sentence;
    return arena_printf(arena, "%s (line %d, column %d).", sentence, error->line, error->column);
}

json_t *json_parse(struct arena *arena, struct str text, struct str *out_error)
{
    json_error_t error;

    if (str_trim(text).len == 0) {
        *out_error = STR("There is no JSON in the request.");
        return NULL;
    }
    if (is_too_deep(text)) {
        *out_error = arena_printf(
            arena, "The JSON is nested too deeply: more than %d levels.", JSON_DEPTH_LIMIT);
        return NULL;
    }
    json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        *out_error = explain(arena, &error);
    return value;
}

/* --- writing ---
 *
 * Not by jansson, which looks at a URL byte by byte and takes five times as long. */

typedef void (*escaper)(struct buf *out, struct str s);

static void put_string(struct buf *out, struct str text, escaper escape)
{
    buf_put_byte(out, '"');
    escape(out, text);
    buf_put_byte(out, '"');
}

static void put_value(struct buf *out, const json_t *value, escaper escape);

static void put_array(struct buf *out, const json_t *array, escaper escape)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        buf_put_byte(out, i == 0 ? '[' : ',');
        put_value(out, json_array_get(array, i), escape);
    }
    buf_put(out, json_array_size(array) == 0 ? STR("[]") : STR("]"));
}

static void put_object(struct buf *out, const json_t *object, escaper escape)
{
    char before = '{';
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        buf_put_byte(out, before);
        put_string(out, str_from_c(key), escape);
        buf_put_byte(out, ':');
        put_value(out, value, escape);
        before = ',';
    }
    buf_put(out, before == '{' ? STR("{}") : STR("}"));
}

static void put_value(struct buf *out, const json_t *value, escaper escape)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        put_object(out, value, escape);
        return;
    case JSON_ARRAY:
        put_array(out, value, escape);
        return;
    case JSON_STRING:
        put_string(out, str_from(json_string_value(value), json_string_length(value)), escape);
        return;
    case JSON_INTEGER:
        buf_put_i64(out, json_integer_value(value));
        return;
    case JSON_REAL:
        buf_printf(out, "%.15g", json_real_value(value));
        return;
    case JSON_TRUE:
        buf_put(out, STR("true"));
        return;
    case JSON_FALSE:
        buf_put(out, STR("false"));
        return;
    case JSON_NULL:
        buf_put(out, STR("null"));
    }
}

void json_put(struct buf *out, const json_t *value)
{
    put_value(out, value, escape_json_plain);
}

struct str json_text(struct arena *arena, const json_t *value)
{
    struct buf out;

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    put_value(&out, value, escape_json);
    return buf_str(&out);
}

json_t *json_from_str(struct str s)
{
    struct buf text;
    json_t *value = json_stringn(s.len ? s.ptr : "", s.len);

    if (value)
        return value;
    buf_init(&text, SIZE_MAX / 2);
    while (s.len) {
        struct str here = s;
        uint32_t point;

        if (str_utf8_next(&s, &point))
            buf_put(&text, str_head(here, here.len - s.len));
        else
            buf_put(&text, STR("\xef\xbf\xbd"));
    }
    value = json_stringn(text.ptr, text.len);
    buf_clear(&text);
    return value;
}

void field_errors_add(struct field_errors *errors, struct str field, struct str sentence)
{
    if (errors->count < JSON_ERRORS_MAX)
        errors->item[errors->count++] = (struct field_error){ field, sentence };
}

static bool fail(struct field_errors *errors, const char *key, struct str sentence)
{
    field_errors_add(errors, str_from_c(key), sentence);
    return false;
}

/* The value of `key`, NULL for absent and null alike; *out_ok is what to return then. */
static const json_t *find_value(
    const json_t *object, const char *key, bool required, struct field_errors *errors, bool *out_ok)
{
    const json_t *value = json_object_get(object, key);

    if (value && !json_is_null(value))
        return value;
    *out_ok = !required || fail(errors, key, STR("This field is missing."));
    return NULL;
}

bool json_read_str(const json_t *object, const char *key, bool required, size_t max_bytes,
    struct str *out, struct field_errors *errors)
{
    bool ok;
    const json_t *value = find_value(object, key, required, errors, &ok);

    if (!value)
        return ok;
    if (!json_is_string(value))
        return fail(errors, key, STR("This must be a text, in quotes."));

    struct str text = str_from(json_string_value(value), json_string_length(value));
    if (text.len > max_bytes)
        return fail(errors, key, STR("This text is too long."));
    if (str_index(text, '\0') >= 0)
        return fail(errors, key, STR("This text must not contain a NUL character."));
    *out = text;
    return true;
}

bool json_read_i64(const json_t *object, const char *key, bool required, const int64_t bounds[2],
    int64_t *out, struct field_errors *errors)
{
    bool ok;
    const json_t *value = find_value(object, key, required, errors, &ok);

    if (!value)
        return ok;
    if (!json_is_integer(value))
        return fail(errors, key, STR("This must be a whole number, without quotes."));

    int64_t number = json_integer_value(value);
    if (number < bounds[0])
        return fail(errors, key, STR("This number is too small."));
    if (number > bounds[1])
        return fail(errors, key, STR("This number is too large."));
    *out = number;
    return true;
}

bool json_read_bool(
    const json_t *object, const char *key, bool required, bool *out, struct field_errors *errors)
{
    bool ok;
    const json_t *value = find_value(object, key, required, errors, &ok);

    if (!value)
        return ok;
    if (!json_is_boolean(value))
        return fail(errors, key, STR("This must be true or false, without quotes."));
    *out = json_is_true(value);
    return true;
}
