/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is one file, fuzz_<name>.c, with one function that is given bytes of any kind. It must
 * not crash, hang or leak, and it checks what must hold whatever the bytes are (FUZZ_CHECK). The
 * same function is run by libFuzzer and, over the saved inputs in corpus/<name>/, by replay.c.
 *
 * To add one: write the file, add its sources to fuzz.mk, put a few seeds into corpus/<name>/.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once by replay.c and by libFuzzer before anything else; a target may leave it out. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold for every input. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline struct str fuzz_str(const uint8_t *data, size_t size)
{
    return str_from((const char *)data, size);
}

/* The next line of the input, without its newline; the empty str when there is none. */
static inline struct str fuzz_line(struct str *rest)
{
    struct str line = STR_EMPTY;

    if (!str_split(rest, '\n', &line))
        return STR_EMPTY;
    return line;
}

#endif
