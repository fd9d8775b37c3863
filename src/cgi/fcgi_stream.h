/*
 * fcgi_stream.h - libfcgi's streams as a body's source and a reply's sink. For worker.c only.
 */
#ifndef CGI_FCGI_STREAM_H
#define CGI_FCGI_STREAM_H

#include "base/base.h"

/* struct body_source.read of an FCGX_Stream. Returns when `len` bytes are there, or after a second
 * with fewer. */
ssize_t fcgi_stream_read(void *stream, void *buffer, size_t len);

/* struct reply_sink.write of an FCGX_Stream. */
int fcgi_stream_write(void *stream, const void *bytes, size_t len);

#endif
