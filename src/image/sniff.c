/*
 * sniff.c - the table of types and their marks. What a mark is not enough for (text that is markup,
 * the brands of ISO media files) has a function below it.
 */
#include "image/sniff.h"

#include "image/bytes.h"
#include "image/dimensions.h"

enum {
    MARKUP_LOOK_BYTES = 4096, /* how far <svg is looked for behind a prologue */
    BRANDS_MAX = 64           /* of an ftyp box */
};

/* clang-format off */
static const struct type_facts {
    struct str media_type;
    struct str description;
    bool is_active;
    bool (*measure)(struct str head, struct dimensions *out);
} type_facts[SNIFF__COUNT] = {
    [SNIFF_UNKNOWN] = { STR_INIT("application/octet-stream"), STR_INIT("a file of an unknown type"), false, NULL },
    [SNIFF_JPEG] =    { STR_INIT("image/jpeg"),         STR_INIT("a JPEG image"),    false, dimensions_jpeg },
    [SNIFF_PNG] =     { STR_INIT("image/png"),          STR_INIT("a PNG image"),     false, dimensions_png },
    [SNIFF_GIF] =     { STR_INIT("image/gif"),          STR_INIT("a GIF image"),     false, dimensions_gif },
    [SNIFF_WEBP] =    { STR_INIT("image/webp"),         STR_INIT("a WebP image"),    false, dimensions_webp },
    [SNIFF_AVIF] =    { STR_INIT("image/avif"),         STR_INIT("an AVIF image"),   false, dimensions_heif },
    [SNIFF_HEIC] =    { STR_INIT("image/heic"),         STR_INIT("a HEIC image"),    false, dimensions_heif },
    [SNIFF_BMP] =     { STR_INIT("image/bmp"),          STR_INIT("a BMP image"),     false, dimensions_bmp },
    [SNIFF_TIFF] =    { STR_INIT("image/tiff"),         STR_INIT("a TIFF image"),    false, NULL },
    [SNIFF_SVG] =     { STR_INIT("image/svg+xml"),      STR_INIT("an SVG drawing"),  true,  NULL },
    [SNIFF_HTML] =    { STR_INIT("text/html"),          STR_INIT("an HTML page"),    true,  NULL },
    [SNIFF_XML] =     { STR_INIT("application/xml"),    STR_INIT("an XML file"),     true,  NULL },
    [SNIFF_PDF] =     { STR_INIT("application/pdf"),    STR_INIT("a PDF document"),  true,  NULL },
    [SNIFF_ZIP] =     { STR_INIT("application/zip"),    STR_INIT("a ZIP archive"),   false, NULL },
    [SNIFF_GZIP] =    { STR_INIT("application/gzip"),   STR_INIT("a gzip archive"),  false, NULL },
    [SNIFF_MP4] =     { STR_INIT("video/mp4"),          STR_INIT("a video"),         false, NULL },
    [SNIFF_ELF] =     { STR_INIT("application/x-elf"),  STR_INIT("a program"),       true,  NULL },
    [SNIFF_EXE] =     { STR_INIT("application/vnd.microsoft.portable-executable"), STR_INIT("a program"), true, NULL },
};

/* The first row that matches decides. */
static const struct mark {
    size_t offset;
    struct str bytes;
    size_t offset_2; /* a second mark, where one is not enough */
    struct str bytes_2;
    enum sniff_type type;
} marks[] = {
    { 0, STR_INIT("\xff\xd8\xff"),      0, { NULL, 0 },         SNIFF_JPEG },
    { 0, STR_INIT("\x89PNG\r\n\x1a\n"), 0, { NULL, 0 },         SNIFF_PNG },
    { 0, STR_INIT("GIF87a"),            0, { NULL, 0 },         SNIFF_GIF },
    { 0, STR_INIT("GIF89a"),            0, { NULL, 0 },         SNIFF_GIF },
    { 0, STR_INIT("RIFF"),              8, STR_INIT("WEBPVP8"), SNIFF_WEBP },
    { 0, STR_INIT("II*\0"),             0, { NULL, 0 },         SNIFF_TIFF },
    { 0, STR_INIT("MM\0*"),             0, { NULL, 0 },         SNIFF_TIFF },
    { 0, STR_INIT("BM"),                6, STR_INIT("\0\0\0\0"), SNIFF_BMP },
    { 0, STR_INIT("%PDF-"),             0, { NULL, 0 },         SNIFF_PDF },
    { 0, STR_INIT("PK\3\4"),            0, { NULL, 0 },         SNIFF_ZIP },
    { 0, STR_INIT("\x1f\x8b"),          0, { NULL, 0 },         SNIFF_GZIP },
    { 0, STR_INIT("\x7f" "ELF"),        0, { NULL, 0 },         SNIFF_ELF },
    { 0, STR_INIT("MZ"),                0, { NULL, 0 },         SNIFF_EXE },
};

