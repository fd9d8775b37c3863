/*
 * sigv4.h - AWS Signature Version 4 for one S3 request, in headers or in the query.
 *
 * Pure: the result depends only on the arguments. No I/O, no clock; the one thing remembered is the
 * day's signing key, per thread (signing_key.h). Knows S3's dialect only: the path is encoded once
 * and never normalised, so that any bytes in a key, "..", "//" and empty segments stay what they
 * are. (Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".)
 *
 * Order of use: fill struct sigv4_request, then one of
 *     sigv4_sign_headers()  - the headers to add to the request
 *     sigv4_presign()       - the URL that carries its own signature
 * verify.h is the other side.
 *
 * Everything returned points into the arena.
 */
#ifndef SIGN_SIGV4_H
#define SIGN_SIGV4_H

#include "base/url.h"
#include "sign/credentials.h"

/* The payload hash of requests whose body is not signed; always that of presigned ones. */
#define SIGV4_UNSIGNED_PAYLOAD STR("UNSIGNED-PAYLOAD")

/* SHA-256 of the empty body, in hex. */
#define SIGV4_EMPTY_PAYLOAD STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

enum {
    SIGV4_EXPIRES_MAX_S = 604800, /* seven days */
    SIGV4_QUERY_MAX = 64,         /* parameters of a request */
    SIGV4_HEADERS_MAX = 64        /* headers that take part */
};

/* The parts of a request that take part in signing. All unencoded. */
struct sigv4_request {
    struct str method;       /* "GET", upper case */
    struct str scheme;       /* "http" or "https"; only sigv4_presign looks at it */
    struct str host;         /* as it will be sent in Host, with port if any */
    struct str path;         /* unencoded, any bytes; begins with '/' */
    struct pairs query;      /* unencoded, any order, repeats allowed */
    struct pairs headers;    /* all others to sign besides host, any case and order */
    struct str payload_hash; /* hex of SHA-256, or SIGV4_UNSIGNED_PAYLOAD */
    int64_t signed_at;       /* seconds since 1970, UTC */
};

struct sigv4_scope {
    struct str region;
    struct str service; /* "s3" */
};

/* What was computed on the way: for tests, and for telling people why a signature did not match. */
struct sigv4_trace {
    struct str canonical_request;
    struct str string_to_sign;
    struct str signature; /* 64 hex digits */
};

/* The headers that make a request signed: send all but the empty one, unchanged. */
struct sigv4_headers {
    struct str authorization;
    struct str amz_date;       /* x-amz-date */
    struct str content_sha256; /* x-amz-content-sha256 */
    struct str security_token; /* x-amz-security-token; empty without a session token */
};

/*
 * Sign in headers. `host`, the request's headers and the three x-amz-* of the result are signed;
 * the request must not bring those three itself. Values are trimmed and runs of blanks collapsed
 * (also between quotes) for signing only, as S3 does with what it receives; headers of the same
 * name are joined with ','.
 *
 * `trace` may be NULL. INVALID (and nothing set) when the access or secret key is empty, the path
 * does not begin with '/', a header's name has other bytes than letters, digits and -._~, its value
 * a control byte other than tab, there are more parameters or headers than the limits above, or
 * signed_at is outside the years 1970 to 9999.
 */
enum status sigv4_sign_headers(struct arena *arena, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope, const struct sigv4_request *request, struct sigv4_headers *out,
    struct sigv4_trace *trace) MUST_CHECK;

/*
 * Presign: the URL, valid from signed_at for expires_s seconds (1..SIGV4_EXPIRES_MAX_S), that
 * whoever has it can use with this method and exactly the signed headers. payload_hash is ignored:
 * presigned requests are UNSIGNED-PAYLOAD.
 *
 * INVALID as above, for a wrong expiry, and when the query brings one of the X-Amz-* parameters of
 * the signature itself.
 */
enum status sigv4_presign(struct arena *arena, const struct s3_credentials *credentials,
    const struct sigv4_scope *scope, const struct sigv4_request *request, int64_t expires_s,
    struct str *out_url, struct sigv4_trace *trace) MUST_CHECK;

#endif
