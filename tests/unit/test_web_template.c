/*
 * test_web_template.c - the Mustache engine: what each kind of tag prints, which lines vanish, what
 * is a mistake, and how long a page takes.
 */
#include "unit.h"

#include "template_row.h"

static void check(struct arena *arena, const struct row *row)
{
    struct str problem = STR_EMPTY;
    struct buf out, error;

    buf_init_arena(&out, arena, 1 << 20);
    buf_init_arena(&error, arena, 1000);
    json_t *model = json_parse(arena, str_from_c(row->model), &problem);
    struct template_set *set = compile_row(row, &error);
    if (!model || !set)
        fail_msg("%s: %.*s%.*s", row->name, STR_ARG(problem), STR_ARG(buf_str(&error)));
    expect_int(row->name, template_render(set, STR("main"), model, &out), STATUS_OK);
    expect_str(row->name, buf_str(&out), str_from_c(row->expected));
    template_set_free(set);
    json_decref(model);
}

static void check_all(void **state, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(*state, &rows[i]);
}

static void variables_print_values_escaped(void **state)
{
    static const struct row rows[] = {
        { "no tags", "Hello\n", "{}", "Hello\n" },
        { "a string", "Hi {{name}}!", "{\"name\":\"Ada\"}", "Hi Ada!" },
        { "escaped", "{{x}}", "{\"x\":\"<a href=\\\"'\\\">&\"}",
            "&lt;a href=&quot;&#39;&quot;&gt;&amp;" },
        { "triple", "{{{x}}}", "{\"x\":\"<&\\\"\"}", "<&\"" },
        { "ampersand", "{{&x}}", "{\"x\":\"<&\\\"\"}", "<&\"" },
        { "integer", "{{n}}", "{\"n\":-85}", "-85" },
        { "raw integer", "{{{n}}}{{&n}}", "{\"n\":85}", "8585" },
        { "real", "{{n}}", "{\"n\":1.21}", "1.21" },
        { "booleans", "{{t}}{{f}}", "{\"t\":true,\"f\":false}", "truefalse" },
        { "null prints nothing", "({{x}})({{{x}}})", "{\"x\":null}", "()()" },
        { "absent prints nothing", "({{x}})({{{x}}})({{&x}})", "{}", "()()()" },
        { "lists and objects print nothing", "({{l}}{{o}})", "{\"l\":[1],\"o\":{\"a\":1}}", "()" },
        { "blanks inside", "|{{ x }}|{{{ x }}}|{{& x }}|{{\tx\n}}|", "{\"x\":\"-\"}", "|-|-|-|-|" },
        { "blanks around stay", "  {{x}}\n", "{\"x\":\"-\"}", "  -\n" },
        { "a lone variable keeps its line", "a\n {{{x}}}\nb", "{\"x\":\"-\"}", "a\n -\nb" },
        { "values are not parsed", "{{x}}", "{\"x\":\"{{y}}\",\"y\":1}", "{{y}}" },
        { "braces that are no tag", "{ a } } }} {{x}}", "{\"x\":1}", "{ a } } }} 1" },
        { "unicode names", "{{\xc3\xa4}}", "{\"\xc3\xa4\":\"\xe2\x82\xac\"}", "\xe2\x82\xac" },
    };

    check_all(state, rows, COUNT_OF(rows));
}

