/* The policy's types as the pages with a file dialog show them. */
#include "web/types_text.h"

#include "domain/file_types.h"

enum { LIST_MAX_BYTES = 4000 };

/* All of a type's extensions, each but the first after `between`; empty: none is known. */
static struct str extensions_of(struct arena *arena, struct str media_type, const char *between)
{
    const struct file_type *type = file_type_find(media_type);
    struct buf out;

    buf_init_arena(&out, arena, LIST_MAX_BYTES);
    for (size_t i = 0; type && i < COUNT_OF(type->extensions); i++) {
        if (str_is_empty(type->extensions[i]))
            break;
        buf_put_c(&out, i > 0 ? between : "");
        buf_put(&out, type->extensions[i]);
    }
    return buf_str(&out);
}

json_t *types_model(struct arena *arena, const struct policy *policy)
{
    json_t *list = json_array();

    for (size_t i = 0; i < policy->type_count; i++) {
        struct str type = policy->types[i];
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "type", json_from_str(type), "label",
                      json_from_str(file_type_label(arena, type)), "extensions",
                      json_from_str(extensions_of(arena, type, " "))));
    }
    return list;
}

json_t *types_text(struct arena *arena, const struct policy *policy)
{
    struct buf out;

    buf_init_arena(&out, arena, LIST_MAX_BYTES);
    for (size_t i = 0; i < policy->type_count; i++) {
        if (i > 0)
            buf_put_c(&out, i + 1 == policy->type_count ? " or " : ", ");
        buf_put(&out, file_type_label(arena, policy->types[i]));
    }
    return json_from_str(buf_str(&out));
}

json_t *accept_text(struct arena *arena, const struct policy *policy)
{
    struct buf out;

    buf_init_arena(&out, arena, LIST_MAX_BYTES);
    for (size_t i = 0; i < policy->type_count; i++) {
        struct str extensions = extensions_of(arena, policy->types[i], ",");
        if (i > 0)
            buf_put_byte(&out, ',');
        buf_put(&out, policy->types[i]);
        buf_put_c(&out, str_is_empty(extensions) ? "" : ",");
        buf_put(&out, extensions);
    }
    return json_from_str(buf_str(&out));
}
