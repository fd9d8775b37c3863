/*
 * escape.c - one 256-entry table per output context, and the encodings of bytes as text.
 *
 * A table entry that is empty means that the byte stands for itself; runs of such bytes are copied
 * at once, so that plain text costs one append.
 */
#include "base/escape.h"

#include <stdlib.h>

typedef const struct str escape_table[256];

static void put_by_table(struct buf *out, struct str s, escape_table table)
{
    size_t run = 0;

    for (size_t i = 0; i < s.len; i++) {
        struct str replacement = table[(unsigned char)s.ptr[i]];

        if (replacement.len == 0)
            continue;
        buf_put(out, str_from(s.ptr + run, i - run));
        buf_put(out, replacement);
        run = i + 1;
    }
    buf_put(out, str_from_offset(s, run));
}

static escape_table html_table = {
    ['&'] = STR_INIT("&amp;"),
    ['<'] = STR_INIT("&lt;"),
    ['>'] = STR_INIT("&gt;"),
    ['"'] = STR_INIT("&quot;"),
    ['\''] = STR_INIT("&#39;"),
};

void escape_html(struct buf *out, struct str s)
{
    put_by_table(out, s, html_table);
}

static const struct str no_xml = STR_INIT("&#xFFFD;");

/* What stands for an ASCII code point in XML; tabs and line ends would be changed by a parser in an
 * attribute, so they travel as references. */
/* clang-format off */
static escape_table xml_table = {
    [0x00 ... 0x08] = STR_INIT("&#xFFFD;"),
    [0x09] = STR_INIT("&#9;"), [0x0a] = STR_INIT("&#10;"),
    [0x0b ... 0x0c] = STR_INIT("&#xFFFD;"),
    [0x0d] = STR_INIT("&#13;"),
    [0x0e ... 0x1f] = STR_INIT("&#xFFFD;"),
    ['&'] = STR_INIT("&amp;"), ['<'] = STR_INIT("&lt;"), ['>'] = STR_INIT("&gt;"),
    ['"'] = STR_INIT("&quot;"), ['\''] = STR_INIT("&#39;"),
};
/* clang-format on */

/* The short forms where JSON has them. */
/* clang-format off */
#define JSON_ESCAPES \
    [0x00] = STR_INIT("\\u0000"), [0x01] = STR_INIT("\\u0001"), [0x02] = STR_INIT("\\u0002"),   \
    [0x03] = STR_INIT("\\u0003"), [0x04] = STR_INIT("\\u0004"), [0x05] = STR_INIT("\\u0005"),   \
    [0x06] = STR_INIT("\\u0006"), [0x07] = STR_INIT("\\u0007"), [0x08] = STR_INIT("\\b"),       \
    [0x09] = STR_INIT("\\t"),     [0x0a] = STR_INIT("\\n"),     [0x0b] = STR_INIT("\\u000b"),   \
    [0x0c] = STR_INIT("\\f"),     [0x0d] = STR_INIT("\\r"),     [0x0e] = STR_INIT("\\u000e"),   \
    [0x0f] = STR_INIT("\\u000f"), [0x10] = STR_INIT("\\u0010"), [0x11] = STR_INIT("\\u0011"),   \
    [0x12] = STR_INIT("\\u0012"), [0x13] = STR_INIT("\\u0013"), [0x14] = STR_INIT("\\u0014"),   \
    [0x15] = STR_INIT("\\u0015"), [0x16] = STR_INIT("\\u0016"), [0x17] = STR_INIT("\\u0017"),   \
    [0x18] = STR_INIT("\\u0018"), [0x19] = STR_INIT("\\u0019"), [0x1a] = STR_INIT("\\u001a"),   \
    [0x1b] = STR_INIT("\\u001b"), [0x1c] = STR_INIT("\\u001c"), [0x1d] = STR_INIT("\\u001d"),   \
    [0x1e] = STR_INIT("\\u001e"), [0x1f] = STR_INIT("\\u001f"), [0x7f] = STR_INIT("\\u007f"),   \
    ['"']  = STR_INIT("\\\""),    ['\\'] = STR_INIT("\\\\")

