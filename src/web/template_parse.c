/*
 * template_parse.c - Mustache text into nodes: finding tags, delimiters, sections, lone lines.
 *
 * "Alone" is the specification's "standalone": a tag that prints nothing itself, with nothing but
 * blanks beside it on its line. Such a line goes as a whole, its end included.
 */
#include "web/template_parse.h"

#include "web/template.h"

#include <stdarg.h>
#include <stdio.h>

struct parser {
    struct arena *arena;
    struct buf *error;
    struct str name;
    struct str text;
    size_t at; /* everything before it is compiled */
    int line;  /* the line that `at` is in */
    struct str open, close;
    struct template *out;
    size_t capacity;
    size_t sections[TEMPLATE_NESTING_MAX]; /* indexes of the open ones */
    size_t depth;
};

/* A tag as it stands in the text: [begin, end), and between the delimiters a sigil and a name. */
struct tag {
    size_t begin, end;
    int line;
    char sigil; /* 0: a plain {{name}} */
    struct str content;
};

bool template_fail(struct buf *error, struct str name, int line, const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_printf(error, "%.*s.mustache:%d: %s", STR_ARG(name), line, text);
    return false;
}

#define FAIL(parser, line, ...) template_fail((parser)->error, (parser)->name, (line), __VA_ARGS__)

/* A name in a message: not more of it than fits. */
static int shown(struct str s)
{
    return s.len > 60 ? 60 : (int)s.len;
}

static int count_lines(struct str s)
{
    int count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] == '\n';
    return count;
}

static bool is_line_start(const struct parser *parser, size_t at)
{
    return at == 0 || parser->text.ptr[at - 1] == '\n';
}

static struct node *add_node(struct parser *parser, enum node_kind kind, int line)
{
    struct template *out = parser->out;

    if (out->node_count == parser->capacity) {
        size_t capacity = parser->capacity ? parser->capacity * 2 : 16;
        struct node *nodes = ARENA_ARRAY(parser->arena, struct node, capacity);

        if (out->node_count)
            memcpy(nodes, out->nodes, out->node_count * sizeof *nodes);
        out->nodes = nodes;
        parser->capacity = capacity;
    }
    struct node *node = &out->nodes[out->node_count++];
    *node = (struct node){ .kind = kind, .line = line };
    return node;
}

static void add_text(struct parser *parser, size_t from, size_t to)
{
    if (from == to)
        return;
    struct node *node = add_node(parser, NODE_TEXT, parser->line);
    node->text = str_from(parser->text.ptr + from, to - from);
    node->begins_line = is_line_start(parser, from);
}

/* Set the sigil and the content of the tag that begins at tag->begin, and find its end. */
static bool read_tag(struct parser *parser, struct tag *tag)
{
    struct str inside = str_from_offset(parser->text, tag->begin + parser->open.len);
    struct str close = parser->close;
    char sigil = inside.len ? inside.ptr[0] : 0;

    tag->sigil = sigil && strchr("#^/>!&={", sigil) ? sigil : 0;
    inside = str_from_offset(inside, tag->sigil != 0);
    if (tag->sigil == '{' || tag->sigil == '=')
        close = ARENA_JOIN(parser->arena, tag->sigil == '{' ? STR("}") : STR("="), close);

    ssize_t length = str_find(inside, close);
    if (length < 0)
        return FAIL(parser, tag->line, "this tag is never closed with '%.*s'", STR_ARG(close));
    tag->content = str_trim(str_head(inside, (size_t)length));
    tag->end = (size_t)(inside.ptr - parser->text.ptr) + (size_t)length + close.len;
    return true;
}

/* When the tag is alone on its line: true, *out_from is where its blanks begin and *out_to the
 * start of the next line. */
static bool is_alone(
    const struct parser *parser, const struct tag *tag, size_t *out_from, size_t *out_to)
{
    struct str text = parser->text;
    size_t from = tag->begin, to = tag->end;

    if (!tag->sigil || strchr("&{", tag->sigil))
        return false;
    while (from > 0 && (text.ptr[from - 1] == ' ' || text.ptr[from - 1] == '\t'))
        from--;
    while (to < text.len && (text.ptr[to] == ' ' || text.ptr[to] == '\t'))
        to++;
    if (str_starts_with(str_from_offset(text, to), STR("\r\n")))
        to++;
    if (!is_line_start(parser, from) || (to < text.len && text.ptr[to] != '\n'))
        return false;
    *out_from = from;
    *out_to = to < text.len ? to + 1 : to;
    return true;
}

/* The length of `s` up to its first blank. */
static size_t word_length(struct str s)
{
    size_t len = 0;

    while (len < s.len && !strchr(" \t\r\n", s.ptr[len]))
        len++;
    return len;
}

static bool has_blank(struct str s)
{
    return word_length(s) < s.len;
}

static bool check_name(struct parser *parser, const struct tag *tag)
{
    if (tag->content.len == 0)
        return FAIL(parser, tag->line, "this tag has no name");
    if (has_blank(tag->content))
        return FAIL(parser, tag->line, "a name has no spaces: '%.*s'", shown(tag->content),
            tag->content.ptr);
    return true;
}

