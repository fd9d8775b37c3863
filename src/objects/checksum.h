/*
 * checksum.h - S3's additional checksums: x-amz-checksum-crc32, -crc32c, -crc64nvme, -sha256.
 *
 * Newer SDKs send one with every upload. SHA-1 is not there: no client chooses it by itself.
 */
#ifndef OBJECTS_CHECKSUM_H
#define OBJECTS_CHECKSUM_H

#include "base/arena.h"
#include "crypto/digest.h"

enum checksum_kind {
    CHECKSUM_NONE,
    CHECKSUM_CRC32,
    CHECKSUM_CRC32C,
    CHECKSUM_CRC64NVME,
    CHECKSUM_SHA256,
    CHECKSUM__COUNT
};

/* "crc32c": what stands after x-amz-checksum- ; and "CRC32C", the form of
 * x-amz-sdk-checksum-algorithm. Empty for CHECKSUM_NONE. */
struct str checksum_name(enum checksum_kind kind);

/* "x-amz-checksum-crc32c". */
struct str checksum_header(enum checksum_kind kind);

/* The inverse of checksum_header; CHECKSUM_NONE for any other name. */
enum checksum_kind checksum_of_header(struct str header_name);

/* Bytes of the value, before base64. */
size_t checksum_len(enum checksum_kind kind);

/* One being computed. Zeroed it is nothing; sha256 keeps its context from use to use. */
struct checksum {
    enum checksum_kind kind;
    uint64_t crc;
    struct digest sha256;
};

void checksum_begin(struct checksum *checksum, enum checksum_kind kind);
void checksum_update(struct checksum *checksum, struct str data);

/* The value as the headers carry it: base64, in `arena`. */
struct str checksum_finish(struct checksum *checksum, struct arena *arena);
void checksum_clear(struct checksum *checksum);

#endif