static void dotted_names_look_inside(void **state)
{
    static const struct row rows[] = {
        { "two parts", "{{a.b}}", "{\"a\":{\"b\":\"x\"}}", "x" },
        { "five parts", "{{a.b.c.d.e}}", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":\"x\"}}}}}", "x" },
        { "raw", "{{{a.b}}}{{&a.b}}", "{\"a\":{\"b\":\"<\"}}", "<<" },
        { "broken chain", "({{a.b.c}})", "{\"a\":{}}", "()" },
        { "broken chain is not looked up outwards", "({{a.b.c.name}})",
            "{\"a\":{\"b\":{}},\"c\":{\"name\":\"x\"}}", "()" },
        { "through a list or a text", "({{l.a}}{{t.a}})", "{\"l\":[{\"a\":1}],\"t\":\"a\"}", "()" },
        { "the first part is looked up outwards", "{{#a}}{{b.name}}{{/a}}",
            "{\"a\":{\"x\":1},\"b\":{\"name\":\"y\"}}", "y" },
        { "the inner one wins", "{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"no\"}}",
            "" },
        { "a section", "{{#a.b}}in{{/a.b}}{{^a.c}}out{{/a.c}}", "{\"a\":{\"b\":true}}", "inout" },
    };

    check_all(state, rows, COUNT_OF(rows));
}

static void sections_follow_their_value(void **state)
{
    static const struct row rows[] = {
        { "true", "{{#x}}in{{/x}}", "{\"x\":true}", "in" },
        { "false", "({{#x}}in{{/x}})", "{\"x\":false}", "()" },
        { "null", "({{#x}}in{{/x}})", "{\"x\":null}", "()" },
        { "absent", "({{#x}}in{{/x}})", "{}", "()" },
        { "empty list", "({{#x}}in{{/x}})", "{\"x\":[]}", "()" },
        { "empty text", "({{#x}}in{{/x}})", "{\"x\":\"\"}", "()" },
        { "zero is a value", "{{#x}}{{.}}{{/x}}", "{\"x\":0}", "0" },
        { "text", "{{#x}}<{{.}}>{{/x}}", "{\"x\":\"a\"}", "<a>" },
        { "object", "{{#x}}{{n}}{{/x}}", "{\"x\":{\"n\":1}}", "1" },
        { "empty object", "{{#x}}in{{/x}}", "{\"x\":{}}", "in" },
        { "list", "{{#x}}{{n}},{{/x}}", "{\"x\":[{\"n\":1},{\"n\":2}]}", "1,2," },
        { "null hides what is outside", "{{#a}}({{x}}){{/a}}", "{\"x\":1,\"a\":{\"x\":null}}",
            "()" },
        { "outside is seen", "{{#a}}{{b}}{{/a}}", "{\"b\":1,\"a\":{}}", "1" },
        { "nested twice of one name", "{{#x}}A{{#x}}B{{/x}}C{{/x}}", "{\"x\":true}", "ABC" },
        { "nested false", "{{#x}}A{{#y}}B{{/y}}C{{/x}}", "{\"x\":true,\"y\":false}", "AC" },
        { "three deep", "{{#a}}{{n}}{{#b}}{{n}}{{o}}{{#c}}{{n}}{{o}}{{/c}}{{/b}}{{/a}}",
            "{\"a\":{\"n\":1},\"b\":{\"n\":2,\"o\":3},\"c\":{\"n\":4}}", "12343" },
        { "implicit iterator", "{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",1,2.5,true,\"<\"]}",
            "(a)(1)(2.5)(true)(&lt;)" },
        { "implicit iterator raw", "{{#l}}({{{.}}}{{&.}}){{/l}}", "{\"l\":[\"<\"]}", "(<<)" },
        { "lists of lists", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[3]]}", "(12)(3)" },
        { "falsy items are still items", "{{#l}}({{.}}){{/l}}", "{\"l\":[null,false,\"\"]}",
            "()(false)()" },
        { "root iterator", "{{#.}}({{n}}){{/.}}", "[{\"n\":1},{\"n\":2}]", "(1)(2)" },
        { "blanks inside", "{{# x }}in{{/ x }}", "{\"x\":true}", "in" },
        { "inverted of false", "{{^x}}out{{/x}}", "{\"x\":false}", "out" },
        { "inverted of true", "({{^x}}out{{/x}})", "{\"x\":true}", "()" },
        { "inverted of null, absent, empty", "{{^n}}1{{/n}}{{^a}}2{{/a}}{{^l}}3{{/l}}{{^t}}4{{/t}}",
            "{\"n\":null,\"l\":[],\"t\":\"\"}", "1234" },
        { "inverted of object and list", "({{^o}}1{{/o}}{{^l}}2{{/l}})", "{\"o\":{},\"l\":[0]}",
            "()" },
        { "inverted keeps the context", "{{#a}}{{^x}}{{n}}{{/x}}{{/a}}", "{\"a\":{\"n\":1}}", "1" },
    };

    check_all(state, rows, COUNT_OF(rows));
}

