/*
 * body.h - reading a request's body while checking everything that the client said about it.
 *
 * Said are: its length (Content-Length), its SHA-256 (x-amz-content-sha256, part of the signature),
 * its MD5 (Content-MD5) and an additional checksum (x-amz-checksum-*). The body passes through the
 * thread's buffer once, in constant memory.
 *
 * Order of use: body_begin, body_store; or body_read_document for all of it at once. Only what
 * these give back with S3_OK is what the client meant.
 */
#ifndef OBJECTS_BODY_H
#define OBJECTS_BODY_H

#include "objects/aws_chunked.h"
#include "objects/call.h"
#include "objects/checksum.h"

struct body {
    struct call *call;
    struct body_digests *digests;
    int64_t size_bytes; /* of the content, known before it is read */
    int64_t read_bytes;

    struct str expected_md5;    /* 16 bytes, empty: not said */
    struct str checksum_header; /* the value sent, base64; empty: none, or it comes as a trailer */
    bool has_own_checksum;      /* nobody sent one; it is computed to be kept */
    bool is_chunked; /* Content-Encoding aws-chunked: framed, maybe signed chunk by chunk */
    struct aws_chunked chunked;
    struct str pending; /* read, but not yet taken out of its frames */

    struct str md5_hex;  /* once it is stored: the ETag */
    struct str checksum; /* once it is stored: base64, empty when there was none */
};

/* Look at the headers. MissingContentLength, InvalidDigest, NotImplemented for the forms that are
 * not there, EntityTooLarge above `max_bytes`. */
enum s3_error body_begin(struct body *body, struct call *call, int64_t max_bytes) MUST_CHECK;

/* Compute that checksum for an object which is to have one. InvalidRequest when the client sends
 * another kind; when it sends this kind, the two are compared as ever. Right after body_begin. */
enum s3_error body_want_checksum(struct body *body, enum checksum_kind kind) MUST_CHECK;

/* All of the body into the upload, compared with all that was said of it. IncompleteBody when the
 * client stopped early, SignatureDoesNotMatch for a chunk, BadDigest, XAmzContentSHA256Mismatch. */
enum s3_error body_store(struct body *body, struct store_upload *upload) MUST_CHECK;

/* Whose checksum the x-amz-checksum-* headers of a request are. */
enum checksum_subject { CHECKSUM_OF_BODY, CHECKSUM_OF_OBJECT };

/* A whole small document. MalformedXML above `max_bytes`, MissingRequestBodyError when empty. */
enum s3_error body_read_document(struct call *call, size_t max_bytes,
    enum checksum_subject checksum, struct str *out) MUST_CHECK;

#endif
