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

enum { FLUSH_SOON_MS = 20 };

/* Those who wait for one database's log: one for each database that this process writes. */
struct flush;

/* The one of that file, made when first asked for; it stays for the life of the process. */
struct flush *flush_of(const char *path);

/*
 * Return when all that was committed before is on the disk: the write-ahead log, with whatever
 * others appended. IO: the disk refused; the transaction is visible and may not survive a power cut
 * (logged).
 */
enum status flush_commit(struct flush *flush) MUST_CHECK;

/*
 * Return at once; all that was committed before is on the disk within FLUSH_SOON_MS and the time of
 * an fsync, by a thread of its own that the first call starts. A failure is logged.
 */
void flush_soon(struct flush *flush);

/* How often this process wrote that log out; for tests. */
uint64_t flush_count(struct flush *flush);

#endif
