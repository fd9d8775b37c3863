/*
 * connection.c - one SQLite connection: how it is set up, its statements, what its failures mean.
 */
#include "store/connection.h"

#include "base/log.h"
#include "base/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

/* Memory: every thread has a reader, and the worker has to stay small; the kernel's page
 * cache does the rest. */
enum { READER_CACHE_KIB = 64, WRITER_CACHE_KIB = 512, BUSY_TIMEOUT_MS = 5000 };

/* Of a statement in the log: enough to know which. */
enum { DOING_MAX_BYTES = 120 };

/* Each connection belongs to one thread (so no mutex inside), and nobody asks for statistics. */
static void library_set_up(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(
        SQLITE_CONFIG_PAGECACHE, NULL, 0, 0); /* no pages in advance: 80 KiB a connection */
}

static bool is_disk_full(sqlite3 *handle)
{
    int cause = handle ? sqlite3_system_errno(handle) : 0;

    return cause == ENOSPC || cause == EDQUOT;
}

static enum status status_of_code(sqlite3 *handle, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATUS_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STATUS_BUSY;
    case SQLITE_FULL:
        return STATUS_NO_SPACE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return is_disk_full(handle) ? STATUS_NO_SPACE : STATUS_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return STATUS_IO;
    case SQLITE_TOOBIG:
        return STATUS_TOO_LARGE;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       code == SQLITE_CONSTRAINT_TRIGGER
                   ? STATUS_CONFLICT
                   : STATUS_INTERNAL;
    default:
        return STATUS_INTERNAL;
    }
}

enum status connection_failure(sqlite3 *handle, int code, const char *doing)
{
    int extended = handle ? sqlite3_extended_errcode(handle) : code;
    enum status status = status_of_code(handle, extended);
    struct log_line line;

    if (status == STATUS_CONFLICT) {
        return status; /* the caller's question was whether it is unique */
    }
    if (status == STATUS_BUSY) {
        metrics_count(METRIC_DATABASE_BUSY, 0, 0);
    }
    log_begin(&line, LOG_ERROR, "the database refused");
    log_str(&line, "doing", str_head(str_from_c(doing), DOING_MAX_BYTES));
    log_str(&line, "reason", str_from_c(handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code)));
    log_int(&line, "code", extended);
    log_end(&line);
    return status == STATUS_OK ? STATUS_INTERNAL : status;
}

enum status connection_execute(struct connection *connection, const char *sql)
{
    int code = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? STATUS_OK : connection_failure(connection->handle, code, sql);
}

/* Switches off what would only help an attacker who can write the file or slip in SQL. The writer
 * has to trust the schema: triggers keep the search index, and FTS5 counts as unsafe there in
 * SQLite 3.40. */
static void harden(sqlite3 *handle, bool is_reader)
{
    const struct {
        int option;
        int value;
    } settings[] = {
        { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, !is_reader },
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
        /* Only who holds the turn checkpoints: db.h. */
        { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        sqlite3_db_config(handle, settings[i].option, settings[i].value, NULL);
    }
}

static enum status set_up(struct connection *connection, bool is_reader)
{
    char pragmas[200];

    sqlite3_extended_result_codes(connection->handle, 1);
    sqlite3_busy_timeout(connection->handle, BUSY_TIMEOUT_MS);
    harden(connection->handle, is_reader);
    snprintf(pragmas, sizeof(pragmas),
        "PRAGMA cache_size = -%d; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
        "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = %d;",
        is_reader ? READER_CACHE_KIB : WRITER_CACHE_KIB, is_reader);
    return connection_execute(connection, pragmas);
}

enum status connection_open(struct connection *connection, const char *path, bool is_reader)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    enum status status;
    int code;

    *connection = (struct connection){ 0 };
    pthread_once(&once, library_set_up);
    /* The reader too: in WAL mode it has to write the shared index. */
    code = sqlite3_open_v2(
        path, &connection->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    status = code == SQLITE_OK ? set_up(connection, is_reader)
                               : connection_failure(connection->handle, code, "open");
    if (status != STATUS_OK) {
        connection_close(connection);
    }
    return status;
}

void connection_close(struct connection *connection)
{
    for (size_t i = 0; i < COUNT_OF(connection->statements); i++) {
        sqlite3_finalize(connection->statements[i]);
        connection->statements[i] = NULL;
    }
    sqlite3_close(connection->handle);
    connection->handle = NULL;
}

sqlite3_stmt *connection_statement(struct connection *connection, enum statement statement)
{
    sqlite3_stmt **slot = &connection->statements[statement];
    int code;

    if (!*slot) {
        code = sqlite3_prepare_v3(connection->handle, statement_list[statement].sql, -1,
            SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (code != SQLITE_OK) {
            (void)connection_failure(connection->handle, code, statement_list[statement].name);
        }
    }
    return *slot;
}
