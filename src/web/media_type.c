/* The table of types that people meet. */
#include "web/media_type.h"

#include <ctype.h>

/* clang-format off */
static const struct media_type media_types[] = {
    /* type                        label               extensions                    shown */
    { STR_INIT("image/jpeg"),      STR_INIT("JPEG"),   STR_INIT(".jpg .jpeg"),       true },
    { STR_INIT("image/png"),       STR_INIT("PNG"),    STR_INIT(".png"),             true },
    { STR_INIT("image/gif"),       STR_INIT("GIF"),    STR_INIT(".gif"),             true },
    { STR_INIT("image/webp"),      STR_INIT("WebP"),   STR_INIT(".webp"),            true },
    { STR_INIT("image/avif"),      STR_INIT("AVIF"),   STR_INIT(".avif"),            true },
    { STR_INIT("image/heic"),      STR_INIT("HEIC"),   STR_INIT(".heic .heif"),      false },
    { STR_INIT("image/bmp"),       STR_INIT("BMP"),    STR_INIT(".bmp"),             false },
    { STR_INIT("image/tiff"),      STR_INIT("TIFF"),   STR_INIT(".tif .tiff"),       false },
    { STR_INIT("image/svg+xml"),   STR_INIT("SVG"),    STR_INIT(".svg"),             false },
    { STR_INIT("application/pdf"), STR_INIT("PDF"),    STR_INIT(".pdf"),             false },
    { STR_INIT("video/mp4"),       STR_INIT("MP4"),    STR_INIT(".mp4"),             false },
};
/* clang-format on */

struct media_type media_type_of(struct arena *arena, struct str type)
{
    struct media_type other = { type, STR_EMPTY, STR_EMPTY, false };
    ssize_t slash = str_index(type, '/');
    char *label;

    for (size_t i = 0; i < COUNT_OF(media_types); i++)
        if (str_equal(media_types[i].type, type))
            return media_types[i];
    label = arena_c_string(arena, str_from_offset(type, (size_t)(slash + 1)));
    for (char *c = label; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    other.label = str_from_c(label);
    return other;
}
