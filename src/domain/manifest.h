/*
 * manifest.h - a file that tells which objects reconciliation removed; inside domain/ only.
 *
 * One JSON object a line. "removing" lines are on the disk before the object is deleted, "removed"
 * and "kept" lines follow when storage answered: what has only the first was not answered.
 * Order of use: manifest_open, any manifest_put, manifest_sync before what must not be lost,
 * manifest_close.
 */
#ifndef DOMAIN_MANIFEST_H
#define DOMAIN_MANIFEST_H

#include "base/json.h"

struct manifest {
    int fd; /* -1: none */
};

/* Make or go on with `path`, in a folder that is made when missing (0700). NO_SPACE, IO; logged. */
enum status manifest_open(struct manifest *manifest, struct str folder, struct str path) MUST_CHECK;

/* One line; the reference is taken over. */
enum status manifest_put(struct manifest *manifest, struct arena *arena, json_t *line) MUST_CHECK;

/* OK: what was put survives a power cut. */
enum status manifest_sync(struct manifest *manifest) MUST_CHECK;

/* Harmless on one that is not open (fd -1). */
void manifest_close(struct manifest *manifest);

#endif
