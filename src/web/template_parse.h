/*
 * template_parse.h - the compiled form of a Mustache template, between template_parse.c and
 * template.c.
 *
 * A template is a flat list of nodes in the order of the text; a section knows where it ends, so
 * that skipping it is one assignment and rendering it a loop.
 */
#ifndef WEB_TEMPLATE_PARSE_H
#define WEB_TEMPLATE_PARSE_H

#include "base/buf.h"

enum node_kind {
    NODE_TEXT,     /* literal text, any number of lines */
    NODE_VALUE,    /* {{name}} */
    NODE_RAW,      /* {{{name}}}, {{&name}} */
    NODE_SECTION,  /* {{#name}} */
    NODE_INVERTED, /* {{^name}} */
    NODE_PARTIAL,  /* {{>name}} */
};

struct node {
    enum node_kind kind;
    int line;                       /* in the file, from 1 */
    bool begins_line;               /* what it prints starts a line: indentation goes before it */
    bool is_alone;                  /* a partial on a line of its own: it hands on indentation */
    struct str text;                /* the literal, or the name as written */
    struct str indent;              /* of a partial that is alone */
    const struct str *path;         /* the dotted name in parts */
    size_t path_len;                /* 0: the implicit iterator "." */
    size_t end;                     /* of a section: the index of the first node after it */
    const struct template *partial; /* set when linked; NULL prints nothing */
};

struct template
{
    struct str name;
    struct node *nodes;
    size_t node_count;
};

/*
 * Compile `text` into `out`; everything, a copy of the text included, goes to `arena`. Returns
 * false with "name.mustache:line: what is wrong" in `error`.
 */
bool template_parse(struct arena *arena, struct str name, struct str text, struct template *out,
    struct buf *error) MUST_CHECK;

/* Put "name.mustache:line: " in front of what went wrong. Returns false for its callers. */
bool template_fail(struct buf *error, struct str name, int line, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
