/*
 * checksum.c - see checksum.h. The three CRCs are one reflected algorithm with tables of their own.
 */
#include "objects/checksum.h"

#include "base/escape.h"

#include <pthread.h>

/* clang-format off */
static const struct {
    struct str name, header, algorithm;
    const char *element;
    size_t len;
    uint64_t polynomial; /* reflected; 0: no CRC */
} kinds[CHECKSUM__COUNT] = {
    [CHECKSUM_NONE]      = { STR_INIT(""),          STR_INIT(""),                         STR_INIT(""),          "",                  0,  0 },
    [CHECKSUM_CRC32]     = { STR_INIT("crc32"),     STR_INIT("x-amz-checksum-crc32"),     STR_INIT("CRC32"),     "ChecksumCRC32",     4,  0xedb88320u },
    [CHECKSUM_CRC32C]    = { STR_INIT("crc32c"),    STR_INIT("x-amz-checksum-crc32c"),    STR_INIT("CRC32C"),    "ChecksumCRC32C",    4,  0x82f63b78u },
    [CHECKSUM_CRC64NVME] = { STR_INIT("crc64nvme"), STR_INIT("x-amz-checksum-crc64nvme"), STR_INIT("CRC64NVME"), "ChecksumCRC64NVME", 8,  0x9a6c9329ac4bc9b5u },
    [CHECKSUM_SHA1]      = { STR_INIT("sha1"),      STR_INIT("x-amz-checksum-sha1"),      STR_INIT("SHA1"),      "ChecksumSHA1",      20, 0 },
    [CHECKSUM_SHA256]    = { STR_INIT("sha256"),    STR_INIT("x-amz-checksum-sha256"),    STR_INIT("SHA256"),    "ChecksumSHA256",    32, 0 },
};
/* clang-format on */

static uint64_t tables[CHECKSUM__COUNT][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    for (int kind = 0; kind < CHECKSUM__COUNT; kind++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t value = byte;
            for (int bit = 0; bit < 8; bit++)
                value = value & 1 ? (value >> 1) ^ kinds[kind].polynomial : value >> 1;
            tables[kind][byte] = value;
        }
}

struct str checksum_name(enum checksum_kind kind)
{
    return kinds[kind].name;
}

struct str checksum_header(enum checksum_kind kind)
{
    return kinds[kind].header;
}

struct str checksum_algorithm(enum checksum_kind kind)
{
    return kinds[kind].algorithm;
}

enum checksum_kind checksum_of_algorithm(struct str algorithm)
{
    for (int kind = CHECKSUM_NONE + 1; kind < CHECKSUM__COUNT; kind++)
        if (str_equal_nocase(algorithm, kinds[kind].algorithm))
            return (enum checksum_kind)kind;
    return CHECKSUM_NONE;
}

const char *checksum_element(enum checksum_kind kind)
{
    return kinds[kind].element;
}

bool checksum_is_crc(enum checksum_kind kind)
{
    return kinds[kind].polynomial != 0;
}

size_t checksum_len(enum checksum_kind kind)
{
    return kinds[kind].len;
}

enum checksum_kind checksum_of_header(struct str header_name)
{
    for (int kind = CHECKSUM_NONE + 1; kind < CHECKSUM__COUNT; kind++)
        if (str_equal(header_name, kinds[kind].header))
            return (enum checksum_kind)kind;
    return CHECKSUM_NONE;
}

static bool is_digest(enum checksum_kind kind)
{
    return kind == CHECKSUM_SHA1 || kind == CHECKSUM_SHA256;
}

void checksum_begin(struct checksum *checksum, enum checksum_kind kind)
{
    pthread_once(&tables_once, make_tables);
    checksum->kind = kind;
    checksum->crc = kinds[kind].len == 4 ? UINT32_MAX : UINT64_MAX;
    if (is_digest(kind))
        digest_begin(&checksum->digest, kind == CHECKSUM_SHA1 ? DIGEST_SHA1 : DIGEST_SHA256);
}

void checksum_update(struct checksum *checksum, struct str data)
{
    if (is_digest(checksum->kind)) {
        digest_update(&checksum->digest, data);
        return;
    }
    if (checksum->kind == CHECKSUM_NONE)
        return;
    const uint64_t *table = tables[checksum->kind];
    uint64_t crc = checksum->crc;
    for (size_t i = 0; i < data.len; i++)
        crc = (crc >> 8) ^ table[(crc ^ (unsigned char)data.ptr[i]) & 255];
    checksum->crc = crc;
}

struct str checksum_finish(struct checksum *checksum, struct arena *arena)
{
    unsigned char value[DIGEST_MAX_BYTES];
    size_t len = kinds[checksum->kind].len;
    if (is_digest(checksum->kind))
        digest_finish(&checksum->digest, value);
    else
        for (size_t i = 0; i < len; i++)
            value[i] = (unsigned char)(~checksum->crc >> (8 * (len - 1 - i)));
    return escape_base64(arena, str_from((const char *)value, len));
}

void checksum_clear(struct checksum *checksum)
{
    digest_clear(&checksum->digest);
}

/* --- two pieces ----------------------------------------------------------------------------------
 * A CRC is the remainder of the content as a polynomial over GF(2). Appending n bytes multiplies it
 * by x^(8n) modulo the CRC's polynomial; x^(8n) comes from squaring. Reflected: the highest bit is
 * x^0.
 */

static uint64_t top_bit(enum checksum_kind kind)
{
    return (uint64_t)1 << (8 * kinds[kind].len - 1);
}

static uint64_t multiply(enum checksum_kind kind, uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (uint64_t bit = top_bit(kind); bit != 0; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b & 1 ? (b >> 1) ^ kinds[kind].polynomial : b >> 1;
    }
    return product;
}

/* x^(8 * bytes) */
static uint64_t shift_of(enum checksum_kind kind, int64_t bytes)
{
    uint64_t square = top_bit(kind) >> 8; /* x^8 */
    uint64_t power = top_bit(kind);       /* x^0 */
    for (uint64_t n = (uint64_t)bytes; n > 0; n >>= 1) {
        if (n & 1)
            power = multiply(kind, power, square);
        square = multiply(kind, square, square);
    }
    return power;
}

static bool decode_crc(struct arena *arena, enum checksum_kind kind, struct str text, uint64_t *out)
{
    struct str bytes;
    if (!escape_base64_decode(arena, text, &bytes) || bytes.len != kinds[kind].len)
        return false;
    *out = 0;
    for (size_t i = 0; i < bytes.len; i++)
        *out = *out << 8 | (unsigned char)bytes.ptr[i];
    return true;
}

struct str checksum_join(struct arena *arena, enum checksum_kind kind, struct str first,
    struct str second, int64_t second_bytes)
{
    unsigned char value[8];
    uint64_t a, b;
    size_t len = kinds[kind].len;
    if (!checksum_is_crc(kind) || !decode_crc(arena, kind, first, &a) ||
        !decode_crc(arena, kind, second, &b))
        return STR_EMPTY;
    a = multiply(kind, shift_of(kind, second_bytes), a) ^ b;
    for (size_t i = 0; i < len; i++)
        value[i] = (unsigned char)(a >> (8 * (len - 1 - i)));
    return escape_base64(arena, str_from((const char *)value, len));
}
