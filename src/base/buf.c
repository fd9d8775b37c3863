/*
 * buf.c - appending. Capacity doubles; an append that would pass the cap sets is_over and is lost,
 * as is everything after it, so that a cut text is never mistaken for a whole one.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 256 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){ .max = max };
}

void buf_init_arena(struct buf *buf, struct arena *arena, size_t max)
{
    *buf = (struct buf){ .max = max, .arena = arena };
}

void buf_clear(struct buf *buf)
{
    if (!buf->arena)
        free(buf->ptr);
    *buf = (struct buf){ .max = buf->max, .arena = buf->arena };
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->is_over = false;
}

struct str buf_str(const struct buf *buf)
{
    return str_from(buf->ptr, buf->len);
}

static void move_to(struct buf *buf, size_t cap)
{
    char *bigger;

    if (buf->arena) {
        bigger = buf->ptr ? arena_extend(buf->arena, buf->ptr, buf->cap, cap)
                          : arena_alloc(buf->arena, cap);
    } else {
        bigger = realloc(buf->ptr, cap);
        if (!bigger)
            abort(); /* as in arena.h */
    }
    buf->ptr = bigger;
    buf->cap = cap;
}

/* Make room for `more` bytes; false when that would pass the cap. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->is_over)
        return false;
    if (more <= buf->cap - buf->len)
        return true;
    if (more > buf->max - buf->len) {
        buf->is_over = true;
        return false;
    }

    size_t cap = buf->cap ? buf->cap : FIRST_CAP;
    while (cap < buf->len + more)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    move_to(buf, cap < buf->max ? cap : buf->max);
    return true;
}

void buf_put(struct buf *buf, struct str s)
{
    if (s.len == 0 || !reserve(buf, s.len))
        return;
    memcpy(buf->ptr + buf->len, s.ptr, s.len);
    buf->len += s.len;
}

void buf_put_byte(struct buf *buf, char byte)
{
    if (reserve(buf, 1))
        buf->ptr[buf->len++] = byte;
}

void buf_put_c(struct buf *buf, const char *text)
{
    buf_put(buf, str_from_c(text));
}

void buf_put_i64(struct buf *buf, int64_t number)
{
    char digits[STR_I64_MAX];

    buf_put(buf, str_from_i64(digits, number));
}

/* Most formatted pieces are short: they are formatted on the stack, and only a long one twice. */
void buf_printf(struct buf *buf, const char *format, ...)
{
    char text[256], *whole = NULL;
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < (int)sizeof text) {
        buf_put(buf, str_from(text, len < 0 ? 0 : (size_t)len));
        return;
    }
    va_start(args, format);
    len = vasprintf(&whole, format, args);
    va_end(args);
    if (len < 0)
        abort(); /* as in arena.h */
    buf_put(buf, str_from(whole, (size_t)len));
    free(whole);
}
