/*
 * jobs.h - the table jobs. What its states mean and how a job goes from one to the next is
 * domain/job.h's.
 */
#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include "base/arena.h"
#include "store/db.h"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DEAD };

enum { JOB_STATE_COUNT = JOB_DEAD + 1 };

/* "queued", "running", "dead". */
struct str job_state_name(enum job_state state);

/* Times are 0 where the table has NULL. */
struct job_row {
    int64_t id;
    struct str kind;
    struct str unique_key;
    struct str payload; /* the text of a JSON object */
    enum job_state state;
    int64_t attempts;
    int64_t max_attempts;
    int64_t due_at;
    int64_t again_at;
    struct str lease_owner;
    struct str note;
    struct str last_error;
    int64_t started_at;
    int64_t failed_at;
    int64_t done_at;
    int64_t done_ms;
    int64_t created_at;
    int64_t updated_at;
};

struct job_rows {
    struct job_row *item;
    size_t count;
};

/*
 * Insert a queued job of row->kind, unique_key, payload, max_attempts, due_at, created_at; or,
 * where there is one of that kind and key: one that waits gets the payload and the earlier time,
 * one that is dead is queued anew, one that runs is due once more after it.
 */
enum status jobs_add(struct db *db, const struct job_row *row, int64_t *out_id) MUST_CHECK;

/* The one row of a kind that comes again and again; nothing when it is there. */
enum status jobs_plan(
    struct db *db, struct str kind, int64_t max_attempts, int64_t due_at) MUST_CHECK;

/* Take what is due first, until `lease_until`: one statement, so that no two get the same.
 * NOT_FOUND when nothing is due. */
enum status jobs_claim(struct db *db, struct arena *arena, struct str owner, int64_t now_s,
    int64_t lease_until, struct job_row *out) MUST_CHECK;

/* Of a job that was claimed, as the claim gave it: NOT_FOUND when it is no longer that worker's. */
enum status jobs_renew(
    struct db *db, const struct job_row *claimed, int64_t now_s, int64_t lease_until) MUST_CHECK;
enum status jobs_save(
    struct db *db, const struct job_row *claimed, int64_t now_s, struct str payload) MUST_CHECK;

/* Write a job that nobody runs (any more): state, attempts, due_at, note, last_error, ... */
enum status jobs_put(struct db *db, const struct job_row *row) MUST_CHECK;

enum status jobs_delete(struct db *db, int64_t id) MUST_CHECK;

enum status jobs_find(
    struct db *db, struct arena *arena, int64_t id, struct job_row *out) MUST_CHECK;
enum status jobs_find_by_key(struct db *db, struct arena *arena, struct str kind,
    struct str unique_key, struct job_row *out) MUST_CHECK;

/* Those in one state, the longest due first. */
enum status jobs_list(struct db *db, struct arena *arena, enum job_state state, size_t limit,
    struct job_rows *out) MUST_CHECK;

enum status jobs_count(struct db *db, enum job_state state, int64_t *out_count) MUST_CHECK;

/* When the first of those that are not dead is due; NOT_FOUND when there is none. */
enum status jobs_next_due(struct db *db, int64_t *out_due_at) MUST_CHECK;

#endif
