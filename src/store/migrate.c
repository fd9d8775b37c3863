/*
 * migrate.c - numbered steps from one schema version to the next.
 *
 * schema.sql is always the newest schema, so a new database never runs a step; a step exists for
 * those who have data already. Add one by changing schema.sql, raising its user_version, and
 * appending a row here.
 */
#include "store/migrate_step.h"

#include "base/log.h"
#include "store/connection.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { CURRENT_VERSION = 1, APPLICATION_ID = 0x56697472 /* "Vitr" */ };

/* None yet: version 1 is the first. The row of zeros only keeps the array legal. */
static const struct migration_step steps[] = {
    { 0, NULL, NULL },
};

int migrate_current_version(void)
{
    return CURRENT_VERSION;
}

static enum status read_pragma(sqlite3 *handle, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int(statement, 0);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? STATUS_OK : connection_failure(handle, code, sql);
}

/* 0 for an empty file; CONFLICT for another program's. */
static enum status read_version(sqlite3 *handle, int *out_version)
{
    int application_id = 0;
    int tables = 0;
    enum status status = read_pragma(handle, "PRAGMA user_version", out_version);

    if (status == STATUS_OK) {
        status = read_pragma(handle, "PRAGMA application_id", &application_id);
    }
    if (status == STATUS_OK) {
        status = read_pragma(handle, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (status == STATUS_OK && application_id != APPLICATION_ID &&
        (application_id != 0 || tables > 0)) {
        return STATUS_CONFLICT;
    }
    return status;
}

enum status migrate_read_version(const char *path, int *out_version)
{
    struct connection connection = { 0 };
    enum status status;

    if (access(path, F_OK) != 0) {
        return STATUS_NOT_FOUND;
    }
    status = connection_open(&connection, path, true);
    if (status == STATUS_OK) {
        status = read_version(connection.handle, out_version);
    }
    connection_close(&connection);
    return status;
}

/* Make an empty file that only its owner can read; SQLite gives its -wal and -shm the same mode. */
static enum status create_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        log_event(LOG_ERROR, "cannot create %s: %s", path, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
    }
    close(fd);
    return STATUS_OK;
}

static enum status run_steps(
    struct connection *connection, const struct migration_plan *plan, int from)
{
    enum status status = STATUS_OK;
    char pragma[64];

    if (from == 0) {
        return connection_execute(connection, plan->schema);
    }
    for (int i = from - 1; i < plan->current_version - 1 && status == STATUS_OK; i++) {
        log_event(LOG_INFO, "migration %d: %s", plan->steps[i].number, plan->steps[i].what);
        status = connection_execute(connection, plan->steps[i].sql);
    }
    if (status == STATUS_OK) {
        snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", plan->current_version);
        status = connection_execute(connection, pragma);
    }
    return status;
}

/* Inside the turn: look again, since another process may have done it while we waited. */
static enum status migrate_connection(struct connection *connection,
    const struct migration_plan *plan, struct migration_report *report)
{
    enum status status = read_version(connection->handle, &report->from_version);

    report->to_version = report->from_version;
    if (status != STATUS_OK || report->from_version == plan->current_version) {
        return status;
    }
    if (report->from_version > plan->current_version) {
        return STATUS_CONFLICT;
    }
    /* Of the file, and not possible inside a transaction. */
    status = connection_execute(connection, "PRAGMA journal_mode = WAL");
    if (status == STATUS_OK) {
        status = connection_execute(connection, "BEGIN IMMEDIATE");
    }
    if (status == STATUS_OK) {
        status = run_steps(connection, plan, report->from_version);
    }
    if (status == STATUS_OK) {
        status = connection_execute(connection, "COMMIT");
    }
    if (status == STATUS_OK) {
        report->to_version = plan->current_version;
    } else if (!sqlite3_get_autocommit(connection->handle)) {
        (void)!connection_execute(connection, "ROLLBACK");
    }
    return status;
}

static struct str describe_problem(struct arena *arena, const char *path,
    const struct migration_plan *plan, enum status status, int version)
{
    if (status == STATUS_CONFLICT && version > plan->current_version) {
        return arena_printf(arena,
            "The database %s has version %d and this program knows versions up to %d: it was used "
            "by a newer Vitrine. Install that one again, or restore a backup. Nothing was changed.",
            path, version, plan->current_version);
    }
    if (status == STATUS_CONFLICT) {
        return arena_printf(
            arena, "%s is a database of another program. Nothing was changed.", path);
    }
    return arena_printf(arena, "The database %s could not be brought up to date: %.*s", path,
        STR_ARG(status_sentence(status)));
}

enum status migrate_with_plan(struct arena *arena, const char *path,
    const struct migration_plan *plan, struct migration_report *report)
{
    struct connection connection = { 0 };
    enum status status;
    struct turn turn = { .fd = -1 };

    *report = (struct migration_report){ 0 };
    status = create_file(path);
    if (status == STATUS_OK) {
        status = turn_open(&turn, path, NULL);
    }
    if (status == STATUS_OK) {
        status = turn_take(&turn);
    }
    if (status == STATUS_OK) {
        status = connection_open(&connection, path, false);
    }
    if (status == STATUS_OK) {
        status = migrate_connection(&connection, plan, report);
    }
    connection_close(&connection);
    turn_close(&turn); /* gives the turn back, if it was taken */
    if (status != STATUS_OK) {
        report->problem = describe_problem(arena, path, plan, status, report->from_version);
    }
    return status;
}

enum status migrate_database(struct arena *arena, const char *path, struct migration_report *report)
{
    const struct migration_plan plan = {
        .schema = schema_sql, .current_version = CURRENT_VERSION, .steps = steps
    };

    return migrate_with_plan(arena, path, &plan, report);
}
