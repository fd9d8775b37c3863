/* The OpenAPI document: one operation a row of the route table. Schemas of parameters are
 * openapi_schema.c's. */
#include "web/openapi.h"

#include "base/log.h"
#include "web/routes.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 200 };

/* --- names --- */

/* "/files/:key..." is "/files/{key}" there. */
static struct str path_template(struct arena *arena, const char *pattern)
{
    struct buf out;

    buf_init_arena(&out, arena, NAME_MAX_BYTES);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != ':') {
            buf_put_byte(&out, *pattern);
            continue;
        }
        buf_put_byte(&out, '{');
        while (pattern[1] >= 'a' && pattern[1] <= 'z')
            buf_put_byte(&out, *++pattern);
        while (pattern[1] == '.')
            pattern++;
        buf_put_byte(&out, '}');
    }
    return arena_copy(arena, buf_str(&out));
}

/* "postImagesPresignUpload": methods and paths are unique, so these are. A slash at the end of a
 * path is told by a word. */
static struct str operation_id(struct arena *arena, const struct route *route)
{
    struct str method = method_to_str(route->method);
    bool is_new_word = true;
    struct buf out;

    buf_init_arena(&out, arena, NAME_MAX_BYTES);
    for (size_t i = 0; i < method.len; i++)
        buf_put_byte(&out, (char)(method.ptr[i] | 0x20));
    for (const char *at = route->path; *at != '\0'; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        if (is_letter)
            buf_put_byte(&out, is_new_word && *at >= 'a' ? (char)(*at & ~0x20) : *at);
        is_new_word = !is_letter;
    }
    if (str_ends_with(str_from_c(route->path), STR("/")))
        buf_put(&out, STR("Slash"));
    return buf_str(&out);
}

static const char *tag_of(const struct route *route)
{
    static const struct {
        struct str prefix;
        const char *tag;
    } places[] = {
        { STR_INIT("/auth/"), "Signing in" },
        { STR_INIT("/images"), "Images" },
    };
    static const char *const dialects[] = {
        [NATIVE] = "Service",
        [GATEWAY] = "Gateway",
        [PROFILE] = "Profile",
        [FILES] = "Files",
        [STORAGE_V1] = "Storage v1",
    };

    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (str_starts_with(str_from_c(route->path), places[i].prefix))
            return places[i].tag;
    return dialects[route->dialect];
}

/* --- what is sent --- */

static bool has_name(const struct route *route, const char *name)
{
    return strstr(route->path, name) != NULL;
}

static void add_path_parameter(json_t *list, const json_t *words, const char *name, json_t *schema)
{
    const char *meaning = openapi_field_words(words, name);

    json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o, s:s*}", "name", name, "in", "path",
                                    "required", 1, "schema", schema, "description", meaning));
}

static json_t *parameters_of(const json_t *words, const struct route *route)
{
    json_t *list = json_array();

    if (has_name(route, ":id"))
        add_path_parameter(
            list, words, "id", json_pack("{s:s, s:i}", "type", "integer", "minimum", 1));
    if (has_name(route, ":key..."))
        add_path_parameter(list, words, "key",
            json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 1024));
    if (route->params == NULL || route->body != BODY_NONE)
        return list;
    for (size_t i = 0; i < route->params->count; i++) {
        const struct param *param = &route->params->item[i];
        json_array_append_new(list,
            json_pack("{s:s, s:s, s:b, s:o, s:s*}", "name", param->name, "in", "query", "required",
                param->is_required, "schema", openapi_schema_of_param(words, param), "description",
                openapi_field_words(words, param->name)));
    }
    return list;
}

/* A form with one file: its field is named in the words, because the handler reads it from a
 * stream. */
static json_t *file_schema(const json_t *words, const json_t *operation)
{
    const char *field = json_string_value(json_object_get(operation, "upload"));
    const char *meaning;

    if (field == NULL)
        field = "file";
    meaning = openapi_field_words(words, field);
    return json_pack("{s:s, s:[s], s:{s:{s:s, s:s, s:s*}}}", "type", "object", "required", field,
        "properties", field, "type", "string", "contentMediaType", "application/octet-stream",
        "description", meaning);
}

