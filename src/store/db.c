/*
 * db.c - a thread's handle: its two connections, and the life of a write transaction.
 */
#include "store/writer.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum status db_open(struct db **out, const char *path)
{
    struct db *db = NULL;
    enum status status;

    *out = NULL;
    if (access(path, F_OK) != 0) {
        log_event(LOG_ERROR, "there is no database at %s: %s", path, strerror(errno));
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    db = calloc(1, sizeof(*db));
    if (!db || !(db->path = strdup(path))) {
        abort(); /* as arenas do */
    }
    db->writer = writer_join(path);
    db->flush = flush_of(path);
    status = turn_open(&db->turn, path, db->writer);
    if (status == STATUS_OK) {
        status = connection_open(&db->reader, path, true);
    }
    if (status != STATUS_OK) {
        db_close(db);
        return status;
    }
    *out = db;
    return STATUS_OK;
}

void db_close(struct db *db)
{
    if (!db) {
        return;
    }
    db_rollback(db);
    connection_close(&db->reader);
    writer_leave(db->writer);
    turn_close(&db->turn);
    free(db->path);
    free(db);
}

/* The turn goes on: to who waits, with the batch still open, or the batch ends here. */
static void pass_on(struct db *db)
{
    if (!db->writer->members || !turn_pass(&db->turn)) {
        writer_commit(db->writer);
        turn_give_back(&db->turn);
    }
}

enum status db_begin(struct db *db)
{
    enum status status;

    if (db->is_writing) {
        log_event(LOG_ERROR, "a write transaction inside another");
        return STATUS_INTERNAL;
    }
    status = turn_take(&db->turn);
    if (status != STATUS_OK) {
        return status;
    }
    status = writer_begin(db->writer);
    if (status != STATUS_OK) {
        pass_on(db);
        return status;
    }
    db->is_writing = true;
    return STATUS_OK;
}

/*
 * Undo and let go; what the caller is to be told. Its reason may rest on what others of the batch
 * wrote ("somebody was faster"), so it is no reason before that is committed and written out, and
 * none at all when it never is.
 */
static enum status give_up(struct db *db, enum status why)
{
    struct member member;
    enum status status;
    bool is_member;

    if (!db->is_writing) {
        return why;
    }
    writer_undo(db->writer, why);
    db->is_writing = false;
    is_member = db->writer->members != NULL;
    if (is_member) {
        writer_stand_by(db->writer, &member);
    }
    pass_on(db);
    if (!is_member) {
        return why;
    }
    status = member_wait(&member);
    if (status == STATUS_OK && member.has_written) {
        status = flush_commit(db->flush);
    }
    return status == STATUS_OK ? why : status;
}

/* Up to where others see it. *out_has_written: there is something to write out. */
static enum status commit_visibly(struct db *db, bool *out_has_written)
{
    struct member member;
    enum status status;

    *out_has_written = false;
    if (!db->is_writing) {
        log_event(LOG_ERROR, "commit without a transaction");
        return STATUS_INTERNAL;
    }
    status = writer_keep(db->writer, &member);
    db->is_writing = false;
    pass_on(db);
    if (status == STATUS_OK) {
        status = member_wait(&member);
        *out_has_written = member.has_written;
    }
    return status;
}

enum status db_commit(struct db *db)
{
    bool has_written;
    enum status status = commit_visibly(db, &has_written);

    return status == STATUS_OK && has_written ? flush_commit(db->flush) : status;
}

void db_rollback(struct db *db)
{
    (void)!give_up(db, STATUS_IO);
}

enum status db_end(struct db *db, enum status status)
{
    if (status == STATUS_OK) {
        return db_commit(db);
    }
    return give_up(db, status);
}

enum status db_end_soon(struct db *db, enum status status)
{
    bool has_written;

    if (status != STATUS_OK) {
        return give_up(db, status);
    }
    status = commit_visibly(db, &has_written);
    if (status == STATUS_OK && has_written) {
        flush_soon(db->flush);
    }
    return status;
}

bool db_ping(struct db *db)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_PING);
    has_row = query_next(&query);
    return query_end_found(&query, has_row) == STATUS_OK;
}
