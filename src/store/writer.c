/*
 * writer.c - see writer.h. Its connection leaves the log to the kernel at COMMIT; flush.c has it
 * written out.
 */
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct writer *list;

static struct writer *make(const char *path)
{
    struct writer *writer = calloc(1, sizeof(*writer));

    if (!writer || !(writer->path = strdup(path))) {
        abort(); /* as arenas do */
    }
    writer->next = list;
    list = writer;
    return writer;
}

struct writer *writer_join(const char *path)
{
    struct writer *writer;

    pthread_mutex_lock(&list_lock);
    for (writer = list; writer && strcmp(writer->path, path) != 0;) {
        writer = writer->next;
    }
    if (!writer) {
        writer = make(path);
    }
    writer->users++;
    pthread_mutex_unlock(&list_lock);
    return writer;
}

void writer_leave(struct writer *writer)
{
    struct writer **at = &list;

    if (!writer) {
        return;
    }
    pthread_mutex_lock(&list_lock);
    if (--writer->users == 0) {
        while (*at != writer) {
            at = &(*at)->next;
        }
        *at = writer->next;
        connection_close(&writer->connection);
        free(writer->path);
        free(writer);
    }
    pthread_mutex_unlock(&list_lock);
}

/* Called by SQLite after each commit with the length of the log. */
static int on_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct writer *writer = context;

    (void)handle;
    (void)name;
    writer->wal_pages = pages;
    writer->has_written = true;
    return SQLITE_OK;
}

static enum status open_connection(struct writer *writer)
{
    struct connection *connection = &writer->connection;
    enum status status;

    if (connection->handle) {
        return STATUS_OK;
    }
    status = connection_open(connection, writer->path, false);
    if (status == STATUS_OK) {
        sqlite3_wal_hook(connection->handle, on_commit, writer);
        status = connection_execute(connection, "PRAGMA synchronous = NORMAL");
    }
    if (status != STATUS_OK) {
        connection_close(connection);
    }
    return status;
}

/* BEGIN and its like. */
static enum status run(struct writer *writer, enum statement statement)
{
    sqlite3_stmt *handle = connection_statement(&writer->connection, statement);
    enum status status = STATUS_OK;

    if (!handle) {
        return STATUS_INTERNAL;
    }
    if (sqlite3_step(handle) != SQLITE_DONE) {
        status = connection_failure(
            writer->connection.handle, SQLITE_ERROR, statement_list[statement].name);
    }
    sqlite3_reset(handle);
    return status;
}

/* After a full disk or an I/O error SQLite may have rolled back by itself: all of the batch. */
static bool is_in_transaction(const struct writer *writer)
{
    return sqlite3_get_autocommit(writer->connection.handle) == 0;
}

static void tell(struct writer *writer, enum status status)
{
    struct member *member = writer->members;

    while (member) {
        struct member *next = member->next; /* after sem_post its thread goes on, and it is gone */

        member->status = status;
        member->has_written = writer->has_written;
        sem_post(&member->is_over);
        member = next;
    }
    writer->members = NULL;
    writer->has_written = false;
}

enum status writer_begin(struct writer *writer)
{
    enum status status = open_connection(writer);

    if (status != STATUS_OK) {
        return status;
    }
    return run(writer, writer->members ? STATEMENT_MEMBER_BEGIN : STATEMENT_BEGIN);
}

void writer_undo(struct writer *writer, enum status why)
{
    if (!is_in_transaction(writer)) {
        tell(writer, why);
    } else if (!writer->members) {
        (void)!run(writer, STATEMENT_ROLLBACK);
    } else if (run(writer, STATEMENT_MEMBER_UNDO) != STATUS_OK ||
               run(writer, STATEMENT_MEMBER_END) != STATUS_OK) {
        (void)!run(writer, STATEMENT_ROLLBACK); /* what is left cannot be told apart */
        tell(writer, STATUS_INTERNAL);
    }
}

enum status writer_keep(struct writer *writer, struct member *member)
{
    enum status status = STATUS_OK;

    if (writer->members || !is_in_transaction(writer)) {
        status = run(writer, STATEMENT_MEMBER_END);
    }
    if (status != STATUS_OK) {
        writer_undo(writer, status);
        return status;
    }
    writer_stand_by(writer, member);
    return STATUS_OK;
}

void writer_stand_by(struct writer *writer, struct member *member)
{
    *member = (struct member){ .next = writer->members };
    sem_init(&member->is_over, 0, 0);
    writer->members = member;
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

void writer_commit(struct writer *writer)
{
    enum status status;

    if (!writer->members) {
        return;
    }
    status = run(writer, STATEMENT_COMMIT);
    if (status != STATUS_OK && is_in_transaction(writer)) {
        (void)!run(writer, STATEMENT_ROLLBACK);
    }
    if (status == STATUS_OK) {
        checkpoint_if_long(writer);
    }
    tell(writer, status);
}

enum status member_wait(struct member *member)
{
    while (sem_wait(&member->is_over) != 0) {
        /* a signal handler ran */
    }
    sem_destroy(&member->is_over);
    return member->status;
}
