/*
 * template.h - Mustache at run time over JSON values: templates are read once, rendered many times.
 *
 * The core of the Mustache specification 1.x: variables, dotted names, sections, inverted sections,
 * lists, the implicit iterator, comments, partials with their indentation, set delimiters, and the
 * rules for tags that stand alone on a line. Not in it: lambdas, inheritance, dynamic names.
 *
 * {{name}} escapes for HTML text and double-quoted attributes (escape_html). {{{name}}} and
 * {{&name}} do not; template_set_list_unescaped() lets a test hold them to none.
 *
 * A section is skipped over what is absent, null, false, an empty list or an empty string; its
 * inverse is then rendered. Strings print as they are, integers and reals in decimal, true and
 * false by name; null, lists and objects print nothing.
 *
 * A set never changes after it was made: any number of threads render from one at a time.
 * Order of use: template_set_load, template_render..., template_set_free.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

struct template_set;

enum {
    TEMPLATE_NESTING_MAX = 64,       /* sections inside sections, in one template */
    TEMPLATE_PARTIAL_DEPTH_MAX = 32, /* partials inside partials, when rendering */
    TEMPLATE_INDENT_MAX = 256,       /* bytes of indentation that nested partials add up to */
    TEMPLATE_FILE_MAX_BYTES = 1024 * 1024,
};

/* A template that does not come from a file; the strs are only read during the call. */
struct template_source {
    struct str name;
    struct str text;
};

/* What a partial that does not exist means: a mistake in our own pages, nothing to the
 * specification. */
enum template_missing { TEMPLATE_MISSING_IS_ERROR, TEMPLATE_MISSING_IS_EMPTY };

/*
 * Read every *.mustache file of `folder` (not of folders in it); "images.mustache" is called
 * "images". Returns NULL when the folder or a file cannot be read or a template is malformed, with
 * a sentence in `error` that names file and line: "images.mustache:12: the section 'tiles' is never
 * closed".
 */
struct template_set *template_set_load(const char *folder, struct buf *error) MUST_CHECK;

/* The same from memory. Of two sources of one name, the set is refused. */
struct template_set *template_set_compile(const struct template_source *sources, size_t count,
    enum template_missing missing, struct buf *error) MUST_CHECK;

/* NULL is nothing to free. */
void template_set_free(struct template_set *set);

/*
 * Append the template `name`, filled from `model`, to `out`. The text is UTF-8 when templates are.
 *
 * NOT_FOUND when there is no such template; TOO_LARGE when `out` was too small; INTERNAL when
 * partials call each other deeper than TEMPLATE_PARTIAL_DEPTH_MAX (logged). What was appended by
 * then stays.
 */
enum status template_render(const struct template_set *set, struct str name, const json_t *model,
    struct buf *out) MUST_CHECK;

/* Append "file:line: name" and a newline for every {{{name}}} and {{&name}} of the set; returns how
 * many. */
size_t template_set_list_unescaped(const struct template_set *set, struct buf *out);

#endif
