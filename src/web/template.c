/*
 * template.c - sets of compiled templates, and rendering them.
 *
 * Rendering keeps its state on the stack: a chain of frames is the context that names are looked up
 * in, and the indentation is what partials on lines of their own have added up to.
 */
#include "web/template.h"

#include "base/escape.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "web/template_parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct template_set {
    struct arena arena;
    struct template *items; /* sorted by name */
    size_t count;
};

/* --- sets --- */

static int compare_templates(const void *a, const void *b)
{
    return str_compare(((const struct template *)a)->name, ((const struct template *)b)->name);
}

static const struct template *find_template(const struct template_set *set, struct str name)
{
    struct template key = { .name = name };

    if (set->count == 0)
        return NULL;
    return bsearch(&key, set->items, set->count, sizeof key, compare_templates);
}

static bool link_partials(const struct template_set *set, struct template *template,
    enum template_missing missing, struct buf *error)
{
    for (size_t i = 0; i < template->node_count; i++) {
        struct node *node = &template->nodes[i];

        if (node->kind != NODE_PARTIAL)
            continue;
        node->partial = find_template(set, node->text);
        if (!node->partial && missing == TEMPLATE_MISSING_IS_ERROR)
            return template_fail(error, template->name, node->line,
                "there is no template '%.*s' for this partial", STR_ARG(node->text));
    }
    return true;
}

static bool link_set(struct template_set *set, enum template_missing missing, struct buf *error)
{
    if (set->count)
        qsort(set->items, set->count, sizeof set->items[0], compare_templates);
    for (size_t i = 0; i + 1 < set->count; i++)
        if (compare_templates(&set->items[i], &set->items[i + 1]) == 0)
            return template_fail(
                error, set->items[i].name, 1, "there are two templates of this name");
    for (size_t i = 0; i < set->count; i++)
        if (!link_partials(set, &set->items[i], missing, error))
            return false;
    return true;
}

struct template_set *template_set_compile(const struct template_source *sources, size_t count,
    enum template_missing missing, struct buf *error)
{
    struct template_set *set = calloc(1, sizeof *set);
    bool ok = true;

    if (!set)
        abort(); /* as in arena.h */
    arena_init(&set->arena);
    set->items = ARENA_ARRAY(&set->arena, struct template, count);
    set->count = count;
    for (size_t i = 0; i < count && ok; i++)
        ok = template_parse(&set->arena, sources[i].name, sources[i].text, &set->items[i], error);
    if (ok && link_set(set, missing, error))
        return set;
    template_set_free(set);
    return NULL;
}

void template_set_free(struct template_set *set)
{
    if (!set)
        return;
    arena_clear(&set->arena);
    free(set);
}

/* --- files --- */

static const struct str suffix = STR_INIT(".mustache");

static int is_template_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && str_ends_with(str_from_c(entry->d_name), suffix);
}

static bool read_source(struct arena *arena, const char *folder, const char *file,
    struct template_source *out, struct buf *error)
{
    const char *path = arena_printf(arena, "%s/%s", folder, file).ptr;

    out->name = arena_copy(arena, str_head(str_from_c(file), strlen(file) - suffix.len));
    if (file_read(arena, path, TEMPLATE_FILE_MAX_BYTES, &out->text) == STATUS_OK)
        return true;
    buf_printf(error, "%s cannot be read: %s", path,
        errno ? strerror(errno) : "it is larger than a template may be");
    return false;
}

struct template_set *template_set_load(const char *folder, struct buf *error)
{
    struct template_set *set = NULL;
    struct dirent **entries;
    struct arena arena;
    bool ok = true;
    int count = scandir(folder, &entries, is_template_file, alphasort);

    if (count < 0) {
        buf_printf(
            error, "the folder of templates, %s, cannot be read: %s", folder, strerror(errno));
        return NULL;
    }
    arena_init(&arena);
    struct template_source *sources = ARENA_ARRAY(&arena, struct template_source, (size_t)count);
    for (int i = 0; i < count; i++) {
        errno = 0;
        ok = ok && read_source(&arena, folder, entries[i]->d_name, &sources[i], error);
        free(entries[i]);
    }
    free(entries);
    if (ok)
        set = template_set_compile(sources, (size_t)count, TEMPLATE_MISSING_IS_ERROR, error);
    arena_clear(&arena);
    return set;
}

/* --- rendering --- */

/* One level of the context: names are looked up from the innermost outwards. */
struct frame {
    const json_t *value;
    const struct frame *outer;
};

struct rendering {
    struct buf *out;
    char indent[TEMPLATE_INDENT_MAX]; /* a stack: the bytes from indent_from to indent_to count */
    size_t indent_from, indent_to;
    int partial_depth;
    enum status status;
};

/* The first part of a name is looked up outwards; the others only inside what it gave. */
static const json_t *look_up(const struct node *node, const struct frame *frame)
{
    const json_t *value = NULL;

    if (node->path_len == 0)
        return frame->value;
    for (; frame && !value; frame = frame->outer)
        value = json_object_getn(frame->value, node->path[0].ptr, node->path[0].len);
    for (size_t i = 1; value && i < node->path_len; i++)
        value = json_object_getn(value, node->path[i].ptr, node->path[i].len);
    return value;
}

