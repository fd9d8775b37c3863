/*
 * health_memory.h - the last answer about our health.
 *
 * Anyone may ask for /health, and a check can wait for storage for seconds: so while one thread
 * checks, the others answer what was found before. A good answer is also good for a second; a bad
 * one is not, so that who waits for us to come up hears of it at once.
 */
#ifndef WEB_HEALTH_MEMORY_H
#define WEB_HEALTH_MEMORY_H

#include "domain/health.h"

#include <pthread.h>

enum { HEALTH_ERROR_MAX_BYTES = 1000 };

struct health_memory {
    pthread_mutex_t lock;
    bool is_checking; /* a thread is at it */
    bool is_known;
    int64_t checked_at;
    struct health last; /* its errors point into the two below */
    char database_error[HEALTH_ERROR_MAX_BYTES];
    char storage_error[HEALTH_ERROR_MAX_BYTES];
};

void health_memory_init(struct health_memory *memory);
void health_memory_clear(struct health_memory *memory);

/* A fresh answer, or the last one: while another thread checks, or a good one for a second. In
 * task->arena. */
void health_memory_check(struct health_memory *memory, struct task *task, struct health *out);

#endif
