/*
 * XML written by buf, and read by expat: a path of open elements, and the text of the innermost.
 */
#include "base/xml.h"

#include "base/escape.h"

#include <expat.h>
#include <stdlib.h>

void xml_begin(struct buf *out)
{
    buf_put_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void xml_open(struct buf *out, const char *name)
{
    buf_printf(out, "<%s>", name);
}

void xml_close(struct buf *out, const char *name)
{
    buf_printf(out, "</%s>", name);
}

void xml_text(struct buf *out, const char *name, struct str text)
{
    xml_open(out, name);
    escape_xml(out, text);
    xml_close(out, name);
}

void xml_int(struct buf *out, const char *name, int64_t number)
{
    xml_open(out, name);
    buf_put_i64(out, number);
    xml_close(out, name);
}

void xml_bool(struct buf *out, const char *name, bool value)
{
    xml_text(out, name, value ? STR("true") : STR("false"));
}

void xml_open_document(struct buf *out, const char *name)
{
    xml_begin(out);
    buf_printf(out, "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", name);
}

/* --- reading --------------------------------------------------------------------------------- */

struct reading {
    XML_Parser parser;
    const struct xml_reader *reader;
    char path[XML_PATH_MAX];
    size_t path_len;
    int depth;
    struct buf text; /* of the innermost element that has any */
    bool is_refused;
};

static void refuse(struct reading *reading)
{
    reading->is_refused = true;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(context);
}

/* "prefix:Name" without its prefix: clients differ in whether and how they name S3's name space. */
static struct str local_name(const XML_Char *name)
{
    struct str text = str_from_c(name);
    ssize_t colon = str_last_index(text, ':');
    return str_from_offset(text, (size_t)(colon + 1));
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    struct reading *reading = context;
    struct str local = local_name(name);
    if (++reading->depth > XML_DEPTH_MAX || reading->path_len + local.len + 1 > XML_PATH_MAX) {
        refuse(reading);
        return;
    }
    if (reading->path_len > 0)
        reading->path[reading->path_len++] = '/';
    memcpy(reading->path + reading->path_len, local.ptr, local.len);
    reading->path_len += local.len;
    buf_reset(&reading->text);
    const struct xml_reader *reader = reading->reader;
    if (reader->begin &&
        !reader->begin(reader->context, str_from(reading->path, reading->path_len)))
        refuse(reading);
}

static void on_end(void *context, const XML_Char *name)
{
    (void)name;
    struct reading *reading = context;
    struct str path = str_from(reading->path, reading->path_len);
    const struct xml_reader *reader = reading->reader;
    if (reading->is_refused)
        return;
    if (buf_is_over(&reading->text) ||
        (reader->text && !reader->text(reader->context, path, buf_str(&reading->text)))) {
        refuse(reading);
        return;
    }
    buf_reset(&reading->text);
    ssize_t slash = str_last_index(path, '/');
    reading->path_len = slash < 0 ? 0 : (size_t)slash;
    reading->depth--;
}

static void on_text(void *context, const XML_Char *text, int len)
{
    struct reading *reading = context;
    buf_put(&reading->text, str_from(text, (size_t)len));
}

enum status xml_read(struct arena *arena, struct str document, const struct xml_reader *reader)
{
    struct reading reading = { .reader = reader, .parser = XML_ParserCreate("UTF-8") };
    if (!reading.parser)
        abort();
    document = str_trim(document);
    buf_init_arena(&reading.text, arena, XML_TEXT_MAX);
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading.parser, on_doctype);
    bool is_read = document.len > 0 && document.len <= INT32_MAX &&
                   XML_Parse(reading.parser, document.ptr, (int)document.len, 1) == XML_STATUS_OK;
    XML_ParserFree(reading.parser);
    return is_read && !reading.is_refused ? STATUS_OK : STATUS_INVALID;
}
