/*
 * What an S3 answer says: its headers, the XML of an error, and which status that is for us.
 */
#include "remote/s3_answer.h"

#include "base/clock.h"
#include "base/xml.h"

struct error_reader {
    struct arena *arena;
    struct s3_result *result;
};

static bool read_error_element(void *context, struct str path, struct str text)
{
    struct error_reader *reader = context;
    struct s3_result *result = reader->result;
    if (str_equal(path, STR("Error/Code")))
        result->error_code = arena_copy(reader->arena, text);
    else if (str_equal(path, STR("Error/Message")))
        result->error_message = arena_copy(reader->arena, text);
    else if (str_equal(path, STR("Error/RequestId")) && str_is_empty(result->request_id))
        result->request_id = arena_copy(reader->arena, text);
    else if (str_equal(path, STR("Error/HostId")) && str_is_empty(result->id2))
        result->id2 = arena_copy(reader->arena, text);
    return true;
}

/* A proxy's page instead of XML leaves code and message as they were. */
static void read_error(struct arena *arena, struct str document, struct s3_result *result)
{
    struct error_reader context = { arena, result };
    const struct xml_reader reader = { .text = read_error_element, .context = &context };
    struct s3_result before = *result;
    if (xml_read(arena, document, &reader) != STATUS_OK)
        *result = before;
}

struct str s3_answer_etag(struct str etag)
{
    if (etag.len >= 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"')
        return str_from(etag.ptr + 1, etag.len - 2);
    return etag;
}

/* The size of the whole: "bytes 0-65535/2000000", or else what is told of this answer. */
static int64_t read_size(const struct http_response *response)
{
    struct str range = http_response_header(response, STR("content-range"));
    ssize_t slash = str_last_index(range, '/');
    struct str text = slash >= 0 ? str_from_offset(range, (size_t)slash + 1)
                                 : http_response_header(response, STR("content-length"));
    int64_t size_bytes;
    return str_parse_i64(text, &size_bytes) && size_bytes >= 0 ? size_bytes : -1;
}

static void read_headers(const struct http_response *response, struct s3_result *result)
{
    *result = (struct s3_result){
        .http_status = response->status,
        .etag = s3_answer_etag(http_response_header(response, STR("etag"))),
        .content_type = http_response_header(response, STR("content-type")),
        .size_bytes = -1,
        .metadata = http_response_header(response, S3_META_HEADER),
        .checksum_sha256 = http_response_header(response, STR("x-amz-checksum-sha256")),
        .last_modified_at = -1,
        .request_id = http_response_header(response, STR("x-amz-request-id")),
        .id2 = http_response_header(response, STR("x-amz-id-2")),
        .attempts = result->attempts,
    };
    if (response->status == 200 || response->status == 206)
        result->size_bytes = read_size(response);
    int64_t at_s;
    if (clock_parse_http(http_response_header(response, STR("last-modified")), &at_s))
        result->last_modified_at = at_s;
}

static enum status status_of_answer(const struct s3_result *result)
{
    int http = result->http_status;
    if (http >= 200 && http < 300)
        return STATUS_OK;
    if (http == 404)
        return STATUS_NOT_FOUND;
    if (http == 304 || http == 412 ||
        (http == 409 && str_equal(result->error_code, STR("ConditionalRequestConflict"))))
        return STATUS_PRECONDITION;
    if (http == 507)
        return STATUS_NO_SPACE;
    return http >= 500 || http == 408 || http == 429 ? STATUS_STORAGE : STATUS_STORAGE_REFUSED;
}

enum status s3_answer_read(
    struct arena *arena, const struct http_response *response, struct s3_result *result)
{
    read_headers(response, result);
    if (response->failure != HTTP_FAILURE_NONE)
        return STATUS_STORAGE;
    if (status_of_answer(result) != STATUS_OK)
        read_error(arena, response->body, result);
    return status_of_answer(result);
}

/* The statuses of S3's errors that can come so late; of all others, 400. */
static int late_http_status(struct str code)
{
    static const struct {
        struct str code;
        int http;
    } errors[] = {
        { STR_INIT("InternalError"), 500 },
        { STR_INIT("ServiceUnavailable"), 503 },
        { STR_INIT("SlowDown"), 503 },
        { STR_INIT("RequestTimeout"), 408 },
        { STR_INIT("NoSuchUpload"), 404 },
        { STR_INIT("PreconditionFailed"), 412 },
        { STR_INIT("ConditionalRequestConflict"), 409 },
        { STR_INIT("AccessDenied"), 403 },
    };

    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (str_equal(code, errors[i].code))
            return errors[i].http;
    return 400;
}

enum status s3_answer_read_late(
    struct arena *arena, const struct http_response *response, struct s3_result *result)
{
    const struct xml_reader nobody = { 0 };
    read_error(arena, response->body, result);
    if (!str_is_empty(result->error_code))
        result->http_status = late_http_status(result->error_code);
    else if (xml_read(arena, response->body, &nobody) != STATUS_OK)
        result->http_status = 500;
    return status_of_answer(result);
}

bool s3_answer_is_expired(const struct s3_result *result, bool is_head, bool is_temporary)
{
    static const struct str codes[] = { STR_INIT("ExpiredToken"), STR_INIT("InvalidToken"),
        STR_INIT("RequestExpired") };

    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (str_equal(result->error_code, codes[i]))
            return true;
    return is_head && is_temporary && result->http_status == 400;
}
