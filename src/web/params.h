/*
 * params.h - what a route may be given: declared in a table, read into a struct, every problem
 * told.
 *
 * A handler never asks for a parameter by name: a misspelt name would be a silent "not given". It
 * reads fields of a struct that the compiler checks.
 *
 *     struct images_params { struct str q; int64_t before; };
 *     static const struct param images_param_list[] = {
 *         { "q", PARAM_STR, offsetof(struct images_params, q), .max = 200 },
 *         { "before", PARAM_I64, offsetof(struct images_params, before), .min = 1, .max = INT64_MAX
 * },
 *     };
 *     const struct param_set images_params = PARAM_SET(struct images_params, images_param_list);
 *
 * The same table reads a query, a form or a JSON object. What is not in it is not read.
 */
#ifndef WEB_PARAMS_H
#define WEB_PARAMS_H

#include "base/json.h"
#include "base/url.h"

enum param_kind {
    PARAM_STR,    /* struct str, min..max bytes */
    PARAM_I64,    /* int64_t, min..max */
    PARAM_BOOL,   /* bool; in forms "1", "on", "true" or "0", "off", "false" */
    PARAM_CHOICE, /* int: which one of `choices`; not given: 0, the first */
    PARAM_STRS,   /* struct param_strs: JSON array of min..max strings of 1..item_max bytes */
    PARAM_I64S,   /* struct param_i64s: JSON array of min..max numbers of 1..item_max; in forms at
                     most   max of them, repeated or with commas between */
    PARAM_OBJECTS /* struct param_objects: JSON array of min..max objects, read with `items` */
};

/* What any API takes as a file's name, which is cut for display, and as a content type. */
enum { PARAM_FILENAME_MAX_BYTES = 1000, PARAM_TYPE_MAX_BYTES = 255 };

struct param_strs {
    struct str *item;
    size_t count;
};
struct param_i64s {
    int64_t *item;
    size_t count;
};
struct param_objects {
    char *item; /* `count` structs of items->size bytes */
    size_t count;
};

struct param_set;

struct param {
    const char *name;
    enum param_kind kind;
    size_t offset; /* of the field */
    bool is_required;
    int64_t min, max;
    int64_t item_max;
    const struct param_set *items;
    const char *const *choices; /* words, then NULL */
    size_t has_offset;          /* of a bool that tells whether it was given; PARAM_NO_HAS: none */
    const char *missing;        /* what to say when a required one is not there; NULL: the usual */
};

struct param_set {
    const struct param *item;
    size_t count;
    size_t size; /* of the struct */
};

#define REQUIRED     .is_required = true
#define PARAM_NO_HAS 0 /* no struct has its first field for this */
#define PARAM_SET(type, list)                                                                      \
    {                                                                                              \
        (list), COUNT_OF(list), sizeof(type)                                                       \
    }

/*
 * Read into a new zeroed struct in `arena`. An empty value of a form or query is one that was not
 * given, as browsers send them. Each problem is added to *errors under the parameter's name
 * ("files[3].size"); the rest is read all the same. The strs point into `pairs` or into `arena`.
 */
void *params_from_pairs(struct arena *arena, const struct param_set *set, struct pairs pairs,
    struct field_errors *errors);
void *params_from_json(struct arena *arena, const struct param_set *set, const json_t *object,
    struct field_errors *errors);

#endif
