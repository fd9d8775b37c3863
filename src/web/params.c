/*
 * Reading declared parameters into structs, from name-value pairs and from JSON. One row of a table
 * is one field; what a value means beyond its type and bounds is the domain's to judge.
 */
#include "web/params.h"

enum { CHOICES_MAX_BYTES = 200 };

/* The field of `param` in the struct `out`. */
static void *field_of(const struct param *param, void *out)
{
    return (char *)out + param->offset;
}

static void mark_given(const struct param *param, void *out)
{
    if (param->has_offset != PARAM_NO_HAS)
        *(bool *)((char *)out + param->has_offset) = true;
}

static void complain(const struct param *param, struct field_errors *errors, struct str sentence)
{
    field_errors_add(errors, str_from_c(param->name), sentence);
}

static void complain_missing(const struct param *param, struct field_errors *errors)
{
    complain(param, errors,
        param->missing != NULL ? str_from_c(param->missing) : STR("This field is missing."));
}

/* --- pairs --- */

static bool is_one_of(struct str value, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_equal(value, str_from_c(*words)))
            return true;
    return false;
}

static bool read_text(
    struct arena *arena, const struct param *param, struct str value, void *field, struct str *why)
{
    if (value.len > (size_t)param->max || value.len < (size_t)param->min) {
        *why = value.len < (size_t)param->min
                   ? STR("This is too short.")
                   : arena_printf(arena, "This is too long: at most %lld bytes are accepted.",
                         (long long)param->max);
        return false;
    }
    *(struct str *)field = value;
    return true;
}

static bool read_number(
    struct arena *arena, const struct param *param, struct str value, void *field, struct str *why)
{
    int64_t number;

    if (!str_parse_i64(value, &number) || number < param->min || number > param->max) {
        *why = param->max == INT64_MAX
                   ? arena_printf(
                         arena, "This must be a whole number from %lld.", (long long)param->min)
                   : arena_printf(arena, "This must be a whole number from %lld to %lld.",
                         (long long)param->min, (long long)param->max);
        return false;
    }
    *(int64_t *)field = number;
    return true;
}

static bool read_switch(struct str value, void *field, struct str *why)
{
    static const char *const yes[] = { "1", "on", "true", NULL };
    static const char *const no[] = { "0", "off", "false", NULL };

    if (!is_one_of(value, yes) && !is_one_of(value, no)) {
        *why = STR("This must be true or false.");
        return false;
    }
    *(bool *)field = is_one_of(value, yes);
    return true;
}

static bool read_choice(
    struct arena *arena, const struct param *param, struct str value, int *field, struct str *why)
{
    struct buf words;

    for (int i = 0; param->choices[i] != NULL; i++) {
        if (str_equal(value, str_from_c(param->choices[i]))) {
            *field = i;
            return true;
        }
    }
    buf_init_arena(&words, arena, CHOICES_MAX_BYTES);
    for (int i = 0; param->choices[i] != NULL; i++)
        buf_printf(&words, i == 0 ? "\"%s\"" : " or \"%s\"", param->choices[i]);
    *why = arena_printf(arena, "This must be %.*s.", STR_ARG(buf_str(&words)));
    return false;
}

static bool read_pair(
    struct arena *arena, const struct param *param, struct str value, void *field, struct str *why)
{
    switch (param->kind) {
    case PARAM_STR:
        return read_text(arena, param, value, field, why);
    case PARAM_I64:
        return read_number(arena, param, value, field, why);
    case PARAM_BOOL:
        return read_switch(value, field, why);
    case PARAM_CHOICE:
        return read_choice(arena, param, value, field, why);
    case PARAM_STRS:
    case PARAM_I64S:
    case PARAM_OBJECTS:
        break; /* lists come in JSON only */
    }
    *why = STR("This cannot be sent in a form.");
    return false;
}

/* Every pair of that name, and in each the numbers between commas: boxes of a form come as
 * "ids=1&ids=2", addresses say "ids=1,2". */
