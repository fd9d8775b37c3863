/*
 * file_name.c - cleaning of names for display.
 */
#include "domain/file_name.h"

#include "base/buf.h"

/* Code points that are not seen, but change what is. */
static bool is_invisible(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },
        { 0x7f, 0x9f },
        { 0x200e, 0x200f }, /* marks of direction */
        { 0x2028, 0x202e }, /* line ends, embeddings, overrides */
        { 0x2066, 0x2069 }, /* isolates */
        { 0xfeff, 0xfeff },
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static struct str without_folders(struct str name)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            return str_from_offset(name, i);
        }
    }
    return name;
}

static bool is_only_dots(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '.') {
            return false;
        }
    }
    return true;
}

struct str file_name_clean(struct arena *arena, struct str name, size_t max_bytes)
{
    struct str rest = without_folders(name);
    struct str cleaned;
    struct buf out;

    buf_init_arena(&out, arena, rest.len + 1);
    while (!str_is_empty(rest)) {
        const char *start = rest.ptr;
        uint32_t point = 0;

        if (!str_utf8_next(&rest, &point)) {
            buf_put_byte(&out, '_');
        } else if (!is_invisible(point)) {
            buf_put(&out, str_from(start, (size_t)(rest.ptr - start)));
        }
    }
    cleaned = str_trim(str_utf8_head(str_trim(buf_str(&out)), max_bytes));
    return is_only_dots(cleaned) ? STR_EMPTY : cleaned;
}
