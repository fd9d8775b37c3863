/*
 * jobs.c - rows of jobs.
 */
#include "store/jobs.h"

#include "store/query.h"

enum job_column {
    JOB_ID,
    JOB_KIND,
    JOB_UNIQUE_KEY,
    JOB_PAYLOAD,
    JOB_STATE,
    JOB_ATTEMPTS,
    JOB_MAX_ATTEMPTS,
    JOB_DUE_AT,
    JOB_AGAIN_AT,
    JOB_LEASE_OWNER,
    JOB_NOTE,
    JOB_LAST_ERROR,
    JOB_STARTED_AT,
    JOB_FAILED_AT,
    JOB_DONE_AT,
    JOB_DONE_MS,
    JOB_CREATED_AT,
    JOB_UPDATED_AT
};

static const char *const state_names[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = "queued",
    [JOB_RUNNING] = "running",
    [JOB_DEAD] = "dead",
};

struct str job_state_name(enum job_state state)
{
    return str_from_c(state_names[state]);
}

/* A CHECK of the table says that there is no other. */
static enum job_state state_of(struct str name)
{
    enum job_state state = JOB_QUEUED;

    while (state < JOB_DEAD && !str_equal(name, job_state_name(state))) {
        state++;
    }
    return state;
}

static void job_read(struct query *query, struct arena *arena, struct job_row *out)
{
    *out = (struct job_row){
        .id = query_get_i64(query, JOB_ID),
        .kind = query_get_str(query, arena, JOB_KIND),
        .unique_key = query_get_str(query, arena, JOB_UNIQUE_KEY),
        .payload = query_get_str(query, arena, JOB_PAYLOAD),
        .state = state_of(query_get_str(query, arena, JOB_STATE)),
        .attempts = query_get_i64(query, JOB_ATTEMPTS),
        .max_attempts = query_get_i64(query, JOB_MAX_ATTEMPTS),
        .due_at = query_get_i64(query, JOB_DUE_AT),
        .again_at = query_get_i64(query, JOB_AGAIN_AT),
        .lease_owner = query_get_str(query, arena, JOB_LEASE_OWNER),
        .note = query_get_str(query, arena, JOB_NOTE),
        .last_error = query_get_str(query, arena, JOB_LAST_ERROR),
        .started_at = query_get_i64(query, JOB_STARTED_AT),
        .failed_at = query_get_i64(query, JOB_FAILED_AT),
        .done_at = query_get_i64(query, JOB_DONE_AT),
        .done_ms = query_get_i64(query, JOB_DONE_MS),
        .created_at = query_get_i64(query, JOB_CREATED_AT),
        .updated_at = query_get_i64(query, JOB_UPDATED_AT),
    };
}

static enum status read_one(struct query *query, struct arena *arena, struct job_row *out)
{
    bool has_row = query_next(query);

    if (has_row) {
        job_read(query, arena, out);
    }
    return query_end_found(query, has_row);
}

enum status jobs_add(struct db *db, const struct job_row *row, int64_t *out_id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_ADD);
    query_bind_str(&query, 1, row->kind);
    query_bind_str(&query, 2, row->unique_key);
    query_bind_str(&query, 3, row->payload);
    query_bind_i64(&query, 4, row->max_attempts);
    query_bind_i64(&query, 5, row->due_at);
    query_bind_i64(&query, 6, row->created_at);
    return query_run_returning(&query, out_id);
}

enum status jobs_plan(struct db *db, struct str kind, int64_t max_attempts, int64_t due_at)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_PLAN);
    query_bind_str(&query, 1, kind);
    query_bind_i64(&query, 2, max_attempts);
    query_bind_i64(&query, 3, due_at);
    return query_run(&query);
}

enum status jobs_claim(struct db *db, struct arena *arena, struct str owner, int64_t now_s,
    int64_t lease_until, struct job_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_CLAIM);
    query_bind_i64(&query, 1, lease_until);
    query_bind_str(&query, 2, owner);
    query_bind_i64(&query, 3, now_s);
    return read_one(&query, arena, out);
}

/* $3, $4, $5 of what only the worker that has the job may write. */
static enum status run_on_claimed(struct query *query, const struct job_row *claimed)
{
    query_bind_i64(query, 3, claimed->id);
    query_bind_str(query, 4, claimed->lease_owner);
    query_bind_i64(query, 5, claimed->attempts);
    return query_run_on_row(query);
}

enum status jobs_renew(
    struct db *db, const struct job_row *claimed, int64_t now_s, int64_t lease_until)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_RENEW);
    query_bind_i64(&query, 1, lease_until);
    query_bind_i64(&query, 2, now_s);
    return run_on_claimed(&query, claimed);
}

enum status jobs_save(
    struct db *db, const struct job_row *claimed, int64_t now_s, struct str payload)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_SAVE);
    query_bind_str(&query, 1, payload);
    query_bind_i64(&query, 2, now_s);
    return run_on_claimed(&query, claimed);
}

enum status jobs_put(struct db *db, const struct job_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_PUT);
    query_bind_str(&query, 1, row->payload);
    query_bind_str(&query, 2, job_state_name(row->state));
    query_bind_i64(&query, 3, row->attempts);
    query_bind_i64(&query, 4, row->due_at);
    query_bind_str(&query, 5, row->note);
    query_bind_str(&query, 6, row->last_error);
    query_bind_i64_or_null(&query, 7, row->failed_at);
    query_bind_i64_or_null(&query, 8, row->done_at);
    query_bind_i64(&query, 9, row->done_ms);
    query_bind_i64(&query, 10, row->updated_at);
    query_bind_i64(&query, 11, row->id);
    return query_run_on_row(&query);
}

enum status jobs_delete(struct db *db, int64_t id)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_DELETE);
    query_bind_i64(&query, 1, id);
    return query_run_on_row(&query);
}

enum status jobs_find(struct db *db, struct arena *arena, int64_t id, struct job_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_FIND);
    query_bind_i64(&query, 1, id);
    return read_one(&query, arena, out);
}

enum status jobs_find_by_key(
    struct db *db, struct arena *arena, struct str kind, struct str unique_key, struct job_row *out)
{
    struct query query;

    query_begin(&query, db, STATEMENT_JOB_FIND_BY_KEY);
    query_bind_str(&query, 1, kind);
    query_bind_str(&query, 2, unique_key);
    return read_one(&query, arena, out);
}

enum status jobs_list(
    struct db *db, struct arena *arena, enum job_state state, size_t limit, struct job_rows *out)
{
    struct query query;

    *out = (struct job_rows){ .item = ARENA_ARRAY(arena, struct job_row, limit) };
    query_begin(&query, db, STATEMENT_JOB_LIST);
    query_bind_str(&query, 1, job_state_name(state));
    query_bind_i64(&query, 2, (int64_t)limit);
    while (out->count < limit && query_next(&query)) {
        job_read(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status jobs_count(struct db *db, enum job_state state, int64_t *out_count)
{
    struct query query;

    *out_count = 0;
    query_begin(&query, db, STATEMENT_JOB_COUNT);
    query_bind_str(&query, 1, job_state_name(state));
    if (query_next(&query)) {
        *out_count = query_get_i64(&query, 0);
    }
    return query_end(&query);
}

enum status jobs_next_due(struct db *db, int64_t *out_due_at)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_JOB_NEXT_DUE);
    query_bind_i64(&query, 1, INT64_MIN);
    has_row = query_next(&query);
    if (has_row) {
        *out_due_at = query_get_i64(&query, 0);
    }
    return query_end_found(&query, has_row);
}
