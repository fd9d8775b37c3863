/*
 * str.c - comparing, cutting and reading text that someone else owns. Nothing here allocates.
 *
 * memcmp and memchr are never given a NULL pointer, which the empty str may carry.
 */
#include "base/str.h"

struct str str_from_c(const char *text)
{
    return text ? str_from(text, strlen(text)) : STR_EMPTY;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal(str_head(s, prefix.len), prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_equal(str_from_offset(s, s.len - suffix.len), suffix);
}

ssize_t str_index(struct str s, char byte)
{
    const char *at = s.len ? memchr(s.ptr, byte, s.len) : NULL;

    return at ? at - s.ptr : -1;
}

ssize_t str_last_index(struct str s, char byte)
{
    const char *at = s.len ? memrchr(s.ptr, byte, s.len) : NULL;

    return at ? at - s.ptr : -1;
}

ssize_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return -1;
    const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? at - s.ptr : -1;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = str_from_offset(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(struct str *rest, char separator, struct str *out_part)
{
    if (!rest->ptr)
        return false;

    ssize_t at = str_index(*rest, separator);
    if (at < 0) {
        *out_part = *rest;
        *rest = STR_EMPTY;
    } else {
        *out_part = str_head(*rest, (size_t)at);
        *rest = str_from_offset(*rest, (size_t)at + 1);
    }
    return true;
}

bool str_parse_u64(struct str s, uint64_t *out)
{
    uint64_t number = 0;

    if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(s.ptr[i] - '0'), &number))
            return false;
    }
    *out = number;
    return true;
}

bool str_parse_i64(struct str s, int64_t *out)
{
    bool is_negative = s.len && s.ptr[0] == '-';
    uint64_t size;

    if (!str_parse_u64(str_from_offset(s, is_negative), &size))
        return false;
    if (size > (uint64_t)INT64_MAX + is_negative)
        return false;
    *out = is_negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

struct str str_from_i64(char digits[STR_I64_MAX], int64_t number)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t at = STR_I64_MAX;

    do
        digits[--at] = (char)('0' + size % 10);
    while (size /= 10);
    if (number < 0)
        digits[--at] = '-';
    return str_from(digits + at, STR_I64_MAX - at);
}

/*
 * RFC 3629, section 4: what the second byte may be depends on the first, which is how overlong
 * forms, surrogates and code points above 10FFFF are kept out. Rows are ranges of the first byte.
 */
/* clang-format off */
static const struct utf8_row {
    unsigned char first_min, first_max, length, second_min, second_max, first_bits;
} utf8_rows[] = {
    { 0xc2, 0xdf, 2, 0x80, 0xbf, 0x1f },
    { 0xe0, 0xe0, 3, 0xa0, 0xbf, 0x0f },
    { 0xe1, 0xec, 3, 0x80, 0xbf, 0x0f },
    { 0xed, 0xed, 3, 0x80, 0x9f, 0x0f },
    { 0xee, 0xef, 3, 0x80, 0xbf, 0x0f },
    { 0xf0, 0xf0, 4, 0x90, 0xbf, 0x07 },
    { 0xf1, 0xf3, 4, 0x80, 0xbf, 0x07 },
    { 0xf4, 0xf4, 4, 0x80, 0x8f, 0x07 },
};
/* clang-format on */

/* The bytes that the code point at the front of non-empty `s` takes, or 0 when it is malformed. */
static size_t utf8_decode(struct str s, uint32_t *out)
{
    const unsigned char *byte = (const unsigned char *)s.ptr;
    const struct utf8_row *row = NULL;

    if (byte[0] < 0x80) {
        *out = byte[0];
        return 1;
    }
    for (size_t i = 0; i < COUNT_OF(utf8_rows) && !row; i++)
        if (byte[0] >= utf8_rows[i].first_min && byte[0] <= utf8_rows[i].first_max)
            row = &utf8_rows[i];
    if (!row || s.len < row->length || byte[1] < row->second_min || byte[1] > row->second_max)
        return 0;

    uint32_t point = byte[0] & row->first_bits;
    for (size_t i = 1; i < row->length; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (byte[i] & 0x3f);
    }
    *out = point;
    return row->length;
}

bool str_utf8_next(struct str *rest, uint32_t *out_point)
{
    size_t length = utf8_decode(*rest, out_point);

    *rest = str_from_offset(*rest, length ? length : 1);
    return length != 0;
}

bool str_is_utf8(struct str s)
{
    uint32_t point;

    while (s.len)
        if (!str_utf8_next(&s, &point))
            return false;
    return true;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t str_utf8_length(struct str s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++)
        count += !is_continuation(s.ptr[i]);
    return count;
}

struct str str_utf8_head(struct str s, size_t max_bytes)
{
    if (s.len <= max_bytes)
        return s;
    while (max_bytes && is_continuation(s.ptr[max_bytes]))
        max_bytes--;
    return str_head(s, max_bytes);
}

bool str_has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}
