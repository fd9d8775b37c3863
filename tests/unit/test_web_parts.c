/* The small parts of web/: parameters, local paths, texts, the route table. */
#include "unit.h"

#include "domain/file_types.h"
#include "web/handlers.h"
#include "web/local_path.h"
#include "web/text.h"

/* --- parameters --- */

struct inner {
    int64_t size;
};
static const struct param inner_list[] = {
    { "size", PARAM_I64, offsetof(struct inner, size), .min = 1, .max = 9 },
};
static const struct param_set inner_set = PARAM_SET(struct inner, inner_list);

struct sample {
    struct str text;
    int64_t number;
    bool flag;
    struct param_strs words;
    struct param_i64s ids;
    struct param_objects inners;
    int choice;
    bool has_text, has_number, has_flag, has_words;
};
static const char *const choices[] = { "keep", "ask", NULL };
static const struct param sample_list[] = {
    { "text", PARAM_STR, offsetof(struct sample, text), .max = 5,
        .has_offset = offsetof(struct sample, has_text) },
    { "number", PARAM_I64, offsetof(struct sample, number), .min = 1, .max = 10,
        .has_offset = offsetof(struct sample, has_number) },
    { "flag", PARAM_BOOL, offsetof(struct sample, flag),
        .has_offset = offsetof(struct sample, has_flag) },
    { "words", PARAM_STRS, offsetof(struct sample, words), .max = 2, .item_max = 3,
        .has_offset = offsetof(struct sample, has_words) },
    { "ids", PARAM_I64S, offsetof(struct sample, ids), .min = 1, .max = 2, .item_max = 100 },
    { "inners", PARAM_OBJECTS, offsetof(struct sample, inners), .max = 2, .items = &inner_set },
    { "choice", PARAM_CHOICE, offsetof(struct sample, choice), .choices = choices },
};
static const struct param_set sample_set = PARAM_SET(struct sample, sample_list);

static const struct sample *read_json(
    struct arena *arena, const char *text, struct field_errors *errors)
{
    struct str why;
    json_t *json = json_parse(arena, str_from_c(text), &why);
    const struct sample *sample;

    assert_non_null(json);
    *errors = (struct field_errors){ .count = 0 };
    sample = params_from_json(arena, &sample_set, json, errors);
    json_decref(json);
    return sample;
}

static void json_fills_every_kind_of_field(void **state)
{
    struct field_errors errors;
    const struct sample *sample = read_json(*state,
        "{\"text\":\"abc\",\"number\":3,\"flag\":true,\"words\":[\"a\",\"bc\"],\"ids\":[7],"
        "\"inners\":[{\"size\":1},{\"size\":2}],\"choice\":\"ask\",\"unknown\":1}",
        &errors);

    expect_int("errors", errors.count, 0);
    expect_str("text", sample->text, STR("abc"));
    expect_int("number", sample->number, 3);
    assert_true(sample->flag && sample->has_flag && sample->has_words);
    expect_int("words", sample->words.count, 2);
    expect_str("word", sample->words.item[1], STR("bc"));
    expect_int("id", sample->ids.item[0], 7);
    expect_int("choice", sample->choice, 1);
    expect_int("inner", ((const struct inner *)(void *)sample->inners.item)[1].size, 2);
}

static void what_is_absent_or_null_was_not_given(void **state)
{
    struct field_errors errors;
    const struct sample *sample =
        read_json(*state, "{\"text\":null,\"words\":null,\"number\":null}", &errors);

    expect_int("errors", errors.count, 0);
    assert_false(sample->has_text || sample->has_words || sample->has_number || sample->has_flag);
}

static void every_problem_is_told_under_its_name(void **state)
{
    struct field_errors errors;

    read_json(*state,
        "{\"text\":\"abcdef\",\"number\":11,\"flag\":1,\"words\":[\"long\"],\"ids\":[],"
        "\"inners\":[{\"size\":0},5],\"choice\":\"\"}",
        &errors);
    expect_int("errors", errors.count, 8);
    expect_str(
        "what a choice may be", errors.item[7].sentence, STR("This must be \"keep\" or \"ask\"."));
    expect_str("a word", errors.item[3].field, STR("words[0]"));
    expect_str("an inner field", errors.item[5].field, STR("inners[0].size"));
    expect_str("an inner object", errors.item[6].field, STR("inners[1]"));
}

