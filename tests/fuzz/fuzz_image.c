/*
 * fuzz_image.c - what a file is by its first bytes: any bytes, cut anywhere.
 */
#include "fuzz.h"

#include "image/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sniff sniff = sniff_bytes(fuzz_str(data, size));

    FUZZ_CHECK(sniff.type >= SNIFF_UNKNOWN && sniff.type < SNIFF__COUNT);
    FUZZ_CHECK((sniff.width == 0) == (sniff.height == 0));
    FUZZ_CHECK(sniff.width >= 0 && sniff.width <= SNIFF_DIMENSION_MAX);
    FUZZ_CHECK(sniff.height >= 0 && sniff.height <= SNIFF_DIMENSION_MAX);
    FUZZ_CHECK(sniff_media_type(sniff.type).len > 0 && sniff_description(sniff.type).len > 0);
    return 0;
}
