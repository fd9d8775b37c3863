/*
 * One S3 request: address it, sign it, send it, and try again where that is safe and useful. What
 * an answer means is in s3_answer.c; the single calls are in s3.c and s3_bucket.c.
 */
#include "remote/s3_call.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "crypto/random.h"
#include "remote/s3_answer.h"
#include "remote/s3_count.h"

#include <errno.h>
#include <time.h>

enum {
    MAX_ATTEMPTS = 4,
    DEADLINE_MS = 30000,
    PAUSE_MS = 100,
    PAUSE_MAX_MS = 5000,
    SKEW_SURE_S = 30, /* a Date that is so near to 15 minutes may be the reason of a refusal */
    OWN_HEADERS_MAX = 4
};

/* A call under way. The caller's source and sink are wrapped to know whether they have been used.
 */
struct attempt {
    struct s3_client *client;
    struct arena *arena;
    const struct s3_call *call;
    struct s3_result *result;
    struct http_response response;
    int64_t deadline_ms; /* of the monotonic clock */
    int64_t sent_at_ms;
    int64_t signed_at;
    int64_t offset_before_s; /* of the clock, when has_relearnt_clock */
    bool has_relearnt_clock;
    bool has_renewed;
    bool is_source_used;
    bool is_sink_used;
    int64_t sink_offset; /* in what came, where the server did not heed the range */
};

/* --- source and sink --- */

static ssize_t read_source(void *context, void *buffer, size_t len)
{
    struct attempt *attempt = context;
    attempt->is_source_used = true;
    return attempt->call->source->read(attempt->call->source->context, buffer, len);
}

static bool rewind_source(void *context)
{
    struct attempt *attempt = context;
    const struct http_source *source = attempt->call->source;
    if (attempt->is_source_used && (!source->rewind || !source->rewind(source->context)))
        return false;
    attempt->is_source_used = false;
    return true;
}

/* Not every server knows ranges: of a whole object, the part that was asked for. */
static struct str part_of_whole(struct attempt *attempt, struct str bytes)
{
    const struct s3_range *range = &attempt->call->range;
    int64_t start = attempt->sink_offset;
    int64_t skip = range->first > start ? range->first - start : 0;
    int64_t end = range->first + range->length - start; /* in `bytes` */

    attempt->sink_offset += (int64_t)bytes.len;
    if (range->length > 0 && end < (int64_t)bytes.len)
        bytes = str_head(bytes, end > 0 ? (size_t)end : 0);
    return str_from_offset(bytes, (size_t)skip);
}

static bool write_sink(void *context, struct str bytes)
{
    struct attempt *attempt = context;
    bool is_ranged = attempt->call->range.first > 0 || attempt->call->range.length > 0;
    if (is_ranged && str_is_empty(http_response_header(&attempt->response, STR("content-range"))))
        bytes = part_of_whole(attempt, bytes);
    if (str_is_empty(bytes))
        return true;
    attempt->is_sink_used = true;
    return attempt->call->sink->write(attempt->call->sink->context, bytes);
}

static bool reset_sink(struct attempt *attempt)
{
    const struct http_sink *sink = attempt->call->sink;
    if (attempt->is_sink_used && (!sink->reset || !sink->reset(sink->context)))
        return false;
    attempt->is_sink_used = false;
    return true;
}

/* --- sending --- */

static struct str payload_hash(const struct s3_call *call)
{
    if (!str_is_empty(call->payload_hash))
        return call->payload_hash;
    return call->source ? SIGV4_UNSIGNED_PAYLOAD : SIGV4_EMPTY_PAYLOAD;
}

static struct str make_url(struct attempt *attempt, const struct sigv4_request *request)
{
    struct arena *arena = attempt->arena;
    struct str url = ARENA_JOIN(arena, request->scheme, STR("://"), request->host,
        escape_url_path_str(arena, request->path));
    for (size_t i = 0; i < request->query.count; i++)
        url = ARENA_JOIN(arena, url, i == 0 ? STR("?") : STR("&"),
            escape_url_str(arena, request->query.item[i].name), STR("="),
            escape_url_str(arena, request->query.item[i].value));
    return url;
}

/* The caller's headers and those of the signature. */
static struct pairs make_headers(
    struct arena *arena, struct pairs headers, const struct sigv4_headers *own)
{
    const struct pair added[OWN_HEADERS_MAX] = {
        { STR("Authorization"), own->authorization },
        { STR("x-amz-date"), own->amz_date },
        { STR("x-amz-content-sha256"), own->content_sha256 },
        { STR("x-amz-security-token"), own->security_token },
    };
    struct pair *all = ARENA_ARRAY(arena, struct pair, headers.count + OWN_HEADERS_MAX);
    size_t count = headers.count;
    if (count > 0)
        memcpy(all, headers.item, count * sizeof(*all));
    for (size_t i = 0; i < OWN_HEADERS_MAX; i++)
        if (!str_is_empty(added[i].value))
            all[count++] = added[i];
    return (struct pairs){ all, count };
}

