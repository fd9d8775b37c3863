/*
 * jpeg.c - the size of a JPEG: walks its segments to the frame header, and looks into EXIF on the
 * way for the orientation, since 5..8 mean that the picture is shown on its side.
 */
#include "image/bytes.h"
#include "image/dimensions.h"

enum {
    MARKER_TEM = 0x01,
    MARKER_SOF0 = 0xc0,
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_RST0 = 0xd0,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP1 = 0xe1
};

enum { EXIF_ORIENTATION_TAG = 0x0112, EXIF_TYPE_SHORT = 3, EXIF_ENTRY_BYTES = 12 };

/* C0..CF are frame headers but for three that only share the range. */
static bool is_frame(uint32_t marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

/* Markers that stand alone, without a length. */
static bool is_alone(uint32_t marker)
{
    return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker < MARKER_EOI);
}

/* The orientation in an APP1 segment, 1..8; 0 when it holds none. EXIF is a small TIFF file. */
static uint32_t exif_orientation(struct str segment)
{
    struct str tiff = str_from_offset(segment, 6);
    uint32_t directory, entries, tag, type, value;
    bool is_big;

    if (!bytes_are(segment, 0, STR("Exif\0\0"))) {
        return 0;
    }
    is_big = bytes_are(tiff, 0, STR("MM"));
    if (!bytes_number(tiff, 4, 4, is_big, &directory) ||
        !bytes_number(tiff, directory, 2, is_big, &entries)) {
        return 0;
    }
    for (uint32_t i = 0; i < entries; i++) {
        size_t entry = (size_t)directory + 2 + (size_t)i * EXIF_ENTRY_BYTES;

        if (!bytes_number(tiff, entry, 2, is_big, &tag) ||
            !bytes_number(tiff, entry + 2, 2, is_big, &type) ||
            !bytes_number(tiff, entry + 8, 2, is_big, &value)) {
            return 0;
        }
        if (tag == EXIF_ORIENTATION_TAG && type == EXIF_TYPE_SHORT) {
            return value;
        }
    }
    return 0;
}

static void turn(uint32_t orientation, struct dimensions *out)
{
    if (orientation >= 5 && orientation <= 8) {
        uint32_t width = out->width;

        out->width = out->height;
        out->height = width;
    }
}

bool dimensions_jpeg(struct str head, struct dimensions *out)
{
    uint32_t orientation = 0;
    size_t at = 2; /* after SOI */
    uint32_t marker, len;
    struct str segment;

    for (;;) {
        if (!bytes_be(head, at, 2, &marker) || marker >> 8 != 0xff) {
            return false;
        }
        marker &= 0xff;
        if (marker == 0xff) { /* a fill byte */
            at += 1;
            continue;
        }
        at += 2;
        if (is_alone(marker)) {
            continue;
        }
        if (marker == MARKER_SOS || marker == MARKER_EOI || !bytes_be(head, at, 2, &len) ||
            len < 2) {
            return false;
        }
        if (is_frame(marker)) {
            if (!bytes_be(head, at + 3, 2, &out->height) ||
                !bytes_be(head, at + 5, 2, &out->width)) {
                return false;
            }
            turn(orientation, out);
            return true;
        }
        if (marker == MARKER_APP1 && orientation == 0 &&
            bytes_at(head, at + 2, len - 2, &segment)) {
            orientation = exif_orientation(segment);
        }
        at += len;
    }
}
