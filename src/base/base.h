/*
 * base.h - the first include of every source file: compiler attributes and small macros.
 *
 * Knows nothing but the compiler and libc.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The result must be looked at: errors and allocations. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* printf-like: `fmt` is the 1-based index of the format, `first` of its first argument. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* Elements of an array; never of a pointer. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
