/*
 * s3_multipart.h - calls on multipart uploads: begun, looked at, completed, aborted, found.
 *
 * Uploading the parts is the client's business, by presigned URLs. What calls return is as in s3.h;
 * NOT_FOUND with error_code NoSuchUpload: there is no such upload (any more). (Amazon S3 API
 * Reference: CreateMultipartUpload, ListParts, CompleteMultipartUpload, AbortMultipartUpload,
 * ListMultipartUploads.)
 */
#ifndef REMOTE_S3_MULTIPART_H
#define REMOTE_S3_MULTIPART_H

#include "remote/s3.h"

enum { S3_PARTS_MAX = 10000, S3_PARTS_PAGE_MAX = 1000, S3_UPLOADS_PAGE_MAX = 1000 };

/*
 * CreateMultipartUpload. `headers` are those that the object is to have (content-type,
 * x-amz-checksum-algorithm, encryption, x-amz-meta-*). An attempt whose answer is lost leaves an
 * upload behind that nobody knows: s3_multipart_list finds it. STORAGE when the answer names none.
 */
enum status s3_multipart_create(struct s3_client *client, struct arena *arena, struct str key,
    struct pairs headers, struct str *out_upload_id, struct s3_result *result) MUST_CHECK;

struct s3_part {
    int64_t number;
    int64_t size_bytes;
    struct str etag;            /* without quotes */
    struct str checksum_sha256; /* base64; empty: not said */
};

struct s3_parts {
    struct s3_part *item; /* ascending */
    size_t count;
    bool is_truncated;
    int64_t next_marker; /* ask with it for the rest */
};

/* ListParts: a page of those behind number `marker`. STORAGE when it is no ascending list. */
enum status s3_multipart_parts(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, int64_t marker, struct s3_parts *out,
    struct s3_result *result) MUST_CHECK;

struct s3_completion {
    const struct s3_part *part; /* number, etag and, where it is there, the checksum are sent */
    size_t count;               /* 1..S3_PARTS_MAX, ascending */
    bool if_none_match;         /* only where there is no such object */
};

/*
 * CompleteMultipartUpload; result->etag is the object's. A failure that comes inside a 200 is read
 * as the status that it would have had, and tried again like any other: after that, and after a
 * lost answer, NoSuchUpload or PRECONDITION may be the work of our own earlier attempt. s3_head
 * tells.
 */
enum status s3_multipart_complete(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, const struct s3_completion *completion,
    struct s3_result *result) MUST_CHECK;

/* AbortMultipartUpload. OK also when there was no such upload. A part that is being uploaded just
 * now may be left over: abort again later. */
enum status s3_multipart_abort(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, struct s3_result *result) MUST_CHECK;

struct s3_upload {
    struct str key;
    struct str upload_id;
    int64_t initiated_at; /* -1: not said */
};

struct s3_uploads_options {
    struct str prefix;
    struct str key_marker; /* of the page before, both */
    struct str upload_id_marker;
};

struct s3_uploads {
    struct s3_upload *item;
    size_t count;
    bool is_truncated;
    struct str next_key_marker; /* for the next page when is_truncated */
    struct str next_upload_id_marker;
};

/* ListMultipartUploads: a page. Some servers (MinIO) list only with a prefix that is the whole key.
 */
enum status s3_multipart_list(struct s3_client *client, struct arena *arena,
    const struct s3_uploads_options *options, struct s3_uploads *out,
    struct s3_result *result) MUST_CHECK;

#endif
