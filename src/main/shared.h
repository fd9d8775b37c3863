/*
 * shared.h - what all processes of this Vitrine count and know together, in files of $DATA/run.
 *
 * Order of use: shared_open before threads start and before a domain is opened, shared_close after
 * both are over.
 */
#ifndef MAIN_SHARED_H
#define MAIN_SHARED_H

#include "base/shared_memory.h"
#include "main/config.h"
#include "remote/s3_clock.h"

struct shared {
    struct shared_memory metrics_file, clock_file;
    struct s3_clock clock; /* for domain_options.storage.clock */
};

/* Cannot fail: what cannot be shared is this process's own (logged). */
void shared_open(struct shared *shared, struct arena *arena, const struct config *config);

/* Harmless on a zeroed one. */
void shared_close(struct shared *shared);

#endif
