/*
 * s3.h - calls to an S3 API: objects, listings, buckets; signed in headers, retried where that is
 * safe.
 *
 * Knows S3's protocol, not what Vitrine keeps there. A client is a view on things that the caller
 * owns (location, credentials, connection) and is used by one thread at a time.
 *
 * Order of use: http_client_new, s3_client_init, any calls. Nothing to clear.
 *
 * Every call: OK, or
 *     NOT_FOUND         no such key or bucket
 *     PRECONDITION      412, or 409 of a conditional request: the condition does not hold
 *     STORAGE_REFUSED   401, 403, other 4xx, redirects: settings, permissions or clock are wrong
 *     STORAGE           5xx to the end, no connection, or an answer that makes no sense
 *     STORAGE_TIMEOUT   no answer in time
 *     TOO_LARGE         the answer is larger than the caller's limit
 *     IO                the caller's source or sink failed
 * and *result is filled in as far as known in each case, S3's request ids included. A failure is
 * logged once, here, with them; never with keys of access, signatures or URLs.
 *
 * Retries: connection failures, timeouts, 408, 429, 5xx (and S3's RequestTimeout, SlowDown) after a
 * growing, random pause, up to retry.max_attempts and retry.deadline_ms in all. A body that
 * cannot be rewound is not sent twice. RequestTimeTooSkewed teaches the client's clock the server's
 * time (s3_clock.h), and the request is signed again. Keys that
 * storage calls expired (ExpiredToken, InvalidToken, RequestExpired) are renewed once, and the
 * request is signed again with others, if there are any; without keys nothing is sent:
 * STORAGE_REFUSED with error_code NoCredentials.
 */
#ifndef REMOTE_S3_H
#define REMOTE_S3_H

#include "remote/credentials.h"
#include "remote/http.h"
#include "remote/s3_clock.h"
#include "sign/location.h"
#include "sign/sigv4.h"

struct s3_retry {
    int max_attempts;     /* 0: 4 */
    int64_t deadline_ms;  /* of all attempts and pauses together; 0: 30000 */
    int64_t pause_ms;     /* the first pause is random in 0..this, then twice ...; 0: 100 */
    int64_t pause_max_ms; /* ... and at most this; 0: 5000 */
    void (*sleep)(void *context, int64_t pause_ms); /* NULL: nanosleep; for tests */
    void *sleep_context;
};

struct s3_client {
    struct s3_location location;    /* the internal endpoint */
    struct credential_lease *lease; /* borrowed; of the same thread */
    struct http_client *http;       /* borrowed */
    struct s3_retry retry;
    struct s3_clock *clock; /* borrowed, shared by all clients; NULL: ours is taken as right */
};

/* The one header of user metadata that is read. */
#define S3_META_HEADER STR("x-amz-meta-vitrine")

/* What S3 said. Strs are in the call's arena; empty or -1 when not said. */
struct s3_result {
    int http_status; /* 0: no answer */
    struct str etag; /* with its quotes removed */
    struct str content_type;
    int64_t size_bytes;         /* of the whole object, also after a ranged GET */
    struct str checksum_sha256; /* base64, as S3 shows it; "...-N" for a composite one */
    struct str metadata;        /* of the header S3_META_HEADER */
    int64_t last_modified_at;
    struct str request_id; /* x-amz-request-id */
    struct str id2;        /* x-amz-id-2 */
    struct str error_code; /* "NoSuchKey"; of the XML, or "" (HEAD has no body) */
    struct str error_message;
    struct str body; /* of s3_get into memory */
    int attempts;
    int64_t duration_ms; /* of all attempts and the pauses between them */
};

void s3_client_init(struct s3_client *client, const struct s3_location *location,
    struct credential_lease *lease, struct http_client *http);

/* --- objects: `key` is any 1..1024 bytes
 * -------------------------------------------------------------- */

/* Facts about an object; asks for its checksum too. */
enum status s3_head(struct s3_client *client, struct arena *arena, struct str key,
    struct s3_result *result) MUST_CHECK;

/* A part of an object. Zeroed: all of it. */
struct s3_range {
    int64_t first;  /* of the first byte */
    int64_t length; /* 0: to the end */
};

/* Into result->body, at most `max_bytes` (TOO_LARGE). A range that begins after the end is
 * STORAGE_REFUSED with error_code InvalidRange; one that ends after it gives what is there. */
enum status s3_get(struct s3_client *client, struct arena *arena, struct str key,
    struct s3_range range, size_t max_bytes, struct s3_result *result) MUST_CHECK;

/*
 * Into a sink, of any size. Tried again only before the first byte, or when the sink can reset. The
 * sink gets what the range says, also from a server that gives the whole object. PRECONDITION: its
 * ETag is not `if_match`.
 */
