/*
 * call.c - what all operations share: reading parameters, failing, answering XML.
 */
#include "objects/call.h"

#include "base/escape.h"
#include "base/log.h"
#include "base/xml.h"

#include <errno.h>
#include <stdarg.h>

struct str call_header(const struct call *call, struct str name)
{
    return request_header(call->request, name);
}

struct str call_query(const struct call *call, struct str name)
{
    return pairs_get(call->query, name, NULL);
}

bool call_has_query(const struct call *call, struct str name)
{
    bool is_found;
    pairs_get(call->query, name, &is_found);
    return is_found;
}

void call_set_header(struct call *call, struct str name, struct str value)
{
    if (!str_is_empty(value))
        reply_set_header(call->reply, name, value);
}

enum s3_error call_fail(struct call *call, enum s3_error error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    call->error_message = arena_vprintf(call->arena, format, args);
    va_end(args);
    return error;
}

void call_add_detail(struct call *call, struct str name, struct str value)
{
    if (call->detail_count < CALL_DETAILS_MAX)
        call->details[call->detail_count++] = (struct pair){ name, value };
}

enum s3_error call_store_error(struct call *call, enum status status, enum s3_error not_found)
{
    int error = errno;
    switch (status) {
    case STATUS_OK:
        return S3_OK;
    case STATUS_NOT_FOUND:
        return not_found;
    case STATUS_PRECONDITION:
        return S3_PRECONDITION_FAILED;
    case STATUS_NO_SPACE:
        log_event(LOG_ERROR, "No space left for objects: %s.", strerror(error));
        return S3_INSUFFICIENT_STORAGE;
    case STATUS_BUSY:
        return S3_SLOW_DOWN;
    default:
        log_event(LOG_ERROR, "The object store failed (%.*s): %s, bucket %.*s.",
            STR_ARG(status_code(status)), strerror(error), STR_ARG(call->bucket));
        return S3_INTERNAL;
    }
}

const struct s3_credentials *call_credentials(const struct call *call)
{
    const struct objects_config *config = &call->objects->config;
    for (size_t i = 0; i < config->credential_count; i++)
        if (str_equal(config->credentials[i].access_key, call->claim.access_key))
            return &config->credentials[i];
    return NULL;
}

int64_t call_max_body_bytes(const struct call *call)
{
    const struct objects_config *config = &call->objects->config;
    bool is_presigned = call->claim.kind == VERIFY_QUERY;
    return is_presigned ? config->max_presigned_bytes : config->max_object_bytes;
}

enum s3_error call_need_bucket(struct call *call)
{
    if (store_has_bucket(call->store, call->arena, call->bucket))
        return S3_OK;
    call_add_detail(call, STR("BucketName"), call->bucket);
    return S3_NO_SUCH_BUCKET;
}

void call_answer_xml(struct call *call, int http_status)
{
    call->reply->http_status = http_status;
    reply_set_header(call->reply, STR("Content-Type"), STR("application/xml"));
}

static void write_error(struct call *call, enum s3_error error)
{
    struct buf *out = &call->reply->body;
    bool is_own = !str_is_empty(call->error_message);
    xml_begin(out);
    xml_open(out, "Error");
    xml_text(out, "Code", s3_error_code(error));
    xml_text(out, "Message", is_own ? call->error_message : s3_error_message(error));
    for (size_t i = 0; i < call->detail_count; i++)
        xml_text(out, arena_c_string(call->arena, call->details[i].name), call->details[i].value);
    xml_text(out, "Resource", call->request->raw_path);
    xml_text(out, "RequestId", call->request->id);
    xml_text(out, "HostId", STR("vitrine"));
    xml_close(out, "Error");
}

/* Headers that an operation set for its success must not stand on its failure; those that every
 * answer carries were set before it ran and are kept. */
static void drop_success_headers(struct call *call)
{
    static const struct str names[] = { STR_INIT("Content-Type"), STR_INIT("Content-Length"),
        STR_INIT("Content-Encoding"), STR_INIT("Content-Disposition"), STR_INIT("Content-Language"),
        STR_INIT("Cache-Control"), STR_INIT("Expires") };
    struct reply *reply = call->reply;
    size_t kept = 0;
    for (size_t i = 0; i < reply->header_count; i++) {
        bool is_dropped = false;
        for (size_t n = 0; n < COUNT_OF(names); n++)
            is_dropped |= str_equal_nocase(reply->headers[i].name, names[n]);
        if (!is_dropped)
            reply->headers[kept++] = reply->headers[i];
    }
    reply->header_count = kept;
}

void call_answer_error(struct call *call, enum s3_error error)
{
    struct reply *reply = call->reply;
    if (reply->is_streaming)
        return; /* too late to say anything: the body will be short */
    buf_reset(&reply->body);
    reply->http_status = s3_error_http(error);
    if (error == S3_NOT_MODIFIED)
        return;
    drop_success_headers(call);
    call_answer_xml(call, s3_error_http(error));
    if (reply->is_head)
        return;
    write_error(call, error);
}
