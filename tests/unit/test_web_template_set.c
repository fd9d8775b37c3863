/*
 * test_web_template_set.c - sets of templates: mistakes and where they are, folders, bounds,
 * threads, and how long a page takes.
 */
#include "template_row.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void mistakes_name_file_line_and_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "a\n{{x", "main.mustache:2: this tag is never closed with '}}'" },
        { "{{{x}}", "main.mustache:1: this tag is never closed with '}}}'" },
        { "\n\n{{=| |}}", "main.mustache:3: this tag is never closed with '=}}'" },
        { "{{#a}}\n{{#b}}\n{{/b}}", "main.mustache:1: the section 'a' is never closed" },
        { "{{#a}}\n{{^b}}\n", "main.mustache:2: the section 'b' is never closed" },
        { "{{#a}}\n\n{{/b}}", "main.mustache:3: the section 'a' of line 1 is closed as 'b'" },
        { "x\n{{/a}}", "main.mustache:2: the section 'a' is closed but was not open" },
        { "{{}}", "main.mustache:1: this tag has no name" },
        { "{{# }}{{/}}", "main.mustache:1: this tag has no name" },
        { "{{a b}}", "main.mustache:1: a name has no spaces: 'a b'" },
        { "{{> a b}}", "main.mustache:1: a name has no spaces: 'a b'" },
        { "{{a..b}}", "main.mustache:1: a dotted name has an empty part: 'a..b'" },
        { "{{.a}}", "main.mustache:1: a dotted name has an empty part: '.a'" },
        { "{{a.}}", "main.mustache:1: a dotted name has an empty part: 'a.'" },
        { "{{=|=}}", "main.mustache:1: delimiters are two words without '=', as in {{=<% %>=}}, "
                     "not '|'" },
        { "{{=| | |=}}", "main.mustache:1: delimiters are two words" },
        { "{{==}}", "main.mustache:1: delimiters are two words" },
        { "\xff", "main.mustache:1: this file is not UTF-8 text" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row row = { .name = rows[i].text, .text = rows[i].text };
        struct buf error;

        buf_init_arena(&error, *state, 1000);
        assert_null(compile_row(&row, &error));
        if (!str_starts_with(buf_str(&error), str_from_c(rows[i].message)))
            fail_msg("%s: '%.*s'", rows[i].text, STR_ARG(buf_str(&error)));
    }
}

static void a_partial_that_is_not_there_is_a_mistake_of_ours(void **state)
{
    struct template_source sources[] = { { STR("main"), STR("\n\n{{>gone}}") } };
    struct template_source twice[] = { { STR("a"), STR("1") }, { STR("a"), STR("2") } };
    struct buf error;

    buf_init_arena(&error, *state, 1000);
    assert_null(template_set_compile(sources, 1, TEMPLATE_MISSING_IS_ERROR, &error));
    expect_str("message", buf_str(&error),
        STR("main.mustache:3: there is no template 'gone' for this partial"));
    buf_reset(&error);
    assert_null(template_set_compile(twice, 2, TEMPLATE_MISSING_IS_ERROR, &error));
    expect_str(
        "message", buf_str(&error), STR("a.mustache:1: there are two templates of this name"));
}

static void nesting_is_bounded(void **state)
{
    struct buf text, error;

    buf_init_arena(&text, *state, 10000);
    buf_init_arena(&error, *state, 1000);
    for (int i = 0; i < TEMPLATE_NESTING_MAX + 1; i++)
        buf_put(&text, STR("{{#a}}"));
    struct template_source source = { STR("main"), buf_str(&text) };
    assert_null(template_set_compile(&source, 1, TEMPLATE_MISSING_IS_ERROR, &error));
    expect_str("message", buf_str(&error),
        STR("main.mustache:1: more than 64 sections inside one another"));
}

static void endless_recursion_stops(void **state)
{
    static const struct row rows[] = {
        { "calls itself", "{{>main}}", "{}" },
        { "calls itself twice", "x{{>main}}{{>main}}", "{}" },
        { "calls itself indented", "x\n                    {{>main}}\n", "{}" },
        { "over and over", "{{#l}}{{>p}}{{/l}}", "{\"l\":[1,2]}", NULL, "{{#l}}{{>p}}{{/l}}",
            NULL },
    };
    struct buf error, out;
    struct str problem;

    buf_init_arena(&error, *state, 1000);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct template_set *set = compile_row(&rows[i], &error);
        json_t *model = json_parse(*state, str_from_c(rows[i].model), &problem);

        buf_init_arena(&out, *state, 1 << 20);
        expect_int(rows[i].name, template_render(set, STR("main"), model, &out), STATUS_INTERNAL);
        template_set_free(set);
        json_decref(model);
    }
}

