/*
 * request.h - one HTTP request as the web server handed it over by FastCGI or CGI (RFC 3875).
 *
 * Knows the gateway protocol and HTTP syntax, not our routes, sessions or S3. Everything points
 * into the request's arena. The body is a stream that is read once; body_read_all() is for small
 * ones.
 */
#ifndef CGI_REQUEST_H
#define CGI_REQUEST_H

#include "base/arena.h"
#include "base/status.h"
#include "base/url.h"

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_PATCH,
    METHOD_OTHER
};

/* Upper-case name; "OTHER" for METHOD_OTHER (the request keeps what was sent in method_name). */
struct str method_to_str(enum method method);

/* Where body bytes come from. read() returns 1..len bytes, 0 at the end, -1 when the client went
 * away. */
struct body_source {
    ssize_t (*read)(void *context, void *buffer, size_t len);
    void *context;
};

/* How fast a body has to come: in each window at least that rate. Zeroed: as slow as it likes. */
struct body_pace {
    int64_t window_s;
    int64_t min_bytes_per_s;
};

struct request {
    struct arena *arena;
    struct str id; /* 16 hex digits, ours; X-Request-Id of the answer */
    enum method method;
    struct str method_name; /* as sent */
    struct str raw_path;    /* of REQUEST_URI, still percent-encoded, without the query */
    struct str raw_query;   /* without '?'; empty when there is none */
    struct str host;        /* Host header, checked with url_is_host; empty when absent or wrong */
    bool is_https;          /* HTTPS=on or REQUEST_SCHEME=https from the web server */
    struct str remote_addr; /* of the connection */
    struct str content_type;
    int64_t content_length; /* -1: not known (chunked through nginx) */
    int64_t body_read_bytes;
    struct pairs
        headers; /* names lower case with '-' for '_'; also content-type and content-length */
    struct body_source body;
    struct body_pace pace;
    bool is_too_slow; /* the body was given up, because it came too slowly */
    int64_t window_began_us, window_bytes;
};

/*
 * Build the request from CGI variables: `environment` is an array of "NAME=value" ended by NULL.
 * The strings are borrowed and must outlive the request.
 *
 * BAD_REQUEST when REQUEST_METHOD or REQUEST_URI (or SCRIPT_NAME + PATH_INFO) is missing or
 * malformed, CONTENT_LENGTH is no number, or two header names became one variable (X-Forwarded-For
 * and X_Forwarded_For); HEADERS_TOO_LARGE above 64 KiB of headers or 100 of them.
 * The request is filled far enough to answer with an error in either case.
 */
enum status request_from_environment(struct request *request, struct arena *arena,
    char **environment, struct body_source body) MUST_CHECK;

/* Make every request's id `id` until NULL is given; for tests. The bytes are borrowed. */
void request_freeze_id(const char *id);

/* A header by lower-case name; the empty str when absent. */
struct str request_header(const struct request *request, struct str name);

/* A cookie's value (RFC 6265, section 5.4), the first of that name; the empty str when absent. */
struct str request_cookie(const struct request *request, struct str name);

/*
 * Read at most `len` body bytes. Returns like body_source.read, but -1 also when the body ends
 * before CONTENT_LENGTH (a cut upload never looks complete), and when it comes more slowly than
 * request->pace wants (is_too_slow is then set): a thread is not kept by whoever sends a byte now
 * and then.
 */
ssize_t request_read_body(struct request *request, void *buffer, size_t len);

/* The whole body. TOO_LARGE above `max_bytes` (known from Content-Length before a byte is read,
 * when it is given), BAD_REQUEST when it was cut. */
enum status request_read_all(struct request *request, size_t max_bytes, struct str *out) MUST_CHECK;

/* Read and forget up to `max_bytes` of what is left, so that the web server can reuse or close the
 * connection in order; stops early when the client is gone. True: the end has come. */
bool request_drain(struct request *request, size_t max_bytes);

#endif