/* "a.b.c" into its parts; "." alone has none. */
static bool set_path(struct parser *parser, struct node *node)
{
    struct str rest = node->text, part;
    size_t count = 1;

    if (str_equal(rest, STR(".")))
        return true;
    for (size_t i = 0; i < rest.len; i++)
        count += rest.ptr[i] == '.';
    struct str *path = ARENA_ARRAY(parser->arena, struct str, count);
    while (str_split(&rest, '.', &part)) {
        if (part.len == 0)
            return FAIL(parser, node->line, "a dotted name has an empty part: '%.*s'",
                shown(node->text), node->text.ptr);
        path[node->path_len++] = part;
    }
    node->path = path;
    return true;
}

static bool add_value(struct parser *parser, const struct tag *tag)
{
    struct node *node = add_node(parser, tag->sigil ? NODE_RAW : NODE_VALUE, tag->line);

    node->text = tag->content;
    node->begins_line = is_line_start(parser, tag->begin);
    return check_name(parser, tag) && set_path(parser, node);
}

static bool open_section(struct parser *parser, const struct tag *tag, bool stands_alone)
{
    enum node_kind kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
    struct node *node = add_node(parser, kind, tag->line);

    if (parser->depth == TEMPLATE_NESTING_MAX)
        return FAIL(
            parser, tag->line, "more than %d sections inside one another", TEMPLATE_NESTING_MAX);
    parser->sections[parser->depth++] = parser->out->node_count - 1;
    node->text = tag->content;
    node->begins_line = !stands_alone && is_line_start(parser, tag->begin);
    return check_name(parser, tag) && set_path(parser, node);
}

static bool close_section(struct parser *parser, const struct tag *tag)
{
    if (!check_name(parser, tag))
        return false;
    if (parser->depth == 0)
        return FAIL(parser, tag->line, "the section '%.*s' is closed but was not open",
            shown(tag->content), tag->content.ptr);

    struct node *node = &parser->out->nodes[parser->sections[--parser->depth]];
    if (!str_equal(node->text, tag->content))
        return FAIL(parser, tag->line, "the section '%.*s' of line %d is closed as '%.*s'",
            shown(node->text), node->text.ptr, node->line, shown(tag->content), tag->content.ptr);
    node->end = parser->out->node_count;
    return true;
}

static bool add_partial(
    struct parser *parser, const struct tag *tag, bool stands_alone, size_t from)
{
    struct node *node = add_node(parser, NODE_PARTIAL, tag->line);

    node->text = tag->content;
    node->is_alone = stands_alone;
    if (stands_alone)
        node->indent = str_from(parser->text.ptr + from, tag->begin - from);
    else
        node->begins_line = is_line_start(parser, tag->begin);
    return check_name(parser, tag);
}

/* {{=<% %>=}}: two words, the new delimiters of the rest of this template. */
static bool set_delimiters(struct parser *parser, const struct tag *tag)
{
    struct str open = str_head(tag->content, word_length(tag->content));
    struct str close = str_trim(str_from_offset(tag->content, open.len));

    if (!open.len || !close.len || has_blank(close) || str_index(tag->content, '=') >= 0)
        return FAIL(parser, tag->line,
            "delimiters are two words without '=', as in {{=<%% %%>=}}, not '%.*s'",
            shown(tag->content), tag->content.ptr);
    parser->open = open;
    parser->close = close;
    return true;
}

static bool compile_tag(struct parser *parser, const struct tag *tag)
{
    size_t from = tag->begin, to = tag->end;
    bool stands_alone = is_alone(parser, tag, &from, &to);
    bool ok = true;

    add_text(parser, parser->at, from);
    switch (tag->sigil) {
    case '#':
    case '^':
        ok = open_section(parser, tag, stands_alone);
        break;
    case '/':
        ok = close_section(parser, tag);
        break;
    case '>':
        ok = add_partial(parser, tag, stands_alone, from);
        break;
    case '=':
        ok = set_delimiters(parser, tag);
        break;
    case '!':
        break;
    default:
        ok = add_value(parser, tag);
    }
    parser->line =
        tag->line + count_lines(str_from(parser->text.ptr + tag->begin, to - tag->begin));
    parser->at = to;
    return ok;
}

static bool compile(struct parser *parser)
{
    ssize_t before;

    while ((before = str_find(str_from_offset(parser->text, parser->at), parser->open)) >= 0) {
        struct str literal = str_from(parser->text.ptr + parser->at, (size_t)before);
        struct tag tag = { .begin = parser->at + (size_t)before,
            .line = parser->line + count_lines(literal) };

        if (!read_tag(parser, &tag) || !compile_tag(parser, &tag))
            return false;
    }
    add_text(parser, parser->at, parser->text.len);
    if (parser->depth == 0)
        return true;
    const struct node *open = &parser->out->nodes[parser->sections[parser->depth - 1]];
    return FAIL(parser, open->line, "the section '%.*s' is never closed", shown(open->text),
        open->text.ptr);
}

bool template_parse(
    struct arena *arena, struct str name, struct str text, struct template *out, struct buf *error)
{
    struct parser parser = { .arena = arena,
        .error = error,
        .name = arena_copy(arena, name),
        .text = arena_copy(arena, text),
        .line = 1,
        .open = STR("{{"),
        .close = STR("}}"),
        .out = out };

    *out = (struct template){ .name = parser.name };
    if (!str_is_utf8(text) || str_index(text, '\0') >= 0)
        return FAIL(&parser, 1, "this file is not UTF-8 text");
    return compile(&parser);
}