static json_t *body_of(const json_t *words, const json_t *operation, const struct route *route)
{
    static const char *const types[] = {
        [BODY_NONE] = NULL,
        [BODY_FORM] = "application/x-www-form-urlencoded",
        [BODY_JSON] = "application/json",
        [BODY_MULTIPART] = "multipart/form-data",
    };
    json_t *schema, *media, *example = json_object_get(operation, "body");

    if (route->body == BODY_NONE)
        return NULL;
    if (route->body == BODY_MULTIPART)
        schema = file_schema(words, operation);
    else if (route->params != NULL)
        schema = openapi_schema_of_set(words, route->params);
    else
        schema = json_pack("{s:s}", "type", "object");
    media = json_pack("{s:o, s:O*}", "schema", schema, "example", example);
    return json_pack("{s:b, s:{s:o}}", "required", 1, "content", types[route->body], media);
}

/* --- what is answered --- */

static json_t *reference(const char *kind, const char *name)
{
    char text[NAME_MAX_BYTES];

    snprintf(text, sizeof(text), "#/components/%s/%s", kind, name);
    return json_pack("{s:s}", "$ref", text);
}

static json_t *problem_content(void)
{
    return json_pack(
        "{s:{s:o}}", "application/problem+json", "schema", reference("schemas", "Problem"));
}

/* A sentence is a problem; an object says its type, its schema (a name, or itself) and an example.
 */
static json_t *answer_of(json_t *words)
{
    json_t *schema = json_object_get(words, "schema"), *type = json_object_get(words, "type");
    json_t *description = json_object_get(words, "description");
    json_t *media, *answer;

    if (json_is_string(words))
        return json_pack("{s:O, s:o}", "description", words, "content", problem_content());
    answer = json_pack("{s:O*}", "description", description);
    if (json_is_null(type))
        return answer;
    media = json_pack("{s:O*}", "example", json_object_get(words, "example"));
    if (json_is_string(schema))
        json_object_set_new(media, "schema", reference("schemas", json_string_value(schema)));
    else if (schema != NULL)
        json_object_set(media, "schema", schema);
    json_object_set_new(answer, "content",
        json_pack("{s:o}", type != NULL ? json_string_value(type) : "application/json", media));
    return answer;
}

/* --- the errors that a row's columns bring with them --- */

static bool has_something_to_read(const struct route *route)
{
    return route->params != NULL || has_name(route, ":key...");
}

static bool is_for_some(const struct route *route)
{
    return route->access != ACCESS_ANYONE;
}

static bool is_change(const struct route *route)
{
    return is_for_some(route) && (route->csrf != CSRF_NONE || route->access != ACCESS_VIEWER ||
                                     route->scope != SCOPE_NONE);
}

static bool names_something(const struct route *route)
{
    return has_name(route, ":");
}

static bool has_body(const struct route *route)
{
    return route->body != BODY_NONE;
}

static bool has_params(const struct route *route)
{
    return route->params != NULL || route->body == BODY_MULTIPART;
}

static bool is_limited(const struct route *route)
{
    return route->rate != RATE_NONE;
}

static bool is_about_objects(const struct route *route)
{
    return route->scope == SCOPE_READ || route->scope == SCOPE_UPLOAD ||
           route->scope == SCOPE_DELETE;
}

static const struct {
    const char *name;
    enum status status;
    bool (*applies)(const struct route *route);
} errors[] = {
    { "BadRequest", STATUS_BAD_REQUEST, has_something_to_read },
    { "Unauthenticated", STATUS_UNAUTHENTICATED, is_for_some },
    { "Forbidden", STATUS_FORBIDDEN, is_change },
    { "NotFound", STATUS_NOT_FOUND, names_something },
    { "TooLarge", STATUS_TOO_LARGE, has_body },
    { "UnsupportedType", STATUS_UNSUPPORTED_TYPE, has_body },
    { "Invalid", STATUS_INVALID, has_params },
    { "TooMany", STATUS_TOO_MANY, is_limited },
    { "StorageFailed", STATUS_STORAGE, is_about_objects },
    { "Unavailable", STATUS_BUSY, is_about_objects },
};

