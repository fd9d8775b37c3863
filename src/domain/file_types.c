/*
 * file_types.c - the table of media types that are known by name.
 */
#include "domain/file_types.h"

/* clang-format off */
static const struct file_type file_types[] = {
    /* media type                             label    extensions                                                            bytes          inline shown */
    { STR_INIT("image/jpeg"),      STR_INIT("JPEG"), { STR_INIT(".jpg"), STR_INIT(".jpeg"), STR_INIT(".jpe"), STR_INIT(".jfif") }, SNIFF_JPEG, true, true },
    { STR_INIT("image/png"),       STR_INIT("PNG"),  { STR_INIT(".png") },                       SNIFF_PNG,     true, true },
    { STR_INIT("image/gif"),       STR_INIT("GIF"),  { STR_INIT(".gif") },                       SNIFF_GIF,     true, true },
    { STR_INIT("image/webp"),      STR_INIT("WebP"), { STR_INIT(".webp") },                      SNIFF_WEBP,    true, true },
    { STR_INIT("image/avif"),      STR_INIT("AVIF"), { STR_INIT(".avif") },                      SNIFF_AVIF,    true, true },
    { STR_INIT("image/heic"),      STR_INIT("HEIC"), { STR_INIT(".heic"), STR_INIT(".heif"), STR_INIT(".hif") }, SNIFF_HEIC, true, false },
    { STR_INIT("image/bmp"),       STR_INIT("BMP"),  { STR_INIT(".bmp"), STR_INIT(".dib") },     SNIFF_BMP,     true, false },
    { STR_INIT("image/tiff"),      STR_INIT("TIFF"), { STR_INIT(".tif"), STR_INIT(".tiff") },    SNIFF_TIFF,    false, false },
    { STR_INIT("image/svg+xml"),   STR_INIT("SVG"),  { STR_INIT(".svg") },                       SNIFF_SVG,     false, false },
    { STR_INIT("text/html"),       STR_INIT("HTML"), { STR_INIT(".html"), STR_INIT(".htm"), STR_INIT(".xhtml") }, SNIFF_HTML, false, false },
    { STR_INIT("application/xml"), STR_INIT("XML"),  { STR_INIT(".xml") },                       SNIFF_XML,     false, false },
    { STR_INIT("application/pdf"), STR_INIT("PDF"),  { STR_INIT(".pdf") },                       SNIFF_PDF,     false, false },
    { STR_INIT("application/zip"), STR_INIT("ZIP"),  { STR_INIT(".zip") },                       SNIFF_ZIP,     false, false },
    { STR_INIT("application/gzip"), STR_INIT("gzip"), { STR_INIT(".gz"), STR_INIT(".tgz") },     SNIFF_GZIP,    false, false },
    { STR_INIT("video/mp4"),       STR_INIT("MP4"),  { STR_INIT(".mp4"), STR_INIT(".m4v") },     SNIFF_MP4,     false, false },
    { STR_INIT("video/quicktime"), STR_INIT("QuickTime"), { STR_INIT(".mov") },                  SNIFF_MP4,     false, false },
    { STR_INIT("text/plain"),      STR_INIT("text"), { STR_INIT(".txt") },                       SNIFF_UNKNOWN, false, false },
    { STR_INIT("text/csv"),        STR_INIT("CSV"),  { STR_INIT(".csv") },                       SNIFF_UNKNOWN, false, false },
    { STR_INIT("application/json"), STR_INIT("JSON"), { STR_INIT(".json") },                     SNIFF_UNKNOWN, false, false },
    { STR_INIT("text/javascript"), STR_INIT("JavaScript"), { STR_INIT(".js"), STR_INIT(".mjs") }, SNIFF_UNKNOWN, false, false },
    { STR_INIT("application/vnd.microsoft.portable-executable"), STR_INIT("program"), { STR_INIT(".exe"), STR_INIT(".dll") }, SNIFF_EXE, false, false },
};

/* Names that browsers and old software use for the same thing. */
static const struct { struct str name; struct str media_type; } aliases[] = {
    { STR_INIT("image/jpg"),             STR_INIT("image/jpeg") },
    { STR_INIT("image/pjpeg"),           STR_INIT("image/jpeg") },
    { STR_INIT("image/x-png"),           STR_INIT("image/png") },
    { STR_INIT("image/heif"),            STR_INIT("image/heic") },
    { STR_INIT("image/heic-sequence"),   STR_INIT("image/heic") },
    { STR_INIT("image/heif-sequence"),   STR_INIT("image/heic") },
    { STR_INIT("image/x-ms-bmp"),        STR_INIT("image/bmp") },
    { STR_INIT("image/svg"),             STR_INIT("image/svg+xml") },
    { STR_INIT("application/xhtml+xml"), STR_INIT("text/html") },
    { STR_INIT("text/xml"),              STR_INIT("application/xml") },
    { STR_INIT("application/x-pdf"),     STR_INIT("application/pdf") },
};
/* clang-format on */

const struct file_type *file_type_find(struct str media_type)
{
    for (size_t i = 0; i < COUNT_OF(file_types); i++) {
        if (str_equal(file_types[i].media_type, media_type)) {
            return &file_types[i];
        }
    }
    return NULL;
}

bool file_type_is_displayable(struct str media_type)
{
    const struct file_type *type = file_type_find(media_type);

    return type && type->is_displayable;
}

struct str file_type_label(struct arena *arena, struct str media_type)
{
    const struct file_type *type = file_type_find(media_type);
    struct str subtype = str_from_offset(media_type, (size_t)(str_index(media_type, '/') + 1));
    char *label;

    if (type) {
        return type->label;
    }
    label = arena_alloc(arena, subtype.len + 1);
    for (size_t i = 0; i < subtype.len; i++) {
        bool is_lower = subtype.ptr[i] >= 'a' && subtype.ptr[i] <= 'z';

        label[i] = is_lower ? (char)(subtype.ptr[i] - ('a' - 'A')) : subtype.ptr[i];
    }
    return str_from(label, subtype.len);
}

static bool has_extension(const struct file_type *type, struct str extension)
{
    for (size_t i = 0; i < COUNT_OF(type->extensions); i++) {
        if (str_equal_nocase(type->extensions[i], extension)) {
            return true;
        }
    }
    return false;
}

const struct file_type *file_type_of_extension(struct str extension)
{
    for (size_t i = 0; i < COUNT_OF(file_types) && !str_is_empty(extension); i++) {
        if (has_extension(&file_types[i], extension)) {
            return &file_types[i];
        }
    }
    return NULL;
}

struct str file_extension(struct str filename)
{
    ssize_t dot = str_last_index(filename, '.');

    return dot > 0 ? str_from_offset(filename, (size_t)dot) : STR_EMPTY;
}

struct str file_type_normalise(struct arena *arena, struct str content_type)
{
    ssize_t semicolon = str_index(content_type, ';');
    struct str bare =
        str_trim(semicolon < 0 ? content_type : str_head(content_type, (size_t)semicolon));
    char *lower = arena_alloc(arena, bare.len + 1);

    for (size_t i = 0; i < bare.len; i++) {
        lower[i] = bare.ptr[i] >= 'A' && bare.ptr[i] <= 'Z' ? (char)(bare.ptr[i] + ('a' - 'A'))
                                                            : bare.ptr[i];
    }
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (str_equal(aliases[i].name, str_from(lower, bare.len))) {
            return aliases[i].media_type;
        }
    }
    return str_from(lower, bare.len);
}
