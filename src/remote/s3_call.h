/*
 * s3_call.h - one S3 request with its retries; private to remote/. What the calls have in common.
 */
#ifndef REMOTE_S3_CALL_H
#define REMOTE_S3_CALL_H

#include "remote/s3.h"

struct s3_call {
    struct str method;
    struct str key;       /* empty: the bucket */
    struct pairs query;   /* unencoded */
    struct pairs headers; /* sent and signed */
    struct str
        payload_hash; /* empty: UNSIGNED-PAYLOAD with a source, else that of the empty body */
    const struct http_source *source;
    const struct http_sink *sink;
    struct s3_range range; /* that the headers ask for, where a sink is to get no more than that */
    size_t max_body_bytes;
    bool fails_late; /* a 2xx answer may hold an error: s3_answer_read_late */
};

/* Do it, with retries. Fills in *result (but its body) and, when that is not NULL, *out_response.
 */
enum status s3_call(struct s3_client *client, struct arena *arena, const struct s3_call *call,
    struct s3_result *result, struct http_response *out_response) MUST_CHECK;

#endif
