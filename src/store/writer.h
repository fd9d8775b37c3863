/*
 * writer.h - the one connection of this process that writes a database; inside store/ only.
 *
 * Threads use it in turns (turn.h): whoever has the turn has this. With a connection for each
 * thread every transaction would find its page cache outdated by the one before, and read it all
 * again.
 *
 * What one thread wrote and another that already waits for the turn is going to write is committed
 * as one: each is a member of a batch, and the turn is passed on with the transaction still open.
 * The last commits, and all that waited for it learn how that went. A member's own failure undoes
 * what that member did and nothing else. Eight threads' rows share pages of the log so, and the
 * cost of a commit.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/connection.h"

#include <semaphore.h>

/* One thread's place in a batch, on its stack. */
struct member {
    struct member *next;
    enum status status; /* of the commit */
    bool has_written;   /* the commit appended to the log: there is something to write out */
    sem_t is_over;
};

struct writer {
    char *path;
    struct writer *next;
    int users;                    /* handles that are open */
    struct connection connection; /* opened at the first write */
    struct member *members;       /* those whose writing is done and not committed; with the turn */
    bool has_written;             /* since the last commit ended */
    int wal_pages;                /* length of the log after the last commit */
};

/* The one of that file; leave it with writer_leave, and the last one to leave closes the
 * connection. */
struct writer *writer_join(const char *path);
void writer_leave(struct writer *writer);

/* --- with the turn -----------------------------------------------------------------------------
 */

/* Open the connection where it is not open yet, and begin; on failure nothing has begun. */
enum status writer_begin(struct writer *writer) MUST_CHECK;

/* Stand in the batch with what was written since writer_begin. On failure it is undone, and
 * `member` is in no batch. */
enum status writer_keep(struct writer *writer, struct member *member) MUST_CHECK;

/* Forget what was written since writer_begin. Where SQLite had to roll back all of the batch, which
 * it does when the disk is full or fails, the others are told that it is for `why`. */
void writer_undo(struct writer *writer, enum status why);

/* Stand in a batch without having written, as one whose answer rests on what its members wrote. */
void writer_stand_by(struct writer *writer, struct member *member);

/* Commit the batch, checkpoint when the log is long, and tell all members. */
void writer_commit(struct writer *writer);

/* --- without the turn --------------------------------------------------------------------------
 */

/* Until somebody committed the batch that `member` is in: how that went. */
enum status member_wait(struct member *member) MUST_CHECK;

#endif
