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

/* The bytes < > & and the code points U+2028 and U+2029 stand only inside strings of a dump, so
 * they can be escaped afterwards. */
static void put_html_safe(struct buf *out, struct str dump)
{
    size_t run = 0;

    for (size_t i = 0; i < dump.len; i++) {
        struct str rest = str_from_offset(dump, i);
        bool is_separator = str_starts_with(rest, STR("\xe2\x80\xa8")) ||
                            str_starts_with(rest, STR("\xe2\x80\xa9"));

        if (!is_separator && !memchr("<>&", dump.ptr[i], 3))
            continue;
        buf_put(out, str_from(dump.ptr + run, i - run));
        if (is_separator) {
            buf_put(out, dump.ptr[i + 2] == '\xa8' ? STR("\\u2028") : STR("\\u2029"));
            i += 2;
        } else {
            buf_printf(out, "\\u%04x", (unsigned)dump.ptr[i]);
        }
        run = i + 1;
    }
    buf_put(out, str_from_offset(dump, run));
}

struct str json_text(struct arena *arena, const json_t *value)
{
    struct buf out;
    char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    put_html_safe(&out, dump ? str_from_c(dump) : STR("null"));
    free(dump);
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
