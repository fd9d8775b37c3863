/*
 * form_parts.h - the parts of a multipart form one after the other, pulled from the request's body.
 *
 * Turns the parser that is pushed (multipart.h) into one that is read: for each part
 * form_parts_next, then form_parts_read as long as wanted; the next form_parts_next skips what was
 * not read. Memory is constant.
 */
#ifndef WEB_FORM_PARTS_H
#define WEB_FORM_PARTS_H

#include "cgi/multipart.h"
#include "cgi/request.h"

enum { FORM_PARTS_CHUNK_BYTES = 16 * 1024 };

struct form_parts {
    struct multipart parser;
    struct request *request;
    struct str pending; /* content of the current part that was not read yet */
    bool is_in_part;
    bool is_over;
    enum status status; /* why it ended early */
    char chunk[FORM_PARTS_CHUNK_BYTES];
};

/* What multipart_init says. */
enum status form_parts_init(struct form_parts *parts, struct request *request,
    const struct multipart_limits *limits) MUST_CHECK;

/*
 * Go to the next part. True: parts->parser.part tells its names, valid until its content is read.
 * False: there is none; parts->status is OK after the last one, else BAD_REQUEST (cut, malformed)
 * or TOO_LARGE.
 */
bool form_parts_next(struct form_parts *parts);

/* Content of the current part, for use as a byte_source: 1..len bytes, 0 at its end, -1 on failure.
 * `context` is the struct form_parts. */
ssize_t form_parts_read(void *context, void *buffer, size_t len);

#endif
