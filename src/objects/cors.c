/*
 * cors.c - see cors.h.
 */
#include "objects/cors.h"

#include "base/xml.h"

/* clang-format off */
static const struct str methods_known[] = {
    STR_INIT("GET"), STR_INIT("PUT"), STR_INIT("POST"), STR_INIT("DELETE"), STR_INIT("HEAD"),
};

/* What may stand in a rule, and where it goes. `stars`: how many '*' a value may hold. */
static const struct element {
    struct str path;
    size_t offset;
    int stars;
} elements[] = {
    { STR_INIT("CORSConfiguration/CORSRule/AllowedOrigin"), offsetof(struct cors_rule, origins), 1 },
    { STR_INIT("CORSConfiguration/CORSRule/AllowedMethod"), offsetof(struct cors_rule, methods), 0 },
    { STR_INIT("CORSConfiguration/CORSRule/AllowedHeader"), offsetof(struct cors_rule, headers), 1 },
    { STR_INIT("CORSConfiguration/CORSRule/ExposeHeader"),  offsetof(struct cors_rule, expose),  0 },
};
/* clang-format on */

struct parsing {
    struct arena *arena;
    struct cors_config *config;
    struct str problem;
};

static bool fail(struct parsing *parsing, struct str problem)
{
    parsing->problem = problem;
    return false;
}

static size_t count_stars(struct str value)
{
    size_t count = 0;
    for (size_t i = 0; i < value.len; i++)
        count += value.ptr[i] == '*';
    return count;
}

static bool on_begin(void *context, struct str path)
{
    struct parsing *parsing = context;
    struct cors_config *config = parsing->config;
    if (str_index(path, '/') < 0)
        return str_equal(path, STR("CORSConfiguration"));
    if (!str_equal(path, STR("CORSConfiguration/CORSRule")))
        return true;
    if (config->count == CORS_RULES_MAX)
        return fail(parsing, STR("A CORS configuration may have at most 100 rules."));
    config->rules[config->count++] = (struct cors_rule){ 0 };
    return true;
}

static bool add_value(struct parsing *parsing, const struct element *element, struct str text)
{
    struct cors_rule *rule = &parsing->config->rules[parsing->config->count - 1];
    struct cors_values *values = (struct cors_values *)((char *)rule + element->offset);
    if (str_is_empty(text) || str_has_control(text))
        return false;
    if (count_stars(text) > (size_t)element->stars)
        return fail(parsing,
            arena_printf(parsing->arena, "%.*s \"%.*s\" can not have more than %s wildcard.",
                STR_ARG(str_from_offset(element->path, strlen("CORSConfiguration/CORSRule/"))),
                STR_ARG(text), element->stars ? "one" : "a"));
    if (values->count == CORS_VALUES_MAX)
        return fail(parsing, STR("A CORS rule may have at most 100 values of a kind."));
    if (values->item == NULL)
        values->item = ARENA_ARRAY(parsing->arena, struct str, CORS_VALUES_MAX);
    values->item[values->count++] = arena_copy(parsing->arena, text);
    return true;
}

static bool on_text(void *context, struct str path, struct str text)
{
    struct parsing *parsing = context;
    text = str_trim(text);
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_equal(path, elements[i].path))
            return add_value(parsing, &elements[i], text);
    if (str_equal(path, STR("CORSConfiguration/CORSRule/MaxAgeSeconds"))) {
        uint64_t seconds;
        if (!str_parse_u64(text, &seconds) || seconds > INT32_MAX)
            return false;
        parsing->config->rules[parsing->config->count - 1].max_age =
            arena_copy(parsing->arena, text);
    }
    return true;
}

static bool contains(const struct str *item, size_t count, struct str value)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(item[i], value))
            return true;
    return false;
}

static bool rule_is_valid(struct parsing *parsing, const struct cors_rule *rule)
{
    if (rule->origins.count == 0 || rule->methods.count == 0)
        return false;
    for (size_t i = 0; i < rule->methods.count; i++)
        if (!contains(methods_known, COUNT_OF(methods_known), rule->methods.item[i]))
            return fail(parsing,
                arena_printf(parsing->arena,
                    "Found unsupported HTTP method in CORS config. Unsupported method is %.*s",
                    STR_ARG(rule->methods.item[i])));
    return true;
}

enum status cors_parse(
    struct arena *arena, struct str xml, struct cors_config *out, struct str *out_problem)
{
    struct parsing parsing = { .arena = arena, .config = out };
    struct xml_reader reader = { on_begin, on_text, &parsing };
    out->rules = ARENA_ARRAY(arena, struct cors_rule, CORS_RULES_MAX);
    out->count = 0;
    enum status status = xml_read(arena, xml, &reader);
    if (status == STATUS_OK && out->count == 0)
        status = STATUS_INVALID;
    for (size_t i = 0; status == STATUS_OK && i < out->count; i++)
        if (!rule_is_valid(&parsing, &out->rules[i]))
            status = STATUS_INVALID;
    *out_problem = parsing.problem;
    return status;
}

bool cors_matches(struct str pattern, struct str value)
{
    ssize_t star = str_index(pattern, '*');
    if (star < 0)
        return str_equal(pattern, value);
    struct str before = str_head(pattern, (size_t)star);
    struct str behind = str_from_offset(pattern, (size_t)star + 1);
    return value.len >= before.len + behind.len && str_starts_with(value, before) &&
           str_ends_with(value, behind);
}

/* Header names know no case; a copy of both sides would be needed for cors_matches. */
static bool header_matches(struct str pattern, struct str name)
{
    ssize_t star = str_index(pattern, '*');
    if (star < 0)
        return str_equal_nocase(pattern, name);
    struct str before = str_head(pattern, (size_t)star);
    struct str behind = str_from_offset(pattern, (size_t)star + 1);
    return name.len >= before.len + behind.len &&
           str_equal_nocase(str_head(name, before.len), before) &&
           str_equal_nocase(str_from_offset(name, name.len - behind.len), behind);
}

static bool allows_header(const struct cors_rule *rule, struct str name)
{
    for (size_t i = 0; i < rule->headers.count; i++)
        if (header_matches(rule->headers.item[i], name))
            return true;
    return false;
}

static bool allows_headers(const struct cors_rule *rule, struct str list)
{
    struct str name;
    if (str_is_empty(str_trim(list)))
        return true;
    while (str_split(&list, ',', &name))
        if (!allows_header(rule, str_trim(name)))
            return false;
    return true;
}

static bool allows_origin(const struct cors_rule *rule, struct str origin, bool *out_any)
{
    for (size_t i = 0; i < rule->origins.count; i++) {
        *out_any = str_equal(rule->origins.item[i], STR("*"));
        if (cors_matches(rule->origins.item[i], origin))
            return true;
    }
    return false;
}

const struct cors_rule *cors_find(const struct cors_config *config, struct str origin,
    struct str method, struct str request_headers, bool *out_any_origin)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct cors_rule *rule = &config->rules[i];
        if (allows_origin(rule, origin, out_any_origin) &&
            contains(rule->methods.item, rule->methods.count, method) &&
            allows_headers(rule, request_headers))
            return rule;
    }
    return NULL;
}

struct str cors_join(struct arena *arena, struct cors_values values)
{
    struct str joined = STR_EMPTY;
    for (size_t i = 0; i < values.count; i++)
        joined = i == 0 ? values.item[i] : ARENA_JOIN(arena, joined, STR(", "), values.item[i]);
    return joined;
}
