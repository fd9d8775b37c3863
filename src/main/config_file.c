/* Reading files of NAME=value lines. What the names mean is config.c's business. */
#include "main/config_file.h"

#include "base/file.h"
#include "main/config_problem.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 64 * 1024, LINES_MAX = 500 };

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return false;
    return name.len > 0 && !isdigit((unsigned char)name.ptr[0]);
}

/* Is this nothing, or a comment that white space sets apart from what was before it? */
static bool is_rest_of_line(struct str rest)
{
    struct str comment = str_trim(rest);

    return str_is_empty(comment) || (comment.ptr[0] == '#' && comment.ptr != rest.ptr);
}

/* "value" and 'value', perhaps with a comment behind it. False when the quotes do not match. */
static bool read_quoted(struct str text, struct str *out)
{
    char quote = text.ptr[0];
    ssize_t end = str_index(str_from_offset(text, 1), quote);

    if (end < 0 || !is_rest_of_line(str_from_offset(text, (size_t)end + 2)))
        return false;
    *out = str_from(text.ptr + 1, (size_t)end);
    return true;
}

/* What stands behind the equals sign. False when it is quoted and the quotes do not match. */
static bool read_value(struct str text, struct str *out)
{
    struct str value = str_trim(text);

    if (!str_is_empty(value) && (value.ptr[0] == '"' || value.ptr[0] == '\''))
        return read_quoted(value, out);
    for (size_t i = 1; i < text.len; i++)
        if (text.ptr[i] == '#' && isspace((unsigned char)text.ptr[i - 1])) {
            value = str_trim(str_head(text, i));
            break;
        }
    *out = value;
    return true;
}

/* False when the line is neither empty, a comment, nor NAME=value. An empty name says: nothing
 * here. */
static bool parse_line(struct str line, struct pair *out)
{
    ssize_t equals;

    *out = (struct pair){ STR_EMPTY, STR_EMPTY };
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return true;
    if (str_starts_with(line, STR("export ")))
        line = str_trim(str_from_offset(line, 7));
    equals = str_index(line, '=');
    if (equals <= 0 || !is_name(str_head(line, (size_t)equals)))
        return false;
    if (!read_value(str_from_offset(line, (size_t)equals + 1), &out->value))
        return false;
    out->name = str_head(line, (size_t)equals);
    return true;
}

static void parse_lines(struct arena *arena, struct str path, struct str text, struct pairs *out,
    struct config_problems *problems)
{
    struct pair *pairs = ARENA_ARRAY(arena, struct pair, LINES_MAX);
    struct str line;
    int number = 0;

    while (str_split(&text, '\n', &line) && out->count < LINES_MAX) {
        number++;
        if (!parse_line(line, &pairs[out->count]))
            config_problem(arena, problems, "%.*s, line %d: write NAME=value, or # and a comment.",
                STR_ARG(path), number);
        else if (!str_is_empty(pairs[out->count].name))
            out->count++;
    }
    out->item = pairs;
}

static void check_mode(struct arena *arena, struct str path, struct config_problems *problems)
{
    struct stat stat_of;

    if (stat(path.ptr, &stat_of) == 0 && (stat_of.st_mode & 077) != 0)
        config_problem(arena, problems,
            "%.*s holds secrets and others can read it (mode %03o): chmod 600 %.*s, and change the "
            "secrets if others may have.",
            STR_ARG(path), (unsigned)stat_of.st_mode & 0777, STR_ARG(path));
}

void config_file_read(struct arena *arena, struct str path, enum config_file_mode mode,
    struct pairs *out, struct config_problems *problems)
{
    struct str text;
    enum status status = file_read(arena, path.ptr, FILE_MAX_BYTES, &text);

    *out = (struct pairs){ NULL, 0 };
    if (status == STATUS_NOT_FOUND)
        return;
    if (status != STATUS_OK) {
        config_problem(arena, problems, "%.*s cannot be read: %s.", STR_ARG(path),
            status == STATUS_TOO_LARGE ? "it is larger than 64 KB" : strerror(errno));
        return;
    }
    if (mode == CONFIG_FILE_ONLY_OWNER)
        check_mode(arena, path, problems);
    parse_lines(arena, path, text, out, problems);
}