static escape_table json_plain_table = { JSON_ESCAPES };

/* So that the text may stand in HTML. */
static escape_table json_table = {
    JSON_ESCAPES,
    ['<']  = STR_INIT("\\u003c"), ['>']  = STR_INIT("\\u003e"), ['&']  = STR_INIT("\\u0026"),
};
/* clang-format on */

static struct str json_point(uint32_t point)
{
    return point == 0x2028 ? STR("\\u2028") : point == 0x2029 ? STR("\\u2029") : STR_EMPTY;
}

static struct str xml_point(uint32_t point)
{
    return point == 0xfffe || point == 0xffff ? no_xml : STR_EMPTY;
}

/* How many bytes at the front are ASCII that stands for itself. */
static size_t plain_length(struct str s, escape_table table)
{
    size_t len = 0;

    while (len < s.len && (unsigned char)s.ptr[len] < 0x80 &&
           table[(unsigned char)s.ptr[len]].len == 0)
        len++;
    return len;
}

/* Like put_by_table, for contexts that only valid UTF-8 may enter: `malformed` replaces each byte
 * that is not, and `of_point` tells what stands for a code point above ASCII. */
static void put_by_point(struct buf *out, struct str s, escape_table table, struct str malformed,
    struct str (*of_point)(uint32_t point))
{
    struct str run = str_head(s, 0);

    while (s.len) {
        size_t plain = plain_length(s, table);
        struct str here = str_from_offset(s, plain), replacement;
        uint32_t point;

        run.len += plain;
        s = here;
        if (s.len == 0)
            break;
        if (!str_utf8_next(&s, &point))
            replacement = malformed;
        else
            replacement = point < 0x80 ? table[point] : of_point(point);
        if (replacement.len == 0) {
            run.len += here.len - s.len;
            continue;
        }
        buf_put(out, run);
        buf_put(out, replacement);
        run = str_head(s, 0);
    }
    buf_put(out, run);
}

void escape_xml(struct buf *out, struct str s)
{
    put_by_point(out, s, xml_table, no_xml, xml_point);
}

void escape_json(struct buf *out, struct str s)
{
    put_by_point(out, s, json_table, STR("\\ufffd"), json_point);
}

void escape_json_plain(struct buf *out, struct str s)
{
    put_by_point(out, s, json_plain_table, STR("\\ufffd"), json_point);
}

/* RFC 3986, section 2.3. */
/* clang-format off */
static const bool is_unreserved[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
    ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true,
};
/* clang-format on */

static void put_percent(struct buf *out, struct str s, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t run = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.ptr[i];

        if (is_unreserved[byte] || (keep_slash && byte == '/'))
            continue;
        buf_put(out, str_from(s.ptr + run, i - run));
        buf_put(out, str_from((char[]){ '%', digits[byte >> 4], digits[byte & 15] }, 3));
        run = i + 1;
    }
    buf_put(out, str_from_offset(s, run));
}

void escape_url(struct buf *out, struct str s)
{
    put_percent(out, s, false);
}

void escape_url_path(struct buf *out, struct str s)
{
    put_percent(out, s, true);
}

static struct str percent_str(struct arena *arena, struct str s, bool keep_slash)
{
    struct buf out;

    if (s.len > SIZE_MAX / 3)
        abort(); /* as in arena.h */
    buf_init_arena(&out, arena, s.len * 3);
    put_percent(&out, s, keep_slash);
    return buf_str(&out);
}

struct str escape_url_str(struct arena *arena, struct str s)
{
    return percent_str(arena, s, false);
}

struct str escape_url_path_str(struct arena *arena, struct str s)
{
    return percent_str(arena, s, true);
}

