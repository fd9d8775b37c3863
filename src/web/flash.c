/* The table of messages, both ways. Setting and reading the cookie is cookies.c's. */
#include "web/flash.h"

static const struct {
    struct str name, kind, text;
} flashes[] = {
#define X(name, code, kind, text) { STR_INIT(code), STR_INIT(kind), STR_INIT(text) },
    FLASH_LIST(X)
#undef X
};

struct str flash_name(enum flash flash)
{
    return flashes[flash].name;
}

enum flash flash_from_name(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(flashes); i++)
        if (str_equal(flashes[i].name, name))
            return (enum flash)i;
    return FLASH_NONE;
}

struct str flash_kind(enum flash flash)
{
    return flashes[flash].kind;
}

struct str flash_text(enum flash flash)
{
    return flashes[flash].text;
}
