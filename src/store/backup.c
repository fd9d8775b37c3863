/*
 * backup.c - a copy of the database while it is in use: written beside its name, and named when it
 * is whole.
 */
#include "base/file.h"
#include "base/log.h"
#include "store/writer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Log why; its status. */
static enum status failure(const char *path)
{
    enum status status = errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;

    log_event(LOG_ERROR, "no backup at %s: %s", path, strerror(errno));
    return status;
}

/* On a connection of its own: query_only forbids VACUUM INTO, though it only reads this database.
 */
static enum status copy_into(const struct db *db, const char *partial)
{
    struct connection connection = { 0 };
    sqlite3_stmt *statement = NULL;
    enum status status = connection_open(&connection, db->path, false);
    int code;

    if (status != STATUS_OK)
        return status;
    code = sqlite3_prepare_v2(connection.handle, "VACUUM INTO $1", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, partial, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    if (code != SQLITE_DONE)
        status = connection_failure(connection.handle, code, "VACUUM INTO");
    sqlite3_finalize(statement);
    connection_close(&connection);
    return status;
}

/*
 * VACUUM INTO forgets that the database keeps a write-ahead log, and nothing sets it on a file that
 * has tables: restored like that, readers and writers would hold each other up. A handle of its
 * own, since closing it is to take the log's file away.
 */
static enum status keep_a_log(const char *partial)
{
    sqlite3 *handle = NULL;
    enum status status = STATUS_OK;
    int code = sqlite3_open_v2(partial, &handle, SQLITE_OPEN_READWRITE, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        status = connection_failure(handle, code, "PRAGMA journal_mode");
    sqlite3_close(handle);
    return status;
}

/* link(2), not rename(2): whoever made a file of this name meanwhile keeps it. */
static enum status give_its_name(int fd, const char *partial, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";

    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (fsync(fd) != 0)
        return failure(path);
    if (link(partial, path) != 0)
        return errno == EEXIST ? STATUS_CONFLICT : failure(path);
    return file_sync_folder(folder);
}

enum status db_backup(struct db *db, const char *path)
{
    char partial[PATH_MAX];
    enum status status;
    int fd;

    if (access(path, F_OK) == 0)
        return STATUS_CONFLICT;
    if (snprintf(partial, sizeof(partial), "%s.XXXXXX", path) >= (int)sizeof(partial))
        return STATUS_INVALID;
    fd = mkstemp(partial); /* mode 0600 */
    if (fd < 0)
        return failure(path);
    status = copy_into(db, partial);
    if (status == STATUS_OK)
        status = keep_a_log(partial);
    if (status == STATUS_OK)
        status = give_its_name(fd, partial, path);
    unlink(partial);
    close(fd);
    return status;
}
