/*
 * aws_chunked.h - taking the frames off a body with Content-Encoding aws-chunked, and checking
 * their signatures.
 *
 * Three forms, named by x-amz-content-sha256 ("Signature Calculations for the Authorization Header:
 * Transferring Payload in Multiple Chunks", Amazon S3 API reference):
 * STREAMING-AWS4-HMAC-SHA256-PAYLOAD, the same with -TRAILER, and
 * STREAMING-UNSIGNED-PAYLOAD-TRAILER. In the signed ones each chunk's signature covers the one
 * before it, so chunks cannot be cut, swapped or repeated.
 *
 * Pure: no I/O. Feed it the bytes as they come, in pieces of any size.
 */
#ifndef OBJECTS_AWS_CHUNKED_H
#define OBJECTS_AWS_CHUNKED_H

#include "base/arena.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "sign/credentials.h"

enum {
    AWS_CHUNKED_LINE_MAX = 1024,
    AWS_CHUNKED_TRAILERS_MAX = 2048,
    AWS_CHUNKED_SIGNATURE_LEN = 64
};

enum aws_chunked_state {
    AWS_CHUNKED_HEAD, /* "10000;chunk-signature=..." */
    AWS_CHUNKED_DATA,
    AWS_CHUNKED_DATA_END, /* the line end behind the data */
    AWS_CHUNKED_TRAILER,  /* "name:value" lines up to an empty one */
    AWS_CHUNKED_DONE
};

/* Who signed, as the request's own signature says; borrowed while the body is read. */
struct aws_chunked_signer {
    const struct s3_credentials *credentials;
    struct str region;
    int64_t signed_at;
    struct str amz_date;
    struct str scope_date; /* 8 digits */
    struct str seed;       /* the request's signature: the first chunk's predecessor */
};

struct aws_chunked {
    struct arena *arena;
    bool is_signed;
    struct aws_chunked_signer signer;
    struct digest *sha256; /* of the open chunk; the caller's, kept among requests */

    enum aws_chunked_state state;
    uint64_t left_bytes; /* of the open chunk */
    char line[AWS_CHUNKED_LINE_MAX];
    size_t line_len;
    char signature[AWS_CHUNKED_SIGNATURE_LEN];          /* the open chunk's, as sent */
    char previous_signature[AWS_CHUNKED_SIGNATURE_LEN]; /* the last one that was right */
    char trailers[AWS_CHUNKED_TRAILERS_MAX]; /* "name:value\n" each, what their signature covers */
    size_t trailers_len;
    bool has_trailer_signature;
};

/* True for the three values of x-amz-content-sha256 above. */
bool aws_chunked_is_form(struct str payload_hash);

/* `payload_hash` is one of those three. `signer` may be zero for the unsigned one. */
void aws_chunked_begin(struct aws_chunked *chunked, struct arena *arena, struct str payload_hash,
    const struct aws_chunked_signer *signer, struct digest *sha256);

/*
 * Take bytes off *input up to the end of the next piece of content, which is put into *out and
 * points into the input; an empty one means that all input was taken. INVALID when the frames are
 * malformed, BAD_CREDENTIALS when a signature does not match.
 */
enum status aws_chunked_next(
    struct aws_chunked *chunked, struct str *input, struct str *out) MUST_CHECK;

/* The last chunk and the trailers were there. */
static inline bool aws_chunked_is_done(const struct aws_chunked *chunked)
{
    return chunked->state == AWS_CHUNKED_DONE;
}

/* A trailer's value by its name (compared without case); empty when absent. After it is done. */
struct str aws_chunked_trailer(const struct aws_chunked *chunked, struct str name);

#endif
