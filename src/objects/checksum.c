/*
 * checksum.c - see checksum.h. The three CRCs are one reflected algorithm with tables of their own.
 */
#include "objects/checksum.h"

#include "base/escape.h"

#include <pthread.h>

/* clang-format off */
static const struct {
    struct str name, header;
    size_t len;
    uint64_t polynomial; /* reflected; 0: no CRC */
} kinds[CHECKSUM__COUNT] = {
    [CHECKSUM_NONE]      = { STR_INIT(""),          STR_INIT(""),                         0,  0 },
    [CHECKSUM_CRC32]     = { STR_INIT("crc32"),     STR_INIT("x-amz-checksum-crc32"),     4,  0xedb88320u },
    [CHECKSUM_CRC32C]    = { STR_INIT("crc32c"),    STR_INIT("x-amz-checksum-crc32c"),    4,  0x82f63b78u },
    [CHECKSUM_CRC64NVME] = { STR_INIT("crc64nvme"), STR_INIT("x-amz-checksum-crc64nvme"), 8,  0x9a6c9329ac4bc9b5u },
    [CHECKSUM_SHA256]    = { STR_INIT("sha256"),    STR_INIT("x-amz-checksum-sha256"),    32, 0 },
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

void checksum_begin(struct checksum *checksum, enum checksum_kind kind)
{
    pthread_once(&tables_once, make_tables);
    checksum->kind = kind;
    checksum->crc = kinds[kind].len == 4 ? UINT32_MAX : UINT64_MAX;
    if (kind == CHECKSUM_SHA256)
        digest_begin(&checksum->sha256, DIGEST_SHA256);
}

void checksum_update(struct checksum *checksum, struct str data)
{
    if (checksum->kind == CHECKSUM_SHA256) {
        digest_update(&checksum->sha256, data);
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
    if (checksum->kind == CHECKSUM_SHA256)
        digest_finish(&checksum->sha256, value);
    else
        for (size_t i = 0; i < len; i++)
            value[i] = (unsigned char)(~checksum->crc >> (8 * (len - 1 - i)));
    return escape_base64(arena, str_from((const char *)value, len));
}

void checksum_clear(struct checksum *checksum)
{
    digest_clear(&checksum->sha256);
}
