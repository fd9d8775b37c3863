/*
 * query.c - binding, stepping and reading of the named statements.
 *
 * Which connection runs a statement is decided here: the writing one inside a write transaction, so
 * that it sees its own changes, else the reading one.
 */
#include "store/connection.h"
#include "store/writer.h"

#include "base/log.h"

/* INTERNAL, said once: the program did something that cannot work. */
static void query_refuse(struct query *query, enum statement statement, const char *why)
{
    log_event(LOG_ERROR, "statement %s: %s", statement_list[statement].name, why);
    query->status = STATUS_INTERNAL;
}

void query_begin(struct query *query, struct db *db, enum statement statement)
{
    struct connection *connection = db->is_writing ? &db->writer->connection : &db->reader;

    *query = (struct query){ .db = db };
    if (statement_list[statement].kind != STATEMENT_READS && !db->is_writing) {
        query_refuse(query, statement, "writes outside a transaction");
        return;
    }
    query->handle = connection_statement(connection, statement);
    if (!query->handle) {
        query->status = STATUS_INTERNAL;
    } else if (sqlite3_stmt_busy(query->handle)) {
        query->handle = NULL; /* it belongs to whoever is still reading rows from it */
        query_refuse(query, statement, "is running already");
    }
}

/* Binding fails only for a wrong number or without memory. */
static void query_bound(struct query *query, int code)
{
    if (code != SQLITE_OK) {
        query->status =
            connection_failure(sqlite3_db_handle(query->handle), code, sqlite3_sql(query->handle));
    }
}

void query_bind_i64(struct query *query, int number, int64_t value)
{
    if (query->status == STATUS_OK) {
        query_bound(query, sqlite3_bind_int64(query->handle, number, value));
    }
}

void query_bind_str(struct query *query, int number, struct str value)
{
    /* A NULL pointer would bind NULL, and the empty text is a value. */
    const char *text = value.ptr ? value.ptr : "";

    if (query->status == STATUS_OK) {
        query_bound(query, sqlite3_bind_text64(
                               query->handle, number, text, value.len, SQLITE_STATIC, SQLITE_UTF8));
    }
}

void query_bind_i64_or_null(struct query *query, int number, int64_t value)
{
    if (value != 0) {
        query_bind_i64(query, number, value);
    } else if (query->status == STATUS_OK) {
        query_bound(query, sqlite3_bind_null(query->handle, number));
    }
}

void query_bind_str_or_null(struct query *query, int number, struct str value)
{
    if (!str_is_empty(value)) {
        query_bind_str(query, number, value);
    } else if (query->status == STATUS_OK) {
        query_bound(query, sqlite3_bind_null(query->handle, number));
    }
}

bool query_next(struct query *query)
{
    int code;

    if (query->status != STATUS_OK) {
        return false;
    }
    code = sqlite3_step(query->handle);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        query->status =
            connection_failure(sqlite3_db_handle(query->handle), code, sqlite3_sql(query->handle));
    }
    return code == SQLITE_ROW;
}

int64_t query_get_i64(struct query *query, int column)
{
    return sqlite3_column_int64(query->handle, column);
}

struct str query_get_str(struct query *query, struct arena *arena, int column)
{
    const char *text = (const char *)sqlite3_column_text(query->handle, column);
    int len = sqlite3_column_bytes(query->handle, column);

    return text && len > 0 ? arena_copy(arena, str_from(text, (size_t)len)) : STR_EMPTY;
}

enum status query_end(struct query *query)
{
    if (query->handle) {
        sqlite3_reset(query->handle); /* repeats the failure of the last step, which is known */
        sqlite3_clear_bindings(query->handle);
        query->handle = NULL;
    }
    return query->status;
}

enum status query_end_found(struct query *query, bool is_found)
{
    enum status status = query_end(query);

    return status == STATUS_OK && !is_found ? STATUS_NOT_FOUND : status;
}

enum status query_run_counted(struct query *query, int64_t *out_count)
{
    *out_count = 0;
    if (!query_next(query) && query->status == STATUS_OK) {
        *out_count = sqlite3_changes64(sqlite3_db_handle(query->handle));
    }
    return query_end(query);
}

enum status query_run(struct query *query)
{
    int64_t ignored;

    return query_run_counted(query, &ignored);
}

enum status query_run_on_row(struct query *query)
{
    int64_t count;
    enum status status = query_run_counted(query, &count);

    return status == STATUS_OK && count == 0 ? STATUS_NOT_FOUND : status;
}

enum status query_run_inserting(struct query *query, int64_t *out_id)
{
    if (!query_next(query) && query->status == STATUS_OK) {
        *out_id = sqlite3_last_insert_rowid(sqlite3_db_handle(query->handle));
    }
    return query_end(query);
}

enum status query_run_returning(struct query *query, int64_t *out_id)
{
    bool has_row = query_next(query);

    if (has_row) {
        *out_id = query_get_i64(query, 0);
        /* To its end: reset before that, a first insert whose trigger writes the search index has
         * rolled back the whole transaction, without a word (SQLite 3.40). */
        (void)query_next(query);
    }
    return query_end_found(query, has_row);
}
