/*
 * url.h - URLs and query strings taken apart and put together; no I/O, no DNS.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/arena.h"
#include "base/status.h"

/* A name and a value, decoded. */
struct pair {
    struct str name;
    struct str value;
};

struct pairs {
    const struct pair *item;
    size_t count;
};

enum { URL_PAIRS_MAX = 1000 };

/*
 * Split and decode a query string or an application/x-www-form-urlencoded body (WHATWG URL,
 * section 5.1): '&' separates, '+' is a space, a name without '=' has an empty value.
 *
 * STATUS_BAD_REQUEST on a bad escape, %00, bytes that are not UTF-8, or more than `max_pairs`.
 * Order and repeats are kept.
 */
enum status url_parse_form(
    struct arena *arena, struct str text, size_t max_pairs, struct pairs *out) MUST_CHECK;

/*
 * The same for S3's query strings: '+' is a plus, any byte may be encoded (keys and markers are
 * bytes), only bad escapes are refused.
 */
enum status url_parse_query_raw(
    struct arena *arena, struct str text, size_t max_pairs, struct pairs *out) MUST_CHECK;

/* The first value called `name`, or the empty str; *out_found (may be NULL) tells which. */
struct str pairs_get(struct pairs pairs, struct str name, bool *out_found);

/* An http or https URL of a setting: an origin and a path, no user, no query, no fragment. */
struct url {
    struct str scheme; /* "http" or "https" */
    struct str host;   /* lower case; IPv6 in brackets */
    int port;          /* the scheme's own when it was not given */
    struct str path;   /* "" or begins with '/', no trailing '/' */
};

/* STATUS_INVALID when it is not exactly that. The parts point into `arena`. */
enum status url_parse(struct arena *arena, struct str text, struct url *out) MUST_CHECK;

/* "host" or "host:port", the port left out when it is the scheme's own: the Host header. */
struct str url_host_header(struct arena *arena, const struct url *url);

/* "scheme://host[:port]", the form of the Origin header (RFC 6454, section 6.2). */
struct str url_origin(struct arena *arena, const struct url *url);

/* True for a syntactically valid Host header value: reg-name, IPv4 or [IPv6], optional port. */
bool url_is_host(struct str host);

/* A Host header value without its port. */
struct str url_host_without_port(struct str host);

#endif
