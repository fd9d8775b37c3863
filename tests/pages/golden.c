/* Comparing answers with files. */
#include "golden.h"

#include "base/buf.h"
#include "base/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { GOLDEN_MAX_BYTES = 4 * 1024 * 1024 };

/* After `mark` comes text of `is_inside` bytes that differs from run to run. */
struct scrub {
    struct str mark;
    int (*is_inside)(int byte);
    const char *shown;
};

static int is_token_byte(int byte)
{
    return isalnum(byte) || byte == '-' || byte == '_';
}

static int is_jwt_byte(int byte)
{
    return is_token_byte(byte) || byte == '.';
}

static int is_time_byte(int byte)
{
    return isdigit(byte);
}

static int is_base64_byte(int byte)
{
    return isalnum(byte) || byte == '+' || byte == '/' || byte == '=';
}

static const struct scrub scrubs[] = {
    { STR_INIT("name=\"csrf\" value=\""), is_token_byte, "CSRF" },
    { STR_INIT("vitrine_session="), is_token_byte, "SESSION" },
    { STR_INIT("vitrine_pre="), is_token_byte, "PRE" },
    { STR_INIT("X-Amz-Signature="), is_token_byte, "SIGNATURE" },
    { STR_INIT("x-amz-signature\" value=\""), is_token_byte, "SIGNATURE" },
    { STR_INIT("name=\"policy\" value=\""), is_base64_byte, "POLICY" },
    { STR_INIT("/admin/upload/form/"), is_time_byte, "ID" },
    { STR_INIT("oken\":\"ey"), is_jwt_byte, "JWT" },
    { STR_INIT("oken\":\"vr_"), is_token_byte, "REFRESH" },
    { STR_INIT("images/2026/11/"), is_token_byte, "KEY" },
    { STR_INIT("images%2F2026%2F11%2F"), is_token_byte, "KEY" },
    { STR_INIT("uploads/2026/11/21/"), is_token_byte, "KEY" },
    { STR_INIT("uploads/2/"), is_token_byte, "KEY" },
    { STR_INIT("uploads/"), is_token_byte, "KEY" },
    { STR_INIT("/images/179"), is_time_byte, "MS" }, /* users/2/images/1795244500000.png */
    { STR_INIT("\"ms\":"), is_time_byte, "0" },
    { STR_INIT("took\">"), is_time_byte, "0" },
    { STR_INIT("HTTP 200  "), is_time_byte, "0" },
    { STR_INIT("HTTP 403  "), is_time_byte, "0" },
    { STR_INIT("HTTP 404  "), is_time_byte, "0" },
};

static struct str scrub(struct arena *arena, struct str text)
{
    struct buf out;

    buf_init_arena(&out, arena, GOLDEN_MAX_BYTES);
    for (size_t i = 0; i < text.len;) {
        struct str rest = str_from_offset(text, i);
        const struct scrub *found = NULL;
        for (size_t j = 0; j < COUNT_OF(scrubs) && found == NULL; j++)
            if (str_starts_with(rest, scrubs[j].mark))
                found = &scrubs[j];
        if (found == NULL) {
            buf_put_byte(&out, text.ptr[i++]);
            continue;
        }
        buf_put(&out, found->mark);
        i += found->mark.len;
        if (i < text.len && found->is_inside((unsigned char)text.ptr[i]))
            buf_put_c(&out, found->shown);
        while (i < text.len && found->is_inside((unsigned char)text.ptr[i]))
            i++;
    }
    return buf_str(&out);
}

static void print_difference(const char *path, struct str wanted, struct str got)
{
    struct str wanted_line, got_line;
    int line = 0;

    do {
        line++;
        wanted_line = got_line = STR_EMPTY;
        str_split(&wanted, '\n', &wanted_line);
        str_split(&got, '\n', &got_line);
    } while (str_equal(wanted_line, got_line) && (wanted.ptr != NULL || got.ptr != NULL));
    fprintf(stderr, "%s, line %d\n  wanted: %.*s\n  got:    %.*s\n", path, line,
        STR_ARG(wanted_line), STR_ARG(got_line));
}

bool golden_matches(struct arena *arena, const char *name, const struct answer *answer)
{
    char path[256];
    struct str wanted = STR_EMPTY;
    struct str got = scrub(
        arena, arena_printf(arena, "HTTP %d\n%.*s\n%.*s%s", answer->http_status,
                   STR_ARG(answer->head), STR_ARG(answer->body), answer->body.len > 0 ? "\n" : ""));

    snprintf(path, sizeof(path), "tests/pages/golden/%s.txt", name);
    if (getenv("UPDATE_GOLDEN") != NULL)
        return file_write_atomic(path, got, 0644) == STATUS_OK;
    if (file_read(arena, path, GOLDEN_MAX_BYTES, &wanted) != STATUS_OK) {
        fprintf(stderr, "%s cannot be read; UPDATE_GOLDEN=1 writes it\n", path);
        return false;
    }
    if (str_equal(wanted, got))
        return true;
    print_difference(path, wanted, got);
    return false;
}
