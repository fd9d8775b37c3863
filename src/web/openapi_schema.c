/* Tables of parameters as JSON Schemas. */
#include "web/openapi.h"

const char *openapi_field_words(const json_t *words, const char *name)
{
    return json_string_value(json_object_get(json_object_get(words, "fields"), name));
}

static void set_count(json_t *schema, const char *name, int64_t count)
{
    json_object_set_new(schema, name, json_integer(count));
}

static json_t *text_schema(int64_t min, int64_t max)
{
    json_t *schema = json_pack("{s:s}", "type", "string");

    if (min > 0)
        set_count(schema, "minLength", min);
    set_count(schema, "maxLength", max);
    return schema;
}

static json_t *number_schema(int64_t min, int64_t max)
{
    json_t *schema = json_pack("{s:s}", "type", "integer");

    set_count(schema, "minimum", min);
    if (max != INT64_MAX)
        set_count(schema, "maximum", max);
    return schema;
}

static json_t *list_schema(const struct param *param, json_t *items)
{
    json_t *schema = json_pack("{s:s, s:o}", "type", "array", "items", items);

    if (param->min > 0)
        set_count(schema, "minItems", param->min);
    set_count(schema, "maxItems", param->max);
    return schema;
}

static json_t *choice_schema(const char *const *choices)
{
    json_t *words = json_array();

    for (; *choices != NULL; choices++)
        json_array_append_new(words, json_string(*choices));
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static json_t *schema_of_kind(const json_t *words, const struct param *param)
{
    switch (param->kind) {
    case PARAM_STR:
        return text_schema(param->min, param->max);
    case PARAM_I64:
        return number_schema(param->min, param->max);
    case PARAM_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case PARAM_CHOICE:
        return choice_schema(param->choices);
    case PARAM_STRS:
        return list_schema(param, text_schema(0, param->item_max));
    case PARAM_I64S:
        return list_schema(param, number_schema(1, param->item_max));
    case PARAM_OBJECTS:
        return list_schema(param, openapi_schema_of_set(words, param->items));
    }
    return json_object();
}

json_t *openapi_schema_of_param(const json_t *words, const struct param *param)
{
    json_t *schema = schema_of_kind(words, param);
    const char *meaning = openapi_field_words(words, param->name);

    if (meaning != NULL)
        json_object_set_new(schema, "description", json_string(meaning));
    return schema;
}

json_t *openapi_schema_of_set(const json_t *words, const struct param_set *set)
{
    json_t *properties = json_object(), *required = json_array();
    json_t *schema = json_pack("{s:s, s:o}", "type", "object", "properties", properties);

    for (size_t i = 0; i < set->count; i++) {
        const struct param *param = &set->item[i];
        json_object_set_new(properties, param->name, openapi_schema_of_param(words, param));
        if (param->is_required)
            json_array_append_new(required, json_string(param->name));
    }
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}
