/*
 * text.h - values as people read them on pages: moments, counts, names of roles and browsers.
 *
 * English, UTC. Sizes are domain's (policy_format_size), because error sentences use them too.
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "base/arena.h"
#include "domain/access.h"

/* "21 Nov 2026, 06:32 UTC" */
struct str text_moment(struct arena *arena, int64_t at_s);

/* "06:32 UTC" */
struct str text_clock(struct arena *arena, int64_t at_s);

/* "1,204" */
struct str text_number(struct arena *arena, int64_t number);

/* "1 image", "1,204 images" */
struct str text_count(struct arena *arena, int64_t count, const char *one, const char *many);

/* "Administrator", "Editor", "Viewer" */
struct str text_role(enum role role);

/* The first letters of the first and last word, in upper case where ASCII: "AL". Never empty. */
struct str text_initials(struct arena *arena, struct str name);

/* "Firefox on Linux" of a User-Agent header; "An unknown browser" when it says nothing known. */
struct str text_device(struct arena *arena, struct str user_agent);

#endif
