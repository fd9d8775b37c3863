/*
 * flights.h - the tables flights and attempts: what uploads went through.
 *
 * A flight is the record of one asset's upload and outlives the asset; it has the newest attempts
 * only.
 */
#ifndef STORE_FLIGHTS_H
#define STORE_FLIGHTS_H

#include "store/db.h"

/* Kept of each upload: the newest that the server saw and the newest that clients reported, so that
 * no number of reports displaces what the server knows. */
enum { FLIGHT_SEEN_MAX = 100, FLIGHT_ATTEMPTS_MAX = 2 * FLIGHT_SEEN_MAX };

struct attempt_row {
    int64_t number; /* 1 and up, in the order in which they were noted */
    int64_t at;
    struct str seen_by; /* 'server', 'client' */
    struct str stage;   /* at most 20 bytes */
    int64_t http_status;
    struct str error;      /* at most 100 bytes */
    struct str request_id; /* at most 128 bytes, as the next */
    struct str id2;
    int64_t size_bytes; /* -1: not known */
    int64_t duration_ms;
    int64_t tries;
};

struct attempt_rows {
    struct attempt_row *item;
    size_t count;
};

struct flight_row {
    int64_t asset_id;
    int64_t owner_id;
    struct str owner_name;
    struct str key;
    struct str filename;
    struct str state; /* of the asset now; "gone" when it has no row any more */
    int64_t begun_at;
    int64_t last_at;
    int64_t attempt_count; /* ever noted */
    int64_t failure_count;
};

struct flight_rows {
    struct flight_row *item;
    size_t count;
};

/* Add an attempt (row->number is not looked at), and forget the oldest of its observer beyond
 * FLIGHT_SEEN_MAX.
 * NOT_FOUND: there is neither a flight nor an asset with that id. */
enum status flights_add(
    struct db *db, int64_t asset_id, const struct attempt_row *row, bool is_failure) MUST_CHECK;

/* NOT_FOUND: nothing was noted. */
enum status flights_find(
    struct db *db, struct arena *arena, int64_t asset_id, struct flight_row *out) MUST_CHECK;

/* The attempts that are kept, the oldest first. */
enum status flights_list_attempts(
    struct db *db, struct arena *arena, int64_t asset_id, struct attempt_rows *out) MUST_CHECK;

/* Where a walk along the last attempts has come to. */
struct flight_bound {
    int64_t last_at;
    int64_t asset_id;
};

/* Flights in which something failed, the latest first, behind `after`. */
enum status flights_list_failed(struct db *db, struct arena *arena, struct flight_bound after,
    size_t limit, struct flight_rows *out) MUST_CHECK;

/* Forget at most `limit` flights without an attempt since `before`. */
enum status flights_prune(
    struct db *db, int64_t before, size_t limit, int64_t *out_count) MUST_CHECK;

#endif
