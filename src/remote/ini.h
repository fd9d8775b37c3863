/*
 * ini.h - AWS's shared files, ~/.aws/credentials and ~/.aws/config; private to remote/.
 *
 * As botocore reads them: [section], "name = value" or "name: value", names in any case, '#' and
 * ';' begin a comment at the begin of a line only, an indented line belongs to the value before it
 * (a block of settings for one service, which nobody here asks for). The last of two wins.
 */
#ifndef REMOTE_INI_H
#define REMOTE_INI_H

#include "base/arena.h"
#include "base/status.h"

struct ini_entry {
    struct str section;
    struct str name; /* lower case; empty: only says that the section is there */
    struct str value;
};

struct ini {
    struct ini_entry *entry;
    size_t count;
};

enum { INI_ENTRIES_MAX = 10000 };

/* INVALID, with the number of the line, when one is neither of these or there are too many. */
enum status ini_parse(
    struct arena *arena, struct str text, struct ini *out, int *out_line) MUST_CHECK;

bool ini_has_section(const struct ini *ini, struct str section);

/* Empty when there is no such name, or it has no value. */
struct str ini_get(const struct ini *ini, struct str section, struct str name);

#endif
