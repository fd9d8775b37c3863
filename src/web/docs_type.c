/* JSON Schemas in a few words. Only what openapi_schema.c and openapi.json write is understood. */
#include "web/docs_model.h"

#include "web/text.h"

enum { TEXT_MAX_BYTES = 400 };

static const char *type_word(const char *type)
{
    static const char *const words[][2] = {
        { "string", "text" },
        { "integer", "whole number" },
        { "number", "number" },
        { "boolean", "true or false" },
        { "array", "list" },
        { "object", "object" },
        { "null", "null" },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i][0], type) == 0)
            return words[i][1];
    return type;
}

/* "text", or "text or null". */
static void put_types(struct buf *out, const json_t *type)
{
    size_t i;
    json_t *one;

    if (json_is_string(type))
        buf_put_c(out, type_word(json_string_value(type)));
    json_array_foreach(type, i, one)
    {
        if (i > 0)
            buf_put_c(out, " or ");
        buf_put_c(out, type_word(json_string_value(one)));
    }
}

/* " from 1 to 200" of the two bounds' names, with what they count after it. */
static void put_bounds(struct arena *arena, struct buf *out, const json_t *schema, const char *min,
    const char *max, const char *what)
{
    json_int_t least = json_integer_value(json_object_get(schema, min));
    const json_t *most = json_object_get(schema, max);
    struct str most_text = text_number(arena, json_integer_value(most));

    if (most != NULL && least > 0)
        buf_printf(out, "%s%.*s to %.*s%s", *what ? ", " : " from ",
            STR_ARG(text_number(arena, least)), STR_ARG(most_text), what);
    else if (most != NULL)
        buf_printf(out, "%sat most %.*s%s", *what ? ", " : " of ", STR_ARG(most_text), what);
    else if (least > 0 && !*what)
        buf_printf(out, " from %.*s", STR_ARG(text_number(arena, least)));
}

/* ": keep or ask" */
static void put_choices(struct buf *out, const json_t *words)
{
    size_t i;
    json_t *word;

    json_array_foreach(words, i, word)
    {
        buf_put_c(out, i == 0 ? ": " : " or ");
        buf_put_c(out, json_string_value(word));
    }
}

/* "Duplicate or null" */
static void put_alternatives(struct arena *arena, struct buf *out, const json_t *list)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one)
    {
        buf_put_c(out, i == 0 ? "" : " or ");
        buf_put(out, docs_type_text(arena, one));
    }
}

struct str docs_type_text(struct arena *arena, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    const json_t *items = json_object_get(schema, "items");
    struct buf out;

    buf_init_arena(&out, arena, TEXT_MAX_BYTES);
    if (ref != NULL)
        return str_from_c(strrchr(ref, '/') + 1);
    if (json_object_get(schema, "contentMediaType") != NULL)
        return STR("file");
    put_types(&out, json_object_get(schema, "type"));
    put_choices(&out, json_object_get(schema, "enum"));
    put_bounds(arena, &out, schema, "minLength", "maxLength", " characters");
    put_bounds(arena, &out, schema, "minimum", "maximum", "");
    put_bounds(arena, &out, schema, "minItems", "maxItems", " entries");
    put_alternatives(arena, &out, json_object_get(schema, "anyOf"));
    if (items != NULL)
        buf_printf(&out, "; each: %.*s", STR_ARG(docs_type_text(arena, items)));
    return buf_str(&out);
}
