/*
 * job_worker_internal.h - what the threads of job_worker.h and the one that watches them share;
 * inside main/job_worker*.c only.
 */
#ifndef MAIN_JOB_WORKER_INTERNAL_H
#define MAIN_JOB_WORKER_INTERNAL_H

#include "domain/job_run.h"
#include "main/job_worker.h"

#include <pthread.h>

/* One thread and its job. */
struct job_slot {
    struct job_worker *worker;
    pthread_t thread;
    struct domain domain;
    struct arena arena; /* of one job */
    bool has_domain;
    int64_t wait_s;     /* after a failure of the database; doubles */
    atomic_bool stop;   /* task_must_stop of its job */
    struct job_run run; /* below: under the worker's lock */
    bool has_run;       /* its function returned: no limit holds any more */
    bool is_running;    /* `run` is a claim of ours */
    bool is_time_over;  /* why `stop` is set: its limit, */
    bool is_lost;       /* another one has it, else the end of the process */
    bool has_ended;     /* the thread */
    int64_t began_us;   /* of the monotonic clock */
    int64_t renewed_us;
};

struct job_worker {
    const struct job_worker_options *options;
    char name[80]; /* host and process: what stands in the table as the owner of a lease */
    struct job_slot slot[JOB_WORKER_THREADS_MAX];
    int started;          /* threads */
    struct domain domain; /* of the watching thread */
    struct arena arena;   /* the same */
    bool has_domain;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* stop, or look for work at once */
    atomic_bool is_stopping;
    unsigned looks;         /* under the lock: one more with every SIGHUP */
    atomic_bool has_failed; /* some job, or the database */
};

/* The life of a thread of jobs; context: its slot. */
void *job_slot_live(void *context);

/* Open a thread's domain where it is not open yet. */
bool job_worker_open_domain(struct job_worker *worker, struct domain *domain, bool *has_domain);

/* Wait at most so long; earlier when the worker stops or shall look for work. */
void job_worker_wait(struct job_worker *worker, int64_t seconds);

#endif
