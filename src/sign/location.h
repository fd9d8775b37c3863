/*
 * location.h - where a bucket is: an endpoint, a bucket, a region, and how the two make an address.
 *
 * A plain value that callers pass: the endpoint that we talk to and the one that browsers see can
 * differ, and a signature holds only for the host it names. The strs are borrowed.
 */
#ifndef SIGN_LOCATION_H
#define SIGN_LOCATION_H

#include "base/arena.h"
#include "base/status.h"
#include "base/url.h"

struct s3_location {
    struct str scheme;    /* "http" or "https" */
    struct str host;      /* of the endpoint, lower case, without port; IPv6 in brackets */
    int port;             /* 0: the scheme's own */
    struct str base_path; /* of the endpoint, unencoded: "" or "/storage/v1/s3" */
    bool path_style;      /* true: host/bucket/key; false: bucket.host/key */
    struct str bucket;
    struct str region; /* of the credential scope, for instance "us-east-1" */
};

/*
 * An endpoint URL of the settings, taken apart (url_parse), with bucket and region. INVALID when
 * the bucket's name is none (s3_bucket_is_valid), the region is empty or holds '/', the path is
 * percent-encoded, or virtual-host
 * style is asked of an IP address.
 */
enum status s3_location_init(struct s3_location *location, const struct url *endpoint,
    bool path_style, struct str bucket, struct str region) MUST_CHECK;

/*
 * 3 to 63 of a-z 0-9 . -, beginning and ending with a letter or digit, no "..", not an IP address
 * (S3 User Guide, "General purpose bucket naming rules").
 */
bool s3_bucket_is_valid(struct str bucket);

/* The Host header: "bucket.host:port" or "host:port"; the scheme's own port is left out. */
struct str s3_location_host(struct arena *arena, const struct s3_location *location);

/* "scheme://" and the host: for CSP and CORS. */
struct str s3_location_origin(struct arena *arena, const struct s3_location *location);

/* The unencoded path of `key`; of the bucket itself for the empty key. */
struct str s3_location_path(
    struct arena *arena, const struct s3_location *location, struct str key);

#endif
