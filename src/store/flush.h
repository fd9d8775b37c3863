/*
 * flush.h - one fsync for all transactions that were committed in the meantime; inside store/ only.
 *
 * A disk makes some hundred or thousand fsyncs a second, whoever asks; so a thread that committed
 * while another one's fsync is under way waits for the next, and that one is for all who wait.
 * Nobody is told that their transaction is there before it would survive a power cut.
 */
#ifndef STORE_FLUSH_H
#define STORE_FLUSH_H

#include "base/status.h"

#include <sqlite3.h>

/* Those who wait for one database's log: one for each database that this process writes. */
struct flush;

/* The one of that file, made when first asked for; it stays for the life of the process. */
struct flush *flush_of(const char *path);

/*
 * Return when all that this connection has committed is on the disk: its write-ahead log, with
 * whatever others appended. IO or NO_SPACE: the disk refused; the transaction is visible and may
 * not survive a power cut (logged).
 */
enum status flush_commit(struct flush *flush, sqlite3 *handle) MUST_CHECK;

/* How often this process wrote that log out; for tests. */
uint64_t flush_count(struct flush *flush);

#endif
