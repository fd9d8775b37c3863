/*
 * connection.h - inside of struct db; for db.c, query.c, migrate.c and the tests of store/ only.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "store/flush.h"
#include "store/query.h"
#include "store/turn.h"

struct connection {
    sqlite3 *handle;
    sqlite3_stmt *statements[STATEMENT__COUNT]; /* prepared when first used */
};

struct writer;

struct db {
    char *path;
    struct connection reader;
    struct writer *writer; /* of the process; ours to use while we have the turn */
    struct turn turn;
    struct flush *flush; /* borrowed */
    bool is_writing;
};

/* Open and set up one connection. `is_reader`: query_only. */
enum status connection_open(
    struct connection *connection, const char *path, bool is_reader) MUST_CHECK;
void connection_close(struct connection *connection);

/* The cached, prepared statement; NULL (logged) when it cannot be prepared. */
sqlite3_stmt *connection_statement(struct connection *connection, enum statement statement);

/* Run SQL that is no named statement: pragmas, BEGIN, the schema. Logged when it fails. */
enum status connection_execute(struct connection *connection, const char *sql) MUST_CHECK;

/* What a result code of SQLite means to callers. Logs all but CONFLICT. */
enum status connection_failure(sqlite3 *handle, int code, const char *doing);

#endif
