/*
 * task.h - how calls of domain/ give up; inside domain/ only.
 */
#ifndef DOMAIN_TASK_H
#define DOMAIN_TASK_H

#include "domain/domain.h"

/* Forget the failure of the call before. First line of every public call. */
static inline void task_begin(struct task *task)
{
    task->failure = (struct failure){ .status = STATUS_OK };
}

/* The status with its own sentence, unless a better one was set for it already. OK passes. */
enum status task_fail(struct task *task, enum status status);

/* With a field and a sentence. */
enum status task_refuse(
    struct task *task, enum status status, struct str field, struct str sentence);

/* With what storage said. */
enum status task_fail_storage(
    struct task *task, enum status status, const struct s3_result *result);

/* For a call that works through many things, each in `own`, whose arena does not live as long as
 * the caller's: of several failures the first is told to `caller`. OK passes. */
void task_note(struct task *caller, struct task *own, enum status status);

/* End a transaction: commit when `status` is OK, else roll back; failures get their sentence. */
enum status task_end_transaction(struct task *task, enum status status) MUST_CHECK;

/*
 * The keys to sign with now; they stay until this thread asks again or calls storage. *out_life_s
 * is how long what they sign at `signed_at` may live: wanted_s, or until they expire.
 * STORAGE_REFUSED when there are none that live on for a while.
 */
enum status task_keys(struct task *task, int64_t signed_at, int64_t wanted_s,
    const struct s3_credentials **out_keys, int64_t *out_life_s) MUST_CHECK;

/* The time as storage's clock has it: what is signed must agree with that clock, not with ours. */
int64_t task_storage_now_s(const struct task *task);

#endif
