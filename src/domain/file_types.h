/*
 * file_types.h - the media types that are known by name: what people call them, their extensions,
 * what their bytes must be, what may be shown. What is accepted is policy.h's to say.
 */
#ifndef DOMAIN_FILE_TYPES_H
#define DOMAIN_FILE_TYPES_H

#include "base/arena.h"
#include "image/sniff.h"

struct file_type {
    struct str media_type;
    struct str label;         /* "JPEG": for lists that people read */
    struct str extensions[4]; /* lower case, with the dot; the first one is given to new keys; empty
                                 behind the last */
    enum sniff_type
        sniffed;         /* what its bytes must be; SNIFF_UNKNOWN: they have no mark of their own */
    bool is_inline;      /* a raster image: a browser may show it from the storage origin */
    bool is_displayable; /* every browser of today shows it in <img> */
};

/* The row of a media type, or NULL. */
const struct file_type *file_type_find(struct str media_type);

/* False also for unknown types. */
bool file_type_is_displayable(struct str media_type);

/* "JPEG"; of a type that is not in the table its subtype in capitals. In `arena` or static. */
struct str file_type_label(struct arena *arena, struct str media_type);

/* The row that has the extension (".JPG": any case), or NULL. */
const struct file_type *file_type_of_extension(struct str extension);

/* The last '.' of a name and what follows: ".jpg"; empty when there is none, or it begins the name.
 */
struct str file_extension(struct str filename);

/* Without parameters, trimmed, lower case, other names of the same type unified. In `arena`. */
struct str file_type_normalise(struct arena *arena, struct str content_type);

#endif
