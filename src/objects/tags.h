/*
 * tags.h - the tags of an object: read from a header or a document, checked by S3's rules, told.
 *
 * Pure. (Amazon S3 User Guide, "Categorizing your storage using tags".)
 */
#ifndef OBJECTS_TAGS_H
#define OBJECTS_TAGS_H

#include "base/buf.h"
#include "objects/store.h"

enum { TAG_KEY_MAX_CHARS = 128, TAG_VALUE_MAX_CHARS = 256 };

/* "a=1&b=2", as x-amz-tagging carries them, into object->tags. INVALID with a sentence in
 * *out_problem; the strs are in `arena`. */
enum status tags_parse_header(struct arena *arena, struct str header, struct store_object *object,
    struct str *out_problem) MUST_CHECK;

/* <Tagging><TagSet><Tag><Key/><Value/></Tag>...: the same. An empty problem: not such a document.
 */
enum status tags_parse_document(struct arena *arena, struct str document,
    struct store_object *object, struct str *out_problem) MUST_CHECK;

/* The document of an object's tags. */
void tags_write(struct buf *out, const struct store_object *object);

#endif
