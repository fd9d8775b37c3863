/*
 * cors.h - a bucket's CORS configuration: reading it, and which rule lets a browser do what.
 *
 * Pure: documents and header values in, decisions out. ("Elements of a CORS configuration", Amazon
 * S3 user guide; the protocol is the Fetch standard's.)
 */
#ifndef OBJECTS_CORS_H
#define OBJECTS_CORS_H

#include "base/arena.h"
#include "base/status.h"

enum { CORS_RULES_MAX = 100, CORS_VALUES_MAX = 100 };

/* The values of one kind of a rule. */
struct cors_values {
    struct str *item;
    size_t count;
};

struct cors_rule {
    struct cors_values origins; /* may hold one '*' each */
    struct cors_values methods; /* GET, PUT, POST, DELETE, HEAD */
    struct cors_values headers; /* may hold one '*' each */
    struct cors_values expose;
    struct str max_age; /* seconds; empty: not given */
};

struct cors_config {
    struct cors_rule *rules;
    size_t count;
};

/* A configuration for a bucket whose guard is the signature: any origin, all methods and headers.
 */
#define CORS_OPEN_CONFIG                                                                           \
    "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>"                                \
    "<AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod>"                        \
    "<AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>"                           \
    "<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-amz-request-id</ExposeHeader>"               \
    "<ExposeHeader>x-amz-id-2</ExposeHeader><ExposeHeader>x-amz-checksum-sha256</ExposeHeader>"    \
    "<MaxAgeSeconds>3600</MaxAgeSeconds></CORSRule></CORSConfiguration>"

/*
 * Read and validate a document. INVALID with a sentence in *out_problem when it is no acceptable
 * configuration; an empty sentence means that the XML itself is malformed.
 */
enum status cors_parse(struct arena *arena, struct str xml, struct cors_config *out,
    struct str *out_problem) MUST_CHECK;

/* True when `value` matches `pattern`, which may hold one '*' that stands for anything. */
bool cors_matches(struct str pattern, struct str value);

/*
 * The first rule that allows `origin` to use `method` with the headers of `request_headers` (the
 * comma-separated value of Access-Control-Request-Headers; empty for an actual request). NULL:
 * none. *out_any_origin tells that the matching AllowedOrigin was "*".
 */
const struct cors_rule *cors_find(const struct cors_config *config, struct str origin,
    struct str method, struct str request_headers, bool *out_any_origin);

/* "GET, PUT": the form of the response headers. */
struct str cors_join(struct arena *arena, struct cors_values values);

#endif