static void lines_of_lone_tags_vanish(void **state)
{
    static const struct row rows[] = {
        { "section", "a\n{{#x}}\nb\n{{/x}}\nc\n", "{\"x\":true}", "a\nb\nc\n" },
        { "section that is skipped", "a\n{{#x}}\nb\n{{/x}}\nc\n", "{}", "a\nc\n" },
        { "inverted", "a\n{{^x}}\nb\n{{/x}}\nc\n", "{}", "a\nb\nc\n" },
        { "indented", "a\n  {{#x}}\nb\n\t{{/x}}  \nc", "{\"x\":true}", "a\nb\nc" },
        { "CRLF", "a\r\n{{#x}}\r\n{{/x}}\r\nb", "{\"x\":true}", "a\r\nb" },
        { "first line", "  {{#x}}\na{{/x}}\nb", "{\"x\":true}", "a\nb" },
        { "last line without an end", "{{#x}}a\n  {{/x}}", "{\"x\":true}", "a\n" },
        { "the whole text", " {{#x}}{{/x}} ", "{\"x\":true}", "  " },
        { "two tags on a line stay", "{{#x}}{{/x}}\n", "{\"x\":true}", "\n" },
        { "text beside it keeps the line", " | {{#x}}\t|\t{{/x}} | \n", "{\"x\":true}",
            " | \t|\t | \n" },
        { "text before it", "a {{#x}}\nb\n{{/x}} c\n", "{\"x\":true}", "a \nb\n c\n" },
        { "inline blanks", " {{#x}}A{{/x}}\n {{#x}}B{{/x}}\n", "{\"x\":true}", " A\n B\n" },
        { "comment", "a\n{{! c }}\nb", "{}", "a\nb" },
        { "indented comment", "a\n  {{! c }}\nb", "{}", "a\nb" },
        { "comment of many lines", "a\n  {{!\n many\n lines\n  }}\nb", "{}", "a\nb" },
        { "inline comment", "1{{! c }}2 {{!d}}\n", "{}", "12 \n" },
        { "comment with tags in it", "({{! {{x }})", "{}", "()" },
        { "delimiters", "a\n{{=@ @=}}\nb", "{}", "a\nb" },
        { "indented delimiters", "a\n {{=@ @=}}\t\nb", "{}", "a\nb" },
        { "inline delimiters", " | {{=@ @=}}\n", "{}", " | \n" },
        { "a list of lines", "{{#l}}\n- {{.}}\n{{/l}}\n", "{\"l\":[1,2]}", "- 1\n- 2\n" },
    };

    check_all(state, rows, COUNT_OF(rows));
}

static void delimiters_change_for_the_rest_of_a_template(void **state)
{
    static const struct row rows[] = {
        { "pair", "{{=<% %>=}}(<%x%>)", "{\"x\":1}", "(1)" },
        { "one byte", "({{=[ ]=}}[x])", "{\"x\":1}", "(1)" },
        { "special characters", "{{=| |=}}|#s||x||/s|", "{\"s\":true,\"x\":1}", "1" },
        { "there and back", "{{x}}{{=<% %>=}}<%x%>{{x}}<%={{ }}=%>{{x}}", "{\"x\":1}", "11{{x}}1" },
        { "triple with others", "{{=<% %>=}}<%{x}%><%&x%>", "{\"x\":\"<\"}", "<<" },
        { "blanks", "{{=   @   @   =}}(@x@)", "{\"x\":1}", "(1)" },
        { "inside a section", "{{#s}}{{x}}{{=| |=}}|x||/s||x|", "{\"s\":true,\"x\":1}", "111" },
        { "partials do not inherit", "{{=| |=}}|>p|", "{\"x\":1}", "1|x|", "{{x}}|x|", NULL },
        { "partials do not hand back", "{{>p}}{{x}}", "{\"x\":1}", "11", "{{=| |=}}|x|", NULL },
    };

    check_all(state, rows, COUNT_OF(rows));
}

