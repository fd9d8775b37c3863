/*
 * test_objects_cors.c - CORS configurations: which are taken, and what each rule allows.
 */
#include "unit.h"

#include "objects/cors.h"

#define RULE(inside) "<CORSConfiguration><CORSRule>" inside "</CORSRule></CORSConfiguration>"
#define ORIGIN(o)    "<AllowedOrigin>" o "</AllowedOrigin>"
#define METHOD(m)    "<AllowedMethod>" m "</AllowedMethod>"
#define HEADER(h)    "<AllowedHeader>" h "</AllowedHeader>"

static bool parses(struct arena *arena, struct str xml, struct cors_config *out)
{
    struct str problem;
    return cors_parse(arena, xml, out, &problem) == STATUS_OK;
}

static void acceptable_documents_are_taken(void **state)
{
    struct cors_config config;
    const struct str documents[] = {
        STR(RULE(ORIGIN("*") METHOD("GET"))),
        STR("<?xml version=\"1.0\"?>\n<CORSConfiguration "
            "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule>" ORIGIN("https://a.b")
                METHOD("PUT") "<ID>x</ID></CORSRule></CORSConfiguration>"),
        STR("<s3:CORSConfiguration xmlns:s3=\"x\"><s3:CORSRule>"
            "<s3:AllowedOrigin>*</s3:AllowedOrigin><s3:AllowedMethod>GET</s3:AllowedMethod>"
            "</s3:CORSRule></s3:CORSConfiguration>"),
        STR(CORS_OPEN_CONFIG),
        STR(RULE(ORIGIN("http://*.example.org") METHOD("GET") HEADER(
            "x-amz-*") "<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>30</MaxAgeSeconds>")),
    };
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        assert_true(parses(*state, documents[i], &config));
        assert_int_equal(config.count, 1);
    }
}

static void others_are_refused(void **state)
{
    struct cors_config config;
    const struct str documents[] = {
        STR(""),
        STR("x"),
        STR("<CORSConfiguration/>"),
        STR("<Other><CORSRule>" ORIGIN("*") METHOD("GET") "</CORSRule></Other>"),
        STR(RULE(ORIGIN("*"))),
        STR(RULE(METHOD("GET"))),
        STR(RULE(ORIGIN("*") METHOD("PATCH"))),
        STR(RULE(ORIGIN("*") METHOD("get"))),
        STR(RULE(ORIGIN("http://*.*") METHOD("GET"))),
        STR(RULE(ORIGIN("") METHOD("GET"))),
        STR(RULE(ORIGIN("*") METHOD("GET") "<ExposeHeader>x-*</ExposeHeader>")),
        STR(RULE(ORIGIN("*") METHOD("GET") "<MaxAgeSeconds>-1</MaxAgeSeconds>")),
        STR(RULE(ORIGIN("*") METHOD("GET") "<MaxAgeSeconds>soon</MaxAgeSeconds>")),
        STR(RULE(ORIGIN("*&#13;&#10;X-Evil: 1") METHOD("GET"))),
        STR("<!DOCTYPE a [<!ENTITY e \"*\">]>" RULE(ORIGIN("&e;") METHOD("GET"))),
        STR("<CORSConfiguration><CORSRule>"),
    };
    for (size_t i = 0; i < COUNT_OF(documents); i++)
        if (parses(*state, documents[i], &config))
            fail_msg("document %zu was taken: %.*s", i, STR_ARG(documents[i]));
}

static void patterns_match_with_one_star(void **state)
{
    (void)state;
    static const struct {
        struct str pattern, value;
        bool matches;
    } rows[] = {
        { STR_INIT("*"), STR_INIT("http://a"), true },
        { STR_INIT("http://a"), STR_INIT("http://a"), true },
        { STR_INIT("http://a"), STR_INIT("http://A"), false },
        { STR_INIT("http://a"), STR_INIT("http://ab"), false },
        { STR_INIT("http://*.b"), STR_INIT("http://a.b"), true },
        { STR_INIT("http://*.b"), STR_INIT("http://.b"), true },
        { STR_INIT("http://*.b"), STR_INIT("http://b"), false },
        { STR_INIT("http://*.b"), STR_INIT("http://a.b.evil"), false },
        { STR_INIT("http://a*"), STR_INIT("http://a:8080"), true },
        { STR_INIT("aba*aba"), STR_INIT("ababa"), false }, /* the ends may not overlap */
        { STR_INIT("null"), STR_INIT("null"), true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (cors_matches(rows[i].pattern, rows[i].value) != rows[i].matches)
            fail_msg("row %zu", i);
}

static void the_first_rule_that_fits_is_found(void **state)
{
    bool any;
    struct cors_config config;
    struct str document = STR(
        "<CORSConfiguration>"
        "<CORSRule>" ORIGIN("http://app") METHOD("PUT") HEADER("Content-Type") HEADER(
            "x-amz-*") "</CORSRule>"
                       "<CORSRule>" ORIGIN("*") METHOD("GET") "</CORSRule></CORSConfiguration>");
    static const struct {
        struct str origin, method, headers;
        int rule; /* -1: none */
        bool any;
    } rows[] = {
        { STR_INIT("http://app"), STR_INIT("PUT"), STR_INIT(""), 0, false },
        { STR_INIT("http://app"), STR_INIT("PUT"), STR_INIT("content-type"), 0, false },
        { STR_INIT("http://app"), STR_INIT("PUT"), STR_INIT("content-type, X-Amz-Date"), 0, false },
        { STR_INIT("http://app"), STR_INIT("PUT"), STR_INIT("content-type,x-other"), -1, false },
        { STR_INIT("http://evil"), STR_INIT("PUT"), STR_INIT(""), -1, false },
        { STR_INIT("http://app"), STR_INIT("DELETE"), STR_INIT(""), -1, false },
        { STR_INIT("http://app"), STR_INIT("GET"), STR_INIT(""), 1, true },
        { STR_INIT("http://evil"), STR_INIT("GET"), STR_INIT(""), 1, true },
        { STR_INIT("http://evil"), STR_INIT("GET"), STR_INIT("range"), -1, true },
    };
    assert_true(parses(*state, document, &config));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct cors_rule *rule =
            cors_find(&config, rows[i].origin, rows[i].method, rows[i].headers, &any);
        int found = rule ? (int)(rule - config.rules) : -1;
        if (found != rows[i].rule || (rule && any != rows[i].any))
            fail_msg("row %zu: rule %d", i, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acceptable_documents_are_taken),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(patterns_match_with_one_star),
        cmocka_unit_test(the_first_rule_that_fits_is_found),
    };
    return cmocka_run_group_tests(tests, unit_open_arena, unit_close_arena);
}
