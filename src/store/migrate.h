/*
 * migrate.h - brings a database file to the schema that this program knows.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/arena.h"
#include "base/status.h"

struct migration_report {
    int from_version; /* 0: the file was new or empty */
    int to_version;
    struct str problem; /* one sentence when it failed; else empty */
};

/* The version that this program works with. */
int migrate_current_version(void);

/*
 * Create the file (mode 0600) when there is none, and bring it to the current version: schema.sql
 * for a new one, the numbered steps for an older one, each file in one transaction, while holding
 * the turn to write. Harmless when it is current already.
 *
 * CONFLICT: the file is newer than this program, or is some other program's database; IO, NO_SPACE,
 * BUSY. Nothing was changed then, and report->problem says what to do.
 */
enum status migrate_database(
    struct arena *arena, const char *path, struct migration_report *report) MUST_CHECK;

/* The version of a file without touching it; NOT_FOUND when there is none, CONFLICT when it is not
 * ours, 0 when it is empty. */
enum status migrate_read_version(const char *path, int *out_version) MUST_CHECK;

#endif