/* What is left until the deadline; streams are not cut by it, their low-speed limit watches them.
 */
static int64_t timeout_ms(const struct attempt *attempt)
{
    int64_t left_ms = attempt->deadline_ms - clock_monotonic_us() / 1000;
    if (attempt->call->source || attempt->call->sink)
        return 0;
    return left_ms > 1 ? left_ms : 1;
}

static enum status send_once(struct attempt *attempt)
{
    const struct s3_call *call = attempt->call;
    struct s3_client *client = attempt->client;
    const struct s3_location *location = &client->location;
    struct sigv4_scope scope = { location->region, STR("s3") };
    struct sigv4_headers own;
    struct http_source source = { read_source, rewind_source, attempt, 0 };
    struct http_sink sink = { write_sink, NULL, attempt };

    attempt->signed_at = clock_now_s() + s3_clock_offset_s(client->clock);
    attempt->sent_at_ms = clock_now_ms();
    struct sigv4_request request = {
        .method = call->method,
        .scheme = location->scheme,
        .host = s3_location_host(attempt->arena, location),
        .path = s3_location_path(attempt->arena, location, call->key),
        .query = call->query,
        .headers = call->headers,
        .payload_hash = payload_hash(call),
        .signed_at = attempt->signed_at,
    };
    attempt->response = (struct http_response){ 0 };
    attempt->sink_offset = 0;
    enum status status =
        sigv4_sign_headers(attempt->arena, client->lease->keys, &scope, &request, &own, NULL);
    if (status != STATUS_OK)
        return status;
    source.size_bytes = call->source ? call->source->size_bytes : 0;
    struct http_request http = {
        .method = call->method,
        .url = make_url(attempt, &request),
        .headers = make_headers(attempt->arena, call->headers, &own),
        .source = call->source ? &source : NULL,
        .sink = call->sink ? &sink : NULL,
        .max_body_bytes = call->max_body_bytes,
        .timeout_ms = timeout_ms(attempt),
    };
    return http_perform(client->http, attempt->arena, &http, &attempt->response);
}

/* --- the answer --- */

/* What the answer tells of the server's clock. False: nothing, or it comes from a cache. */
static bool sight_clock(const struct attempt *attempt, struct s3_clock_sighting *out)
{
    struct str age = http_response_header(&attempt->response, STR("age"));

    *out = (struct s3_clock_sighting){
        .sent_at_ms = attempt->sent_at_ms,
        .received_at_ms = clock_now_ms(),
        .signed_at = attempt->signed_at,
    };
    return (str_is_empty(age) || str_equal(age, STR("0"))) &&
           clock_parse_http(http_response_header(&attempt->response, STR("date")), &out->date_s);
}

/* Whether the server took the signature, and with it our time: it looked for the object. */
static bool is_taken(int http_status)
{
    return (http_status >= 200 && http_status < 400) || http_status == 404 || http_status == 412;
}

static void learn_clock(struct attempt *attempt)
{
    struct s3_clock_sighting sighting;

    if (is_taken(attempt->result->http_status) && sight_clock(attempt, &sighting))
        s3_clock_learn(attempt->client->clock, &sighting);
}

static enum status try_once(struct attempt *attempt)
{
    int64_t begin_us = clock_monotonic_us();
    enum status status = send_once(attempt);
    enum status answer = s3_answer_read(attempt->arena, &attempt->response, attempt->result);

    if (answer == STATUS_OK && attempt->call->fails_late)
        answer = s3_answer_read_late(attempt->arena, &attempt->response, attempt->result);
    s3_call_count(attempt->call, &attempt->response, clock_monotonic_us() - begin_us);
    learn_clock(attempt);
    return status != STATUS_OK ? status : answer;
}

/* --- again --- */

/* Is our time why it was refused? HEAD's answer has no code, so the Date has to tell. */
static bool is_clock_refusal(
    const struct attempt *attempt, const struct s3_clock_sighting *sighting)
{
    int64_t skew_s = sighting->date_s - attempt->signed_at;
    int64_t limit_s = S3_CLOCK_TOLERANCE_S - SKEW_SURE_S;

    return attempt->result->http_status == 403 && (skew_s > limit_s || skew_s < -limit_s);
}

/* Our clock was wrong, and now is not: worth one more attempt at once. When that was refused as
 * well, the Date was what was wrong. */
static bool relearn_clock(struct attempt *attempt)
{
    struct s3_clock *clock = attempt->client->clock;
    struct s3_clock_sighting sighting;

    if (attempt->has_relearnt_clock) {
        if (attempt->result->http_status == 403)
            s3_clock_restore(clock, attempt->offset_before_s);
        return false;
    }
    if (!sight_clock(attempt, &sighting) || !is_clock_refusal(attempt, &sighting))
        return false;
    attempt->offset_before_s = s3_clock_offset_s(clock);
    attempt->has_relearnt_clock = s3_clock_refused(clock, &sighting);
    return attempt->has_relearnt_clock;
}

