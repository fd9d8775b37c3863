/*
 * xml.h - the small XML documents of S3, read as a stream of paths and texts; private to remote/.
 *
 * Over expat, and the only place in remote/ that includes it. Refuses document types, and so
 * entities; bounds depth and text. White space before the declaration is skipped: S3 sends it to
 * keep a connection alive.
 */
#ifndef REMOTE_XML_H
#define REMOTE_XML_H

#include "base/arena.h"
#include "base/status.h"

enum { XML_DEPTH_MAX = 16, XML_PATH_MAX = 256, XML_TEXT_MAX = 65536 };

/*
 * What is called while reading. `path` is "/ListBucketResult/Contents/Key", without namespaces.
 * Both strs are only valid during the call; either function may be NULL.
 */
struct xml_visitor {
    void (*opened)(void *context, struct str path);
    void (*closed)(
        void *context, struct str path, struct str text); /* text directly in the element */
    void *context;
};

/* Read a whole document. STORAGE when it is malformed, has a document type, or is beyond the
 * bounds. */
enum status xml_visit(struct str document, const struct xml_visitor *visitor) MUST_CHECK;

#endif
