/*
 * s3_answer.h - what an S3 answer says; private to remote/.
 */
#ifndef REMOTE_S3_ANSWER_H
#define REMOTE_S3_ANSWER_H

#include "remote/s3.h"

/*
 * Fill in *result from the answer, but for `attempts` (kept) and `body`. Returns what the answer is
 * worth to us, as in s3.h; for an incomplete answer STORAGE, of which http_perform knows more.
 */
enum status s3_answer_read(
    struct arena *arena, const struct http_response *response, struct s3_result *result) MUST_CHECK;

/* Storage does not take these keys any more. HEAD's answer has no code: a 400, which its own form
 * gives no cause for, says it of temporary keys. */
bool s3_answer_is_expired(const struct s3_result *result, bool is_head, bool is_temporary);

#endif
