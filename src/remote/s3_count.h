/*
 * s3_count.h - S3 requests in the metrics, by the names that S3 gives its operations; private to
 * remote/.
 */
#ifndef REMOTE_S3_COUNT_H
#define REMOTE_S3_COUNT_H

#include "remote/s3_call.h"

/* One request with its answer (or none), and how long that took. */
void s3_call_count(
    const struct s3_call *call, const struct http_response *response, int64_t duration_us);

/* It is sent again. */
void s3_call_count_retry(const struct s3_call *call);

#endif
