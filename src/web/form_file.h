/*
 * form_file.h - the one file of a form that a program sends: multipart/form-data with a file in a
 * field of a known name, read as a stream.
 *
 * For whoever reads the file it ends only when the whole form has ended well: so a form that is cut
 * in its last line, or that holds a second file, is never taken for a file. Fields that hold text
 * are skipped.
 *
 * Order of use: form_file_open; read file->source; where reading it fails, file->failure says why.
 * Everything lives in the request's arena.
 */
#ifndef WEB_FORM_FILE_H
#define WEB_FORM_FILE_H

#include "domain/asset.h"
#include "web/exchange.h"
#include "web/form_parts.h"

struct form_file {
    struct str filename;     /* as it was sent; never empty, may hold a path */
    struct str content_type; /* of the part; empty when it has none */
    struct byte_source source;
    struct failure failure; /* why the source failed; status OK: it did not */

    /* The rest is private. */
    struct form_parts *parts;
    struct arena *arena;
    const char *field;
};

/*
 * Read up to the file in `field`. BAD_REQUEST: the form is malformed or cut. TOO_LARGE: it has more
 * than a hundred parts, or a text of more than 64 KB. INVALID: no file in that field, or one in
 * another. The sentence is in file->failure.
 */
enum status form_file_open(
    struct exchange *exchange, const char *field, struct form_file *file) MUST_CHECK;

#endif
