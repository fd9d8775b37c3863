/*
 * job.h - work that must be done some time, whoever dies in between: adding it, and looking at it.
 *
 * A job is a row (schema.sql, table jobs): a kind of domain/job_kinds.h, a key that says what it is
 * about, and a payload. It is added in the transaction that makes it necessary, and runs in
 * vitrine-worker (domain/job_run.h), at least once: what a kind does must be safe to do twice. A
 * job that fails is tried again later and later; after its kind's last attempt it is dead: kept,
 * shown with its last error, and run again or discarded by a person. Kinds with a period have one
 * row (key "") that never dies and never goes; after their last attempt they wait for the next
 * period.
 */
#ifndef DOMAIN_JOB_H
#define DOMAIN_JOB_H

#include "base/json.h"
#include "domain/domain.h"
#include "store/jobs.h"

enum { JOB_KEY_MAX_BYTES = 1024, JOB_PAYLOAD_MAX_BYTES = 64 * 1024 };

/* --- add
 * ------------------------------------------------------------------------------------------ */

/*
 * Queue a job of `kind` (a name of job_kinds) about `key`, due at `run_at` (0: now), with
 * `payload`, a JSON object whose reference is taken over (NULL: {}). Inside the caller's
 * transaction (db_begin), so that the job is there if and only if what made it necessary is.
 *
 * Once for each kind and key: where one waits already, it stays that one, with this payload and the
 * earlier of both times; a dead one is queued anew; while one runs, it is due once more after it,
 * since it may have looked before the caller wrote. INVALID: payload or key are too long (logged);
 * INTERNAL: no such kind, or no transaction.
 */
enum status job_add(struct task *task, const char *kind, struct str key, int64_t run_at,
    json_t *payload) MUST_CHECK;

/* The same in a transaction of its own. */
enum status job_add_now(struct task *task, const char *kind, struct str key, int64_t run_at,
    json_t *payload) MUST_CHECK;

/* --- look (the caller has checked that it is an admin, or the system)
 * ------------------------------------------------------------------------------------------ */

struct job {
    int64_t id;
    struct str kind;
    struct str doc; /* what the kind does, a sentence; empty when this program does not know it */
    struct str key; /* what it is about; empty for kinds with a period */
    enum job_state state;
    bool is_periodic;
    bool is_failing; /* dead, or its last attempt failed and it is tried again */
    int64_t attempts, max_attempts;
    int64_t due_at;         /* queued: when it runs; running: when its lease ends */
    struct str lease_owner; /* of one that runs: host, process */
    struct str note;        /* what the last run that ended well did */
    struct str last_error;  /* in words; empty: the last attempt did not fail */
    int64_t created_at;
    int64_t started_at, failed_at, done_at; /* the last time; 0: never */
    int64_t done_ms;                        /* how long it took when it was last done */
};

struct jobs {
    struct job *item;
    size_t count;
};

/* Those in one state, at most `limit`, the longest due first. */
enum status job_list(
    struct task *task, enum job_state state, size_t limit, struct jobs *out) MUST_CHECK;

/* The one job of each kind with a period that was planned, by name. */
enum status job_schedule(struct task *task, struct jobs *out) MUST_CHECK;

/* How many there are, and how the workers keep up. */
struct job_counts {
    int64_t count[JOB_STATE_COUNT];
    int64_t overdue_s; /* for how long the first that is due has been waiting; 0: none waits */
    bool has_schedule; /* a worker has planned the periodic kinds; false: none ever ran here */
};

enum status job_count(struct task *task, struct job_counts *out) MUST_CHECK;

/* No worker has taken what is due for so long: there is none, or they do not keep up. */
enum { JOB_OVERDUE_S = 15 * 60 };

/* --- what an admin does; each audited
 * ------------------------------------------------------------------------------------------ */

/* Make it due now, with all its attempts before it: a dead one, or one that waits. NOT_FOUND;
 * CONFLICT when it runs just now. */
enum status job_retry(struct task *task, int64_t id) MUST_CHECK;

/* Forget it. NOT_FOUND; CONFLICT when it runs just now, or is one of a kind with a period, which
 * would be planned again. */
enum status job_discard(struct task *task, int64_t id) MUST_CHECK;

/* The one job of that kind and no key is due now, made where there is none; *out_id tells it.
 * NOT_FOUND: no such kind (the failure's sentence lists them), or it wants a key. CONFLICT when it
 * runs just now. */
enum status job_run_kind(struct task *task, struct str kind, int64_t *out_id) MUST_CHECK;

#endif
