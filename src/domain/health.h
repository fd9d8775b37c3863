/*
 * health.h - do the database and the storage answer, and how fast?
 */
#ifndef DOMAIN_HEALTH_H
#define DOMAIN_HEALTH_H

#include "domain/domain.h"

struct health_check {
    bool is_ok;
    int64_t duration_ms;
    struct str error; /* one sentence without addresses or keys; empty when ok */
};

struct health {
    bool is_ok; /* both are, or storage is switched off on purpose */
    struct health_check database;
    struct health_check storage; /* HEAD of the bucket, at most 3 s; not ok when switched off */
    struct health_check worker;  /* whether jobs that are due are taken: people are served without,
                                    so it is not part of is_ok. duration_ms means nothing */
};

/* Always answers; takes at most a few seconds. */
void health_check(struct task *task, struct health *out);

/* Storage's clock minus ours in whole seconds, as it is known now; asks nobody. */
int64_t health_clock_offset_s(const struct task *task);

/* Whether there are keys for the storage now, and in how many seconds they expire (0: never, or
 * there are none); asks nobody. */
struct health_keys {
    bool has_keys;
    int64_t expires_in_s;
};
void health_keys(const struct task *task, struct health_keys *out);

/* What is in store, for the metrics. */
struct health_counts {
    int64_t images, image_bytes;
    int64_t pending;        /* uploads that were granted and not saved yet */
    int64_t pending_lapsed; /* of these, whose grant is over: the next sweep looks at them */
};

/* Reads the database and no storage; what its failure means is task_fail's. */
enum status health_count(struct task *task, struct health_counts *out) MUST_CHECK;

#endif
