/*
 * flights.c - rows of flights and attempts.
 */
#include "store/flights.h"

#include "store/query.h"

enum flight_column {
    FLIGHT_ASSET_ID,
    FLIGHT_OWNER_ID,
    FLIGHT_OWNER_NAME,
    FLIGHT_KEY,
    FLIGHT_FILENAME,
    FLIGHT_STATE,
    FLIGHT_BEGUN_AT,
    FLIGHT_LAST_AT,
    FLIGHT_ATTEMPT_COUNT,
    FLIGHT_FAILURE_COUNT
};

enum attempt_column {
    ATTEMPT_NUMBER,
    ATTEMPT_AT,
    ATTEMPT_SEEN_BY,
    ATTEMPT_STAGE,
    ATTEMPT_HTTP_STATUS,
    ATTEMPT_ERROR,
    ATTEMPT_REQUEST_ID,
    ATTEMPT_ID2,
    ATTEMPT_SIZE_BYTES,
    ATTEMPT_DURATION_MS,
    ATTEMPT_TRIES
};

/* --- writing */

/* One more of them; *out_number is that of the new attempt. */
static enum status count_attempt(struct db *db, enum statement statement, int64_t asset_id,
    const struct attempt_row *row, bool is_failure, int64_t *out_number)
{
    struct query query;

    query_begin(&query, db, statement);
    query_bind_i64(&query, 1, row->at);
    query_bind_i64(&query, 2, is_failure);
    query_bind_i64(&query, 3, asset_id);
    return query_run_returning(&query, out_number);
}

static enum status insert_attempt(
    struct db *db, int64_t asset_id, int64_t number, const struct attempt_row *row)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ATTEMPT_INSERT);
    query_bind_i64(&query, 1, asset_id);
    query_bind_i64(&query, 2, number);
    query_bind_i64(&query, 3, row->at);
    query_bind_str(&query, 4, row->seen_by);
    query_bind_str(&query, 5, row->stage);
    query_bind_i64(&query, 6, row->http_status);
    query_bind_str(&query, 7, row->error);
    query_bind_str(&query, 8, row->request_id);
    query_bind_str(&query, 9, row->id2);
    if (row->size_bytes >= 0) {
        query_bind_i64(&query, 10, row->size_bytes); /* else NULL, as what is not bound */
    }
    query_bind_i64(&query, 11, row->duration_ms);
    query_bind_i64(&query, 12, row->tries);
    return query_run(&query);
}

static enum status trim(struct db *db, int64_t asset_id, struct str seen_by)
{
    struct query query;

    query_begin(&query, db, STATEMENT_ATTEMPT_TRIM);
    query_bind_i64(&query, 1, asset_id);
    query_bind_str(&query, 2, seen_by);
    query_bind_i64(&query, 3, FLIGHT_SEEN_MAX);
    return query_run(&query);
}

enum status flights_add(
    struct db *db, int64_t asset_id, const struct attempt_row *row, bool is_failure)
{
    int64_t number = 0;
    enum status status =
        count_attempt(db, STATEMENT_FLIGHT_TOUCH, asset_id, row, is_failure, &number);

    if (status == STATUS_NOT_FOUND) {
        status = count_attempt(db, STATEMENT_FLIGHT_INSERT, asset_id, row, is_failure, &number);
    }
    if (status == STATUS_OK) {
        status = insert_attempt(db, asset_id, number, row);
    }
    if (status == STATUS_OK && number > FLIGHT_SEEN_MAX) {
        status = trim(db, asset_id, row->seen_by);
    }
    return status;
}

enum status flights_prune(struct db *db, int64_t before, size_t limit, int64_t *out_count)
{
    struct query query;

    query_begin(&query, db, STATEMENT_FLIGHT_PRUNE);
    query_bind_i64(&query, 1, before);
    query_bind_i64(&query, 2, (int64_t)limit);
    return query_run_counted(&query, out_count);
}

/* --- reading */

static void read_flight(struct query *query, struct arena *arena, struct flight_row *out)
{
    *out = (struct flight_row){
        .asset_id = query_get_i64(query, FLIGHT_ASSET_ID),
        .owner_id = query_get_i64(query, FLIGHT_OWNER_ID),
        .owner_name = query_get_str(query, arena, FLIGHT_OWNER_NAME),
        .key = query_get_str(query, arena, FLIGHT_KEY),
        .filename = query_get_str(query, arena, FLIGHT_FILENAME),
        .state = query_get_str(query, arena, FLIGHT_STATE),
        .begun_at = query_get_i64(query, FLIGHT_BEGUN_AT),
        .last_at = query_get_i64(query, FLIGHT_LAST_AT),
        .attempt_count = query_get_i64(query, FLIGHT_ATTEMPT_COUNT),
        .failure_count = query_get_i64(query, FLIGHT_FAILURE_COUNT),
    };
}

static bool is_null(struct query *query, int column)
{
    return sqlite3_column_type(query->handle, column) == SQLITE_NULL;
}

static void read_attempt(struct query *query, struct arena *arena, struct attempt_row *out)
{
    *out = (struct attempt_row){
        .number = query_get_i64(query, ATTEMPT_NUMBER),
        .at = query_get_i64(query, ATTEMPT_AT),
        .seen_by = query_get_str(query, arena, ATTEMPT_SEEN_BY),
        .stage = query_get_str(query, arena, ATTEMPT_STAGE),
        .http_status = query_get_i64(query, ATTEMPT_HTTP_STATUS),
        .error = query_get_str(query, arena, ATTEMPT_ERROR),
        .request_id = query_get_str(query, arena, ATTEMPT_REQUEST_ID),
        .id2 = query_get_str(query, arena, ATTEMPT_ID2),
        .size_bytes =
            is_null(query, ATTEMPT_SIZE_BYTES) ? -1 : query_get_i64(query, ATTEMPT_SIZE_BYTES),
        .duration_ms = query_get_i64(query, ATTEMPT_DURATION_MS),
        .tries = query_get_i64(query, ATTEMPT_TRIES),
    };
}

enum status flights_find(
    struct db *db, struct arena *arena, int64_t asset_id, struct flight_row *out)
{
    struct query query;
    bool has_row;

    query_begin(&query, db, STATEMENT_FLIGHT_FIND);
    query_bind_i64(&query, 1, asset_id);
    has_row = query_next(&query);
    if (has_row) {
        read_flight(&query, arena, out);
    }
    return query_end_found(&query, has_row);
}

enum status flights_list_attempts(
    struct db *db, struct arena *arena, int64_t asset_id, struct attempt_rows *out)
{
    struct query query;

    *out = (struct attempt_rows){ ARENA_ARRAY(arena, struct attempt_row, FLIGHT_ATTEMPTS_MAX), 0 };
    query_begin(&query, db, STATEMENT_ATTEMPT_LIST);
    query_bind_i64(&query, 1, asset_id);
    query_bind_i64(&query, 2, FLIGHT_ATTEMPTS_MAX);
    while (query_next(&query)) {
        read_attempt(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}

enum status flights_list_failed(struct db *db, struct arena *arena, struct flight_bound after,
    size_t limit, struct flight_rows *out)
{
    struct query query;

    *out = (struct flight_rows){ ARENA_ARRAY(arena, struct flight_row, limit), 0 };
    query_begin(&query, db, STATEMENT_FLIGHT_LIST);
    query_bind_i64(&query, 1, after.last_at);
    query_bind_i64(&query, 2, after.asset_id);
    query_bind_i64(&query, 3, (int64_t)limit);
    while (query_next(&query)) {
        read_flight(&query, arena, &out->item[out->count++]);
    }
    return query_end(&query);
}