static void a_small_buf_is_told_and_an_unknown_name_too(void **state)
{
    struct row row = { "long", "12345{{x}}", "{}" };
    struct buf error, out;

    buf_init_arena(&error, *state, 1000);
    buf_init_arena(&out, *state, 4);
    struct template_set *set = compile_row(&row, &error);
    json_t *model = json_object();
    assert_int_equal(template_render(set, STR("main"), model, &out), STATUS_TOO_LARGE);
    assert_int_equal(template_render(set, STR("mai"), model, &out), STATUS_NOT_FOUND);
    assert_int_equal(template_render(set, STR(""), model, &out), STATUS_NOT_FOUND);
    template_set_free(set);
    template_set_free(NULL);
    json_decref(model);
}

static void unescaped_tags_are_listed(void **state)
{
    struct template_source sources[] = {
        { STR("b"), STR("{{x}}\n{{{y}}}\n{{#s}}{{& z.z }}{{/s}}") }, { STR("a"), STR("{{x}}") }
    };
    struct buf error, out;

    buf_init_arena(&error, *state, 1000);
    buf_init_arena(&out, *state, 1000);
    struct template_set *set = template_set_compile(sources, 2, TEMPLATE_MISSING_IS_ERROR, &error);
    assert_int_equal(template_set_list_unescaped(set, &out), 2);
    expect_str("list", buf_str(&out), STR("b.mustache:2: y\nb.mustache:3: z.z\n"));
    template_set_free(set);
}

static void a_template_cut_at_any_byte_is_compiled_or_refused_within_bounds(void **state)
{
    struct str whole = STR("a\n {{#x}}\n{{{y.z}}}{{&w}}\r\n{{/x}}\n{{^x}}{{!c}}{{/x}}{{=<% %>=}}"
                           "<%> p %>\n<%={{ }}=%>{{.}}\n");
    json_t *model = json_pack("{s:{s:{s:s}}}", "x", "y", "z", "v");

    for (size_t len = 0; len <= whole.len; len++) {
        char *cut = unit_exact_copy(str_head(whole, len));
        struct template_source source = { STR("main"), str_from(cut, len) };
        struct buf error, out;

        buf_init_arena(&error, *state, 1000);
        buf_init_arena(&out, *state, 1000);
        struct template_set *set =
            template_set_compile(&source, 1, TEMPLATE_MISSING_IS_EMPTY, &error);
        free(cut); /* the set keeps no pointer into it */
        assert_true(set || buf_str(&error).len > 0);
        if (set)
            assert_int_equal(template_render(set, STR("main"), model, &out), STATUS_OK);
        template_set_free(set);
    }
    json_decref(model);
}

static void a_folder_is_read_and_its_problems_named(void **state)
{
    char folder[] = "/tmp/vitrine-templates-XXXXXX";
    struct arena *arena = *state;
    struct buf error, out;

    assert_non_null(mkdtemp(folder));
    const char *page = arena_printf(arena, "%s/page.mustache", folder).ptr;
    const char *partial = arena_printf(arena, "%s/_part.mustache", folder).ptr;
    const char *other = arena_printf(arena, "%s/README.md", folder).ptr;
    assert_int_equal(file_write_atomic(page, STR("[{{>_part}}]"), 0600), STATUS_OK);
    assert_int_equal(file_write_atomic(partial, STR("{{x}}"), 0600), STATUS_OK);
    assert_int_equal(file_write_atomic(other, STR("{{broken"), 0600), STATUS_OK);
    buf_init_arena(&error, arena, 1000);
    buf_init_arena(&out, arena, 1000);

    struct template_set *set = template_set_load(folder, &error);
    assert_non_null(set);
    json_t *model = json_pack("{s:i}", "x", 7);
    assert_int_equal(template_render(set, STR("page"), model, &out), STATUS_OK);
    expect_str("page", buf_str(&out), STR("[7]"));
    template_set_free(set);
    json_decref(model);

    assert_int_equal(file_write_atomic(partial, STR("{{#x}}"), 0600), STATUS_OK);
    assert_null(template_set_load(folder, &error));
    expect_str(
        "message", buf_str(&error), STR("_part.mustache:1: the section 'x' is never closed"));
    assert_int_equal(unlink(page) | unlink(partial) | unlink(other) | rmdir(folder), 0);
    buf_reset(&error);
    assert_null(template_set_load(folder, &error));
    assert_true(str_find(buf_str(&error), STR("cannot be read: No such file")) > 0);
}