static json_t *answers_of(const json_t *operation, const struct route *route)
{
    json_t *answers = json_object(), *words;
    const char *status;

    json_object_foreach(json_object_get(operation, "answers"), status, words)
        json_object_set_new(answers, status, answer_of(words));
    if (json_object_size(answers) == 0)
        json_object_set_new(answers, "200", json_pack("{s:s}", "description", "Done."));
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        char number[8];
        snprintf(number, sizeof(number), "%d", status_http(errors[i].status));
        if (errors[i].applies(route) && json_object_get(answers, number) == NULL)
            json_object_set_new(answers, number, reference("responses", errors[i].name));
    }
    return answers;
}

/* --- the whole --- */

static json_t *security_of(const struct route *route)
{
    if (route->access == ACCESS_ANYONE)
        return json_array();
    return json_pack("[{s:[]}, {s:[]}]", "token", "session");
}

static json_t *operation_of(struct arena *arena, const json_t *words, const struct route *route)
{
    const char *key =
        arena_printf(arena, "%.*s %s", STR_ARG(method_to_str(route->method)), route->path).ptr;
    const json_t *said = json_object_get(json_object_get(words, "operations"), key);
    json_t *operation = json_pack("{s:o, s:[s], s:s, s:O*, s:o, s:o*, s:o, s:o, s:o, s:o}",
        "operationId", json_from_str(operation_id(arena, route)), "tags", tag_of(route), "summary",
        route->doc, "description", json_object_get(said, "description"), "parameters",
        parameters_of(words, route), "requestBody", body_of(words, said, route), "responses",
        answers_of(said, route), "security", security_of(route), "x-role",
        json_from_str(access_name(route->access)), "x-scope",
        json_from_str(scope_name(route->scope)));

    if (route->body_max_bytes > 0)
        json_object_set_new(
            operation, "x-body-max-bytes", json_integer((json_int_t)route->body_max_bytes));
    return operation;
}

static json_t *paths_of(struct arena *arena, const json_t *words)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const char *path = path_template(arena, route->path).ptr;
        struct str method = method_to_str(route->method);
        char lower[16] = "";

        if (route->audience != FOR_PROGRAMS)
            continue;
        if (json_object_get(paths, path) == NULL)
            json_object_set_new(paths, path, json_object());
        for (size_t j = 0; j < method.len; j++)
            lower[j] = (char)(method.ptr[j] | 0x20);
        json_object_set_new(json_object_get(paths, path), lower, operation_of(arena, words, route));
    }
    return paths;
}

static json_t *components_of(const json_t *words)
{
    json_t *responses = json_object();

    for (size_t i = 0; i < COUNT_OF(errors); i++)
        json_object_set_new(responses, errors[i].name,
            json_pack("{s:o, s:o}", "description", json_from_str(status_sentence(errors[i].status)),
                "content", problem_content()));
    return json_pack("{s:O*, s:o, s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}}", "schemas",
        json_object_get(words, "schemas"), "responses", responses, "securitySchemes", "token",
        "type", "http", "scheme", "bearer", "description",
        "A token of `vitrine token add`, or a JWT of POST /auth/signin.", "session", "type",
        "apiKey", "in", "cookie", "name", "vitrine_session", "description",
        "The session of a page; called __Host-vitrine_session under https. What changes something "
        "must also carry this site's Origin.");
}

json_t *openapi_document(struct str version)
{
    struct arena arena;
    struct str why;
    json_t *words, *document = NULL;

    arena_init(&arena);
    words = json_parse(&arena, str_from_c(openapi_words), &why);
    if (json_is_object(words)) {
        document = json_pack("{s:s, s:O*, s:[{s:s}], s:O*, s:o, s:o}", "openapi", "3.1.0", "info",
            json_object_get(words, "info"), "servers", "url", "/", "tags",
            json_object_get(words, "tags"), "paths", paths_of(&arena, words), "components",
            components_of(words));
        json_object_set_new(json_object_get(document, "info"), "version", json_from_str(version));
    } else {
        log_event(LOG_ERROR, "openapi.json is not a JSON object: %.*s", STR_ARG(why));
    }
    json_decref(words);
    arena_clear(&arena);
    return document;
}
