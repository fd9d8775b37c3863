/*
 * unit.h - what the table-driven unit tests share: cmocka in the order that it wants its headers,
 * tests named by sentences, and comparisons that say which row of a table failed.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

/* A test whose name is a sentence; it gets an arena of its own in *state. */
#define TEST(sentence, function)                                                                   \
    {                                                                                              \
        sentence, function, unit_open_arena, unit_close_arena, NULL                                \
    }

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

static inline int unit_open_arena(void **state)
{
    struct arena *arena = malloc(sizeof *arena);

    arena_init(arena);
    *state = arena;
    return 0;
}

static inline int unit_close_arena(void **state)
{
    arena_clear(*state);
    free(*state);
    return 0;
}

/* Compare texts; `row` names the case in the message. */
#define expect_str(row, actual, expected)                                                          \
    unit_expect_str((row), (actual), (expected), __FILE__, __LINE__)

static inline void unit_expect_str(
    const char *row, struct str actual, struct str expected, const char *file, int line)
{
    if (str_equal(actual, expected))
        return;
    print_error("%s: got    '%.*s'\n", row, STR_ARG(actual));
    print_error("%s: wanted '%.*s'\n", row, STR_ARG(expected));
    _fail(file, line);
}

#define expect_int(row, actual, expected)                                                          \
    unit_expect_int((row), (long long)(actual), (long long)(expected), __FILE__, __LINE__)

static inline void unit_expect_int(
    const char *row, long long actual, long long expected, const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s: got %lld, wanted %lld\n", row, actual, expected);
    _fail(file, line);
}

/* A copy at the very end of a heap block, so that a sanitizer sees a read past it. Free it. */
static inline char *unit_exact_copy(struct str s)
{
    char *copy = malloc(s.len ? s.len : 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

#endif
