/*
 * metrics.h - counters, gauges and histograms of every layer: one static table, lock-free.
 *
 * A layer says what happened by a name of the table and the index of its labels; what is above it
 * need not be known. Counting is one or two atomic additions (some ten nanoseconds) and cannot
 * fail. How many time series there are is decided by the table, never by what a client sends.
 *
 * The cells are this process's own until metrics_share() moves them to memory that all processes
 * see; that has to happen before threads start. Counters only ever grow; after a restart they go on
 * from where they were, or from 0.
 *
 * Read by metrics_write() (metrics_text.c) in Prometheus' text format.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

/*
 * The values of labels. Their order is that of the enum, so `metrics_count(METRIC_PRESIGNS,
 * PRESIGN_UPLOAD, 0)` is vitrine_presigns_total{kind="upload"}.
 */
/* clang-format off */
#define METRIC_CLASS_LIST(X) X(CLASS_1XX, "1xx") X(CLASS_2XX, "2xx") X(CLASS_3XX, "3xx") X(CLASS_4XX, "4xx") \
    X(CLASS_5XX, "5xx")
#define METRIC_PRESIGN_LIST(X) X(PRESIGN_UPLOAD, "upload") X(PRESIGN_DISPLAY, "display") X(PRESIGN_DOWNLOAD, "download")
#define METRIC_COMMIT_LIST(X) \
    X(COMMIT_SAVED, "saved") X(COMMIT_ADOPTED, "adopted") \
    X(COMMIT_NOT_UPLOADED, "not_uploaded") X(COMMIT_MISMATCH, "mismatch") X(COMMIT_TOO_LARGE, "too_large") \
    X(COMMIT_TYPE, "type_not_allowed") X(COMMIT_STORAGE, "storage") X(COMMIT_OTHER, "other")
#define METRIC_OPERATION_LIST(X) \
    X(S3_HEAD_OBJECT, "HeadObject") X(S3_GET_OBJECT, "GetObject") X(S3_PUT_OBJECT, "PutObject") \
    X(S3_DELETE_OBJECT, "DeleteObject") X(S3_LIST_OBJECTS, "ListObjectsV2") X(S3_HEAD_BUCKET, "HeadBucket") \
    X(S3_OTHER, "other")
#define METRIC_ANSWER_LIST(X) \
    X(ANSWER_2XX, "2xx") X(ANSWER_3XX, "3xx") X(ANSWER_403, "403") X(ANSWER_404, "404") X(ANSWER_412, "412") \
    X(ANSWER_429, "429") X(ANSWER_4XX, "4xx") X(ANSWER_500, "500") X(ANSWER_503, "503") X(ANSWER_5XX, "5xx") \
    X(ANSWER_NONE, "none")
#define METRIC_AUTH_LIST(X) \
    X(AUTH_PASSWORD, "password") X(AUTH_TOKEN, "token") X(AUTH_SESSION, "session") X(AUTH_NOTHING, "nothing") \
    X(AUTH_CSRF, "csrf") X(AUTH_ORIGIN, "origin") X(AUTH_ROLE, "role")
#define METRIC_RATE_LIST(X) \
    X(RATE_LIMIT_OTHER, "other") X(RATE_LIMIT_SIGN_IN, "sign_in") X(RATE_LIMIT_PRESIGN, "presign") \
    X(RATE_LIMIT_WRITE, "write") X(RATE_LIMIT_READ, "read")
#define METRIC_SWEEP_LIST(X) \
    X(SWEEP_PURGED, "purged") X(SWEEP_ADOPTED, "adopted") X(SWEEP_EXPIRED, "expired") X(SWEEP_REFUSED, "refused")
#define METRIC_JOB_LIST(X) \
    X(JOB_DONE, "done") X(JOB_FAILED, "failed") X(JOB_DEAD, "dead") X(JOB_RELEASED, "released") X(JOB_LOST, "lost")
#define METRIC_RECONCILED_LIST(X) \
    X(RECONCILED_GONE, "gone") X(RECONCILED_CHANGED, "changed") X(RECONCILED_CLEARED, "cleared") \
    X(RECONCILED_REMOVED, "removed")

