/*
 * reconcile_merge.h - two sorted lists side by side; inside domain/ only.
 *
 * The objects of a stretch of keys, and its rows in batches. Order of use: set both, merge_next
 * until MERGE_END, set the next rows.
 */
#ifndef DOMAIN_RECONCILE_MERGE_H
#define DOMAIN_RECONCILE_MERGE_H

#include "remote/s3.h"
#include "store/reconcile.h"

enum merge_side {
    MERGE_END,    /* all that can be compared is */
    MERGE_ROW,    /* a row whose object is not there */
    MERGE_OBJECT, /* an object whose row is not there */
    MERGE_BOTH
};

struct merge {
    const struct asset_fact *rows;
    size_t row_count, row_at;
    const struct s3_object *objects;
    size_t object_count, object_at;
    bool has_more_rows; /* behind these: an object behind the last of them cannot be judged */
};

/* The next key of either list, in order. Ends where both lists are used up, or
 * the rows are and have more. */
enum merge_side merge_next(
    struct merge *merge, const struct asset_fact **out_row, const struct s3_object **out_object);

#endif
