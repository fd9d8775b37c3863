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
    status = turn_open(&db->turn, path);
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
    status = writer_open(db->writer);
    if (status == STATUS_OK) {
        status = connection_execute(&db->writer->connection, "BEGIN IMMEDIATE");
    }
    if (status != STATUS_OK) {
        turn_give_back(&db->turn);
        return status;
    }
    db->is_writing = true;
    db->writer->has_written = false;
    return STATUS_OK;
}

/* Move the log into the database while nobody else can commit. PASSIVE waits for no reader: what
 * one still needs is moved the next time. A failure costs disk space and nothing else. */
static void checkpoint_if_long(const struct writer *writer)
{
    sqlite3 *handle = writer->connection.handle;

    if (writer->wal_pages > DB_CHECKPOINT_PAGES) {
        int code = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

        if (code != SQLITE_OK && code != SQLITE_BUSY) {
            (void)connection_failure(handle, code, "checkpoint");
        }
    }
}

/* Up to where others see it. *out_has_written: there is something to write out. */
static enum status commit_visibly(struct db *db, bool *out_has_written)
{
    enum status status;

    *out_has_written = false;
    if (!db->is_writing) {
        log_event(LOG_ERROR, "commit without a transaction");
        return STATUS_INTERNAL;
    }
    status = connection_execute(&db->writer->connection, "COMMIT");
    if (status != STATUS_OK) {
        db_rollback(db);
        return status;
    }
    checkpoint_if_long(db->writer);
    *out_has_written = db->writer->has_written;
    db->is_writing = false;
    turn_give_back(&db->turn);
    return STATUS_OK;
}

enum status db_commit(struct db *db)
{
    bool has_written;
    enum status status = commit_visibly(db, &has_written);

    return status == STATUS_OK && has_written ? flush_commit(db->flush) : status;
}

void db_rollback(struct db *db)
{
    if (!db->is_writing) {
        return;
    }
    /* After a full disk or an I/O error SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(db->writer->connection.handle)) {
        (void)!connection_execute(&db->writer->connection, "ROLLBACK");
    }
    db->is_writing = false;
    turn_give_back(&db->turn);
}

enum status db_end(struct db *db, enum status status)
{
    if (status == STATUS_OK) {
        return db_commit(db);
    }
    db_rollback(db);
    return status;
}

enum status db_end_soon(struct db *db, enum status status)
{
    bool has_written;

    if (status != STATUS_OK) {
        db_rollback(db);
        return status;
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

enum status db_backup(struct db *db, const char *path)
{
    /* Its own connection: query_only forbids VACUUM INTO, though it only reads this database. */
    struct connection connection = { 0 };
    sqlite3_stmt *statement = NULL;
    enum status status;
    int code;

    if (access(path, F_OK) == 0) {
        return STATUS_CONFLICT;
    }
    status = connection_open(&connection, db->path, false);
    if (status != STATUS_OK) {
        return status;
    }
    code = sqlite3_prepare_v2(connection.handle, "VACUUM INTO $1", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    if (code != SQLITE_DONE) {
        status = connection_failure(connection.handle, code, "VACUUM INTO");
    }
    sqlite3_finalize(statement);
    connection_close(&connection);
    return status;
}
