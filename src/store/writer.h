/*
 * writer.h - the one connection of this process that writes a database; inside store/ only.
 *
 * Threads use it in turns (turn.h): whoever has the turn has this. With a connection for each
 * thread every transaction would find its page cache outdated by the one before, and read it all
 * again.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/connection.h"

struct writer {
    char *path;
    struct writer *next;
    int users;                    /* handles that are open */
    struct connection connection; /* opened at the first write */
    bool has_written; /* the last commit appended to the log: there is something to write out */
    int wal_pages;    /* length of the log after the last commit */
};

/* The one of that file; leave it with writer_leave, and the last one to leave closes the
 * connection. */
struct writer *writer_join(const char *path);
void writer_leave(struct writer *writer);

/* Open the connection where it is not open yet. With the turn. */
enum status writer_open(struct writer *writer) MUST_CHECK;

#endif
