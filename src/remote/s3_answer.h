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

/*
 * A 2xx answer of a call that S3 begins to answer before it is done (CompleteMultipartUpload): the
 * body says whether it was. An error there gets the status and http_status that it would have had;
 * a body that is neither an error nor the XML of a result is STORAGE with http_status 500.
 */
enum status s3_answer_read_late(
    struct arena *arena, const struct http_response *response, struct s3_result *result) MUST_CHECK;

/* An ETag without its quotes. */
struct str s3_answer_etag(struct str text);

/* Storage does not take these keys any more. HEAD's answer has no code: a 400, which its own form
 * gives no cause for, says it of temporary keys. */
bool s3_answer_is_expired(const struct s3_result *result, bool is_head, bool is_temporary);

#endif
