/*
 * policy.h - the one decision whether a file is acceptable, whichever door it comes through.
 *
 * Asked twice for each upload: before a grant, with what the client says; and at commit (or while
 * streaming through us), with what the bytes say. Pure: no clock, no database, no storage.
 */
#ifndef DOMAIN_POLICY_H
#define DOMAIN_POLICY_H

#include "domain/failure.h"
#include "image/sniff.h"

enum { POLICY_TYPES_MAX = 32, POLICY_NAME_MAX_BYTES = 255 };

/* What ALLOWED_FILE_TYPES and MAX_FILE_SIZE say. */
struct policy {
    int64_t max_size_bytes;             /* at least 1 */
    struct str types[POLICY_TYPES_MAX]; /* media types, lower case: "image/jpeg" */
    size_t type_count;
};

/* JPEG, PNG, GIF, WebP, AVIF, HEIC; 50 MB. */
void policy_init_default(struct policy *policy);

/*
 * Read ALLOWED_FILE_TYPES: media types separated by commas, white space ignored, any case;
 * "image/jpg" is read as image/jpeg. INVALID with a sentence for the operator when it is empty, is
 * too long a list, or names what is no media type. The strs are kept in `arena`.
 */
enum status policy_parse_types(struct policy *policy, struct arena *arena, struct str text,
    struct failure *failure) MUST_CHECK;

/* Narrow the list to image types; none may be left, and then nothing is accepted. */
void policy_keep_images(struct policy *policy);

/* One file as far as it is known. */
struct file_claim {
    struct str filename;     /* as the client's disk calls it; folders before / or \ are dropped */
    struct str content_type; /* what the client says; parameters after ';' are dropped. May be empty
                                or application/octet-stream: then the name's extension decides */
    int64_t size_bytes;      /* -1: not known yet */
    const struct sniff *sniff; /* what the first bytes say; NULL: not seen yet */
};

/* What was decided: what to store and to sign. */
struct file_verdict {
    struct str filename;     /* safe to display: no control bytes, valid UTF-8, 1..255 bytes */
    struct str content_type; /* of the allow list, lower case */
    struct str
        extension; /* of the object key, with its dot: ".jpg"; ".bin" for a type without one */
};

/*
 * Is this file acceptable?
 *
 * OK fills *out (in `arena`). Otherwise, with field and sentence in *failure:
 * INVALID (filename, size: what was sent makes no sense), TYPE_NOT_ALLOWED (filetype: not on the
 * list; or the name and the type contradict each other), TOO_LARGE (size), MISMATCH (the bytes are
 * of another type than was said: always refused, even when that type is allowed, since the object's
 * stored content type would be false).
 */
enum status policy_check(const struct policy *policy, struct arena *arena,
    const struct file_claim *claim, struct file_verdict *out, struct failure *failure) MUST_CHECK;

/* True for raster images that a browser may show inline from the storage origin; SVG, HTML, PDF and
 * everything unknown are only ever attachments. */
bool policy_is_inline(struct str content_type);

/* What is accepted, as people say it: "JPEG, PNG, GIF, WebP, AVIF and HEIC". */
struct str policy_format_types(const struct policy *policy, struct arena *arena);

/* "12.4 MB", "640 KB", "1 byte": decimal units, as people's file managers count. */
struct str policy_format_size(struct arena *arena, int64_t size_bytes);

#endif
