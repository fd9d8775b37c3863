/*
 * file_name.c - cleaning of names for display.
 */
#include "domain/file_name.h"

#include "base/buf.h"
#include "domain/file_types.h"

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

/* Letters, marks and digits, as far as ranges tell without Unicode's tables: symbols have blocks of
 * their own, and everything beyond the first plane is one here (emoji, and some rare scripts). */
static bool is_key_point(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { '-', '.' },
        { '0', '9' },
        { 'A', 'Z' },
        { '_', '_' },
        { 'a', 'z' },
        { 0xc0, 0xd6 }, /* Latin, without the multiplication sign */
        { 0xd8, 0xf6 },
        { 0xf8, 0x1fff },
        { 0x2c00, 0x2dff },
        { 0x3041, 0x9fff }, /* kana and Han */
        { 0xa000, 0xd7ff },
        { 0xf900, 0xfaff },
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

/* At most `max_bytes` of `name`, its extension among them: what is shorter is still what it was. */
static struct str cut(struct arena *arena, struct str name, size_t max_bytes)
{
    enum { EXTENSION_MAX_BYTES = 16 };
    struct str extension = file_extension(name);

    if (name.len <= max_bytes) {
        return name;
    }
    if (extension.len > EXTENSION_MAX_BYTES || extension.len > max_bytes) {
        extension = STR_EMPTY;
    }
    return ARENA_JOIN(arena, str_utf8_head(name, max_bytes - extension.len), extension);
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
    cleaned = str_trim(cut(arena, str_trim(buf_str(&out)), max_bytes));
    return is_only_dots(cleaned) ? STR_EMPTY : cleaned;
}

struct str file_name_for_key(struct arena *arena, struct str name)
{
    struct str rest = name;
    bool is_in_run = false;
    struct buf out;

    buf_init_arena(&out, arena, name.len + 1);
    while (!str_is_empty(rest)) {
        const char *start = rest.ptr;
        uint32_t point = 0;
        bool is_kept = str_utf8_next(&rest, &point) && is_key_point(point);

        if (is_kept) {
            buf_put(&out, str_from(start, (size_t)(rest.ptr - start)));
        } else if (!is_in_run) {
            buf_put_byte(&out, '_');
        }
        is_in_run = !is_kept;
    }
    return cut(arena, buf_str(&out), FILE_NAME_KEY_MAX_BYTES);
}
