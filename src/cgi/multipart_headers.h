/*
 * multipart_headers.h - the headers of one part of a form; between multipart_headers.c and
 * multipart.c.
 */
#ifndef CGI_MULTIPART_HEADERS_H
#define CGI_MULTIPART_HEADERS_H

#include "cgi/multipart.h"

/* Take one header line, without its CRLF, into parser->part. MULTIPART_NEED_MORE or
 * MULTIPART_ERROR. */
enum multipart_event multipart_read_header(struct multipart *parser, struct str line);

/* Stop for good. Returns MULTIPART_ERROR. */
enum multipart_event multipart_fail(
    struct multipart *parser, enum status status, struct str sentence);

#endif
