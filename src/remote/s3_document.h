/*
 * s3_document.h - the XML documents of S3's calls, sent whole and read by tables; private to
 * remote/.
 *
 * A table says which element's text goes to which field of a struct; an element that repeats has a
 * table of its own and an array to go to.
 */
#ifndef REMOTE_S3_DOCUMENT_H
#define REMOTE_S3_DOCUMENT_H

#include "remote/s3_call.h"

/* What a text is, and what the field that it goes to is. */
enum s3_text {
    S3_TEXT,   /* struct str; without white space around it */
    S3_KEY,    /* struct str, as it stands; decoded where the document says that keys are encoded */
    S3_ETAG,   /* struct str, without quotes */
    S3_NUMBER, /* int64_t; -1 when absent; something else than a number breaks the document */
    S3_TIME,   /* int64_t, seconds; -1 when absent or no time */
    S3_FLAG,   /* bool */
};

struct s3_field {
    struct str path; /* below its element: "/Key"; empty: the element itself */
    enum s3_text is;
    size_t offset;
};

/* An element, and the struct that it fills. */
struct s3_element {
    struct str path; /* "ListBucketResult/Contents" */
    const struct s3_field *fields;
    size_t field_count;
    size_t size_bytes; /* of the struct */
    size_t max;        /* more of them break the document */
};

/* Where the structs of an element go. */
struct s3_rows {
    const struct s3_element *element;
    void *item;   /* room for element->max; zeroed, but for a document's own struct */
    size_t count; /* out; begin with 0 */
};

/*
 * Read a document into `rows`, of which the first is its root. Texts are copied into `arena`.
 * STORAGE when it is malformed, has another root, or is broken as said above.
 */
enum status s3_document_read(
    struct arena *arena, struct str document, struct s3_rows *rows, size_t count) MUST_CHECK;

/* s3_call with `document` as the body, whose hash is signed. */
enum status s3_document_send(struct s3_client *client, struct arena *arena, struct s3_call call,
    struct str document, struct s3_result *result, struct http_response *out_response) MUST_CHECK;

/* The header Content-MD5. S3 wants one of its checksums with some documents; all servers know this
 * one. */
struct pair s3_document_md5(struct arena *arena, struct str document);

#endif
