/*
 * str.h - text as pointer and length, passed by value; never allocates, never ends in NUL.
 *
 * A str borrows its bytes: it is valid as long as what it points into. The empty str may have a
 * NULL pointer. Copies and NUL-terminated forms come from an arena (arena.h).
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

/* A str over a string literal, or over a char array holding a literal; the length is computed at
 * compile time. STR_INIT is the form for static initialisers. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define STR_EMPTY ((struct str){ NULL, 0 })

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

/* A str over a NUL-terminated string; NULL gives the empty str. */
struct str str_from_c(const char *text);

/* A str over `len` bytes at `ptr`. */
static inline struct str str_from(const char *ptr, size_t len)
{
    return (struct str){ ptr, len };
}

static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

/* Byte-wise equality. Not constant time: secrets use secret_equal() (crypto/secret.h). */
static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equality with ASCII letters compared without case; other bytes exactly. */
bool str_equal_nocase(struct str a, struct str b);

/* memcmp order, the shorter first when one is a prefix: <0, 0, >0. */
int str_compare(struct str a, struct str b);

bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* The part from byte `from` (clamped to the length) to the end. */
static inline struct str str_from_offset(struct str s, size_t from)
{
    if (from > s.len)
        from = s.len;
    return from ? str_from(s.ptr + from, s.len - from) : s;
}

/* At most `len` bytes from the start. */
static inline struct str str_head(struct str s, size_t len)
{
    return str_from(s.ptr, len < s.len ? len : s.len);
}

/* Position of the first `byte`, or -1. */
ssize_t str_index(struct str s, char byte);

/* Position of the last `byte`, or -1. */
ssize_t str_last_index(struct str s, char byte);

/* Position of the first occurrence of `needle`, or -1; an empty needle is found at 0. */
ssize_t str_find(struct str s, struct str needle);

/* Without leading and trailing space, tab, CR and LF. */
struct str str_trim(struct str s);

/*
 * Take the text up to the next `separator` off the front of *rest.
 *
 * Returns false when *rest is exhausted (its ptr is NULL then), else sets *out_part and moves *rest
 * past the separator. "a,,b" gives "a", "", "b"; "" gives one empty part, once.
 */
bool str_split(struct str *rest, char separator, struct str *out_part);

/*
 * Parse the whole of `s` as a decimal integer without sign for u64, with an optional '-' for i64;
 * no spaces, no '+', no leading zeros but "0" itself. Returns false, leaving *out untouched, on
 * anything else or on overflow.
 */
bool str_parse_u64(struct str s, uint64_t *out) MUST_CHECK;
bool str_parse_i64(struct str s, int64_t *out) MUST_CHECK;

/* The decimal text of any number; it stands somewhere in `digits`. */
enum { STR_I64_MAX = 20 };
struct str str_from_i64(char digits[STR_I64_MAX], int64_t number);

/* True when `s` is well-formed UTF-8 (RFC 3629: no overlong forms, surrogates, or above 10FFFF). */
bool str_is_utf8(struct str s);

/*
 * Take one code point off the front of *rest, which must not be empty. On malformed UTF-8 returns
 * false, one byte is taken and *out_point is left alone.
 */
bool str_utf8_next(struct str *rest, uint32_t *out_point);

/* Number of code points of valid UTF-8. */
size_t str_utf8_length(struct str s);

/* The longest prefix of valid UTF-8 `s` of at most `max_bytes` that does not split a code point. */
struct str str_utf8_head(struct str s, size_t max_bytes);

/* True when a byte below 0x20 or 0x7f stands in `s`. */
bool str_has_control(struct str s);

#endif
