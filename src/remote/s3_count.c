/* Which operation a request is, and which of the few statuses we tell apart its answer has. */
#include "remote/s3_count.h"

#include "base/metrics.h"

static enum metric_operation operation_of(const struct s3_call *call)
{
    static const struct {
        struct str method;
        enum metric_operation of_object, of_bucket;
    } operations[] = {
        { STR_INIT("HEAD"), METRIC_S3_HEAD_OBJECT, METRIC_S3_HEAD_BUCKET },
        { STR_INIT("GET"), METRIC_S3_GET_OBJECT, METRIC_S3_OTHER },
        { STR_INIT("PUT"), METRIC_S3_PUT_OBJECT, METRIC_S3_OTHER },
        { STR_INIT("DELETE"), METRIC_S3_DELETE_OBJECT, METRIC_S3_OTHER },
    };
    bool has_key = !str_is_empty(call->key);

    if (!str_is_empty(pairs_get(call->query, STR("list-type"), NULL)))
        return METRIC_S3_LIST_OBJECTS;
    if (!str_is_empty(pairs_get(call->query, STR("uploadId"), NULL)))
        return METRIC_S3_OTHER;
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        if (str_equal(operations[i].method, call->method))
            return has_key ? operations[i].of_object : operations[i].of_bucket;
    return METRIC_S3_OTHER;
}

static enum metric_answer answer_of(const struct http_response *response)
{
    static const struct {
        int status;
        enum metric_answer answer;
    } singles[] = {
        { 403, METRIC_ANSWER_403 },
        { 404, METRIC_ANSWER_404 },
        { 412, METRIC_ANSWER_412 },
        { 429, METRIC_ANSWER_429 },
        { 500, METRIC_ANSWER_500 },
        { 503, METRIC_ANSWER_503 },
    };
    static const enum metric_answer classes[] = { METRIC_ANSWER_2XX, METRIC_ANSWER_3XX,
        METRIC_ANSWER_4XX, METRIC_ANSWER_5XX };
    int status = response->status;

    if (response->failure != HTTP_FAILURE_NONE || status < 200 || status > 599)
        return METRIC_ANSWER_NONE;
    for (size_t i = 0; i < COUNT_OF(singles); i++)
        if (singles[i].status == status)
            return singles[i].answer;
    return classes[status / 100 - 2];
}

void s3_call_count(
    const struct s3_call *call, const struct http_response *response, int64_t duration_us)
{
    enum metric_operation operation = operation_of(call);

    metrics_count(METRIC_S3_REQUESTS, operation, answer_of(response));
    metrics_observe(METRIC_S3_REQUEST_TIME, operation, duration_us);
}

void s3_call_count_retry(const struct s3_call *call)
{
    metrics_count(METRIC_S3_RETRIES, operation_of(call), 0);
}