static void partials_are_rendered_in_place(void **state)
{
    static const struct row rows[] = {
        { "basic", "({{>p}})", "{}", "(in)", "in", NULL },
        { "absent", "({{>nothing}})", "{}", "()" },
        { "context", "{{#a}}{{> p }}{{/a}}", "{\"x\":1,\"a\":{\"y\":2}}", "12", "{{x}}{{y}}",
            NULL },
        { "of partials", "{{>p}}", "{\"x\":1}", "[1]", "[{{>q}}]", "{{x}}" },
        { "recursion", "{{>p}}", "{\"x\":\"X\",\"l\":[{\"x\":\"Y\",\"l\":[]}]}", "X<Y<>>",
            "{{x}}<{{#l}}{{>p}}{{/l}}>", NULL },
        { "sections are not shared", "{{#s}}{{>p}}{{/s}}", "{\"s\":true}", "in", "in", NULL },
        { "inline keeps blanks", "| {{>p}} |", "{}", "| \t|\t |", "\t|\t", NULL },
        { "inline does not indent", "  {{x}}  {{>p}}\n", "{\"x\":\"|\"}", "  |  >\n>\n", ">\n>",
            NULL },
        { "alone with CRLF", "|\r\n{{>p}}\r\n|", "{}", "|\r\n>|", ">", NULL },
        { "alone on the first line", "  {{>p}}\n>", "{}", "  >\n  >>", ">\n>", NULL },
        { "alone on the last line", ">\n  {{>p}}", "{}", ">\n  >\n  >", ">\n>", NULL },
        { "indents its lines, not its values", "\\\n {{>p}}\n/\n", "{\"x\":\"<\\n->\"}",
            "\\\n |\n <\n->\n |\n/\n", "|\n{{{x}}}\n|\n", NULL },
        { "indentation adds up", " {{>p}}\n", "{\"x\":1}", " a\n  1\n  2\n b\n", "a\n {{>q}}\nb\n",
            "{{x}}\n2\n" },
        { "inline inside an indented one", "  {{>p}}\n", "{}", "  (1\n2)\n", "({{>q}})\n", "1\n2" },
        { "and back to the indentation", "  {{>p}}\n", "{}", "  a\n  1\n2b\n  c\n",
            "a\n{{>q}}b\nc\n", "1\n2" },
        { "a section inside an indented one", "  {{>p}}\n", "{\"l\":[1,2]}", "  -\n  1\n  2\n  =\n",
            "-\n{{#l}}\n{{.}}\n{{/l}}\n=\n", NULL },
        { "an inline section at the start of a line", "  {{>p}}\n", "{\"l\":[1,2]}", "  12\n  =\n",
            "{{#l}}{{.}}{{/l}}\n=\n", NULL },
    };

    check_all(state, rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("variables print values, escaped", variables_print_values_escaped),
        TEST("dotted names look inside", dotted_names_look_inside),
        TEST("sections follow their value", sections_follow_their_value),
        TEST("lines of lone tags vanish", lines_of_lone_tags_vanish),
        TEST("delimiters change for the rest of a template",
            delimiters_change_for_the_rest_of_a_template),
        TEST("partials are rendered in place", partials_are_rendered_in_place),
    };

    return RUN(tests);
}
