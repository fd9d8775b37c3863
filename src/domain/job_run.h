/*
 * job_run.h - the worker's half of job.h: claiming a job, running it, and what comes of it.
 *
 * Order of use: job_plan now and then; job_claim, job_run, job_finish for one job after the other;
 * while it runs, job_renew from time to time (by another thread, which has a domain of its own).
 * Any number of workers, of this process and others, may do so on one database.
 *
 * What is promised: a job is run by one worker at a time, as long as that one renews its lease and
 * heeds task_must_stop; at least once; and what a worker that lost its lease still reports changes
 * nothing in the table. What is not: that a job's effects happen once. Its function has to be safe
 * to run again, after any part of itself.
 */
#ifndef DOMAIN_JOB_RUN_H
#define DOMAIN_JOB_RUN_H

#include "domain/job.h"

/* A claim is good for so long, unless it is renewed; then the job is anyone's. */
enum { JOB_LEASE_S = 60 };

/* After the first failure a job waits for about so long, then twice that, ... */
enum { JOB_BACKOFF_FIRST_S = 30, JOB_BACKOFF_MAX_S = 3600 };

/* One attempt. */
struct job_run {
    struct job_row row; /* as it was claimed; its strs live in the claim's arena */
    json_t *payload;    /* for the function; what it changes is kept by job_save only */
    struct str note;    /* set by the function, in the task's arena: what it did ("3 deleted") */
    int64_t again_s;    /* set by the function: run again so long after a good end; -1, as it comes:
                           when its period says, or not at all */
};

/*
 * What a kind does. Anything but OK is a failure, told by task->failure, and tried again.
 *
 * It must be safe to run again from the start; what takes long keeps its progress by job_save, and
 * looks at task_must_stop between two steps: when that says so, it ends its step and returns BUSY
 * (or OK, if nothing was left to do). The worker then knows whether it was the end of the process
 * (the job runs again, as if it had not been tried) or its time limit (a failure). The task's arena
 * is emptied after the run; what runs in a loop resets an arena of its own.
 */
typedef enum status job_fn(struct task *task, struct job_run *run);

/* Keep `payload` (a reference that is taken over): what the next attempt gets, should this one not
 * come to its end. CONFLICT: the lease was lost, stop. */
enum status job_save(struct task *task, struct job_run *run, json_t *payload) MUST_CHECK;

/* Plan every kind that has a period and no row yet, due now, and take back those that the settings
 * no longer want. */
enum status job_plan(struct task *task) MUST_CHECK;

/* When something is due next; INT64_MAX: nothing is. A read: it can be asked every second. */
enum status job_next_due(struct task *task, int64_t *out_due_at) MUST_CHECK;

/*
 * Take what is due first, for JOB_LEASE_S, as `owner` (host and process, for people). NOT_FOUND:
 * nothing is due. A job whose workers were killed in its last attempt too is not given out: it is
 * dead. Release the run with job_run_clear.
 */
enum status job_claim(struct task *task, struct str owner, struct job_run *out) MUST_CHECK;
void job_run_clear(struct job_run *run);

/* Prolong the lease from now on. CONFLICT: it was lost, the job must stop. Reads run->row only. */
enum status job_renew(struct task *task, const struct job_run *run) MUST_CHECK;

/* Call the kind's function. */
enum status job_run(struct task *task, struct job_run *run) MUST_CHECK;

/* How an attempt ended. */
enum job_end { JOB_END_DONE, JOB_END_FAILED, JOB_END_TIME_OVER, JOB_END_RELEASED };

/*
 * Write down what came of it: done (the row goes, or is planned anew), failed or out of time (tried
 * again after a while, or dead), or released (due now, as if it had not been tried). `failure` says
 * why; NULL for the others. *out_state is what the job is now, for logs (JOB_DEAD: look at it).
 * CONFLICT: the lease was lost; nothing was written.
 */
enum status job_finish(struct task *task, struct job_run *run, enum job_end end,
    const struct failure *failure, int64_t duration_ms, enum job_state *out_state) MUST_CHECK;

/* How long to wait after that many attempts (from 1): doubles, at most JOB_BACKOFF_MAX_S, and of
 * that a random half is taken off, so that what failed together does not come back together. */
int64_t job_backoff_s(int64_t attempts);

/* What job_backoff_s draws from. */
int64_t job_backoff_limit_s(int64_t attempts);

#endif
