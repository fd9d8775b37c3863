/*
 * multipart.h - a streaming parser of multipart/form-data (RFC 7578, RFC 2046 section 5.1).
 *
 * Bytes are pushed in as they come, and come out as events: a part begins, some of its content, the
 * part ends. Memory is constant: one struct, which points into itself and so must not be moved. The
 * events' meaning does not depend on how the body was cut into pushes; only how content is cut into
 * MULTIPART_DATA events does.
 *
 * Order of use: multipart_init with the Content-Type; for every piece of the body multipart_push,
 * and after it multipart_next until it says MULTIPART_NEED_MORE; at the end of the body
 * multipart_finish.
 *
 *     while ((count = request_read_body(request, chunk, sizeof chunk)) > 0) {
 *         multipart_push(&parser, str_from(chunk, count));
 *         while ((event = multipart_next(&parser, &bytes)) > MULTIPART_NEED_MORE)
 *             ...
 *         if (event == MULTIPART_ERROR)
 *             ...
 *     }
 *     if (count < 0 || !multipart_finish(&parser))
 *         ...
 *
 * Accepted: a preamble before the first boundary and an epilogue after the last one are ignored;
 * spaces after a boundary. Not accepted: bare LF line ends, nested multipart (its content is just
 * content), Content-Transfer-Encoding other than 7bit, 8bit or binary (RFC 7578 deprecates it).
 */
#ifndef CGI_MULTIPART_H
#define CGI_MULTIPART_H

#include "base/status.h"
#include "base/str.h"

enum {
    MULTIPART_BOUNDARY_MAX = 70,  /* RFC 2046 */
    MULTIPART_HEADERS_MAX = 4096, /* bytes of one part's headers */
    MULTIPART_NAME_MAX = 255,
    MULTIPART_FILENAME_MAX = 1024,
    MULTIPART_TYPE_MAX = 255,
};

struct multipart_limits {
    size_t max_parts;        /* more parts are an error */
    int64_t max_field_bytes; /* of one part without a filename */
    int64_t max_file_bytes;  /* of one part with one */
};

enum multipart_event {
    MULTIPART_ERROR = -1, /* see `status` and `sentence`; every later call says so again */
    MULTIPART_NEED_MORE = 0,
    MULTIPART_PART,     /* a part begins: look at `part` */
    MULTIPART_DATA,     /* *out_bytes is content of it, at least one byte */
    MULTIPART_PART_END, /* the part is complete */
    MULTIPART_END,      /* the closing boundary was seen; the rest is ignored */
};

/* The part that the parser is in. Valid from MULTIPART_PART to the next one. */
struct multipart_part {
    struct str name;     /* UTF-8, no control bytes; never absent */
    struct str filename; /* UTF-8, no control bytes, %22 decoded; may hold a path: see the policy */
    bool has_filename;   /* it is a file, though its name may be empty (nothing was chosen) */
    struct str content_type; /* empty when not given */
    int64_t size_bytes;      /* content so far */
};

struct multipart {
    struct multipart_part part;
    enum status status;  /* why MULTIPART_ERROR: BAD_REQUEST or TOO_LARGE */
    struct str sentence; /* for people; static */

    /* The rest is private. */
    struct multipart_limits limits;
    struct str input; /* what was pushed and is not yet consumed */
    int state;
    size_t part_count;
    char delimiter[MULTIPART_BOUNDARY_MAX + 4]; /* CR LF "--" boundary */
    size_t delimiter_len;
    size_t matched; /* bytes of the delimiter that ended the last push */
    char line[MULTIPART_HEADERS_MAX];
    size_t line_len;
    size_t header_bytes;
    bool has_disposition;
    char name[MULTIPART_NAME_MAX];
    char filename[MULTIPART_FILENAME_MAX];
    char type[MULTIPART_TYPE_MAX];
};

/*
 * Begin. `content_type` is the request's: UNSUPPORTED_TYPE when it is not multipart/form-data,
 * BAD_REQUEST when its boundary is missing or not 1 to 70 characters that RFC 2046 allows.
 */
enum status multipart_init(struct multipart *parser, struct str content_type,
    const struct multipart_limits *limits) MUST_CHECK;

/* Give the next piece of the body; the last one must be used up (NEED_MORE). Borrowed until then.
 */
void multipart_push(struct multipart *parser, struct str bytes);

/* The next event. *out_bytes is set for MULTIPART_DATA and is valid until the next call. */
enum multipart_event multipart_next(struct multipart *parser, struct str *out_bytes);

/* The body is over: true when it was complete. When false, status and sentence tell why. */
bool multipart_finish(struct multipart *parser) MUST_CHECK;

#endif
