/*
 * image_link.h - addresses of further pages of a list of images; filter and length stay.
 */
#ifndef WEB_IMAGE_LINK_H
#define WEB_IMAGE_LINK_H

#include "base/arena.h"

struct image_link {
    const char *path; /* "/admin/images" or "/images" */
    struct str text;  /* the search; empty: none */
    int64_t owner_id; /* 0: everyone's */
    int64_t limit;    /* 0: as usual */
    bool has_problem; /* only images whose file is gone or changed */
    const char *key;  /* "before" or "after" */
    int64_t id;       /* 0: the first page */
};

/* "/admin/images?q=red%20boat&owner=2&before=120" */
struct str image_link(struct arena *arena, const struct image_link *link);

#endif