struct s3_get_options {
    struct s3_range range;
    struct str if_match; /* an ETag without quotes; empty: whatever is there */
};
enum status s3_get_stream(struct s3_client *client, struct arena *arena, struct str key,
    const struct s3_get_options *options, const struct http_sink *sink,
    struct s3_result *result) MUST_CHECK;

/*
 * Write an object. PRECONDITION with result->attempts above 1 may be the work of our own earlier
 * attempt, whose answer was lost: s3_head tells. The body is sent as UNSIGNED-PAYLOAD unless
 * `payload_hash` (hex SHA-256) is given. All `headers` are sent and signed (content-type,
 * x-amz-checksum-sha256, if-none-match, x-amz-meta-*).
 */
struct s3_put_options {
    struct pairs headers;
    struct str payload_hash;
};
enum status s3_put(struct s3_client *client, struct arena *arena, struct str key,
    const struct http_source *source, const struct s3_put_options *options,
    struct s3_result *result) MUST_CHECK;

/* OK also when there was no such object: S3 does not tell. */
enum status s3_delete(struct s3_client *client, struct arena *arena, struct str key,
    struct s3_result *result) MUST_CHECK;

/* The same, only when the object's ETag is `if_match` (without quotes; empty: whatever is there):
 * PRECONDITION when it is another. Storage that does not know If-Match on DELETE deletes all the
 * same, or refuses: ask only where it is known to. */
enum status s3_delete_match(struct s3_client *client, struct arena *arena, struct str key,
    struct str if_match, struct s3_result *result) MUST_CHECK;

enum { S3_DELETIONS_MAX = 1000 }; /* keys of one DeleteObjects */

/* One key of many to delete, and what became of it. */
struct s3_deletion {
    struct str key;
    struct str if_match;   /* as above; said only where it is not empty */
    enum status status;    /* OK: gone, or never there. PRECONDITION: another ETag. STORAGE_REFUSED:
                              not allowed, held. STORAGE: storage failed, or said nothing of it.
                              INVALID: the key has bytes that XML cannot hold, nothing was asked */
    struct str error_code; /* "AccessDenied"; empty where it is gone */
};

/*
 * Delete up to S3_DELETIONS_MAX objects by one request (DeleteObjects), whose document goes with
 * its Content-MD5 and SHA-256. OK: storage answered, and each item tells its own end; else nothing
 * is known of any (each has the status that is returned), and asking again is safe. The same key
 * twice: both items get what storage said last. STORAGE_REFUSED with http_status 501 or 405:
 * storage does not have this call.
 */
enum status s3_delete_many(struct s3_client *client, struct arena *arena, struct s3_deletion *items,
    size_t count, struct s3_result *result) MUST_CHECK;

/* --- listings
 * -------------------------------------------------------------------------------------------- */

struct s3_object {
    struct str key;
    int64_t size_bytes;
    struct str etag;
    int64_t last_modified_at;
};

struct s3_list_options {
    struct str prefix;
    struct str delimiter;
    struct str start_after;
    struct str continuation_token; /* of the page before */
    int max_keys;                  /* 1..1000; 0: 1000 */
};

struct s3_listing {
    struct s3_object *objects;
    size_t object_count;
    struct str *prefixes; /* rolled up by the delimiter */
    size_t prefix_count;
    bool is_truncated;
    struct str next_token; /* for the next page when is_truncated */
};

/* One page (ListObjectsV2). Keys come url-encoded on the wire, so that XML can hold any of them. */
enum status s3_list(struct s3_client *client, struct arena *arena,
    const struct s3_list_options *options, struct s3_listing *out,
    struct s3_result *result) MUST_CHECK;

/* --- buckets: for `vitrine init` and checks of health
 * --------------------------------------------------------- */

enum status s3_head_bucket(
    struct s3_client *client, struct arena *arena, struct s3_result *result) MUST_CHECK;

/* OK also when it exists and is ours. */
enum status s3_create_bucket(
    struct s3_client *client, struct arena *arena, struct s3_result *result) MUST_CHECK;

/* One rule for browsers' uploads and views. */
struct s3_cors {
    const struct str *origins;
    size_t origin_count;
    const struct str *methods;
    size_t method_count;
    const struct str *headers; /* allowed in requests; "*" for all */
    size_t header_count;
    const struct str *expose; /* readable by scripts: ETag */
    size_t expose_count;
    int max_age_s;
};

/* Replace the bucket's CORS rules by this one. */
enum status s3_put_bucket_cors(struct s3_client *client, struct arena *arena,
    const struct s3_cors *cors, struct s3_result *result) MUST_CHECK;

#endif
