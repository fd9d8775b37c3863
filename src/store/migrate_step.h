/*
 * migrate_step.h - the list of steps behind migrate.h; apart so that a test can bring its own.
 */
#ifndef STORE_MIGRATE_STEP_H
#define STORE_MIGRATE_STEP_H

#include "store/migrate.h"

/* What brings a file from version number-1 to `number`. */
struct migration_step {
    int number;
    const char *what; /* for people: "Add the trash" */
    const char *sql;
};

/* What there is to do: the schema of `current_version` for a new file, steps for an older one. */
struct migration_plan {
    const char *schema; /* ends with user_version = current_version */
    int current_version;
    const struct migration_step *steps; /* numbers 2, 3, ... current_version */
};

/* migrate_database with that plan. */
enum status migrate_with_plan(struct arena *arena, const char *path,
    const struct migration_plan *plan, struct migration_report *report) MUST_CHECK;

#endif
