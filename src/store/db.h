/*
 * db.h - one thread's connections to the database, and write transactions.
 *
 * A handle has a reading connection (query_only) and, opened at the first write, a writing one.
 * SQLite allows one writer at a time; who writes first takes a turn: an exclusive flock(2) on a
 * file beside the database, held from BEGIN IMMEDIATE to COMMIT. So no statement ever meets
 * SQLITE_BUSY, in whatever process. The commit that leaves a long write-ahead log behind also
 * checkpoints it, still holding the turn: no two connections checkpoint and commit at the same
 * instant, which is what SQLite before 3.51.3 can turn into a corrupt file (docs/adr).
 *
 * Order of use: db_open in each thread, reads at any time; db_begin, writes, db_commit or
 * db_rollback; db_close. A handle belongs to one thread. The only layer that includes <sqlite3.h>.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"
#include "base/status.h"

enum { DB_TURN_TIMEOUT_MS = 5000, DB_CHECKPOINT_PAGES = 1000 };

struct db;

/*
 * Open an existing database file. NOT_FOUND when there is none (migrate_database makes it); IO when
 * it cannot be opened or is no database; logged with the reason.
 */
enum status db_open(struct db **out, const char *path) MUST_CHECK;

/* Roll back what is open and close. NULL is legal. */
void db_close(struct db *db);

/*
 * Begin a write transaction: wait for the turn, at most DB_TURN_TIMEOUT_MS (BUSY after that). From
 * here to its end, reads see it too. Transactions do not nest (INTERNAL).
 */
enum status db_begin(struct db *db) MUST_CHECK;

/*
 * Make it durable: on OK it survives a power cut. Others see it a moment before that: the turn is
 * given back first, and one fsync serves all threads that committed meanwhile (flush.h). On failure
 * (NO_SPACE, IO, BUSY) nothing of it is there; but for one of the fsync, which is logged as such.
 */
enum status db_commit(struct db *db) MUST_CHECK;

/* Forget it. Harmless when none is open, so that it can stand under `out:`. */
void db_rollback(struct db *db);

/* db_commit when `status` is OK, else db_rollback; returns what failed first. */
enum status db_end(struct db *db, enum status status) MUST_CHECK;

/*
 * The same without waiting for the disk: on OK it survives the end of this process at any instant,
 * and a power cut from some 20 ms later on. For what promises nothing yet, such as a grant.
 */
enum status db_end_soon(struct db *db, enum status status) MUST_CHECK;

/* True when the database answers a read; for health checks. */
bool db_ping(struct db *db);

/*
 * Copy the database, as of now, to a new file at `path`, mode 0600; writers are not held up. On OK
 * the copy is whole and survives a power cut, and can stand in for the database as it is. CONFLICT
 * when the file exists, NO_SPACE or IO (logged with the reason) otherwise: then nothing is at
 * `path`. A kill may leave PATH.XXXXXX beside it.
 */
enum status db_backup(struct db *db, const char *path) MUST_CHECK;

#endif
