/*
 * golden.h - whole answers kept in files: tests/pages/golden/NAME.txt.
 *
 * UPDATE_GOLDEN=1 writes them anew; the difference is then read in review. What no two runs have
 * alike (tokens, signatures, random keys) is replaced by its name first.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include "browser.h"

/* True when the answer is the one in the file. Else the first line that differs is printed. */
bool golden_matches(struct arena *arena, const char *name, const struct answer *answer);

#endif
