/*
 * template_row.h - one template with its partials as a row of a table; for the tests of the engine.
 */
#ifndef TESTS_TEMPLATE_ROW_H
#define TESTS_TEMPLATE_ROW_H

#include "unit.h"

#include "web/template.h"

/* Rows without partials end before them. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* One template called "main", at most two partials "p" and "q", a model, and what comes out. */
struct row {
    const char *name;
    const char *text;
    const char *model;
    const char *expected;
    const char *p, *q;
};

static inline struct template_set *compile_row(const struct row *row, struct buf *error)
{
    struct template_source sources[3] = { { STR("main"), str_from_c(row->text) } };
    size_t count = 1;

    if (row->p)
        sources[count++] = (struct template_source){ STR("p"), str_from_c(row->p) };
    if (row->q)
        sources[count++] = (struct template_source){ STR("q"), str_from_c(row->q) };
    return template_set_compile(sources, count, TEMPLATE_MISSING_IS_EMPTY, error);
}

#endif
