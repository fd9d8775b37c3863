/* The description of the APIs: schemas of parameters, words for types, calls for a shell. */
#include "unit.h"

#include "web/docs_call.h"
#include "web/docs_model.h"
#include "web/openapi.h"

static json_t *parse(struct arena *arena, const char *text)
{
    struct str why;
    json_t *json = json_parse(arena, str_from_c(text), &why);

    assert_non_null(json);
    return json;
}

/* --- schemas --- */

struct inner {
    int64_t size;
};
static const struct param inner_list[] = {
    { "size", PARAM_I64, offsetof(struct inner, size), REQUIRED, .min = 1, .max = INT64_MAX },
};
static const struct param_set inner_set = PARAM_SET(struct inner, inner_list);

struct sample {
    struct str text;
    bool flag;
    struct param_strs words;
    struct param_i64s ids;
    struct param_objects inners;
    int choice;
};
static const char *const choices[] = { "keep", "ask", NULL };
static const struct param sample_list[] = {
    { "text", PARAM_STR, offsetof(struct sample, text), REQUIRED, .min = 1, .max = 5 },
    { "flag", PARAM_BOOL, offsetof(struct sample, flag), .is_required = false },
    { "words", PARAM_STRS, offsetof(struct sample, words), .max = 2, .item_max = 3 },
    { "ids", PARAM_I64S, offsetof(struct sample, ids), .min = 1, .max = 2, .item_max = 100 },
    { "inners", PARAM_OBJECTS, offsetof(struct sample, inners), .max = 2, .items = &inner_set },
    { "choice", PARAM_CHOICE, offsetof(struct sample, choice), .choices = choices },
};
static const struct param_set sample_set = PARAM_SET(struct sample, sample_list);

static void tables_of_parameters_become_schemas(void **state)
{
    static const char *const expected =
        "{\"type\":\"object\",\"properties\":{"
        "\"text\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":5,\"description\":\"Words.\"},"
        "\"flag\":{\"type\":\"boolean\"},"
        "\"words\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":3},"
        "\"maxItems\":2},"
        "\"ids\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,"
        "\"maximum\":100},\"minItems\":1,\"maxItems\":2},"
        "\"inners\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
        "\"size\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"size\"]},\"maxItems\":2},"
        "\"choice\":{\"type\":\"string\",\"enum\":[\"keep\",\"ask\"]}},"
        "\"required\":[\"text\"]}";
    json_t *words = parse(*state, "{\"fields\":{\"text\":\"Words.\"}}");
    json_t *schema = openapi_schema_of_set(words, &sample_set);

    expect_str("schema", json_text(*state, schema), str_from_c(expected));
    json_decref(schema);
    json_decref(words);
}

static void every_operation_of_the_document_is_named_once(void **state)
{
    json_t *document = openapi_document(STR("1.2.3")), *ids = json_object(), *item, *operation;
    const char *path, *method;

    (void)state;
    assert_non_null(document);
    json_object_foreach(json_object_get(document, "paths"), path, item)
        json_object_foreach(item, method, operation)
    {
        const char *id = json_string_value(json_object_get(operation, "operationId"));
        assert_null(json_object_get(ids, id));
        json_object_set_new(ids, id, json_true());
        assert_true(json_object_size(json_object_get(operation, "responses")) > 0);
    }
    assert_non_null(json_object_get(ids, "getImagesIdSignedUrl"));
    assert_non_null(json_object_get(ids, "deleteFilesKey"));
    assert_non_null(json_object_get(ids, "postApiV1UploadSlash"));
    json_decref(ids);
    json_decref(document);
}

/* --- words --- */

static void types_read_as_people_say_them(void **state)
{
    static const struct {
        const char *schema, *text;
    } cases[] = {
        { "{\"type\":\"string\"}", "text" },
        { "{\"type\":\"string\",\"maxLength\":1000}", "text, at most 1,000 characters" },
        { "{\"type\":\"string\",\"minLength\":1,\"maxLength\":9}", "text, 1 to 9 characters" },
        { "{\"type\":[\"string\",\"null\"]}", "text or null" },
        { "{\"type\":\"integer\",\"minimum\":1}", "whole number from 1" },
        { "{\"type\":\"integer\",\"minimum\":1,\"maximum\":200}", "whole number from 1 to 200" },
        { "{\"type\":\"integer\",\"minimum\":0}", "whole number" },
        { "{\"type\":\"boolean\"}", "true or false" },
        { "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1},\"maxItems\":9}",
            "list, at most 9 entries; each: whole number from 1" },
        { "{\"$ref\":\"#/components/schemas/Grant\"}", "Grant" },
        { "{\"type\":\"string\",\"enum\":[\"keep\",\"ask\"]}", "text: keep or ask" },
        { "{\"anyOf\":[{\"$ref\":\"#/a/Image\"},{\"type\":\"null\"}]}", "Image or null" },
        { "{\"anyOf\":[]}", "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *schema = parse(*state, cases[i].schema);
        expect_str(cases[i].schema, docs_type_text(*state, schema), str_from_c(cases[i].text));
        json_decref(schema);
    }
}

static void calls_can_be_pasted_into_a_shell(void **state)
{
    static const struct {
        const char *path, *method, *operation, *call;
    } cases[] = {
        { "/health", "GET", "{\"security\":[]}", "curl \"$api/health\"" },
        { "/images/{id}", "DELETE", "{\"security\":[{}]}",
            "curl -X DELETE \"$api/images/7\" \\\n  -H \"$auth\"" },
        { "/files/{key}/url", "GET", "{}", "curl \"$api/files/uploads/boat.png/url\"" },
        { "/a", "POST",
            "{\"requestBody\":{\"content\":{\"application/json\":{\"example\":{\"a\":\"it's\"}}}}}",
            "curl \"$api/a\" \\\n  -H \"Content-Type: application/json\" \\\n"
            "  -d '{\"a\": \"it'\\''s\"}'" },
        { "/a", "PATCH", "{\"requestBody\":{\"content\":{}}}", "curl -X PATCH \"$api/a\"" },
        { "/a", "POST",
            "{\"requestBody\":{\"content\":{\"multipart/form-data\":{\"schema\":{\"required\":"
            "[\"image\"]}}}}}",
            "curl \"$api/a\" \\\n  -F image=@boat.png" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *operation = parse(*state, cases[i].operation);
        expect_str(cases[i].path, docs_call(*state, cases[i].path, cases[i].method, operation),
            str_from_c(cases[i].call));
        json_decref(operation);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("tables of parameters become schemas", tables_of_parameters_become_schemas),
        TEST("every operation of the document is named once",
            every_operation_of_the_document_is_named_once),
        TEST("types read as people say them", types_read_as_people_say_them),
        TEST("calls can be pasted into a shell", calls_can_be_pasted_into_a_shell),
    };

    return RUN(tests);
}
