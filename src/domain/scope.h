/*
 * scope.h - what a token allows its bearer to do: less than its account may, never more.
 *
 * A scope narrows, a role widens: a token of an admin with the scope `read` reads what admins read,
 * and changes nothing. Pure.
 */
#ifndef DOMAIN_SCOPE_H
#define DOMAIN_SCOPE_H

#include "base/arena.h"

/* Routes name the one that they need; SCOPE_NONE: any token will do. `admin` includes the others.
 */
enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_UPLOAD, SCOPE_DELETE, SCOPE_ADMIN };

enum { SCOPE_COUNT = SCOPE_ADMIN + 1, SCOPES_TEXT_MAX_BYTES = 100 };

/* Several of them: bits 1u << SCOPE_... */
struct scopes {
    unsigned bits;
};

#define SCOPES_ALL  ((struct scopes){ (2u << SCOPE_ADMIN) - 2u })
#define SCOPES_WORK ((struct scopes){ 1u << SCOPE_READ | 1u << SCOPE_UPLOAD | 1u << SCOPE_DELETE })

/* "read", "upload", "delete", "admin"; "none". */
struct str scope_name(enum scope scope);

/* Whether a token with `scopes` may do what needs `scope`. */
bool scopes_allow(struct scopes scopes, enum scope scope);

/* Add one by its name; false when there is none of that name. */
bool scopes_add(struct scopes *scopes, struct str name) MUST_CHECK;

/* Read names that are separated by spaces or commas. False when one is unknown or there is none. */
bool scopes_parse(struct str text, struct scopes *out) MUST_CHECK;

/* "read upload delete" (RFC 6749, section 3.3). */
struct str scopes_format(struct arena *arena, struct scopes scopes);

#endif
