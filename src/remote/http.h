/*
 * http.h - HTTP requests to servers that the operator configured, over one reused libcurl handle.
 *
 * Follows no redirect, speaks nothing but http and https, uses no proxy variables, cookies or
 * netrc; every size and time has a limit. Not for addresses that a user of the web pages can
 * choose. The only place that includes <curl/curl.h>. Knows nothing of S3, retries nothing.
 *
 * Order of use: one http_client_new per thread, http_perform as often as wanted, http_client_free.
 * Connections are kept between requests. A client is used by one thread at a time.
 */
#ifndef REMOTE_HTTP_H
#define REMOTE_HTTP_H

#include "base/arena.h"
#include "base/status.h"
#include "base/url.h"

struct http_client;

struct http_limits {
    int connect_timeout_ms; /* 0: 5000 */
    int total_timeout_ms;   /* of one request with all of its body; 0: none but the low speed */
    int low_speed_bytes;    /* slower than this many bytes a second ... 0: 1 */
    int low_speed_s;        /* ... for so long is a timeout; 0: 30 */
    const char *ca_file;    /* NULL: the system's certificates */
    bool is_public_only;    /* connect to no address of our own network (public_address.h) */
};

/* NULL limits: the defaults. Aborts only without memory. */
struct http_client *http_client_new(const struct http_limits *limits);

/* Closes the connections. NULL is legal. */
void http_client_free(struct http_client *client);

/* A body to send. read() returns 1..len bytes, 0 at the end, -1 on failure. */
struct http_source {
    ssize_t (*read)(void *context, void *buffer, size_t len);
    bool (*rewind)(void *context); /* start again for another attempt; NULL: cannot */
    void *context;
    int64_t size_bytes; /* exactly how many read() gives */
};

/* Where a body goes that is received. write() takes all of them, or returns false to stop. */
struct http_sink {
    bool (*write)(void *context, struct str bytes);
    bool (*reset)(void *context); /* forget what came, for another attempt; NULL: cannot */
    void *context;
};

/* A source over bytes in memory: *body must outlive the request. */
struct http_source_memory {
    struct str bytes;
    size_t offset;
};
struct http_source http_source_from_memory(struct http_source_memory *memory, struct str bytes);

/* A source over `size_bytes` of a file from `offset`; *file must outlive the request. The
 * descriptor stays the caller's. */
struct http_source_file {
    int fd;
    int64_t start;
    int64_t offset;
    int64_t end;
};
struct http_source http_source_from_file(
    struct http_source_file *file, int fd, int64_t offset, int64_t size_bytes);

/* What went wrong below HTTP: tells a caller whether to try again. */
enum http_failure {
    HTTP_FAILURE_NONE,
    HTTP_FAILURE_CONNECT,    /* no name, refused, unreachable, TLS handshake */
    HTTP_FAILURE_TIMEOUT,    /* one of the limits */
    HTTP_FAILURE_BROKEN,     /* the connection ended early, the answer was cut or no HTTP */
    HTTP_FAILURE_TOO_LARGE,  /* the answer is larger than max_body_bytes or has too many headers */
    HTTP_FAILURE_SOURCE,     /* our body could not be read */
    HTTP_FAILURE_SINK,       /* whoever receives does not want more */
    HTTP_FAILURE_CERTIFICATE /* the server's certificate is not to be trusted: trying again is no
                                use */
};

struct http_request {
    struct str method; /* "GET" */
    struct str url;    /* complete and encoded; the path is sent as it stands, ".." and all */
    struct pairs headers;
    const struct http_source *source; /* NULL: no body (and Content-Length: 0 with PUT and POST) */
    const struct http_sink
        *sink;             /* of a 2xx answer's body; NULL: it is collected in response.body */
    size_t max_body_bytes; /* of a 2xx answer's body; 0: 1 MiB, as for every other answer */
    int64_t timeout_ms;    /* of this request, when shorter than the client's; 0: no other */
};

enum { HTTP_HEADERS_MAX = 100, HTTP_HEADERS_MAX_BYTES = 65536 };

struct http_response {
    int status;           /* 0 when none arrived */
    struct pairs headers; /* names in lower case; of the final answer */
    struct str body;
    enum http_failure failure;
    struct str problem; /* what libcurl said, for logs; without the URL */
};

/*
 * Do one request; blocks. OK when a complete answer arrived, whatever its status. STORAGE on a
 * failure of connection or answer, STORAGE_TIMEOUT, TOO_LARGE, IO when source or sink failed:
 * *response tells which (and may hold a status already). All strs of *response are in `arena`.
 */
enum status http_perform(struct http_client *client, struct arena *arena,
    const struct http_request *request, struct http_response *response) MUST_CHECK;

/* The first header of that lower-case name, or the empty str. */
struct str http_response_header(const struct http_response *response, struct str name);

#endif
