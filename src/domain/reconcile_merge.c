/*
 * reconcile_merge.c - the step of the merge, and nothing else: no storage, no database.
 */
#include "domain/reconcile_merge.h"

enum merge_side merge_next(
    struct merge *merge, const struct asset_fact **out_row, const struct s3_object **out_object)
{
    bool has_row = merge->row_at < merge->row_count;
    bool has_object = merge->object_at < merge->object_count;
    int order;

    if (!has_row && (!has_object || merge->has_more_rows)) {
        return MERGE_END;
    }
    *out_row = has_row ? &merge->rows[merge->row_at] : NULL;
    *out_object = has_object ? &merge->objects[merge->object_at] : NULL;
    order = !has_row ? 1 : !has_object ? -1 : str_compare((*out_row)->key, (*out_object)->key);
    merge->row_at += order <= 0;
    merge->object_at += order >= 0;
    return order < 0 ? MERGE_ROW : order > 0 ? MERGE_OBJECT : MERGE_BOTH;
}