#define METRIC_ENUM(value, text) METRIC_##value,
enum metric_class     { METRIC_CLASS_LIST(METRIC_ENUM)     METRIC_CLASS__COUNT };
enum metric_presign   { METRIC_PRESIGN_LIST(METRIC_ENUM)   METRIC_PRESIGN__COUNT };
enum metric_commit    { METRIC_COMMIT_LIST(METRIC_ENUM)    METRIC_COMMIT__COUNT };
enum metric_operation { METRIC_OPERATION_LIST(METRIC_ENUM) METRIC_OPERATION__COUNT };
enum metric_answer    { METRIC_ANSWER_LIST(METRIC_ENUM)    METRIC_ANSWER__COUNT };
enum metric_auth      { METRIC_AUTH_LIST(METRIC_ENUM)      METRIC_AUTH__COUNT };
enum metric_rate      { METRIC_RATE_LIST(METRIC_ENUM)      METRIC_RATE__COUNT };
enum metric_sweep     { METRIC_SWEEP_LIST(METRIC_ENUM)     METRIC_SWEEP__COUNT };
enum metric_reconciled { METRIC_RECONCILED_LIST(METRIC_ENUM) METRIC_RECONCILED__COUNT };
enum metric_job       { METRIC_JOB_LIST(METRIC_ENUM)       METRIC_JOB__COUNT };
#undef METRIC_ENUM

/* Routes are known by their row in web/'s table; the last slot is for addresses that there are not.
 * METRIC_ONE stands for "no label". */
enum { METRIC_ROUTE__COUNT = 128, METRIC_ROUTE_NONE = METRIC_ROUTE__COUNT - 1, METRIC_ONE__COUNT = 1 };

/* The table. kind: COUNTER, GAUGE or HISTOGRAM (which has one label set; the other is ONE). */
#define METRIC_LIST(X) \
    /* enum            kind       labels    labels  name                                     what it is */ \
    X(REQUESTS,        COUNTER,   ROUTE,     CLASS,  "vitrine_http_requests_total",           "Requests answered, by route and class of status.") \
    X(REQUEST_TIME,    HISTOGRAM, ROUTE,     ONE,    "vitrine_http_request_duration_seconds", "Time from a request's head to its complete answer.") \
    X(PRESIGNS,        COUNTER,   PRESIGN,   ONE,    "vitrine_presigns_total",                "URLs signed, by what they are for.") \
    X(COMMITS,         COUNTER,   COMMIT,    ONE,    "vitrine_commits_total",                 "Uploads looked at, by what came of it.") \
    X(S3_REQUESTS,     COUNTER,   OPERATION, ANSWER, "vitrine_s3_requests_total",             "Requests sent to storage, by operation and status; none: no answer.") \
    X(S3_REQUEST_TIME, HISTOGRAM, OPERATION, ONE,    "vitrine_s3_request_duration_seconds",   "Time of one request to storage with its bodies.") \
    X(S3_RETRIES,      COUNTER,   OPERATION, ONE,    "vitrine_s3_retries_total",              "Requests sent to storage again.") \
    X(AUTH_FAILURES,   COUNTER,   AUTH,      ONE,    "vitrine_auth_failures_total",           "Requests refused for who they came from, by what was wrong.") \
    X(RATE_LIMITED,    COUNTER,   RATE,      ONE,    "vitrine_rate_limited_total",            "Requests answered 429, by the class of their route.") \
    X(DATABASE_BUSY,   COUNTER,   ONE,       ONE,    "vitrine_database_busy_total",           "Writes given up because the database was busy for too long.") \
    X(DATABASE_WAIT,   HISTOGRAM, ONE,       ONE,    "vitrine_database_wait_seconds",         "Time that a write waited for its turn.") \
    X(JOBS,            COUNTER,   JOB,       ONE,    "vitrine_job_runs_total",                "Runs of jobs that ended, by how.") \
    X(JOB_TIME,        HISTOGRAM, ONE,       ONE,    "vitrine_job_duration_seconds",          "Time that a run of a job took.") \
    X(SWEEP_ASSETS,    COUNTER,   SWEEP,     ONE,    "vitrine_sweep_assets_total",            "Assets that sweeps brought to an end, by how.") \
    X(SWEEP_WAITING,   GAUGE,     ONE,       ONE,    "vitrine_sweep_waiting_assets",          "Assets that the last sweep left for the next.") \
    X(SWEEP_LAST,      GAUGE,     ONE,       ONE,    "vitrine_sweep_last_success_timestamp_seconds", "When a sweep last worked through to its end.") \
    X(RECONCILED,      COUNTER,   RECONCILED, ONE,   "vitrine_reconciled_total",              "Images flagged or cleared, unknown objects removed, by passes over the bucket.") \
    X(UNKNOWN_OBJECTS, GAUGE,     ONE,       ONE,    "vitrine_unknown_objects",               "Objects with keys like ours that no row knows, at the last pass over the bucket.") \
    X(RECONCILE_LAST,  GAUGE,     ONE,       ONE,    "vitrine_reconcile_last_success_timestamp_seconds", "When a pass over the bucket last came to its end.")

