/*
 * dimensions.h - pixel sizes out of the headers of each format; inside image/ only.
 *
 * Each returns false when the header was not found in the bytes given; the numbers are not judged
 * yet.
 */
#ifndef IMAGE_DIMENSIONS_H
#define IMAGE_DIMENSIONS_H

#include "base/str.h"

struct dimensions {
    uint32_t width;
    uint32_t height;
};

bool dimensions_jpeg(
    struct str head, struct dimensions *out); /* ITU T.81; orientation of EXIF applied */
bool dimensions_png(struct str head, struct dimensions *out);  /* RFC 2083, 4.1.1 */
bool dimensions_gif(struct str head, struct dimensions *out);  /* GIF89a, 18 */
bool dimensions_webp(struct str head, struct dimensions *out); /* RFC 9649 */
bool dimensions_bmp(struct str head, struct dimensions *out);
bool dimensions_heif(struct str head, struct dimensions *out); /* AVIF and HEIC: ISO/IEC 23008-12 */

#endif
