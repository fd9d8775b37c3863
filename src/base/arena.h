/*
 * arena.h - a region of memory that is freed all at once; one per request.
 *
 * Nothing in an arena is freed by hand. There is no failure to check: a process that is out of
 * memory aborts and its supervisor starts another, because no code below can do better. The size is
 * bounded by what callers bound: every body, header and row that reaches an arena has a limit of
 * its own.
 *
 * Order of use: arena_init, allocate, arena_reset between requests, arena_clear at the end.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the one in use first; one is kept across resets */
    size_t used_bytes;          /* handed out since the last reset */
};

/* An empty arena that owns no memory yet. */
void arena_init(struct arena *arena);

/* Free everything handed out, keep one block for the next request. All pointers into it die. */
void arena_reset(struct arena *arena);

/* Free everything. The arena is then as after arena_init. */
void arena_clear(struct arena *arena);

/* `size` zeroed bytes, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/*
 * Make an allocation of `size` bytes `bigger`, for text that grows. What is added is not zeroed. It
 * may move, and what pointed into it dies. Costs no copy and leaves nothing behind when it is the
 * last thing of its block, as a large one is.
 */
void *arena_extend(struct arena *arena, void *memory, size_t size, size_t bigger);

/* A zeroed array; aborts on overflow of count * size. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

/* A copy of `s`; a NUL follows it that is not counted. */
struct str arena_copy(struct arena *arena, struct str s);

/* A NUL-terminated copy. Bytes after an embedded NUL are invisible to C: check first where it
 * matters. */
char *arena_c_string(struct arena *arena, struct str s);

/* Formatted text; a NUL follows it that is not counted. */
struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* The parts one after the other. */
struct str arena_join(struct arena *arena, const struct str *parts, size_t count);
#define ARENA_JOIN(arena, ...)                                                                     \
    arena_join((arena), (const struct str[]){ __VA_ARGS__ },                                       \
        sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

#endif
