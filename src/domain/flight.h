/*
 * flight.h - the flight record: what an upload went through between browser, us and storage.
 *
 * Each attempt is noted with its stage, what storage answered (HTTP status, S3's error code, its
 * two request ids), bytes, milliseconds, and who saw it: so that "it did not work" can be looked up
 * by an admin, and sent to the storage provider. Of each upload the newest FLIGHT_SEEN_MAX of the
 * server's and of the clients' are kept, until FLIGHT_KEEP_S after the last one, also when the
 * image is gone by then.
 *
 * Nothing secret is kept: there are no URLs in it, and whatever looks like a signature, a key or a
 * token is taken out of what clients report, before it is written.
 *
 * Order of use: flight_note or flight_note_storage wherever storage was asked about an asset,
 * inside a transaction or not; who serves requests or works through rows calls flight_flush between
 * them.
 */
#ifndef DOMAIN_FLIGHT_H
#define DOMAIN_FLIGHT_H

#include "domain/domain.h"
#include "store/flights.h"

enum {
    FLIGHT_KEEP_S = 30 * 24 * 3600,
    FLIGHT_REPORTS_MAX = 100, /* of one call of flight_report */
    FLIGHT_LIST_MAX = 100
};

/* clang-format off */
#define FLIGHT_STAGES(X) \
    /* enum      word        who sees it, and what it is */ \
    X(GRANT,    "grant")    /* client: asking for the address of an upload */ \
    X(PUT,      "put")      /* the whole file to storage */ \
    X(FORM,     "form")     /* the same by an HTML form with a signed policy */ \
    X(CREATE,   "create")   /* CreateMultipartUpload */ \
    X(PART,     "part")     /* one UploadPart */ \
    X(LIST,     "list")     /* ListParts */ \
    X(COMPLETE, "complete") /* CompleteMultipartUpload */ \
    X(ABORT,    "abort")    /* AbortMultipartUpload */ \
    X(COMMIT,   "commit")   /* server: the look at the object that a commit takes; client: its call */ \
    X(ADOPT,    "adopt")    /* server: the same look without a commit call */ \
    X(CHECK,    "check")    /* server: a later look, whether the object is there and unchanged */ \
    X(DELETE,   "delete")   /* server: the object goes */
/* clang-format on */

enum flight_stage {
#define X(name, word) FLIGHT_##name,
    FLIGHT_STAGES(X)
#undef X
        FLIGHT__COUNT
};

struct str flight_stage_word(enum flight_stage stage);
bool flight_find_stage(struct str word, enum flight_stage *out);

struct flight_entry {
    int64_t asset_id;
    enum flight_stage stage;
    bool is_by_client;
    int http_status;  /* 0: there was no answer */
    struct str error; /* S3's code, ours ("upload_mismatch"), or few words; empty: it went well */
    struct str request_id; /* x-amz-request-id */
    struct str id2;        /* x-amz-id-2 */
    int64_t bytes;         /* sent, or found; -1: not known */
    int64_t ms;
    int64_t at;    /* 0: now */
    int64_t tries; /* requests of which this is the last; 0: one */
};

/*
 * Remember an attempt. It never fails, waits for nothing and writes nothing yet: up to
 * 128 entries stay with task->domain until flight_flush; one too many drops the oldest.
 * All strs are copied, cleaned and cut.
 */
void flight_note(struct task *task, const struct flight_entry *entry);

/* The same from what s3_*() returned and answered. NOT_FOUND without a code says "NoSuchKey". */
void flight_note_storage(struct task *task, int64_t asset_id, enum flight_stage stage,
    enum status status, const struct s3_result *result);

/* Write what was noted, in a transaction of its own that no one waits for (db_end_soon); nothing
 * when nothing was. What cannot be written is logged and forgotten. Not inside a transaction. */
void flight_flush(struct domain *domain);

/* Nothing of what was noted since then happened: for who only looks. */
void flight_forget(struct domain *domain);

/* Of domain_close. NULL is legal. */
void flight_buffer_free(struct flight_buffer *buffer);

/* --- what clients report ------------------------------------------------------------------------
 */

struct flight_report {
    struct str key;            /* as granted */
    struct flight_entry entry; /* its asset_id is found by the key */
};

/*
 * Note what the actor's client saw of uploads of the actor's own. Keys of others, and unknown ones,
 * are passed over: *out_count says how many were taken. INVALID (field "attempts"): more than
 * FLIGHT_REPORTS_MAX, or none. An `at` before the grant or in the future is replaced.
 */
enum status flight_report(struct task *task, const struct flight_report *reports, size_t count,
    size_t *out_count) MUST_CHECK;

/* --- what admins read ---------------------------------------------------------------------------
 */

/* One upload's record. FORBIDDEN for all but admins. NOT_FOUND: nothing was noted of that asset. */
enum status flight_find(struct task *task, int64_t asset_id, struct flight_row *out_flight,
    struct attempt_rows *out_attempts) MUST_CHECK;

/* Uploads in which something failed, the latest first; one more than `limit` when there are more
 * behind `after` ({0, 0}: from the newest). FORBIDDEN for all but admins. */
enum status flight_list(
    struct task *task, struct flight_bound after, size_t limit, struct flight_rows *out) MUST_CHECK;

/* The record as text for whoever supports the storage: one line an attempt, times in UTC. */
struct str flight_text(
    struct arena *arena, const struct flight_row *flight, const struct attempt_rows *attempts);

/* Forget the old ones; *out_count flights went. */
enum status flight_prune(struct task *task, int64_t *out_count) MUST_CHECK;

#endif