static bool is_falsy(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static void put_value(struct buf *out, const json_t *value, bool is_raw)
{
    struct str text;

    if (!value)
        return;
    switch (json_typeof(value)) {
    case JSON_STRING:
        text = str_from(json_string_value(value), json_string_length(value));
        if (is_raw)
            buf_put(out, text);
        else
            escape_html(out, text);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
        json_put(out, value);
        break;
    default: /* null, and what has no text form */
        break;
    }
}

static void put_indent(struct rendering *rendering)
{
    buf_put(rendering->out, str_from(rendering->indent + rendering->indent_from,
                                rendering->indent_to - rendering->indent_from));
}

/* Literal text; within an indented partial every line of it is indented. */
static void put_text(struct rendering *rendering, const struct node *node)
{
    struct str rest = node->text;
    bool is_at_start = node->begins_line;

    if (rendering->indent_from == rendering->indent_to) {
        buf_put(rendering->out, rest);
        return;
    }
    while (rest.len) {
        ssize_t newline = str_index(rest, '\n');
        size_t len = newline < 0 ? rest.len : (size_t)newline + 1;

        if (is_at_start)
            put_indent(rendering);
        buf_put(rendering->out, str_head(rest, len));
        rest = str_from_offset(rest, len);
        is_at_start = true;
    }
}

static void render_nodes(struct rendering *rendering, const struct template *template, size_t from,
    size_t to, const struct frame *frame);

static void render_section(struct rendering *rendering, const struct template *template, size_t at,
    const struct frame *frame)
{
    const struct node *node = &template->nodes[at];
    const json_t *value = look_up(node, frame);
    struct frame inner = { value, frame };

    if (is_falsy(value))
        return;
    if (!json_is_array(value)) {
        render_nodes(rendering, template, at + 1, node->end, &inner);
        return;
    }
    for (size_t i = 0; i < json_array_size(value) && rendering->status == STATUS_OK; i++) {
        inner.value = json_array_get(value, i);
        render_nodes(rendering, template, at + 1, node->end, &inner);
    }
}

/* The indentation inside a partial: added to when it is alone on its line, none inside a line.
 * False when it grows out of bounds, as it does when partials call each other for ever. */
static bool push_indent(struct rendering *rendering, const struct node *node)
{
    if (!node->is_alone) {
        rendering->indent_from = rendering->indent_to;
        return true;
    }
    if (node->indent.len > sizeof rendering->indent - rendering->indent_to)
        return false;
    if (node->indent.len)
        memcpy(rendering->indent + rendering->indent_to, node->indent.ptr, node->indent.len);
    rendering->indent_to += node->indent.len;
    return true;
}

static void render_partial(
    struct rendering *rendering, const struct node *node, const struct frame *frame)
{
    size_t from_before = rendering->indent_from, to_before = rendering->indent_to;

    if (!node->partial)
        return;
    if (rendering->partial_depth == TEMPLATE_PARTIAL_DEPTH_MAX || !push_indent(rendering, node)) {
        log_event(
            LOG_ERROR, "template: partials are nested too deeply at '%.*s'", STR_ARG(node->text));
        rendering->status = STATUS_INTERNAL;
        return;
    }
    rendering->partial_depth++;
    render_nodes(rendering, node->partial, 0, node->partial->node_count, frame);
    rendering->partial_depth--;
    rendering->indent_from = from_before;
    rendering->indent_to = to_before;
}

static void render_nodes(struct rendering *rendering, const struct template *template, size_t from,
    size_t to, const struct frame *frame)
{
    for (size_t i = from; i < to && rendering->status == STATUS_OK; i++) {
        const struct node *node = &template->nodes[i];

        if (node->begins_line && node->kind != NODE_TEXT)
            put_indent(rendering);
        switch (node->kind) {
        case NODE_TEXT:
            put_text(rendering, node);
            break;
        case NODE_VALUE:
        case NODE_RAW:
            put_value(rendering->out, look_up(node, frame), node->kind == NODE_RAW);
            break;
        case NODE_SECTION:
            render_section(rendering, template, i, frame);
            i = node->end - 1;
            break;
        case NODE_INVERTED:
            if (!is_falsy(look_up(node, frame)))
                i = node->end - 1;
            break;
        case NODE_PARTIAL:
            render_partial(rendering, node, frame);
            break;
        }
        if (buf_is_over(rendering->out))
            rendering->status = STATUS_TOO_LARGE;
    }
}

enum status template_render(
    const struct template_set *set, struct str name, const json_t *model, struct buf *out)
{
    const struct template *template = find_template(set, name);
    struct frame frame = { model, NULL };
    struct rendering rendering;

    if (!template)
        return STATUS_NOT_FOUND;
    rendering.out = out;
    rendering.indent_from = rendering.indent_to = 0;
    rendering.partial_depth = 0;
    rendering.status = STATUS_OK;
    render_nodes(&rendering, template, 0, template->node_count, &frame);
    return rendering.status;
}

size_t template_set_list_unescaped(const struct template_set *set, struct buf *out)
{
    size_t found = 0;

    for (size_t i = 0; i < set->count; i++) {
        const struct template *template = &set->items[i];

        for (size_t k = 0; k < template->node_count; k++) {
            const struct node *node = &template->nodes[k];

            if (node->kind != NODE_RAW)
                continue;
            buf_printf(out, "%.*s.mustache:%d: %.*s\n", STR_ARG(template->name), node->line,
                STR_ARG(node->text));
            found++;
        }
    }
    return found;
}
