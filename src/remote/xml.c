/*
 * XML by expat: a path of open elements, and the text of the innermost.
 */
#include "remote/xml.h"

#include "base/buf.h"

#include <expat.h>
#include <stdlib.h>

struct reader {
    XML_Parser parser;
    const struct xml_visitor *visitor;
    char path[XML_PATH_MAX];
    size_t path_len;
    size_t ends[XML_DEPTH_MAX]; /* path_len before each open element */
    size_t depth;
    struct buf text;
    bool is_refused;
};

static void refuse(struct reader *reader)
{
    reader->is_refused = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = context;
    size_t len = strlen(name);
    (void)attributes;
    if (reader->is_refused)
        return;
    if (reader->depth == XML_DEPTH_MAX || reader->path_len + 1 + len > XML_PATH_MAX) {
        refuse(reader);
        return;
    }
    reader->ends[reader->depth++] = reader->path_len;
    reader->path[reader->path_len++] = '/';
    memcpy(reader->path + reader->path_len, name, len);
    reader->path_len += len;
    buf_reset(&reader->text);
    if (reader->visitor->opened)
        reader->visitor->opened(reader->visitor->context, str_from(reader->path, reader->path_len));
}

static void on_end(void *context, const XML_Char *name)
{
    struct reader *reader = context;
    (void)name;
    if (reader->is_refused)
        return;
    if (reader->visitor->closed)
        reader->visitor->closed(reader->visitor->context, str_from(reader->path, reader->path_len),
            buf_str(&reader->text));
    reader->path_len = reader->ends[--reader->depth];
    buf_reset(&reader->text);
}

static void on_text(void *context, const XML_Char *bytes, int len)
{
    struct reader *reader = context;
    buf_put(&reader->text, str_from(bytes, (size_t)len));
    if (buf_is_over(&reader->text))
        refuse(reader);
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    refuse(context);
}

enum status xml_visit(struct str document, const struct xml_visitor *visitor)
{
    struct reader reader = { .visitor = visitor, .parser = XML_ParserCreate(NULL) };
    if (!reader.parser)
        abort();
    document = str_trim(document);
    buf_init(&reader.text, XML_TEXT_MAX);
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);

    bool is_read = document.len > 0 && document.len <= INT32_MAX &&
                   XML_Parse(reader.parser, document.ptr, (int)document.len, 1) == XML_STATUS_OK;
    XML_ParserFree(reader.parser);
    buf_clear(&reader.text);
    return is_read && !reader.is_refused ? STATUS_OK : STATUS_STORAGE;
}
