/*
 * scope.c - the names of scopes, and what they allow.
 */
#include "domain/scope.h"

#include "base/buf.h"

static const struct str names[SCOPE_COUNT] = {
    [SCOPE_NONE] = STR_INIT("none"),
    [SCOPE_READ] = STR_INIT("read"),
    [SCOPE_UPLOAD] = STR_INIT("upload"),
    [SCOPE_DELETE] = STR_INIT("delete"),
    [SCOPE_ADMIN] = STR_INIT("admin"),
};

struct str scope_name(enum scope scope)
{
    return names[scope];
}

bool scopes_allow(struct scopes scopes, enum scope scope)
{
    return scope == SCOPE_NONE || (scopes.bits & (1u << scope | 1u << SCOPE_ADMIN)) != 0;
}

bool scopes_add(struct scopes *scopes, struct str name)
{
    for (unsigned i = SCOPE_READ; i < SCOPE_COUNT; i++) {
        if (str_equal(name, names[i])) {
            scopes->bits |= 1u << i;
            return true;
        }
    }
    return false;
}

static bool is_separator(char byte)
{
    return byte == ' ' || byte == ',';
}

bool scopes_parse(struct str text, struct scopes *out)
{
    struct scopes scopes = { 0 };

    for (size_t from = 0; from < text.len;) {
        size_t to = from;

        while (to < text.len && !is_separator(text.ptr[to])) {
            to++;
        }
        if (to > from && !scopes_add(&scopes, str_from(text.ptr + from, to - from))) {
            return false;
        }
        from = to + 1;
    }
    *out = scopes;
    return scopes.bits != 0;
}

struct str scopes_format(struct arena *arena, struct scopes scopes)
{
    struct buf text;

    buf_init_arena(&text, arena, SCOPES_TEXT_MAX_BYTES);
    for (unsigned i = SCOPE_READ; i < SCOPE_COUNT; i++) {
        if ((scopes.bits & 1u << i) == 0) {
            continue;
        }
        if (text.len > 0) {
            buf_put_byte(&text, ' ');
        }
        buf_put(&text, names[i]);
    }
    return buf_str(&text);
}