/* A page like ours: 100 tiles with a dozen values each. */
static const char PAGE[] =
    "<main>\n<ul class=\"tiles\">\n{{#tiles}}\n  <li id=\"{{id}}\">\n"
    "    <a href=\"{{page}}\"><img src=\"{{url}}\" alt=\"{{alt}}\" width=\"{{width}}\" "
    "height=\"{{height}}\"></a>\n    <p>{{#title}}{{title}}{{/title}}{{^title}}{{filename}}"
    "{{/title}}</p>\n    {{#owner}}<p>{{owner.name}}</p>{{/owner}}\n  </li>\n{{/tiles}}\n</ul>\n"
    "{{^tiles}}<p>Nothing here.</p>{{/tiles}}\n</main>\n";

static json_t *page_model(void)
{
    json_t *tiles = json_array();

    for (int i = 0; i < 100; i++)
        json_array_append_new(tiles,
            json_pack("{s:i,s:s,s:s,s:s,s:i,s:i,s:n,s:s,s:{s:s}}", "id", i, "page",
                "/admin/images/123", "url", "http://127.0.0.1:8081/vitrine/images/2026/11/x.jpg",
                "alt", "A boat & a \"pier\"", "width", 640, "height", 480, "title", "filename",
                "boat.jpg", "owner", "name", "Ada Lovelace"));
    return json_pack("{s:o}", "tiles", tiles);
}

enum { THREADS = 4, ROUNDS = 50 };

struct shared_page {
    const struct template_set *set;
    json_t *model;
    struct str expected;
};

static void *render_many(void *context)
{
    struct shared_page *page = context;
    struct buf out;
    bool same = true;

    buf_init(&out, 1 << 20);
    for (int i = 0; i < ROUNDS && same; i++) {
        buf_reset(&out);
        same = template_render(page->set, STR("main"), page->model, &out) == STATUS_OK &&
               str_equal(buf_str(&out), page->expected);
    }
    buf_clear(&out);
    return same ? context : NULL;
}

static void threads_render_from_one_set_at_a_time(void **state)
{
    struct row row = { .text = PAGE };
    struct shared_page page = { .model = page_model() };
    pthread_t threads[THREADS];
    struct buf error, out;
    void *result;

    buf_init_arena(&error, *state, 1000);
    buf_init_arena(&out, *state, 1 << 20);
    struct template_set *set = compile_row(&row, &error);
    page.set = set;
    assert_int_equal(template_render(set, STR("main"), page.model, &out), STATUS_OK);
    page.expected = buf_str(&out);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_many, &page), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    template_set_free(set);
    json_decref(page.model);
}

/* Far above what is expected (tens of microseconds): this only notices another order of growth. */
static void a_page_of_a_hundred_images_takes_little_time(void **state)
{
    struct row row = { .text = PAGE };
    json_t *model = page_model();
    struct buf error, out;
    int64_t best_us = INT64_MAX;

    buf_init_arena(&error, *state, 1000);
    buf_init(&out, 1 << 20);
    struct template_set *set = compile_row(&row, &error);
    for (int i = 0; i < 200; i++) {
        int64_t began_us = clock_monotonic_us();

        buf_reset(&out);
        assert_int_equal(template_render(set, STR("main"), model, &out), STATUS_OK);
        int64_t took_us = clock_monotonic_us() - began_us;
        best_us = took_us < best_us ? took_us : best_us;
    }
    print_message("a page of %zu bytes: %lld us\n", buf_str(&out).len, (long long)best_us);
    assert_true(best_us < 2000);
    buf_clear(&out);
    template_set_free(set);
    json_decref(model);
}

/* The recursion tests are logged: not into the test's own output. */
static int silence(void **state)
{
    (void)state;
    log_set_fd(open("/dev/null", O_WRONLY));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("mistakes name file, line and what is wrong",
            mistakes_name_file_line_and_what_is_wrong),
        TEST("a partial that is not there is a mistake of ours",
            a_partial_that_is_not_there_is_a_mistake_of_ours),
        TEST("nesting is bounded", nesting_is_bounded),
        TEST("endless recursion stops", endless_recursion_stops),
        TEST("a small buf is told, and an unknown name too",
            a_small_buf_is_told_and_an_unknown_name_too),
        TEST("unescaped tags are listed", unescaped_tags_are_listed),
        TEST("a template cut at any byte is compiled or refused, within bounds",
            a_template_cut_at_any_byte_is_compiled_or_refused_within_bounds),
        TEST("a folder is read and its problems named", a_folder_is_read_and_its_problems_named),
        TEST("threads render from one set at a time", threads_render_from_one_set_at_a_time),
        TEST("a page of a hundred images takes little time",
            a_page_of_a_hundred_images_takes_little_time),
    };

    return cmocka_run_group_tests(tests, silence, NULL);
}
