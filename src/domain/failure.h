/*
 * failure.h - why a call did not do what was asked, in words for people and in parts for programs.
 *
 * Filled by the place that first knows; everyone above passes it on. The strs live in the task's
 * arena or are static.
 */
#ifndef DOMAIN_FAILURE_H
#define DOMAIN_FAILURE_H

#include "base/arena.h"
#include "base/status.h"

struct duplicate;

struct failure {
    enum status status;    /* STATUS_OK: nothing failed */
    struct str field;      /* the input it is about ("password", "filename"); empty: none */
    struct str sentence;   /* what happened and what is safe; never empty once it failed */
    struct str hint;       /* what to do about it, where we know; else empty */
    int64_t retry_after_s; /* TOO_MANY, BUSY: when to try again; 0: not known */
    const struct duplicate *duplicate; /* DUPLICATE: the image that is there (duplicate.h) */
    struct str storage_code;       /* what S3 answered, as it said it: "AccessDenied"; else empty */
    struct str storage_message;    /* S3's own sentence */
    struct str storage_request_id; /* S3's x-amz-request-id, for its operator's logs */
};

/* Fill *failure with `status`, that field (may be empty) and that sentence; an empty sentence is
 * the status's own. Returns `status`, so that `return failure_set(...)` reads well. */
enum status failure_set(
    struct failure *failure, enum status status, struct str field, struct str sentence);

/* The same, the sentence formatted in `arena`. */
enum status failure_format(struct failure *failure, struct arena *arena, enum status status,
    struct str field, const char *format, ...) PRINTF_LIKE(5, 6);

/* A copy whose strs live in `arena`, for a failure that outlives the arena it was made in; without
 * the duplicate. */
struct failure failure_copy(struct arena *arena, const struct failure *failure);

#endif