static void pairs_fill_and_complain_alike(void **state)
{
    static const struct pair good[] = { { STR_INIT("text"), STR_INIT("ab") },
        { STR_INIT("number"), STR_INIT("") }, { STR_INIT("flag"), STR_INIT("on") },
        { STR_INIT("choice"), STR_INIT("ask") }, { STR_INIT("ids"), STR_INIT("4") },
        { STR_INIT("ids"), STR_INIT("5") } };
    static const struct pair bad[] = { { STR_INIT("text"), STR_INIT("abcdef") },
        { STR_INIT("number"), STR_INIT("1.5") }, { STR_INIT("flag"), STR_INIT("maybe") },
        { STR_INIT("ids"), STR_INIT("1,-2") } };
    struct field_errors errors = { .count = 0 };
    const struct sample *sample =
        params_from_pairs(*state, &sample_set, (struct pairs){ good, COUNT_OF(good) }, &errors);

    expect_int("no errors", errors.count, 0);
    expect_str("text", sample->text, STR("ab"));
    expect_int("choice", sample->choice, 1);
    expect_int("ids", sample->ids.count, 2);
    expect_int("the last id", sample->ids.item[1], 5);
    assert_true(sample->flag);
    assert_false(sample->has_number); /* an empty number is none */
    params_from_pairs(*state, &sample_set, (struct pairs){ bad, 4 }, &errors);
    expect_int("errors", errors.count, 4);
}

/* --- local paths --- */

