/*
 * xml.h - the small XML documents of the S3 API: written into a buf, read with expat.
 *
 * The only file that includes <expat.h> is xml.c. A document type declaration is refused at once,
 * so there are no entities to expand; depth, path and text are bounded.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/buf.h"
#include "base/status.h"

enum { XML_DEPTH_MAX = 16, XML_PATH_MAX = 512, XML_TEXT_MAX = 64 * 1024 };

/* The declaration. */
void xml_begin(struct buf *out);

/* <name>, </name>, <name>text</name>; text is escaped. */
void xml_open(struct buf *out, const char *name);
void xml_close(struct buf *out, const char *name);
void xml_text(struct buf *out, const char *name, struct str text);
void xml_int(struct buf *out, const char *name, int64_t number);
void xml_bool(struct buf *out, const char *name, bool value);

/* <name xmlns="http://s3.amazonaws.com/doc/2006-03-01/">: a document's first element. */
void xml_open_document(struct buf *out, const char *name);

/* What a reader is told. `path` is the element's place without name spaces, "Delete/Object/Key"; it
 * and `text` are valid only during the call. Return false to stop: the document is not acceptable.
 * Either function may be NULL. */
struct xml_reader {
    bool (*begin)(void *context, struct str path);
    bool (*text)(void *context, struct str path, struct str text); /* at the element's end: all of
                                                                      its own text, may be empty */
    void *context;
};

/* Read a whole document; white space around it is passed over: S3 sends some to keep a connection
 * alive. INVALID when it is not well-formed, has a DTD, exceeds a bound or the
 * reader stopped. */
enum status xml_read(
    struct arena *arena, struct str document, const struct xml_reader *reader) MUST_CHECK;

#endif
