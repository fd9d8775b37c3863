/*
 * query.h - running one named statement; for the files of store/ that stand for a table.
 *
 * Order of use: query_begin, query_bind_* for every parameter, query_next once for each row with
 * query_get_* in between, query_end always. The first failure sticks: what follows does nothing and
 * query_end returns it. Statements are prepared once for each connection and kept.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/arena.h"
#include "store/db.h"

#include <sqlite3.h>

/* Which statements may run where: outside a write transaction too; inside only; by writer.c only.
 */
enum statement_kind { STATEMENT_READS, STATEMENT_WRITES, STATEMENT_CONTROLS };

/* The statements of statements.def: STATEMENT_USER_FIND, ... */
enum statement {
#define STATEMENT(name, kind, sql) STATEMENT_##name,
#include "store/statements.def"
#undef STATEMENT
    STATEMENT__COUNT
};

struct statement_text {
    const char *name;
    enum statement_kind kind;
    const char *sql;
};

/* The whole list, for the cache and for the test that walks it. */
extern const struct statement_text statement_list[STATEMENT__COUNT];

struct query {
    struct db *db;
    sqlite3_stmt *handle;
    enum status status;
};

/* A statement that writes needs db_begin before it: INTERNAL otherwise. */
void query_begin(struct query *query, struct db *db, enum statement statement);

/* Parameters are numbered from 1, as $1, $2 in the text. The bytes of a str are borrowed until
 * query_end. */
void query_bind_i64(struct query *query, int number, int64_t value);
void query_bind_str(struct query *query, int number, struct str value);

/* The same, where 0 or the empty str stands for NULL. */
void query_bind_i64_or_null(struct query *query, int number, int64_t value);
void query_bind_str_or_null(struct query *query, int number, struct str value);

/* Move to the next row. False at the end and on failure. */
bool query_next(struct query *query);

/* A column of the row, from 0. NULL reads as 0 or the empty str. */
int64_t query_get_i64(struct query *query, int column);
struct str query_get_str(struct query *query, struct arena *arena, int column);

/* Give the statement back. CONFLICT: a UNIQUE constraint did not hold. */
enum status query_end(struct query *query) MUST_CHECK;

/* query_end for a statement that looks for one row: NOT_FOUND when `is_found` is false and nothing
 * failed. */
enum status query_end_found(struct query *query, bool is_found) MUST_CHECK;

/* Run a statement that returns no rows. */
enum status query_run(struct query *query) MUST_CHECK;

/* The same; NOT_FOUND when it changed no row. */
enum status query_run_on_row(struct query *query) MUST_CHECK;

/* The same; tells how many rows it changed. */
enum status query_run_counted(struct query *query, int64_t *out_count) MUST_CHECK;

/* Run an INSERT of one row; *out_id is the row's. */
enum status query_run_inserting(struct query *query, int64_t *out_id) MUST_CHECK;

/* Run an upsert or an UPDATE ... RETURNING one number. For a plain INSERT that is the dearer way:
 * SQLite builds a table in memory for what is returned. */
enum status query_run_returning(struct query *query, int64_t *out_id) MUST_CHECK;

#endif
