/*
 * media_type.h - what people call a content type, and whether browsers show it.
 *
 * For pages only. What is accepted is domain/policy.h's to say.
 */
#ifndef WEB_MEDIA_TYPE_H
#define WEB_MEDIA_TYPE_H

#include "base/arena.h"

struct media_type {
    struct str type;       /* "image/jpeg" */
    struct str label;      /* "JPEG" */
    struct str extensions; /* ".jpg .jpeg"; separated by one space */
    bool is_displayable;   /* every browser of today shows it in <img> */
};

/* Known types from the table; any other gets its subtype in upper case as its label. */
struct media_type media_type_of(struct arena *arena, struct str type);

#endif
