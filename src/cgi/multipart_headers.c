/*
 * multipart_headers.c - Content-Disposition, Content-Type and Content-Transfer-Encoding of a part;
 * other headers are passed over.
 */
#include "cgi/multipart_headers.h"

#include "cgi/header_params.h"

#define BAD(parser, sentence) multipart_fail((parser), STATUS_BAD_REQUEST, STR(sentence))

/* Copy `value` with %22 as a quote, as browsers write it. False when it is too long. */
static bool copy_name(char *to, size_t max, struct str value, struct str *out)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        bool is_quote = str_starts_with(str_from_offset(value, i), STR("%22"));
        bool is_escape = str_starts_with(str_from_offset(value, i), STR("\\\""));

        if (len == max)
            return false;
        to[len++] = is_quote || is_escape ? '"' : value.ptr[i];
        i += is_quote ? 2 : is_escape ? 1 : 0;
    }
    *out = str_from(to, len);
    return true;
}

static enum multipart_event set_name(struct multipart *parser, struct str value)
{
    if (parser->part.name.ptr)
        return BAD(parser, "A part of the form has two names.");
    if (!str_is_utf8(value))
        return BAD(parser, "A field's name is not valid UTF-8.");
    if (!copy_name(parser->name, sizeof parser->name, value, &parser->part.name))
        return BAD(parser, "A field's name is too long.");
    return MULTIPART_NEED_MORE;
}

static enum multipart_event set_filename(struct multipart *parser, struct str value)
{
    if (parser->part.has_filename)
        return BAD(parser, "A part of the form has two file names.");
    if (!str_is_utf8(value))
        return BAD(parser, "A file's name is not valid UTF-8.");
    if (!copy_name(parser->filename, sizeof parser->filename, value, &parser->part.filename))
        return BAD(parser, "A file's name is too long.");
    parser->part.has_filename = true;
    return MULTIPART_NEED_MORE;
}

/* Other parameters, filename* among them (RFC 7578, section 4.2, forbids it), are not looked at. */
static enum multipart_event read_disposition(struct multipart *parser, struct str value)
{
    enum multipart_event event = MULTIPART_NEED_MORE;
    struct header_param param;
    int result = 0;

    if (parser->has_disposition)
        return BAD(parser, "A part of the form has two Content-Disposition headers.");
    parser->has_disposition = true;
    if (!str_equal_nocase(header_params_begin(&value), STR("form-data")))
        return BAD(parser, "A part of the form is not form-data.");
    while (event == MULTIPART_NEED_MORE && (result = header_params_next(&value, &param)) > 0) {
        if (str_equal_nocase(param.name, STR("name")))
            event = set_name(parser, param.value);
        else if (str_equal_nocase(param.name, STR("filename")))
            event = set_filename(parser, param.value);
    }
    return result < 0 ? BAD(parser, "A Content-Disposition header is malformed.") : event;
}

static enum multipart_event read_type(struct multipart *parser, struct str value)
{
    if (parser->part.content_type.ptr)
        return BAD(parser, "A part of the form has two Content-Type headers.");
    if (value.len > sizeof parser->type)
        return BAD(parser, "A part's Content-Type is too long.");
    if (value.len)
        memcpy(parser->type, value.ptr, value.len);
    parser->part.content_type = str_from(parser->type, value.len);
    return MULTIPART_NEED_MORE;
}

static enum multipart_event read_encoding(struct multipart *parser, struct str value)
{
    if (str_equal_nocase(value, STR("7bit")) || str_equal_nocase(value, STR("8bit")) ||
        str_equal_nocase(value, STR("binary")))
        return MULTIPART_NEED_MORE;
    return BAD(parser, "A part of the form is encoded; it has to be sent as it is.");
}

/* clang-format off */
static const struct {
    struct str name;
    enum multipart_event (*read)(struct multipart *parser, struct str value);
} header_table[] = {
    { STR_INIT("Content-Disposition"),       read_disposition },
    { STR_INIT("Content-Type"),              read_type },
    { STR_INIT("Content-Transfer-Encoding"), read_encoding },
};
/* clang-format on */

enum multipart_event multipart_read_header(struct multipart *parser, struct str line)
{
    ssize_t colon = str_index(line, ':');
    struct str name = str_head(line, colon < 0 ? 0 : (size_t)colon);
    struct str value = str_trim(str_from_offset(line, name.len + 1));

    if (name.len == 0 || str_index(name, ' ') >= 0 || str_has_control(name))
        return BAD(parser, "A header of a part is malformed.");
    if (str_has_control(value))
        return BAD(parser, "A header of a part has a control character.");
    for (size_t i = 0; i < COUNT_OF(header_table); i++)
        if (str_equal_nocase(name, header_table[i].name))
            return header_table[i].read(parser, value);
    return MULTIPART_NEED_MORE;
}
