/*
 * presign.h - presigned URLs for one object: to show or download it (GET), to upload it (PUT).
 *
 * Pure, like sigv4.h. A presigned URL is a capability: whoever holds it may use it until it expires
 * or the credentials behind it do. It is made when it is asked for and never stored or logged.
 */
#ifndef SIGN_PRESIGN_H
#define SIGN_PRESIGN_H

#include "sign/location.h"
#include "sign/sigv4.h"

struct presign_get_options {
    int64_t signed_at;                       /* seconds since 1970, UTC */
    int64_t expires_s;                       /* 1..SIGV4_EXPIRES_MAX_S */
    struct str response_content_type;        /* overrides what S3 answers; empty: no override */
    struct str response_content_disposition; /* the same */
    struct str response_cache_control;       /* the same */
};

struct presign_put_options {
    int64_t signed_at;
    int64_t expires_s;
    /* Signed besides host; the upload must send exactly these, or S3 refuses it. Any case and
     * order. */
    struct pairs headers;
};

struct presign_part_options {
    int64_t signed_at;
    int64_t expires_s;
    struct str upload_id; /* not empty */
    int64_t number;       /* of the part: 1..10000 */
    struct pairs headers; /* as in presign_put_options */
};

/* The address of `key` (any bytes, at most 1024, not empty) for reading. INVALID as in
 * sigv4_presign. */
enum status presign_get(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_get_options *options, struct str *out_url) MUST_CHECK;

/* The same for writing with one PUT. */
enum status presign_put(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_put_options *options, struct str *out_url) MUST_CHECK;

/* The same for one part of a multipart upload (UploadPart). INVALID also for a number outside. */
enum status presign_part(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_part_options *options, struct str *out_url) MUST_CHECK;

#endif
