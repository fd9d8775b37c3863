/* From the OpenAPI document to the model of /docs. How a schema reads is docs_type.c's, how a call
 * looks in a shell docs_call.c's. */
#include "web/docs_model.h"

#include "web/docs_call.h"
#include "web/model.h"
#include "web/text.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static json_t *text_or_null(const json_t *object, const char *name)
{
    return model_text_or_null(str_from_c(text_of(object, name)));
}

/* "#/components/schemas/Grant" in the document; NULL when it is none. */
static const json_t *follow(const json_t *document, const json_t *reference)
{
    struct str path = str_from_c(text_of(reference, "$ref")), name;
    char key[100];

    if (path.len < 2)
        return reference;
    path = str_from_offset(path, 2);
    while (document != NULL && str_split(&path, '/', &name)) {
        snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
        document = json_object_get(document, key);
    }
    return document;
}

/* --- fields --- */

static bool is_listed(const json_t *list, const char *name)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one) if (strcmp(json_string_value(one), name) == 0) return true;
    return false;
}

static json_t *field_model(struct arena *arena, const char *name, const char *where,
    const json_t *schema, bool is_required)
{
    return json_pack("{s:s, s:s, s:o, s:b, s:o}", "name", name, "where_text", where, "type_text",
        json_from_str(docs_type_text(arena, schema)), "is_required", is_required, "text",
        text_or_null(schema, "description"));
}

/* The properties of an object, those of listed objects under "files[].": two levels at most. */
static void add_fields(json_t *list, struct arena *arena, const char *prefix, const json_t *schema)
{
    const json_t *required = json_object_get(schema, "required");
    const char *name;
    json_t *property;

    json_object_foreach(json_object_get(schema, "properties"), name, property)
    {
        const json_t *items = json_object_get(property, "items");
        const char *full = arena_printf(arena, "%s%s", prefix, name).ptr;
        json_array_append_new(
            list, field_model(arena, full, "body", property, is_listed(required, name)));
        if (json_object_get(items, "properties") != NULL && *prefix == '\0')
            add_fields(list, arena, arena_printf(arena, "%s[].", full).ptr, items);
    }
}

static json_t *parameters_model(struct arena *arena, const json_t *operation)
{
    json_t *list = json_array(), *one, *media;
    const char *type;
    size_t i;

    json_array_foreach(json_object_get(operation, "parameters"), i, one)
    {
        json_t *field = field_model(arena, text_of(one, "name"), text_of(one, "in"),
            json_object_get(one, "schema"), json_is_true(json_object_get(one, "required")));
        json_object_set_new(field, "text", text_or_null(one, "description"));
        json_array_append_new(list, field);
    }
    json_object_foreach(json_object_get(json_object_get(operation, "requestBody"), "content"), type,
        media) add_fields(list, arena, "", json_object_get(media, "schema"));
    return list;
}

/* --- answers --- */

static json_t *example_model(const json_t *example)
{
    char *text;
    json_t *model;

    if (example == NULL)
        return json_null();
    text = json_dumps(example, JSON_INDENT(2));
    model = json_string(text);
    free(text);
    return model;
}

/* The first media type of a content object: there is one at most. */
static const json_t *only_media(const json_t *content)
{
    return json_object_iter_value(json_object_iter((json_t *)content));
}

static json_t *answer_model(
    struct arena *arena, const json_t *document, const char *status, const json_t *said)
{
    const json_t *answer = follow(document, said);
    const json_t *media = only_media(json_object_get(answer, "content"));
    const json_t *schema = json_object_get(media, "schema");
    bool is_good = status[0] < '4';
    json_t *object = json_null();

    if (is_good && json_object_get(schema, "$ref") != NULL)
        object = json_from_str(docs_type_text(arena, schema));
    return json_pack("{s:s, s:o, s:b, s:o, s:o}", "status", status, "text",
        text_or_null(answer, "description"), "is_good", is_good, "object", object, "example",
        example_model(json_object_get(media, "example")));
}

/* Example and errors stand apart on the page; the first good answer that has one gives it. */
static void set_answers(
    json_t *model, struct arena *arena, const json_t *document, const json_t *operation)
{
    json_t *list = json_array(), *example = NULL, *said;
    const char *status;

    json_object_foreach(json_object_get(operation, "responses"), status, said)
    {
        json_t *answer = answer_model(arena, document, status, said);
        json_array_append_new(list, answer);
        if (example == NULL && json_is_string(json_object_get(answer, "example")))
            example = json_object_get(answer, "example");
    }
    json_object_set(model, "example", example != NULL ? example : json_null());
    json_object_set_new(model, "answers", list);
}

