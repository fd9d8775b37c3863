/*
 * job_worker.h - the engine of vitrine-worker: threads that take jobs, and one that watches them.
 *
 * Each thread has a domain of its own and runs one job at a time; more than one, so that a walk
 * through a million objects does not keep what is short and urgent waiting. The calling thread
 * takes the signals, renews the leases, ends jobs whose time is over, and plans the periodic kinds.
 *
 * SIGTERM and SIGINT: running jobs are told to stop (task_must_stop); what does not within
 * JOB_WORKER_GRACE_S is given back as it is, and the process ends. SIGHUP: look for work now. A
 * database that is locked, read-only, full or gone is waited for, longer and longer up to a minute.
 */
#ifndef MAIN_JOB_WORKER_H
#define MAIN_JOB_WORKER_H

#include "domain/domain.h"

enum { JOB_WORKER_THREADS_MAX = 16, JOB_WORKER_GRACE_S = 8, JOB_WORKER_STUCK_S = 60 };

struct job_worker_options {
    const struct domain_options *domain; /* borrowed */
    int threads;                         /* 1..JOB_WORKER_THREADS_MAX */
    bool is_once;    /* run what is due, also what becomes due meanwhile, and return */
    int64_t grace_s; /* JOB_WORKER_GRACE_S: how long jobs have to stop at the end */
    int64_t
        stuck_s; /* JOB_WORKER_STUCK_S: a job that does not end so long after its time is hung */
};

/*
 * Run until SIGTERM or SIGINT, or with is_once until nothing is due. Blocks the signals in the
 * calling thread. Returns the exit code: 0 after a clean stop; 1 when a job would not end in its
 * time (a supervisor starts another), with is_once when a job failed or the database cannot be
 * used. May return while a thread hangs in a job: the caller's next step must be to end the
 * process, and *out_is_clean is false then: what the threads use must not be freed.
 */
int job_worker_run(const struct job_worker_options *options, bool *out_is_clean);

#endif
