/* Types and sizes of whole headers, of headers cut at every byte, and of noise. */
#include "unit.h"

#include "image/sniff.h"

/* clang-format off */
static const struct {
    const char *name;
    struct str bytes;
    enum sniff_type type;
    int width, height;
} cases[] = {
    { "empty", STR_INIT(""), SNIFF_UNKNOWN, 0, 0 },
    { "one byte", STR_INIT("\xff"), SNIFF_UNKNOWN, 0, 0 },
    { "text", STR_INIT("Dear Ada, the images are"), SNIFF_UNKNOWN, 0, 0 },
    { "zeros", STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), SNIFF_UNKNOWN, 0, 0 },
    { "PNG", STR_INIT("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0\10\6\0\0\0"), SNIFF_PNG, 640, 480 },
    { "PNG without sides", STR_INIT("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\1\xe0\10\6\0\0\0"), SNIFF_PNG, 0, 0 },
    { "PNG, absurd sides", STR_INIT("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\0\0\1\xe0\10\6\0\0\0"), SNIFF_PNG, 0, 0 },
    { "GIF", STR_INIT("GIF89a\x40\1\xf0\0\xf7"), SNIFF_GIF, 320, 240 },
    { "old GIF", STR_INIT("GIF87a\x40\1\xf0\0\xf7"), SNIFF_GIF, 320, 240 },
    { "JPEG", STR_INIT("\xff\xd8\xff\xe0\0\4JF\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 640, 480 },
    { "progressive JPEG, fill bytes", STR_INIT("\xff\xd8\xff\xff\xff\xe0\0\4JF\xff\xc2\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 640, 480 },
    { "JPEG, tables before the frame", STR_INIT("\xff\xd8\xff\xc4\0\4\1\1\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 640, 480 },
    { "JPEG on its side", STR_INIT("\xff\xd8\xff\xe1\0\x22" "Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
                                   "\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 480, 640 },
    { "JPEG on its side, big-endian", STR_INIT("\xff\xd8\xff\xe1\0\x22" "Exif\0\0MM\0*\0\0\0\10\0\1\1\x12\0\3\0\0\0\1\0\10\0\0\0\0\0\0"
                                   "\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 480, 640 },
    { "JPEG upside down", STR_INIT("\xff\xd8\xff\xe1\0\x22" "Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0"
                                   "\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 640, 480 },
    { "JPEG, EXIF that points outside", STR_INIT("\xff\xd8\xff\xe1\0\x22" "Exif\0\0II*\0\xff\xff\xff\xff\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
                                   "\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 640, 480 },
    { "JPEG, scan without frame", STR_INIT("\xff\xd8\xff\xda\0\4\1\1\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 0, 0 },
    { "JPEG, segment of length 0", STR_INIT("\xff\xd8\xff\xe0\0\0\xff\xc0\0\x11\10\1\xe0\2\x80\3"), SNIFF_JPEG, 0, 0 },
    { "WebP, lossy", STR_INIT("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0\x30\1\0\x9d\1\x2a\x80\2\xe0\1"), SNIFF_WEBP, 640, 480 },
    { "WebP, lossless", STR_INIT("RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0\x2f\x7f\xc2\x77\0"), SNIFF_WEBP, 640, 480 },
    { "WebP, extended", STR_INIT("RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\2\0\xdf\1\0"), SNIFF_WEBP, 640, 480 },
    { "RIFF, but sound", STR_INIT("RIFF\x24\0\0\0WAVEfmt "), SNIFF_UNKNOWN, 0, 0 },
    { "AVIF", STR_INIT("\0\0\0\x18" "ftypavif\0\0\0\0mif1miaf"
                       "\0\0\0\x3c" "meta\0\0\0\0\0\0\0\x30iprp\0\0\0\x28ipco\0\0\0\x14ispe\0\0\0\0\0\0\2\x80\0\0\1\xe0\0\0\0\x0cpixi\0\0\0\0"),
      SNIFF_AVIF, 640, 480 },
    { "AVIF under a general brand", STR_INIT("\0\0\0\x18" "ftypmif1\0\0\0\0avifmiaf"), SNIFF_AVIF, 0, 0 },
    { "HEIC, turned, with a tile", STR_INIT("\0\0\0\x18" "ftypheic\0\0\0\0mif1heic"
                       "\0\0\0\x4d" "meta\0\0\0\0\0\0\0\x41iprp\0\0\0\x39ipco\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40"
                       "\0\0\0\x14ispe\0\0\0\0\0\0\2\x80\0\0\1\xe0\0\0\0\x09irot\1"), SNIFF_HEIC, 480, 640 },
    { "HEIF of unknown coding", STR_INIT("\0\0\0\x14" "ftypmif1\0\0\0\0miaf"), SNIFF_HEIC, 0, 0 },
    { "MP4", STR_INIT("\0\0\0\x18" "ftypisom\0\0\2\0isomiso2"), SNIFF_MP4, 0, 0 },
    { "BMP", STR_INIT("BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x80\2\0\0\x20\xfe\xff\xff\1\0"), SNIFF_BMP, 640, 480 },
    { "TIFF", STR_INIT("II*\0\10\0\0\0"), SNIFF_TIFF, 0, 0 },
    { "PDF", STR_INIT("%PDF-1.7\n"), SNIFF_PDF, 0, 0 },
    { "ZIP", STR_INIT("PK\3\4\x14\0"), SNIFF_ZIP, 0, 0 },
    { "gzip", STR_INIT("\x1f\x8b\10\0"), SNIFF_GZIP, 0, 0 },
    { "ELF", STR_INIT("\x7f" "ELF\2\1\1"), SNIFF_ELF, 0, 0 },
    { "Windows program", STR_INIT("MZ\x90\0\3"), SNIFF_EXE, 0, 0 },
    { "HTML", STR_INIT("<!DOCTYPE html><p>"), SNIFF_HTML, 0, 0 },
    { "HTML after white space", STR_INIT("\n\t <script>"), SNIFF_HTML, 0, 0 },
    { "HTML after a byte order mark", STR_INIT("\xef\xbb\xbf<b>"), SNIFF_HTML, 0, 0 },
    { "HTML in UTF-16", STR_INIT("\xff\xfe<\0b\0"), SNIFF_HTML, 0, 0 },
    { "HTML comment", STR_INIT("<!-- x --><img src=x onerror=alert(1)>"), SNIFF_HTML, 0, 0 },
    { "SVG", STR_INIT("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), SNIFF_SVG, 0, 0 },
    { "SVG behind a prologue", STR_INIT("<?xml version=\"1.0\"?>\n<!-- x --><SVG/>"), SNIFF_SVG, 0, 0 },
    { "SVG under a prefix", STR_INIT("<?xml version=\"1.0\"?><s:svg xmlns:s=\"http://www.w3.org/2000/svg\"/>"), SNIFF_SVG, 0, 0 },
    { "XML", STR_INIT("<?xml version=\"1.0\"?><root/>"), SNIFF_XML, 0, 0 },
};
/* clang-format on */

static void known_headers_give_type_and_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sniff sniff = sniff_bytes(cases[i].bytes);

        expect_int(cases[i].name, sniff.type, cases[i].type);
        expect_int(cases[i].name, sniff.width, cases[i].width);
        expect_int(cases[i].name, sniff.height, cases[i].height);
    }
}

/* In memory of exactly that length, so that a sanitizer sees the first byte too many. */
static struct sniff sniff_exactly(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    struct sniff sniff;

    memcpy(copy, bytes, len);
    sniff = sniff_bytes(str_from(copy, len));
    free(copy);
    assert_true((sniff.width == 0) == (sniff.height == 0));
    assert_true(sniff.width >= 0 && sniff.width <= SNIFF_DIMENSION_MAX);
    return sniff;
}

static void headers_cut_at_every_byte_are_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t len = 0; len <= cases[i].bytes.len; len++) {
            sniff_exactly(cases[i].bytes.ptr, len);
        }
    }
}

static void every_byte_of_a_header_may_have_any_value(void **state)
{
    char bytes[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = cases[i].bytes.len;

        memcpy(bytes, cases[i].bytes.ptr, len);
        for (size_t at = 0; at < len; at++) {
            for (int value = 0; value < 256; value++) {
                bytes[at] = (char)value;
                sniff_exactly(bytes, len);
            }
            bytes[at] = cases[i].bytes.ptr[at];
        }
    }
}

static void boxes_without_end_take_no_time(void **state)
{
    char *bytes = calloc(1, SNIFF_BYTES);

    (void)state;
    memcpy(bytes,
        "\0\0\0\x10"
        "ftypheic\0\0\0\0",
        16);
    for (size_t at = 16; at + 8 <= SNIFF_BYTES; at += 8) {
        memcpy(bytes + at, "\0\0\0\10free", 8);
    }
    expect_int("free boxes", sniff_exactly(bytes, SNIFF_BYTES).type, SNIFF_HEIC);
    free(bytes);
}

static void every_type_has_a_media_type_and_a_description(void **state)
{
    (void)state;
    for (int i = 0; i < SNIFF__COUNT; i++) {
        assert_true(str_index(sniff_media_type(i), '/') > 0);
        assert_true(sniff_description(i).len > 0);
    }
    assert_true(
        sniff_is_active(SNIFF_SVG) && sniff_is_active(SNIFF_HTML) && sniff_is_active(SNIFF_PDF));
    assert_false(sniff_is_active(SNIFF_JPEG) || sniff_is_active(SNIFF_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_headers_give_type_and_size),
        cmocka_unit_test(headers_cut_at_every_byte_are_survived),
        cmocka_unit_test(every_byte_of_a_header_may_have_any_value),
        cmocka_unit_test(boxes_without_end_take_no_time),
        cmocka_unit_test(every_type_has_a_media_type_and_a_description),
    };

    return cmocka_run_group_tests_name("image sniff", tests, NULL, NULL);
}
