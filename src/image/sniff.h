/*
 * sniff.h - what a file is, by its first bytes: type, and for images their size in pixels.
 *
 * Pure; reads only within the bytes given; made for hostile input (any bytes, cut anywhere). It
 * does not decode: a file that passes may still be broken further on. SNIFF_BYTES from the start of
 * a file are enough for nearly every camera's files; with less, dimensions may stay unknown.
 */
#ifndef IMAGE_SNIFF_H
#define IMAGE_SNIFF_H

#include "base/str.h"

enum { SNIFF_BYTES = 64 * 1024, SNIFF_DIMENSION_MAX = 1000000 };

enum sniff_type {
    SNIFF_UNKNOWN, /* nothing that is known here */
    SNIFF_JPEG,
    SNIFF_PNG,
    SNIFF_GIF,
    SNIFF_WEBP,
    SNIFF_AVIF,
    SNIFF_HEIC,
    SNIFF_BMP,
    SNIFF_TIFF,
    SNIFF_SVG,  /* active: may carry script */
    SNIFF_HTML, /* active */
    SNIFF_XML,  /* active: may pull in a style sheet */
    SNIFF_PDF,  /* active */
    SNIFF_ZIP,
    SNIFF_GZIP,
    SNIFF_MP4,
    SNIFF_ELF,
    SNIFF_EXE,
    SNIFF__COUNT
};

struct sniff {
    enum sniff_type type;
    int width;  /* as displayed: EXIF orientations 5..8 of JPEG swap the sides; 0: not known */
    int height; /* both are 0 or both are 1..SNIFF_DIMENSION_MAX */
};

/* Look at the first bytes of a file. `head` may be empty (SNIFF_UNKNOWN). Never fails. */
struct sniff sniff_bytes(struct str head);

/* The media type: "image/jpeg"; "application/octet-stream" for SNIFF_UNKNOWN. */
struct str sniff_media_type(enum sniff_type type);

/* What people call it: "a JPEG image", "an HTML page", "a file of an unknown type". */
struct str sniff_description(enum sniff_type type);

/* True for formats that can run script or load other things when a browser opens them. */
bool sniff_is_active(enum sniff_type type);

#endif
