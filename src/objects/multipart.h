/*
 * multipart.h - what the operations on multipart uploads share.
 */
#ifndef OBJECTS_MULTIPART_H
#define OBJECTS_MULTIPART_H

#include "objects/call.h"
#include "objects/store_multipart.h"

enum { MULTIPART_PAGE_MAX = 1000 };

/* The upload that ?uploadId= names, when it is of this bucket and key. NoSuchUpload. */
enum s3_error multipart_need(struct call *call, struct store_object *out) MUST_CHECK;

/* ?partNumber=, 1..10000. InvalidArgument. */
enum s3_error multipart_read_number(struct call *call, int *out) MUST_CHECK;

/* Whether parts of this upload make a checksum of the whole rather than one of their checksums. */
bool multipart_is_full_object(const struct store_object *upload);

/* A part's or object's checksum as an element, when there is one. */
void multipart_put_checksum(struct buf *out, const struct store_object *upload, struct str value);

#endif