static bool read_pair_numbers(struct arena *arena, const struct param *param, struct pairs pairs,
    struct param_i64s *out, struct str *why)
{
    struct str name = str_from_c(param->name);

    *out = (struct param_i64s){ ARENA_ARRAY(arena, int64_t, (size_t)param->max), 0 };
    for (size_t i = 0; i < pairs.count; i++) {
        struct str rest = pairs.item[i].value, part;

        if (!str_equal(pairs.item[i].name, name))
            continue;
        while (str_split(&rest, ',', &part)) {
            int64_t number;

            if (out->count == (size_t)param->max) {
                *why = arena_printf(
                    arena, "At most %lld are accepted at once.", (long long)param->max);
                return false;
            }
            if (!str_parse_i64(part, &number) || number < 1 || number > param->item_max) {
                *why = STR("This must be whole numbers from 1, with commas between them.");
                return false;
            }
            out->item[out->count++] = number;
        }
    }
    return true;
}

static bool read_value(struct arena *arena, const struct param *param, struct pairs pairs,
    struct str value, void *field, struct str *why)
{
    return param->kind == PARAM_I64S ? read_pair_numbers(arena, param, pairs, field, why)
                                     : read_pair(arena, param, value, field, why);
}

void *params_from_pairs(struct arena *arena, const struct param_set *set, struct pairs pairs,
    struct field_errors *errors)
{
    void *out = arena_alloc(arena, set->size);

    for (size_t i = 0; i < set->count; i++) {
        const struct param *param = &set->item[i];
        bool is_there;
        struct str why, value = pairs_get(pairs, str_from_c(param->name), &is_there);

        /* An emptied text field is a value; an empty number or choice is none. */
        if (is_there && (value.len > 0 || (param->kind == PARAM_STR && !param->is_required))) {
            if (read_value(arena, param, pairs, value, field_of(param, out), &why))
                mark_given(param, out);
            else
                complain(param, errors, why);
        } else if (param->is_required) {
            complain_missing(param, errors);
        }
    }
    return out;
}

/* --- JSON --- */

static struct str element_name(struct arena *arena, const struct param *param, size_t index)
{
    return arena_printf(arena, "%s[%zu]", param->name, index);
}

/* The array of a list parameter; NULL when absent or wrong, which was complained about then. */
static const json_t *list_value(struct arena *arena, const struct param *param,
    const json_t *object, struct field_errors *errors)
{
    const json_t *list = json_object_get(object, param->name);

    if (list == NULL || json_is_null(list)) {
        if (param->is_required)
            complain_missing(param, errors);
        return NULL;
    }
    if (!json_is_array(list)) {
        complain(param, errors, STR("This must be a list, in square brackets."));
        return NULL;
    }
    if (json_array_size(list) < (size_t)param->min || json_array_size(list) > (size_t)param->max) {
        complain(param, errors,
            arena_printf(arena, "This list must have from %lld to %lld elements; it has %zu.",
                (long long)param->min, (long long)param->max, json_array_size(list)));
        return NULL;
    }
    return list;
}

static bool read_strs(struct arena *arena, const struct param *param, const json_t *list,
    struct param_strs *out, struct field_errors *errors)
{
    out->count = json_array_size(list);
    out->item = ARENA_ARRAY(arena, struct str, out->count);
    for (size_t i = 0; i < out->count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_string(value) || json_string_length(value) > (size_t)param->item_max) {
            field_errors_add(errors, element_name(arena, param, i),
                arena_printf(arena, "This must be a text of at most %lld bytes.",
                    (long long)param->item_max));
            return false;
        }
        out->item[i] =
            arena_copy(arena, str_from(json_string_value(value), json_string_length(value)));
    }
    return true;
}

static bool read_i64s(struct arena *arena, const struct param *param, const json_t *list,
    struct param_i64s *out, struct field_errors *errors)
{
    out->count = json_array_size(list);
    out->item = ARENA_ARRAY(arena, int64_t, out->count);
    for (size_t i = 0; i < out->count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_integer(value) || json_integer_value(value) < 1 ||
            json_integer_value(value) > param->item_max) {
            field_errors_add(errors, element_name(arena, param, i),
                STR("This must be a whole number from 1, without quotes."));
            return false;
        }
        out->item[i] = json_integer_value(value);
    }
    return true;
}

