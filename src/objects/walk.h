/*
 * walk.h - the objects of a bucket in key order: prefix, delimiter and where to begin.
 *
 * A listing of many pages reads each folder that it enters once for FOLDER_RUN_MAX of its entries
 * (folder_run.h), and again for the page after a change of it; memory follows that number. Folders
 * outside the prefix, before the start or rolled up by the delimiter '/' are not entered.
 */
#ifndef OBJECTS_WALK_H
#define OBJECTS_WALK_H

#include "objects/store.h"

/* What to list. Empty strs: no such limit. */
struct walk_query {
    struct str bucket;
    struct str prefix;
    struct str delimiter;
    struct str after; /* only keys greater than this one */
    struct str
        after_prefix; /* and none that begins with this one: a rolled-up prefix told before */
    size_t max_items;
};

/* One line of a listing: an object, or a common prefix. */
struct walk_item {
    bool is_prefix;
    struct str name; /* the key, or the common prefix up to and with the delimiter */
};

struct walk_page {
    struct walk_item *items; /* in key order */
    size_t count;
    bool is_truncated; /* there is at least one more */
};

/* One page in `arena`. NOT_FOUND when the bucket is not there, IO. */
enum status walk_list(struct store *store, struct arena *arena, const struct walk_query *query,
    struct walk_page *out) MUST_CHECK;

#endif
