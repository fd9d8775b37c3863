/* Reading or making a password. */
#include "main/password_input.h"

#include "crypto/random.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 2048, MADE_LENGTH = 20, GROUP_LENGTH = 5 };

/* In groups, so that it can be read off a terminal: "abcde-fghij-klmno-pqrst". */
static struct str make(struct arena *arena)
{
    struct str letters = random_base32(arena, MADE_LENGTH);
    struct str groups[MADE_LENGTH / GROUP_LENGTH];

    for (size_t i = 0; i < COUNT_OF(groups); i++)
        groups[i] = str_head(str_from_offset(letters, i * GROUP_LENGTH), GROUP_LENGTH);
    return ARENA_JOIN(
        arena, groups[0], STR("-"), groups[1], STR("-"), groups[2], STR("-"), groups[3]);
}

enum status password_input_get(struct arena *arena, bool from_stdin, struct password_input *out)
{
    char line[LINE_MAX_BYTES];
    struct str text;

    *out = (struct password_input){ .is_made = !from_stdin };
    if (!from_stdin) {
        out->text = make(arena);
        return STATUS_OK;
    }
    if (fgets(line, sizeof(line), stdin) == NULL)
        return STATUS_INVALID;
    text = str_from_c(line);
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    out->text = arena_copy(arena, text);
    return text.len > 0 ? STATUS_OK : STATUS_INVALID;
}
