/*
 * fuzz_json.c - JSON in and out: what is accepted is written as HTML-safe text that reads back
 * equal.
 */
#include "fuzz.h"

#include "base/json.h"

static bool is_html_safe(struct str text)
{
    return str_index(text, '<') < 0 && str_index(text, '>') < 0 && str_index(text, '&') < 0 &&
           str_find(text, STR("\xe2\x80\xa8")) < 0 && str_find(text, STR("\xe2\x80\xa9")) < 0;
}

static void read_fields(const json_t *object)
{
    static const int64_t bounds[2] = { 1, 100 };
    struct field_errors errors = { .count = 0 };
    struct str text = STR_EMPTY;
    int64_t number = 1;
    bool flag;

    json_read_str(object, "s", true, 10, &text, &errors);
    json_read_i64(object, "n", false, bounds, &number, &errors);
    json_read_bool(object, "b", true, &flag, &errors);
    FUZZ_CHECK(text.len <= 10 && number >= 1 && number <= 100 && errors.count <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str error = STR_EMPTY;
    struct arena arena;

    arena_init(&arena);
    json_t *value = json_parse(&arena, fuzz_str(data, size), &error);
    if (value) {
        struct str text = json_text(&arena, value);
        json_t *again = json_parse(&arena, text, &error);

        FUZZ_CHECK(is_html_safe(text));
        FUZZ_CHECK(again != NULL);
        FUZZ_CHECK(str_equal(json_text(&arena, again), text));
        read_fields(value);
        json_decref(again);
        json_decref(value);
    } else {
        FUZZ_CHECK(str_ends_with(error, STR(".")) && str_is_utf8(error));
    }
    value = json_from_str(fuzz_str(data, size));
    FUZZ_CHECK(json_is_string(value));
    json_decref(value);
    arena_clear(&arena);
    return 0;
}
