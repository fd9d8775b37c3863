/*
 * object_headers.h - what a request that writes an object says about it in its headers.
 */
#ifndef OBJECTS_OBJECT_HEADERS_H
#define OBJECTS_OBJECT_HEADERS_H

#include "objects/call.h"

/* Bucket, key, the content headers that are kept, x-amz-meta-* and tags; everything else is
 * zero. InvalidTag,
 * MetadataTooLarge above S3's 2 KB. */
enum s3_error object_read_headers(struct call *call, struct store_object *out) MUST_CHECK;

/* S3 knows "If-None-Match: *" and "If-Match: ETAG" for writes, nothing else: NotImplemented. */
enum s3_error object_read_condition(struct call *call, struct store_condition *out) MUST_CHECK;

/* What a commit that failed with PRECONDITION or NOT_FOUND means to the client. */
enum s3_error object_commit_error(
    struct call *call, enum status status, struct store_condition condition) MUST_CHECK;

/* An ETag header's or element's value without its quotes. */
struct str object_etag_text(struct str etag);

/* "FULL_OBJECT" or "COMPOSITE"; empty without a checksum. */
struct str object_checksum_type(const struct store_object *object);

/* ETag and, when there is one, the checksum of what was written, as headers of the answer. */
void object_set_result_headers(struct call *call, const struct store_object *object);

#endif
