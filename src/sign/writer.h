/*
 * writer.h - text put into memory of a known size, with a sticky failure; private to sign/.
 *
 * What base/buf.h is for text that grows, this is for the few hundred bytes of a signature, where
 * the allocations would cost more than the text: callers work out the bound first. A put that does
 * not fit writes nothing and makes the writer over.
 */
#ifndef SIGN_WRITER_H
#define SIGN_WRITER_H

#include "base/arena.h"

/* What most requests need; larger ones go to the arena. */
enum { WRITER_STACK_BYTES = 4096 };

struct writer {
    char *start;
    char *at;
    char *end;
    bool is_over;
};

static inline void writer_init(struct writer *writer, char *memory, size_t size)
{
    *writer = (struct writer){ .start = memory, .at = memory, .end = memory + size };
}

/* Over `memory` when `bound` bytes fit there, else over as much of the arena. `memory` may be NULL.
 */
static inline void writer_init_bound(
    struct writer *writer, struct arena *arena, char *memory, size_t size, size_t bound)
{
    if (bound > size || !memory) {
        memory = arena_alloc(arena, bound);
        size = bound;
    }
    writer_init(writer, memory, size);
}

static inline size_t writer_room(const struct writer *writer)
{
    return (size_t)(writer->end - writer->at);
}

static inline struct str writer_str(const struct writer *writer)
{
    return str_from(writer->start, (size_t)(writer->at - writer->start));
}

static inline void put(struct writer *writer, struct str s)
{
    if (s.len > writer_room(writer)) {
        writer->is_over = true;
    } else if (s.len > 0) {
        memcpy(writer->at, s.ptr, s.len);
        writer->at += s.len;
    }
}

static inline void put_byte(struct writer *writer, char byte)
{
    if (writer_room(writer) == 0)
        writer->is_over = true;
    else
        *writer->at++ = byte;
}

/* `len` bytes to be written by the caller at once; NULL when they do not fit. */
static inline char *put_reserved(struct writer *writer, size_t len)
{
    char *at = writer->at;
    if (len > writer_room(writer)) {
        writer->is_over = true;
        return NULL;
    }
    writer->at += len;
    return at;
}

/* A number that is not negative, in decimal. */
static inline void put_number(struct writer *writer, int64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(writer, str_from(digits + at, sizeof(digits) - at));
}

#endif
