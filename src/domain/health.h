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
};

/* Always answers; takes at most a few seconds. */
void health_check(struct task *task, struct health *out);

#endif
