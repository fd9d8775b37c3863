/*
 * bulk_notice.h - what a page says after an action on many images: "28 images are in the trash."
 *
 * The address names the images; what is said about them is looked up now. So it is true after a
 * reload, and nobody can make a page say what is not so by writing an address.
 */
#ifndef WEB_BULK_NOTICE_H
#define WEB_BULK_NOTICE_H

#include "domain/trash.h"
#include "web/exchange.h"
#include "web/params.h"

/* Which images an address says were acted upon; each at most TRASH_BULK_MAX. */
struct bulk_done {
    struct param_i64s moved;    /* to the trash: with an offer to undo it */
    struct param_i64s restored; /* from it */
    struct param_i64s deleted;  /* for good */
};

/* The rows of a parameter table for a struct that holds a struct bulk_done. */
#define BULK_DONE_PARAMS(type, field)                                                              \
    { "moved", PARAM_I64S, offsetof(struct type, field.moved), .max = TRASH_BULK_MAX,              \
        .item_max = INT64_MAX },                                                                   \
        { "restored", PARAM_I64S, offsetof(struct type, field.restored), .max = TRASH_BULK_MAX,    \
            .item_max = INT64_MAX },                                                               \
    {                                                                                              \
        "deleted", PARAM_I64S, offsetof(struct type, field.deleted), .max = TRASH_BULK_MAX,        \
                                                                     .item_max = INT64_MAX         \
    }

/* The model `notice` of templates/README.md in *out: null when there is nothing to say. `back` is
 * where undoing leads. */
enum status bulk_notice_model(struct exchange *exchange, const struct bulk_done *done,
    struct str back, json_t **out) MUST_CHECK;

/* `path`, which may have a query, with "moved=1,2,3" behind it. */
struct str bulk_notice_path(
    struct arena *arena, struct str path, const char *name, const int64_t *ids, size_t count);

/* "1,2,3" */
struct str bulk_ids_text(struct arena *arena, const int64_t *ids, size_t count);

#endif
