/*
 * reply.c - the head and the body of an answer in the form of RFC 3875, section 6: the only place
 * that writes either.
 */
#include "cgi/reply.h"

#include "base/log.h"

/* clang-format off */
static const struct { int http_status; const char *reason; } reasons[] = {
    { 200, "OK" },                    { 201, "Created" },
    { 202, "Accepted" },              { 204, "No Content" },
    { 206, "Partial Content" },       { 301, "Moved Permanently" },
    { 302, "Found" },                 { 303, "See Other" },
    { 304, "Not Modified" },          { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },    { 400, "Bad Request" },
    { 401, "Unauthorized" },          { 403, "Forbidden" },
    { 404, "Not Found" },             { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },        { 409, "Conflict" },
    { 410, "Gone" },                  { 411, "Length Required" },
    { 412, "Precondition Failed" },   { 413, "Content Too Large" },
    { 414, "URI Too Long" },          { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" }, { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },     { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" }, { 501, "Not Implemented" },
    { 502, "Bad Gateway" },           { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },       { 507, "Insufficient Storage" },
};

/* With these the web server sends a file in place of the body and tells its length itself. */
static const struct str send_file_headers[] = {
    STR_INIT("X-Sendfile"), STR_INIT("X-LIGHTTPD-send-file"), STR_INIT("X-Accel-Redirect"),
};
/* clang-format on */

enum { HEAD_MAX_BYTES = 128 * 1024 };

static const char *reason_of(int http_status)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].http_status == http_status)
            return reasons[i].reason;
    return "Status";
}

void reply_init(struct reply *reply, struct arena *arena, struct reply_sink sink)
{
    /* Not a whole initialiser: the headers' kilobytes need no clearing. */
    reply->arena = arena;
    reply->sink = sink;
    reply->is_head = reply->is_streaming = reply->is_broken = false;
    reply->sent_bytes = 0;
    buf_init_arena(&reply->body, arena, REPLY_BODY_MAX_BYTES);
    reply_reset(reply);
}

void reply_reset(struct reply *reply)
{
    if (reply->is_streaming)
        return;
    reply->http_status = 200;
    reply->header_count = 0;
    buf_reset(&reply->body);
}

/* A line end in a value would let whoever chose it write headers of their own. */
static bool is_sendable(struct str name, struct str value)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] > '~' || name.ptr[i] == ':')
            return false;
    return name.len && str_index(value, '\r') < 0 && str_index(value, '\n') < 0 &&
           str_index(value, '\0') < 0;
}

void reply_add_header(struct reply *reply, struct str name, struct str value)
{
    bool is_room = reply->header_count < REPLY_HEADERS_MAX;

    if (!is_room || !is_sendable(name, value)) {
        log_event(LOG_ERROR, "header dropped from a reply (%s): %.*s",
            is_room ? "bytes that cannot be sent" : "too many", STR_ARG(name));
        return;
    }
    reply->headers[reply->header_count++] = (struct pair){ name, value };
}

/* The position of `name` at or after `from`, or header_count. */
static size_t find_header(const struct reply *reply, struct str name, size_t from)
{
    while (from < reply->header_count && !str_equal_nocase(reply->headers[from].name, name))
        from++;
    return from;
}

void reply_set_header(struct reply *reply, struct str name, struct str value)
{
    size_t at = 0;

    while ((at = find_header(reply, name, at)) < reply->header_count) {
        reply->header_count--;
        memmove(&reply->headers[at], &reply->headers[at + 1],
            (reply->header_count - at) * sizeof reply->headers[0]);
    }
    reply_add_header(reply, name, value);
}

struct str reply_header(const struct reply *reply, struct str name)
{
    size_t at = find_header(reply, name, 0);

    return at < reply->header_count ? reply->headers[at].value : STR_EMPTY;
}

static bool has_header(const struct reply *reply, struct str name)
{
    return find_header(reply, name, 0) < reply->header_count;
}

static void send_bytes(struct reply *reply, struct str bytes)
{
    if (reply->is_broken || bytes.len == 0)
        return;
    if (reply->sink.write(reply->sink.context, bytes.ptr, bytes.len) != 0)
        reply->is_broken = true;
}

/* RFC 9110, section 6.4.1. */
static bool may_have_body(int http_status)
{
    return http_status >= 200 && http_status != 204 && http_status != 304;
}

static bool sends_a_file(const struct reply *reply)
{
    for (size_t i = 0; i < COUNT_OF(send_file_headers); i++)
        if (has_header(reply, send_file_headers[i]))
            return true;
    return false;
}

static void put_header(struct buf *head, struct str name, struct str value)
{
    buf_put(head, name);
    buf_put(head, STR(": "));
    buf_put(head, value);
    buf_put(head, STR("\r\n"));
}

/* `length` is the body's, or -1 when it is not ours to tell. */
static void send_head(struct reply *reply, int64_t length)
{
    struct buf head;

    buf_init_arena(&head, reply->arena, HEAD_MAX_BYTES);
    buf_put(&head, STR("Status: "));
    buf_put_i64(&head, reply->http_status);
    buf_put_byte(&head, ' ');
    buf_put_c(&head, reason_of(reply->http_status));
    buf_put(&head, STR("\r\n"));
    for (size_t i = 0; i < reply->header_count; i++)
        put_header(&head, reply->headers[i].name, reply->headers[i].value);
    if (length >= 0) {
        buf_put(&head, STR("Content-Length: "));
        buf_put_i64(&head, length);
        buf_put(&head, STR("\r\n"));
    }
    buf_put(&head, STR("\r\n"));
    if (buf_is_over(&head)) {
        log_event(LOG_ERROR, "the head of a reply passes %d bytes", HEAD_MAX_BYTES);
        reply->http_status = 500;
        send_bytes(reply, STR("Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"));
        reply->is_broken = true; /* no body may follow */
        return;
    }
    send_bytes(reply, buf_str(&head));
}

enum status reply_stream_begin(struct reply *reply)
{
    if (!reply->is_streaming) {
        reply->is_streaming = true;
        send_head(reply, -1);
    }
    return reply->is_broken ? STATUS_IO : STATUS_OK;
}

enum status reply_stream_write(struct reply *reply, struct str bytes)
{
    if (reply->is_head || !may_have_body(reply->http_status))
        return reply->is_broken ? STATUS_IO : STATUS_OK;
    send_bytes(reply, bytes);
    if (reply->is_broken)
        return STATUS_IO;
    reply->sent_bytes += (int64_t)bytes.len;
    return STATUS_OK;
}

/* Half a page is never sent: a body that passed its limit is our failure, and said to be one. */
static void replace_cut_body(struct reply *reply)
{
    log_event(LOG_ERROR, "the body of a reply passes %d bytes", REPLY_BODY_MAX_BYTES);
    reply_reset(reply);
    reply->http_status = 500;
    reply_set_header(reply, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    buf_put(&reply->body, status_sentence(STATUS_INTERNAL));
}

void reply_finish(struct reply *reply)
{
    if (reply->is_streaming)
        return;
    if (buf_is_over(&reply->body))
        replace_cut_body(reply);

    bool has_body = may_have_body(reply->http_status) && !sends_a_file(reply);
    bool tells_length = has_body && !has_header(reply, STR("Content-Length"));

    send_head(reply, tells_length ? (int64_t)reply->body.len : -1);
    reply->is_streaming = true;
    if (!has_body || reply->is_head)
        return;
    send_bytes(reply, buf_str(&reply->body));
    if (!reply->is_broken)
        reply->sent_bytes = (int64_t)reply->body.len;
}
