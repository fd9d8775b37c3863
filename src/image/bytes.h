/*
 * bytes.h - bounded reads of numbers out of a file's first bytes; inside image/ only.
 *
 * Every read says whether the bytes were there; nothing here can read outside.
 */
#ifndef IMAGE_BYTES_H
#define IMAGE_BYTES_H

#include "base/str.h"

/* `len` bytes at `offset`, or false when they are not all there. */
static inline bool bytes_at(struct str all, size_t offset, size_t len, struct str *out)
{
    if (offset > all.len || len > all.len - offset) {
        return false;
    }
    *out = len > 0 ? str_from(all.ptr + offset, len) : STR_EMPTY;
    return true;
}

/* An unsigned number of 1..4 bytes. */
static inline bool bytes_number(
    struct str all, size_t offset, size_t len, bool is_big_endian, uint32_t *out)
{
    struct str part;
    uint32_t number = 0;

    if (!bytes_at(all, offset, len, &part)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        number = number << 8 | (unsigned char)part.ptr[is_big_endian ? i : len - 1 - i];
    }
    *out = number;
    return true;
}

static inline bool bytes_be(struct str all, size_t offset, size_t len, uint32_t *out)
{
    return bytes_number(all, offset, len, true, out);
}

static inline bool bytes_le(struct str all, size_t offset, size_t len, uint32_t *out)
{
    return bytes_number(all, offset, len, false, out);
}

/* True when `text` stands at `offset`. */
static inline bool bytes_are(struct str all, size_t offset, struct str text)
{
    struct str part;

    return bytes_at(all, offset, text.len, &part) && str_equal(part, text);
}

#endif