/* Others have been fetched: worth one more attempt at once. */
static bool renew_credentials(struct attempt *attempt)
{
    struct credential_lease *lease = attempt->client->lease;
    bool is_head = str_equal(attempt->call->method, STR("HEAD"));

    if (attempt->has_renewed ||
        !s3_answer_is_expired(attempt->result, is_head, !str_is_empty(lease->keys->session_token)))
        return false;
    attempt->has_renewed = true;
    return credential_lease_renew(lease);
}

static bool is_transient(const struct attempt *attempt)
{
    static const int statuses[] = { 408, 429, 500, 502, 503, 504 };
    switch (attempt->response.failure) {
    case HTTP_FAILURE_CONNECT:
    case HTTP_FAILURE_TIMEOUT:
    case HTTP_FAILURE_BROKEN:
        return true;
    case HTTP_FAILURE_NONE:
        break;
    default:
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (attempt->result->http_status == statuses[i])
            return true;
    return str_equal(attempt->result->error_code, STR("RequestTimeout"));
}

static void sleep_ms(const struct s3_retry *retry, int64_t pause_ms)
{
    struct timespec left = { pause_ms / 1000, pause_ms % 1000 * 1000000 };
    if (retry->sleep) {
        retry->sleep(retry->sleep_context, pause_ms);
        return;
    }
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* "Full jitter": clients that failed together do not come back together. */
static int64_t random_pause_ms(const struct s3_retry *retry, int attempts)
{
    int64_t limit_ms = retry->pause_ms ? retry->pause_ms : PAUSE_MS;
    int64_t max_ms = retry->pause_max_ms ? retry->pause_max_ms : PAUSE_MAX_MS;
    for (int i = 1; i < attempts && limit_ms < max_ms; i++)
        limit_ms *= 2;
    return random_below((uint32_t)(limit_ms < max_ms ? limit_ms : max_ms) + 1);
}

/* True after a pause when another attempt makes sense and can be made. */
static bool prepare_again(struct attempt *attempt)
{
    const struct s3_retry *retry = &attempt->client->retry;
    int max_attempts = retry->max_attempts ? retry->max_attempts : MAX_ATTEMPTS;
    bool is_clock = relearn_clock(attempt);
    bool is_at_once = is_clock || renew_credentials(attempt);
    int64_t pause_ms = is_at_once ? 0 : random_pause_ms(retry, attempt->result->attempts);

    if (!is_at_once && (!is_transient(attempt) || attempt->result->attempts >= max_attempts))
        return false;
    if (clock_monotonic_us() / 1000 + pause_ms >= attempt->deadline_ms)
        return false;
    if ((attempt->call->source && !rewind_source(attempt)) ||
        (attempt->call->sink && !reset_sink(attempt)))
        return false;
    if (!is_at_once)
        sleep_ms(retry, pause_ms);
    s3_call_count_retry(attempt->call);
    return true;
}

/* What an operator needs to ask their storage provider; nothing that is secret. */
static void log_failure(const struct attempt *attempt, enum status status)
{
    const struct s3_result *result = attempt->result;
    struct log_line line;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_PRECONDITION)
        return;
    log_begin(&line, LOG_WARN, "storage call failed");
    log_str(&line, "method", attempt->call->method);
    log_str(&line, "endpoint", attempt->client->location.host);
    log_str(&line, "code", status_code(status));
    log_int(&line, "http_status", result->http_status);
    log_str(&line, "s3_code", result->error_code);
    log_str(&line, "s3_message", result->error_message);
    log_str(&line, "s3_request_id", result->request_id);
    log_str(&line, "s3_id2", result->id2);
    log_str(&line, "problem", attempt->response.problem);
    log_int(&line, "attempts", result->attempts);
    log_end(&line);
}

/* Nothing can be signed: said as storage would say it. */
static enum status refuse_without_keys(struct s3_result *result, struct http_response *out_response)
{
    *result = (struct s3_result){
        .error_code = STR("NoCredentials"),
        .error_message = STR("There are no credentials for the storage."),
    };
    if (out_response)
        *out_response = (struct http_response){ .status = 0 };
    return STATUS_STORAGE_REFUSED;
}

enum status s3_call(struct s3_client *client, struct arena *arena, const struct s3_call *call,
    struct s3_result *result, struct http_response *out_response)
{
    int64_t deadline_ms = client->retry.deadline_ms ? client->retry.deadline_ms : DEADLINE_MS;
    struct attempt attempt = {
        .client = client,
        .arena = arena,
        .call = call,
        .result = result,
        .deadline_ms = clock_monotonic_us() / 1000 + deadline_ms,
    };
    enum status status;

    if (str_is_empty(credential_lease_turn(client->lease)->access_key))
        return refuse_without_keys(result, out_response);
    *result = (struct s3_result){ 0 };
    do {
        result->attempts++;
        status = try_once(&attempt);
    } while (status != STATUS_OK && prepare_again(&attempt));
    result->duration_ms = deadline_ms - (attempt.deadline_ms - clock_monotonic_us() / 1000);
    log_failure(&attempt, status);
    if (out_response)
        *out_response = attempt.response;
    return status;
}