/* Each element by the table of its own; its errors get the element's name in front. */
static bool read_objects(struct arena *arena, const struct param *param, const json_t *list,
    struct param_objects *out, struct field_errors *errors)
{
    size_t size = param->items->size, before = errors->count;

    out->count = json_array_size(list);
    out->item = arena_array(arena, out->count, size);
    for (size_t i = 0; i < out->count; i++) {
        const json_t *value = json_array_get(list, i);
        size_t first = errors->count;
        if (!json_is_object(value)) {
            field_errors_add(errors, element_name(arena, param, i),
                STR("This must be an object, in curly brackets."));
            continue;
        }
        memcpy(out->item + i * size, params_from_json(arena, param->items, value, errors), size);
        for (size_t j = first; j < errors->count; j++)
            errors->item[j].field = arena_printf(arena, "%.*s.%.*s",
                STR_ARG(element_name(arena, param, i)), STR_ARG(errors->item[j].field));
    }
    return errors->count == before;
}

static bool is_given(const struct param *param, const json_t *object)
{
    const json_t *value = json_object_get(object, param->name);

    return value != NULL && !json_is_null(value);
}

static bool read_json_list(struct arena *arena, const struct param *param, const json_t *object,
    void *field, struct field_errors *errors)
{
    const json_t *list = list_value(arena, param, object, errors);

    if (list == NULL)
        return false;
    if (param->kind == PARAM_STRS)
        return read_strs(arena, param, list, field, errors);
    if (param->kind == PARAM_I64S)
        return read_i64s(arena, param, list, field, errors);
    return read_objects(arena, param, list, field, errors);
}

static bool read_json_str(struct arena *arena, const struct param *param, const json_t *object,
    struct str *field, struct field_errors *errors)
{
    struct str text = STR_EMPTY;

    if (!json_read_str(object, param->name, param->is_required, (size_t)param->max, &text, errors))
        return false;
    if (is_given(param, object) && text.len < (size_t)param->min) {
        complain(param, errors,
            param->min == 1 ? STR("This must not be empty.") : STR("This is too short."));
        return false;
    }
    *field = arena_copy(arena, text);
    return true;
}

static bool read_json_choice(struct arena *arena, const struct param *param, const json_t *object,
    int *field, struct field_errors *errors)
{
    struct str why, text = STR_EMPTY;

    if (!json_read_str(object, param->name, param->is_required, CHOICES_MAX_BYTES, &text, errors))
        return false;
    if (is_given(param, object) && !read_choice(arena, param, text, field, &why)) {
        complain(param, errors, why);
        return false;
    }
    return true;
}

static bool read_json(struct arena *arena, const struct param *param, const json_t *object,
    void *field, struct field_errors *errors)
{
    int64_t bounds[2] = { param->min, param->max };

    switch (param->kind) {
    case PARAM_STR:
        return read_json_str(arena, param, object, field, errors);
    case PARAM_I64:
        return json_read_i64(object, param->name, param->is_required, bounds, field, errors);
    case PARAM_BOOL:
        return json_read_bool(object, param->name, param->is_required, field, errors);
    case PARAM_CHOICE:
        return read_json_choice(arena, param, object, field, errors);
    case PARAM_STRS:
    case PARAM_I64S:
    case PARAM_OBJECTS:
        break;
    }
    return read_json_list(arena, param, object, field, errors);
}

void *params_from_json(struct arena *arena, const struct param_set *set, const json_t *object,
    struct field_errors *errors)
{
    void *out = arena_alloc(arena, set->size);

    for (size_t i = 0; i < set->count; i++) {
        const struct param *param = &set->item[i];
        if (read_json(arena, param, object, field_of(param, out), errors) &&
            is_given(param, object))
            mark_given(param, out);
    }
    return out;
}
