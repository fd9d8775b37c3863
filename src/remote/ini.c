/*
 * Lines into sections, names and values. What the names mean is credentials_profile.c's.
 */
#include "remote/ini.h"

/* "[profile work]", "[profile \"my work\"]", "[default]": the name without blanks around it and
 * without quotes. */
static struct str read_section(struct arena *arena, struct str line)
{
    struct str name = str_trim(str_from_offset(str_head(line, line.len - 1), 1));
    struct str head = STR_EMPTY, tail = name;
    ssize_t quote = str_index(name, '"');

    if (quote < 0)
        quote = str_index(name, '\'');
    if (quote < 0 || name.ptr[name.len - 1] != name.ptr[quote] || (size_t)quote == name.len - 1)
        return name;
    head = str_head(name, (size_t)quote);
    tail = str_from_offset(str_head(name, name.len - 1), (size_t)quote + 1);
    return ARENA_JOIN(arena, head, tail);
}

static struct str lower(struct arena *arena, struct str text)
{
    char *copy = arena_c_string(arena, text);

    for (size_t i = 0; i < text.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    return str_from(copy, text.len);
}

/* Where the name ends: at the first '=' or ':'. */
static ssize_t find_delimiter(struct str line)
{
    ssize_t equals = str_index(line, '='), colon = str_index(line, ':');

    return equals < 0 || (colon >= 0 && colon < equals) ? colon : equals;
}

static bool is_comment(struct str line)
{
    return str_is_empty(line) || line.ptr[0] == '#' || line.ptr[0] == ';';
}

static bool is_section(struct str line)
{
    return line.len >= 2 && line.ptr[0] == '[' && line.ptr[line.len - 1] == ']';
}

/* One line that is neither empty nor a comment nor part of the one before. */
static bool read_line(struct arena *arena, struct str line, struct ini *ini, struct str *section)
{
    struct ini_entry *entry = &ini->entry[ini->count];
    ssize_t delimiter = find_delimiter(line);

    if (is_section(line)) {
        *section = read_section(arena, line);
        *entry = (struct ini_entry){ .section = *section };
        ini->count++;
        return !str_is_empty(*section);
    }
    if (delimiter <= 0 || str_is_empty(*section))
        return false;
    *entry = (struct ini_entry){
        .section = *section,
        .name = lower(arena, str_trim(str_head(line, (size_t)delimiter))),
        .value = str_trim(str_from_offset(line, (size_t)delimiter + 1)),
    };
    ini->count++;
    return true;
}

static size_t count_lines(struct str text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

enum status ini_parse(struct arena *arena, struct str text, struct ini *out, int *out_line)
{
    struct str rest = text, line, section = STR_EMPTY;
    size_t lines = count_lines(text);

    *out = (struct ini){ .count = 0 };
    *out_line = 0;
    if (lines > INI_ENTRIES_MAX)
        return STATUS_INVALID;
    out->entry = ARENA_ARRAY(arena, struct ini_entry, lines);
    if (str_starts_with(rest, STR("\xef\xbb\xbf")))
        rest = str_from_offset(rest, 3);
    while (str_split(&rest, '\n', &line)) {
        bool is_indented = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        bool is_inside =
            is_indented && out->count > 0 && !str_is_empty(out->entry[out->count - 1].name);

        ++*out_line;
        line = str_trim(line);
        if (is_comment(line) || (is_inside && !is_section(line)))
            continue;
        if (!read_line(arena, line, out, &section))
            return STATUS_INVALID;
    }
    return STATUS_OK;
}

bool ini_has_section(const struct ini *ini, struct str section)
{
    for (size_t i = 0; i < ini->count; i++)
        if (str_equal(ini->entry[i].section, section))
            return true;
    return false;
}

struct str ini_get(const struct ini *ini, struct str section, struct str name)
{
    for (size_t i = ini->count; i > 0; i--)
        if (str_equal(ini->entry[i - 1].section, section) &&
            str_equal(ini->entry[i - 1].name, name))
            return ini->entry[i - 1].value;
    return STR_EMPTY;
}
