/*
 * reply.h - the answer to a request: status, headers, and a body that is buffered or streamed.
 *
 * A buffered reply can be changed until the handler returns, so that a late error never leaves half
 * a page. A streamed reply (downloads) sends its head at reply_stream_begin and then bytes.
 */
#ifndef CGI_REPLY_H
#define CGI_REPLY_H

#include "base/buf.h"
#include "base/status.h"
#include "base/url.h"

enum { REPLY_HEADERS_MAX = 64, REPLY_BODY_MAX_BYTES = 16 * 1024 * 1024 };

/* Where bytes go. write() sends all of them: 0, or -1 when the client is gone. */
struct reply_sink {
    int (*write)(void *context, const void *bytes, size_t len);
    void *context;
};

struct reply {
    struct arena *arena;
    int http_status; /* 200 until set */
    struct pair headers[REPLY_HEADERS_MAX];
    size_t header_count;
    struct buf body;
    bool is_head;       /* the request was HEAD: the length is told, the body is not sent */
    bool is_streaming;  /* the head is out */
    bool is_broken;     /* a write failed: the client is gone */
    int64_t sent_bytes; /* body bytes that went out */
    struct reply_sink sink;
};

void reply_init(struct reply *reply, struct arena *arena, struct reply_sink sink);

/* Forget status, headers and body; not possible once streaming. */
void reply_reset(struct reply *reply);

/* Set a header, replacing one of that name (case-insensitive). A value with CR, LF or NUL is a bug
 * of the caller: it is dropped and logged, never sent. Name and value are borrowed from the arena.
 */
void reply_set_header(struct reply *reply, struct str name, struct str value);

/* Add one beside others of that name (Set-Cookie, Vary). */
void reply_add_header(struct reply *reply, struct str name, struct str value);

/* The value set for `name`, or the empty str. */
struct str reply_header(const struct reply *reply, struct str name);

/* Send the head now; what follows goes through reply_stream_write. IO when the client is gone. */
enum status reply_stream_begin(struct reply *reply) MUST_CHECK;
enum status reply_stream_write(struct reply *reply, struct str bytes) MUST_CHECK;

/*
 * Send head and body unless they were streamed. Content-Length is added here, but for 204 and 304,
 * when the handler set one (HEAD of a file), and with X-Sendfile or X-Accel-Redirect. A body that
 * passed REPLY_BODY_MAX_BYTES becomes a 500. Called by the worker.
 */
void reply_finish(struct reply *reply);

#endif