/* --- operations --- */

static struct str who_text(struct arena *arena, const json_t *operation)
{
    static const char *const roles[][2] = {
        { "anyone", "Anyone." },
        { "viewer", "Everyone who is signed in" },
        { "editor", "Editors and administrators" },
        { "admin", "Administrators" },
        { "metrics", "Administrators, and who sends METRICS_TOKEN" },
    };
    const char *role = text_of(operation, "x-role"), *scope = text_of(operation, "x-scope");

    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (strcmp(roles[i][0], role) != 0)
            continue;
        if (i == 0 || strcmp(scope, "none") == 0)
            return arena_printf(arena, "%s%s", roles[i][1], i == 0 ? "" : ".");
        return arena_printf(arena, "%s; a token needs the scope %s.", roles[i][1], scope);
    }
    return STR_EMPTY;
}

static json_t *operation_model(struct arena *arena, const json_t *document, const char *path,
    const char *method, const json_t *operation)
{
    json_t *parameters = parameters_model(arena, operation);
    json_int_t limit = json_integer_value(json_object_get(operation, "x-body-max-bytes"));
    char upper[16] = "";
    json_t *model;

    for (size_t i = 0; method[i] != '\0' && i + 1 < sizeof(upper); i++)
        upper[i] = (char)(method[i] & ~0x20);
    model = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o}", "id",
        text_of(operation, "operationId"), "method", upper, "method_class", method, "path", path,
        "summary", text_of(operation, "summary"), "description",
        text_or_null(operation, "description"), "who_text",
        json_from_str(who_text(arena, operation)), "has_parameters",
        json_array_size(parameters) > 0, "parameters", parameters, "limit_text",
        limit > 0 ? model_format(arena, "%.*s bytes", STR_ARG(text_number(arena, limit)))
                  : json_null(),
        "call", json_from_str(docs_call(arena, path, upper, operation)));
    set_answers(model, arena, document, operation);
    return model;
}

static json_t *operations_of_tag(struct arena *arena, const json_t *document, const char *tag)
{
    json_t *list = json_array(), *item, *operation;
    const char *path, *method;

    json_object_foreach(json_object_get(document, "paths"), path, item) json_object_foreach(
        item, method, operation) if (is_listed(json_object_get(operation, "tags"), tag))
        json_array_append_new(list, operation_model(arena, document, path, method, operation));
    return list;
}

/* --- the page --- */

static struct str section_id(struct arena *arena, const char *title)
{
    struct str id = arena_copy(arena, str_from_c(title));

    for (char *at = (char *)id.ptr; *at != '\0'; at++)
        *at = *at == ' ' ? '-' : (char)(*at | 0x20);
    return id;
}

static json_t *sections_model(struct arena *arena, const json_t *document)
{
    json_t *list = json_array(), *tag;
    size_t i;

    json_array_foreach(json_object_get(document, "tags"), i, tag)
    {
        const char *title = text_of(tag, "name");
        json_t *operations = operations_of_tag(arena, document, title);
        if (json_array_size(operations) == 0) {
            json_decref(operations);
            continue;
        }
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:o, s:o}", "id", json_from_str(section_id(arena, title)),
                      "title", title, "text", text_or_null(tag, "description"), "operations",
                      operations));
    }
    return list;
}

static json_t *objects_model(struct arena *arena, const json_t *document)
{
    const json_t *components = json_object_get(document, "components");
    json_t *list = json_array(), *schema;
    const char *name;

    json_object_foreach(json_object_get(components, "schemas"), name, schema)
    {
        json_t *fields = json_array();
        add_fields(fields, arena, "", schema);
        json_array_append_new(list, json_pack("{s:s, s:o, s:b, s:o}", "name", name, "text",
                                        text_or_null(schema, "description"), "has_fields",
                                        json_array_size(fields) > 0, "fields", fields));
    }
    return list;
}

json_t *docs_model(const json_t *document)
{
    struct arena arena;
    json_t *model;

    arena_init(&arena);
    model = json_pack("{s:o, s:o, s:o}", "text",
        text_or_null(json_object_get(document, "info"), "description"), "sections",
        sections_model(&arena, document), "objects", objects_model(&arena, document));
    arena_clear(&arena);
    return model;
}
