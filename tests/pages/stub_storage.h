/*
 * stub_storage.h - a small HTTP server that answers as S3 would, in a thread of the test.
 *
 * For pages only: whether requests are signed rightly is tested elsewhere, against storage that
 * checks. Every object is one PNG picture of 640 x 480 until the mode says otherwise; what is PUT
 * is read and forgotten.
 */
#ifndef TESTS_STUB_STORAGE_H
#define TESTS_STUB_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

enum stub_mode {
    STUB_ANSWERS,
    STUB_HAS_NOTHING, /* 404 NoSuchKey */
    STUB_HAS_HTML,    /* every object is a page of HTML that says it is a PNG */
    STUB_REFUSES,     /* 403 AccessDenied, with a request id */
    STUB_IS_DOWN      /* takes connections and closes them */
};

/* Start on a free port of 127.0.0.1, which is returned. */
int stub_storage_start(void);
void stub_storage_set(enum stub_mode mode);
void stub_storage_stop(void);

/* The picture. */
extern const unsigned char stub_picture[];
extern const size_t stub_picture_size;

#endif