/* Brands of ftyp (MP4 Registration Authority). Still pictures before the generic ones: an AVIF file may
 * have mif1 as its major brand and avif among the compatible ones. */
static const struct brand {
    struct str name;
    enum sniff_type type;
} brands[] = {
    { STR_INIT("avif"), SNIFF_AVIF }, { STR_INIT("avis"), SNIFF_AVIF }, { STR_INIT("heic"), SNIFF_HEIC },
    { STR_INIT("heix"), SNIFF_HEIC }, { STR_INIT("heim"), SNIFF_HEIC }, { STR_INIT("heis"), SNIFF_HEIC },
    { STR_INIT("hevc"), SNIFF_HEIC }, { STR_INIT("hevx"), SNIFF_HEIC }, { STR_INIT("mif1"), SNIFF_HEIC },
    { STR_INIT("msf1"), SNIFF_HEIC },
};
/* clang-format on */

/* True when one of the file's brands is `name`. The minor version between them is skipped. */
static bool has_brand(struct str head, uint32_t box_size, struct str name)
{
    if (bytes_are(head, 8, name)) {
        return true;
    }
    for (size_t i = 0, at = 16; i < BRANDS_MAX && at + 4 <= box_size; i++, at += 4) {
        if (bytes_are(head, at, name)) {
            return true;
        }
    }
    return false;
}

static enum sniff_type type_of_brands(struct str head)
{
    uint32_t box_size = 0;

    if (!bytes_are(head, 4, STR("ftyp")) || !bytes_be(head, 0, 4, &box_size)) {
        return SNIFF_UNKNOWN;
    }
    for (size_t i = 0; i < COUNT_OF(brands); i++) {
        if (has_brand(head, box_size, brands[i].name)) {
            return brands[i].type;
        }
    }
    return SNIFF_MP4; /* or another of its large family; none of them a picture */
}

static bool contains_nocase(struct str text, struct str needle)
{
    for (size_t i = 0; i + needle.len <= text.len; i++) {
        if (str_equal_nocase(str_from(text.ptr + i, needle.len), needle)) {
            return true;
        }
    }
    return false;
}

/* Markup is whatever a browser could take for it: first a '<' (after white space and a byte order
 * mark), then a letter, '!', '?' or '/'. No raster format begins so, hence false alarms cost
 * nothing. */
static enum sniff_type type_of_markup(struct str head)
{
    struct str text = str_head(head, MARKUP_LOOK_BYTES);

    if (bytes_are(text, 0, STR("\xff\xfe<\0")) || bytes_are(text, 0, STR("\xfe\xff\0<"))) {
        return SNIFF_HTML; /* UTF-16 */
    }
    if (bytes_are(text, 0, STR("\xef\xbb\xbf"))) {
        text = str_from_offset(text, 3);
    }
    while (text.len > 0 && strchr(" \t\r\n\f", text.ptr[0]) && text.ptr[0] != '\0') {
        text = str_from_offset(text, 1);
    }
    if (text.len < 2 || text.ptr[0] != '<') {
        return SNIFF_UNKNOWN;
    }
    if (contains_nocase(text, STR("<svg")) || contains_nocase(text, STR(":svg"))) {
        return SNIFF_SVG;
    }
    return str_starts_with(text, STR("<?xml")) ? SNIFF_XML : SNIFF_HTML;
}

static enum sniff_type type_of(struct str head)
{
    enum sniff_type type;

    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        if (bytes_are(head, marks[i].offset, marks[i].bytes) &&
            bytes_are(head, marks[i].offset_2, marks[i].bytes_2)) {
            return marks[i].type;
        }
    }
    type = type_of_brands(head);
    return type != SNIFF_UNKNOWN ? type : type_of_markup(head);
}

static bool is_plausible(uint32_t side)
{
    return side >= 1 && side <= SNIFF_DIMENSION_MAX;
}

struct sniff sniff_bytes(struct str head)
{
    struct sniff sniff = { .type = type_of(head) };
    const struct type_facts *facts = &type_facts[sniff.type];
    struct dimensions size = { 0 };

    if (facts->measure && facts->measure(head, &size) && is_plausible(size.width) &&
        is_plausible(size.height)) {
        sniff.width = (int)size.width;
        sniff.height = (int)size.height;
    }
    return sniff;
}

struct str sniff_media_type(enum sniff_type type)
{
    return type_facts[type].media_type;
}

struct str sniff_description(enum sniff_type type)
{
    return type_facts[type].description;
}

bool sniff_is_active(enum sniff_type type)
{
    return type_facts[type].is_active;
}
