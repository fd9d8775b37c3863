/*
 * raster.c - the sizes of PNG, GIF, WebP and BMP: each stands at a fixed place of the header.
 */
#include "image/bytes.h"
#include "image/dimensions.h"

bool dimensions_png(struct str head, struct dimensions *out)
{
    return bytes_are(head, 12, STR("IHDR")) && bytes_be(head, 16, 4, &out->width) &&
           bytes_be(head, 20, 4, &out->height);
}

bool dimensions_gif(struct str head, struct dimensions *out)
{
    return bytes_le(head, 6, 2, &out->width) && bytes_le(head, 8, 2, &out->height);
}

bool dimensions_bmp(struct str head, struct dimensions *out)
{
    uint32_t height;

    if (!bytes_le(head, 18, 4, &out->width) || !bytes_le(head, 22, 4, &height)) {
        return false;
    }
    /* A negative height says that rows go from top to bottom. */
    out->height = height > INT32_MAX ? 0 - height : height;
    return true;
}

/* Lossy: a key frame of VP8 (RFC 6386, 9.1); two bits above each side are a scale. */
static bool webp_lossy(struct str head, struct dimensions *out)
{
    if (!bytes_are(head, 23, STR("\x9d\x01\x2a")) || !bytes_le(head, 26, 2, &out->width) ||
        !bytes_le(head, 28, 2, &out->height)) {
        return false;
    }
    out->width &= 0x3fff;
    out->height &= 0x3fff;
    return true;
}

/* Lossless: 14 bits each, less one, after a signature byte. */
static bool webp_lossless(struct str head, struct dimensions *out)
{
    uint32_t bits;

    if (!bytes_are(head, 20, STR("\x2f")) || !bytes_le(head, 21, 4, &bits)) {
        return false;
    }
    out->width = (bits & 0x3fff) + 1;
    out->height = (bits >> 14 & 0x3fff) + 1;
    return true;
}

/* Extended: the canvas, 24 bits each, less one. */
static bool webp_extended(struct str head, struct dimensions *out)
{
    if (!bytes_le(head, 24, 3, &out->width) || !bytes_le(head, 27, 3, &out->height)) {
        return false;
    }
    out->width += 1;
    out->height += 1;
    return true;
}

bool dimensions_webp(struct str head, struct dimensions *out)
{
    if (bytes_are(head, 12, STR("VP8 "))) {
        return webp_lossy(head, out);
    }
    if (bytes_are(head, 12, STR("VP8L"))) {
        return webp_lossless(head, out);
    }
    return bytes_are(head, 12, STR("VP8X")) && webp_extended(head, out);
}
