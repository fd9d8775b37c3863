/*
 * checksum.h - S3's additional checksums: x-amz-checksum-crc32, -crc32c, -crc64nvme, -sha1,
 * -sha256; of whole objects, and of objects made of parts.
 *
 * Newer SDKs send one with every upload. (Amazon S3 User Guide, "Checking object integrity".)
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
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
    CHECKSUM__COUNT
};

/* "crc32c": what stands after x-amz-checksum- . Empty for CHECKSUM_NONE. */
struct str checksum_name(enum checksum_kind kind);

/* "CRC32C": the form of x-amz-checksum-algorithm and of elements; and back, any case. */
struct str checksum_algorithm(enum checksum_kind kind);
enum checksum_kind checksum_of_algorithm(struct str algorithm);

/* The element of XML documents: "ChecksumCRC32C". */
const char *checksum_element(enum checksum_kind kind);

/* A CRC: those can be full-object checksums of multipart uploads. */
bool checksum_is_crc(enum checksum_kind kind);

/* "x-amz-checksum-crc32c". */
struct str checksum_header(enum checksum_kind kind);

/* The inverse of checksum_header; CHECKSUM_NONE for any other name. */
enum checksum_kind checksum_of_header(struct str header_name);

/* Bytes of the value, before base64. */
size_t checksum_len(enum checksum_kind kind);

/* One being computed. Zeroed it is nothing; the digest keeps its context from use to use. */
struct checksum {
    enum checksum_kind kind;
    uint64_t crc;
    struct digest digest;
};

void checksum_begin(struct checksum *checksum, enum checksum_kind kind);
void checksum_update(struct checksum *checksum, struct str data);

/* The value as the headers carry it: base64, in `arena`. */
struct str checksum_finish(struct checksum *checksum, struct arena *arena);

/*
 * The CRC of two pieces of content, one after the other, from theirs; `second_bytes` is the length
 * of the second. Values as in headers. The empty str when one of them is none.
 */
struct str checksum_join(struct arena *arena, enum checksum_kind kind, struct str first,
    struct str second, int64_t second_bytes);

void checksum_clear(struct checksum *checksum);

#endif
