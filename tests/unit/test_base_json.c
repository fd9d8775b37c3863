/*
 * test_base_json.c - what JSON is refused and in which words, HTML-safe output, typed fields.
 */
#include "unit.h"

#include "base/json.h"

static struct str nested(struct arena *arena, int levels)
{
    char *text = arena_alloc(arena, (size_t)levels * 2);

    memset(text, '[', (size_t)levels);
    memset(text + levels, ']', (size_t)levels);
    return str_from(text, (size_t)levels * 2);
}

static void hostile_json_is_refused_with_a_sentence(void **state)
{
    static const struct {
        struct str text;
        const char *begins;
    } rows[] = {
        { STR_INIT(""), "There is no JSON" },
        { STR_INIT(" \n"), "There is no JSON" },
        { STR_INIT("{"), "The JSON ends too early (line 1" },
        { STR_INIT("{\"a\":1,\"a\":2}"), "The JSON has the same key twice" },
        { STR_INIT("[\"\\u0000\"]"), "The JSON contains a NUL" },
        { STR_INIT("{\"\\u0000\":1}"), "The JSON contains a NUL" },
        { STR_INIT("[\"\0\"]"), "The JSON" },
        { STR_INIT("[1]\0"), "There is something after the end" },
        { STR_INIT("[\"\xff\"]"), "The JSON is not valid UTF-8" },
        { STR_INIT("[\"\xc0\x80\"]"), "The JSON is not valid UTF-8" },
        { STR_INIT("[\"\xed\xa0\x80\"]"), "The JSON is not valid UTF-8" },
        { STR_INIT("[\"\\ud800\"]"), "The JSON" },
        { STR_INIT("[1e999]"), "The JSON has a number that is too large" },
        { STR_INIT("[9223372036854775808]"), "The JSON has a number that is too large" },
        { STR_INIT("[1] x"), "There is something after the end" },
        { STR_INIT("[1,]"), "The JSON cannot be read (line 1" },
        { STR_INIT("{'a':1}"), "The JSON cannot be read" },
        { STR_INIT("[01]"), "The JSON cannot be read" },
        { STR_INIT("[NaN]"), "The JSON cannot be read" },
        { STR_INIT("[1 /* x */]"), "The JSON cannot be read" },
        { STR_INIT("[\"a\nb\"]"), "The JSON cannot be read" },
        { STR_INIT("\xef\xbb\xbf[1]"), "The JSON" },
        { STR_INIT("\"text\""), "The JSON cannot be read" },
        { STR_INIT("17"), "The JSON cannot be read" },
        { STR_INIT("null"), "The JSON cannot be read" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str error = STR_EMPTY;
        json_t *value = json_parse(*state, rows[i].text, &error);

        if (value || !str_starts_with(error, str_from_c(rows[i].begins)))
            fail_msg("row %zu '%.*s': '%.*s'", i, STR_ARG(rows[i].text), STR_ARG(error));
        assert_true(str_ends_with(error, STR(".")));
    }
}

static void depth_is_limited_and_brackets_in_strings_do_not_count(void **state)
{
    struct str error = STR_EMPTY;
    json_t *value = json_parse(*state, nested(*state, JSON_DEPTH_LIMIT), &error);

    assert_non_null(value);
    json_decref(value);
    assert_null(json_parse(*state, nested(*state, JSON_DEPTH_LIMIT + 1), &error));
    expect_str("sentence", error, STR("The JSON is nested too deeply: more than 32 levels."));
    assert_null(json_parse(*state, nested(*state, 1000000), &error));
    value = json_parse(
        *state, STR("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\",[]]"), &error);
    assert_non_null(value);
    json_decref(value);
}

static void json_cut_at_any_byte_is_refused(void **state)
{
    struct str whole =
        STR("{\"filename\":\"\xc3\xa4\\u00e4\\\"\",\"size\":12.5e1,\"tags\":[true,null,-1]}");

    for (size_t len = 0; len < whole.len; len++) {
        char *cut = unit_exact_copy(str_head(whole, len));
        struct str error;

        assert_null(json_parse(*state, str_from(cut, len), &error));
        free(cut);
    }
}

static void output_is_safe_inside_html(void **state)
{
    struct str error;
    json_t *value = json_parse(*state,
        STR("{\"a\":\"</script>&\xe2\x80\xa8\xe2\x80\xa9\xe2\x82\xac\",\"n\":[0.1,1,null,true]}"),
        &error);

    expect_str("text", json_text(*state, value),
        STR("{\"a\":\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\xe2\x82\xac\","
            "\"n\":[0.1,1,null,true]}"));
    json_decref(value);
}

static void what_is_written_is_read_back_the_same(void **state)
{
    static const struct str texts[] = { STR_INIT("{}"), STR_INIT("[]"), STR_INIT("{\"\":[{},[]]}"),
        STR_INIT("{\"b\":1,\"a\":-9223372036854775808,\"c\":{\"d\":[true,false,null,0.5]}}"),
        STR_INIT("[\"<>&\\u2028\",\"\\\"\\\\/\\n\\u0001\xe2\x82\xac\"]") };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str error;
        json_t *value = json_parse(*state, texts[i], &error);
        struct buf out;

        buf_init_arena(&out, *state, 1000);
        json_put(&out, value);
        expect_str("text", buf_str(&out), texts[i]);
        json_decref(value);
    }
}