static void only_paths_of_ours_are_led_to(void **state)
{
    static const struct {
        const char *path;
        bool is_safe;
    } cases[] = {
        { "/", true },
        { "/admin/images?q=a%20b#x", true },
        { "/a//b", true },
        { "", false },
        { "//evil.example", false },
        { "/\\evil.example", false },
        { "/a\\b", false },
        { "https://evil.example", false },
        { "evil", false },
        { "/a b", false },
        { "/a\tb", false },
        { "/a\r\nX: y", false },
        { "/\x7f", false },
        { "/\xc3\xa4", false },
        { "/sign-in", false },
        { "/sign-out", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_int(cases[i].path, local_path_is_safe(str_from_c(cases[i].path)), cases[i].is_safe);
    for (int byte = 0; byte < 256; byte++) {
        char path[] = { '/', 'x', (char)byte };
        bool is_safe = byte > ' ' && byte < 0x7f && byte != '\\';
        expect_int("each byte", local_path_is_safe(str_from(path, 3)), is_safe);
    }
}

/* --- texts --- */

static void texts_read_as_people_write(void **state)
{
    expect_str("moment", text_moment(*state, 1795243920), STR("21 Nov 2026, 06:52 UTC"));
    expect_str("clock", text_clock(*state, 0), STR("00:00 UTC"));
    expect_str("0", text_number(*state, 0), STR("0"));
    expect_str("999", text_number(*state, 999), STR("999"));
    expect_str("1204", text_number(*state, 1204), STR("1,204"));
    expect_str("a million", text_number(*state, 1000000), STR("1,000,000"));
    expect_str("one", text_count(*state, 1, "image", "images"), STR("1 image"));
    expect_str("many", text_count(*state, 1204, "image", "images"), STR("1,204 images"));
}

static void initials_are_one_or_two_letters(void **state)
{
    expect_str("two", text_initials(*state, STR("Ada Lovelace")), STR("AL"));
    expect_str("three words", text_initials(*state, STR(" ada  king lovelace ")), STR("AL"));
    expect_str("one", text_initials(*state, STR("admin")), STR("A"));
    expect_str("none", text_initials(*state, STR("")), STR("?"));
    expect_str("not ASCII", text_initials(*state, STR("\xc3\x89mile Zola")), STR("\xc3\x89Z"));
}

static void devices_are_named_by_what_they_are_not_what_they_claim(void **state)
{
    static const struct {
        const char *agent, *device;
    } cases[] = {
        { "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Linux" },
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge on Windows" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
          "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone" },
        { "curl/7.88.1", "curl" },
        { "", "An unknown browser" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_str(cases[i].agent, text_device(*state, str_from_c(cases[i].agent)),
            str_from_c(cases[i].device));
}

static void an_unknown_type_is_named_by_its_subtype(void **state)
{
    expect_str("known", file_type_label(*state, STR("image/webp")), STR("WebP"));
    expect_str("unknown", file_type_label(*state, STR("image/x-tga")), STR("X-TGA"));
    expect_str("no slash", file_type_label(*state, STR("odd")), STR("ODD"));
    assert_true(file_type_is_displayable(STR("image/webp")));
    assert_false(file_type_is_displayable(STR("image/svg+xml")));
    assert_false(file_type_is_displayable(STR("image/x-tga")));
}

/* --- routes --- */

static void the_route_table_is_sorted_and_guarded(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const struct route *next = i + 1 < route_count ? &route_table[i + 1] : NULL;
        bool is_read = route->method == METHOD_GET;

        assert_non_null(route->handler);
        assert_true(str_ends_with(str_from_c(route->doc), STR(".")));
        /* what carries its own credentials in the body, and sets no cookie, has no other to borrow
         */
        bool is_self_proving = route->access == ACCESS_ANYONE && route->audience == FOR_PROGRAMS;

        expect_int(route->path, route->csrf == CSRF_NONE, is_read || is_self_proving);
        assert_true(!is_read || route->body == BODY_NONE);
        assert_true(
            route->body == BODY_NONE || route->body == BODY_MULTIPART || route->body_max_bytes > 0);
        if (next != NULL && strcmp(route->path, next->path) >= 0)
            assert_true(strcmp(route->path, next->path) == 0 && route->method < next->method);
    }
}

static void paths_match_their_rows_and_nothing_else(void **state)
{
    static const struct {
        const char *path, *row;
    } cases[] = {
        { "/", "/" },
        { "/images", "/images" },
        { "/images/7", "/images/:id" },
        { "/images/signed-url", "/images/signed-url" },
        { "/images/9223372036854775807/signed-url", "/images/:id/signed-url" },
        { "/images/9223372036854775808", NULL },
        { "/images/0", NULL },
        { "/images/07", NULL },
        { "/images/", NULL },
        { "/images/7/", NULL },
        { "//", NULL },
        { "", NULL },
        { "/images/%37", NULL },
        { "/Images", NULL },
        { "/i/1", "/i/:id" },
        { "/i", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct request request = { .method = METHOD_GET, .raw_path = str_from_c(cases[i].path) };
        struct exchange exchange = { .request = &request, .arena = *state };
        enum status status = route_match(&exchange, STR_EMPTY);

        if (cases[i].row == NULL)
            expect_int(cases[i].path, status, STATUS_NOT_FOUND);
        else
            expect_str(cases[i].path, str_from_c(exchange.route->path), str_from_c(cases[i].row));
    }
}

static void a_prefix_is_left_out_of_the_path(void **state)
{
    static const struct {
        const char *path, *row, *without;
    } cases[] = {
        { "/prod/images/7", "/images/:id", "/images/7" },
        { "/images/7", "/images/:id", "/images/7" },
        { "/prod", "/", "/" },
        { "/prod/", "/", "/" },
        { "/prod/prod/images", NULL, "/prod/images" },
        { "/production/images", NULL, "/production/images" },
        { "/prodimages", NULL, "/prodimages" },
        { "/prod//images", NULL, "//images" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct request request = { .method = METHOD_GET, .raw_path = str_from_c(cases[i].path) };
        struct exchange exchange = { .request = &request, .arena = *state };
        enum status status = route_match(&exchange, STR("/prod"));

        expect_int(cases[i].path, status, cases[i].row == NULL ? STATUS_NOT_FOUND : STATUS_OK);
        expect_str(cases[i].path, exchange.path, str_from_c(cases[i].without));
        if (cases[i].row != NULL)
            expect_str(cases[i].path, str_from_c(exchange.route->path), str_from_c(cases[i].row));
    }
}

/* A path of that pattern, with 7 and "a/b" for its names. */
static struct str sample_path(struct arena *arena, const char *pattern)
{
    struct str rest = str_from_c(pattern), segment;
    struct buf path;

    buf_init_arena(&path, arena, 1000);
    while (str_split(&rest, '/', &segment)) {
        if (str_equal(segment, STR(":id")))
            segment = STR("7");
        else if (str_equal(segment, STR(":key...")))
            segment = STR("a/b");
        else
            assert_true(str_index(segment, ':') < 0);
        buf_put(&path, segment);
        if (rest.ptr != NULL)
            buf_put_byte(&path, '/');
    }
    return buf_str(&path);
}

static void every_route_is_reached_by_a_path_of_its_own(void **state)
{
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        struct path_values values;
        struct str path = sample_path(*state, route->path);

        if (route_find(route_table, route_count, route->method, path, &values) != route)
            fail_msg("%.*s does not lead to %s", STR_ARG(path), route->path);
        expect_int(route->path, values.id, strstr(route->path, ":id") != NULL ? 7 : 0);
        expect_str(route->path, values.raw_key,
            strstr(route->path, ":key...") != NULL ? STR("a/b") : STR_EMPTY);
    }
}

static void keys_take_slashes_and_yield_to_literals(void **state)
{
    static const struct route table[] = {
        { .path = "/f/:id", .method = METHOD_GET },
        { .path = "/f/:id/x", .method = METHOD_GET },
        { .path = "/k/:key...", .method = METHOD_GET },
        { .path = "/k/:key...", .method = METHOD_DELETE },
        { .path = "/k/:key.../url", .method = METHOD_GET },
        { .path = "/k/list", .method = METHOD_GET },
    };
    static const struct {
        const char *path;
        enum method method;
        int row;
        const char *key;
    } cases[] = {
        { "/k/a", METHOD_GET, 2, "a" },
        { "/k/a/b.png", METHOD_GET, 2, "a/b.png" },
        { "/k/a%2Fb.png", METHOD_GET, 2, "a%2Fb.png" },
        { "/k/a/b.png", METHOD_DELETE, 3, "a/b.png" },
        { "/k/a/b/url", METHOD_GET, 4, "a/b" },
        { "/k/a%2Furl", METHOD_GET, 2, "a%2Furl" },
        { "/k/url", METHOD_GET, 2, "url" },
        { "/k//url", METHOD_GET, 2, "/url" },
        { "/k/url/url", METHOD_GET, 4, "url" },
        { "/k/list", METHOD_GET, 5, "" },
        { "/k/list", METHOD_DELETE, 3, "list" },
        { "/k/list/", METHOD_GET, 2, "list/" },
        { "/k/../f/1", METHOD_GET, 2, "../f/1" },
        { "/k/", METHOD_GET, -1, "" },
        { "/k", METHOD_GET, -1, "" },
        { "/k/a", METHOD_POST, -1, "" },
        { "/f/1/x", METHOD_GET, 1, "" },
        { "/f/1x", METHOD_GET, -1, "" },
        { "/f/1/", METHOD_GET, -1, "" },
        { "/f//x", METHOD_GET, -1, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct path_values values;
        const struct route *route =
            route_find(table, COUNT_OF(table), cases[i].method, str_from_c(cases[i].path), &values);

        expect_int(cases[i].path, route == NULL ? -1 : route - table, cases[i].row);
        if (route != NULL)
            expect_str(cases[i].path, values.raw_key, str_from_c(cases[i].key));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("JSON fills every kind of field", json_fills_every_kind_of_field),
        TEST("what is absent or null was not given", what_is_absent_or_null_was_not_given),
        TEST("every problem is told under its name", every_problem_is_told_under_its_name),
        TEST("pairs fill and complain alike", pairs_fill_and_complain_alike),
        TEST("only paths of ours are led to", only_paths_of_ours_are_led_to),
        TEST("texts read as people write", texts_read_as_people_write),
        TEST("initials are one or two letters", initials_are_one_or_two_letters),
        TEST("devices are named by what they are, not what they claim",
            devices_are_named_by_what_they_are_not_what_they_claim),
        TEST("an unknown type is named by its subtype", an_unknown_type_is_named_by_its_subtype),
        TEST("the route table is sorted and guarded", the_route_table_is_sorted_and_guarded),
        TEST("paths match their rows and nothing else", paths_match_their_rows_and_nothing_else),
        TEST("a prefix is left out of the path", a_prefix_is_left_out_of_the_path),
        TEST("every route is reached by a path of its own",
            every_route_is_reached_by_a_path_of_its_own),
        TEST("keys take slashes and yield to literals", keys_take_slashes_and_yield_to_literals),
    };

    return RUN(tests);
}