/* Upper bounds of a histogram's buckets in microseconds, and as Prometheus writes them. */
#define METRIC_BUCKET_LIST(X) \
    X(100, "0.0001") X(250, "0.00025") X(500, "0.0005") X(1000, "0.001") X(2500, "0.0025") X(5000, "0.005") \
    X(10000, "0.01") X(25000, "0.025") X(50000, "0.05") X(100000, "0.1") X(250000, "0.25") X(500000, "0.5") \
    X(1000000, "1") X(2500000, "2.5") X(10000000, "10")

#define X(bound, text) +1
enum { METRIC_BUCKETS = 0 METRIC_BUCKET_LIST(X) + 1 /* above all of them */ };
#undef X

/* Cells that each label value takes: the buckets and the sum in microseconds, or one. */
enum { METRIC_CELLS_COUNTER = 1, METRIC_CELLS_GAUGE = 1, METRIC_CELLS_HISTOGRAM = METRIC_BUCKETS + 1 };

enum metric {
#define X(id, kind, first, second, name, help) METRIC_##id,
    METRIC_LIST(X)
#undef X
    METRIC__COUNT
};

/* Where the cells of each metric begin and end. */
enum {
#define X(id, kind, first, second, name, help) \
    METRIC_AT_##id, METRIC_LAST_##id = METRIC_AT_##id + METRIC_CELLS_##kind * METRIC_##first##__COUNT * METRIC_##second##__COUNT - 1,
    METRIC_LIST(X)
#undef X
    METRIC_CELLS
};
/* clang-format on */

/* What all processes have to share: zeroed memory, aligned to 8 bytes. */
struct metrics_memory {
    _Atomic uint64_t cell[METRIC_CELLS];
};

/* A number that changes with the table: memory that was used with another one is worth nothing. */
uint64_t metrics_layout(void);

/* Count in `memory` from now on, what was counted so far is added to it; NULL: in this process
 * alone again. Not while other threads count. */
void metrics_share(struct metrics_memory *memory);

/* One more, or `count` more. Labels beyond the table are counted nowhere; a metric without labels
 * takes 0. */
void metrics_count(enum metric metric, size_t first, size_t second);
void metrics_add(enum metric metric, size_t first, size_t second, uint64_t count);

/* A gauge is this now. */
void metrics_set(enum metric metric, size_t first, int64_t value);

/* A histogram saw something that took so long; negative counts as 0. */
void metrics_observe(enum metric metric, size_t first, int64_t duration_us);

/* The value of a counter or gauge, or how many a histogram saw; for tests and /health. */
int64_t metrics_value(enum metric metric, size_t first, size_t second);

/* The class of an HTTP status: METRIC_CLASS_2XX for 204. */
enum metric_class metric_class_of(int http_status);

/* --- as text: version 0.0.4 of Prometheus' exposition format
 * ---------------------------------------- */

/* How a route is written as labels: `method="GET",route="/images/:id"`; a NULL ptr: there is no
 * such row. In `arena`. */
struct metrics_routes {
    struct str (*labels)(struct arena *arena, size_t route);
    struct arena *arena;
};

/* Every metric of the table with its # HELP and # TYPE. Series with a route or two labels are left
 * out until they were counted once; all others are there from the start. */
void metrics_write(struct buf *out, const struct metrics_routes *routes);

/* One more metric, whose value its owner knows: labels are complete (`version="0.1.0"`) or empty.
 * metrics_write_real takes thousandths: 1500 is 1.5. */
void metrics_write_gauge(
    struct buf *out, const char *name, const char *help, struct str labels, int64_t value);
void metrics_write_real(
    struct buf *out, const char *name, const char *type, const char *help, int64_t thousandths);

/* A label's value as it has to stand between its quotes: backslash, quote and newline escaped. */
struct str metrics_escape(struct arena *arena, struct str value);

#endif