static void strings_from_outside_are_repaired_not_lost(void **state)
{
    static const struct {
        struct str in, out;
    } rows[] = {
        { STR_EMPTY, STR_INIT("") },
        { STR_INIT("\xc3\xa4"), STR_INIT("\xc3\xa4") },
        { STR_INIT("a\xff"
                   "b\xe2\x82"),
            STR_INIT("a\xef\xbf\xbd"
                     "b\xef\xbf\xbd\xef\xbf\xbd") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *value = json_from_str(rows[i].in);

        assert_non_null(value);
        expect_str(
            "row", str_from(json_string_value(value), json_string_length(value)), rows[i].out);
        json_decref(value);
    }
}

static void fields_are_read_by_type_and_every_problem_is_kept(void **state)
{
    static const int64_t bounds[2] = { 1, 100 };
    struct field_errors errors = { .count = 0 };
    struct str error, text = STR("before");
    int64_t number = 7;
    bool flag = true;
    json_t *object = json_parse(*state,
        STR("{\"s\":\"abc\",\"n\":5,\"b\":false,\"null\":null,\"big\":101,\"small\":0,\"real\":1."
            "5}"),
        &error);

    assert_true(json_read_str(object, "s", true, 3, &text, &errors));
    expect_str("s", text, STR("abc"));
    assert_true(json_read_i64(object, "n", true, bounds, &number, &errors));
    assert_int_equal(number, 5);
    assert_true(json_read_bool(object, "b", true, &flag, &errors));
    assert_false(flag);
    assert_true(json_read_str(object, "null", false, 3, &text, &errors));
    assert_true(json_read_str(object, "absent", false, 3, &text, &errors));
    expect_str("left alone", text, STR("abc"));
    assert_int_equal(errors.count, 0);

    assert_false(json_read_str(object, "s", true, 2, &text, &errors));
    assert_false(json_read_str(object, "n", false, 9, &text, &errors));
    assert_false(json_read_str(object, "null", true, 9, &text, &errors));
    assert_false(json_read_i64(object, "big", true, bounds, &number, &errors));
    assert_false(json_read_i64(object, "small", true, bounds, &number, &errors));
    assert_false(json_read_i64(object, "real", true, bounds, &number, &errors));
    assert_false(json_read_i64(object, "s", true, bounds, &number, &errors));
    assert_false(json_read_bool(object, "n", true, &flag, &errors));
    assert_int_equal(errors.count, 8);
    expect_str("field", errors.item[2].field, STR("null"));
    expect_str("sentence", errors.item[2].sentence, STR("This field is missing."));
    assert_int_equal(number, 5);
    json_decref(object);
}

static void more_errors_than_fit_are_dropped(void **state)
{
    struct field_errors errors = { .count = 0 };

    (void)state;
    for (int i = 0; i < JSON_ERRORS_MAX + 5; i++)
        field_errors_add(&errors, STR("f"), STR("s"));
    assert_int_equal(errors.count, JSON_ERRORS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("hostile JSON is refused with a sentence", hostile_json_is_refused_with_a_sentence),
        TEST("depth is limited and brackets in strings do not count",
            depth_is_limited_and_brackets_in_strings_do_not_count),
        TEST("JSON cut at any byte is refused", json_cut_at_any_byte_is_refused),
        TEST("output is safe inside HTML", output_is_safe_inside_html),
        TEST("what is written is read back the same", what_is_written_is_read_back_the_same),
        TEST("strings from outside are repaired, not lost",
            strings_from_outside_are_repaired_not_lost),
        TEST("fields are read by type and every problem is kept",
            fields_are_read_by_type_and_every_problem_is_kept),
        TEST("more errors than fit are dropped", more_errors_than_fit_are_dropped),
    };

    return RUN(tests);
}
