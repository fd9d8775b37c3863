/*
 * range.h - which part of an object is asked for, and whether the conditions of a request hold.
 *
 * Pure: header values in, decisions out. (RFC 9110, sections 13 and 14, as S3 applies them: one
 * range only; what is not understood means the whole object.)
 */
#ifndef CGI_RANGE_H
#define CGI_RANGE_H

#include "base/str.h"

enum range_kind {
    RANGE_WHOLE,        /* none asked, or not one well-formed range of bytes */
    RANGE_PART,         /* first..last, both inside the object */
    RANGE_UNSATISFIABLE /* begins behind the end */
};

struct range {
    enum range_kind kind;
    int64_t first;
    int64_t last; /* inclusive */
};

/* The value of a Range header, for an object of `size_bytes`. An empty value is RANGE_WHOLE. */
struct range range_parse(struct str header, int64_t size_bytes);

/* What is to be done about If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since. */
enum condition { CONDITION_PROCEED, CONDITION_NOT_MODIFIED, CONDITION_FAILED };

/* The header values; empty: not sent. */
struct conditions {
    struct str if_match;
    struct str if_none_match;
    struct str if_modified_since;
    struct str if_unmodified_since;
};

/* `etag` without quotes, `modified_at` in seconds. In the order of RFC 9110, section 13.2.2. A date
 * that cannot be read is no condition. */
enum condition conditions_check(
    const struct conditions *conditions, struct str etag, int64_t modified_at);

/* True when the comma-separated list holds `etag` (quoted or not, weak or not) or is "*". */
bool etag_list_has(struct str list, struct str etag);

#endif