/* 0..15, or -1. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The byte that two hex digits at `text` stand for, or -1. */
static int hex_byte(const char *text)
{
    int high = hex_value(text[0]), low = hex_value(text[1]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool escape_url_decode(struct arena *arena, struct str s, bool plus_is_space, struct str *out)
{
    char *text = arena_alloc(arena, s.len + 1), *to = text;

    for (size_t i = 0; i < s.len; i++) {
        char byte = s.ptr[i];

        if (byte == '+' && plus_is_space)
            byte = ' ';
        if (byte == '%') {
            int value = s.len - i > 2 ? hex_byte(s.ptr + i + 1) : -1;

            if (value < 0)
                return false;
            byte = (char)value;
            i += 2;
        }
        *to++ = byte;
    }
    *out = str_from(text, (size_t)(to - text));
    return true;
}

struct str escape_hex(struct arena *arena, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_array(arena, bytes.len + 1, 2);

    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[(unsigned char)bytes.ptr[i] & 15];
    }
    return str_from(text, 2 * bytes.len);
}

bool escape_hex_decode(struct arena *arena, struct str text, struct str *out)
{
    char *bytes = arena_alloc(arena, text.len / 2 + 1);

    if (text.len % 2)
        return false;
    for (size_t i = 0; i < text.len; i += 2) {
        int value = hex_byte(text.ptr + i);

        if (value < 0)
            return false;
        bytes[i / 2] = (char)value;
    }
    *out = str_from(bytes, text.len / 2);
    return true;
}

/* An alphabet of RFC 4648: section 4, or section 5 without padding. */
struct base64_kind {
    const char *digits;
    char digit_62, digit_63;
    bool is_padded;
};

static const struct base64_kind standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", '+', '/', true
};
static const struct base64_kind url_safe = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", '-', '_', false
};

static struct str encode64(struct arena *arena, struct str bytes, const struct base64_kind *kind)
{
    char *text = arena_array(arena, bytes.len / 3 + 1, 4), *to = text;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;

        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < count ? (unsigned char)bytes.ptr[i + k] : 0);
        for (size_t k = 0; k <= count; k++)
            *to++ = kind->digits[group >> (18 - 6 * k) & 63];
        for (size_t k = count; kind->is_padded && k < 3; k++)
            *to++ = '=';
    }
    return str_from(text, (size_t)(to - text));
}

/* 0..63, or -1. */
static int base64_value(char digit, const struct base64_kind *kind)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == kind->digit_62 ? 62 : digit == kind->digit_63 ? 63 : -1;
}

/* Take the padding off; false when it is not exactly what the length asks for. */
static bool strip_padding(struct str *text)
{
    if (text->len % 4)
        return false;
    for (int i = 0; i < 2 && text->len && text->ptr[text->len - 1] == '='; i++)
        text->len--;
    return true;
}

static bool decode64(
    struct arena *arena, struct str text, const struct base64_kind *kind, struct str *out)
{
    if (kind->is_padded && !strip_padding(&text))
        return false;
    if (text.len % 4 == 1)
        return false;

    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 3), *to = bytes;
    uint32_t bits = 0;
    int bit_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i], kind);

        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *to++ = (char)(bits >> bit_count);
        }
    }
    if (bits & ((1u << bit_count) - 1)) /* another text would decode to the same bytes */
        return false;
    *out = str_from(bytes, (size_t)(to - bytes));
    return true;
}

struct str escape_base64(struct arena *arena, struct str bytes)
{
    return encode64(arena, bytes, &standard);
}

bool escape_base64_decode(struct arena *arena, struct str text, struct str *out)
{
    return decode64(arena, text, &standard, out);
}

struct str escape_base64url(struct arena *arena, struct str bytes)
{
    return encode64(arena, bytes, &url_safe);
}

bool escape_base64url_decode(struct arena *arena, struct str text, struct str *out)
{
    return decode64(arena, text, &url_safe, out);
}
