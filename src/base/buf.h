/*
 * buf.h - text that grows up to a stated cap, with a sticky failure that is checked once.
 *
 * Order of use: buf_init (heap) or buf_init_arena, append freely, then look at buf_is_over() once;
 * after the cap was hit every append is ignored. buf_clear frees a heap buf and is harmless on an
 * arena one.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;          /* most bytes it may ever hold */
    struct arena *arena; /* NULL: the heap */
    bool is_over;        /* an append did not fit: the content is incomplete */
};

void buf_init(struct buf *buf, size_t max);
void buf_init_arena(struct buf *buf, struct arena *arena, size_t max);
void buf_clear(struct buf *buf);

/* Empty it, keep its memory, forget the failure. */
void buf_reset(struct buf *buf);

static inline bool buf_is_over(const struct buf *buf)
{
    return buf->is_over;
}

/* What was written so far; valid until the next append. */
struct str buf_str(const struct buf *buf);

void buf_put(struct buf *buf, struct str s);
void buf_put_byte(struct buf *buf, char byte);
void buf_put_c(struct buf *buf, const char *text);
void buf_put_i64(struct buf *buf, int64_t number);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
