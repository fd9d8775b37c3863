/*
 * writer.c - see writer.h. Its connection leaves the log to the kernel at COMMIT; flush.c has it
 * written out.
 */
#include "store/writer.h"

#include <pthread.h>
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

enum status writer_open(struct writer *writer)
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
