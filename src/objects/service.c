/*
 * service.c - the endpoint as a whole: opening it, and the life of a request from its headers to
 * its log line.
 */
#include "objects/auth.h"
#include "objects/bucket_cors.h"
#include "objects/cors.h"
#include "objects/key_path.h"
#include "objects/operations.h"
#include "objects/post_object.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

/* The unread rest of a refused body is worth reading up to here: then the connection stays in use.
 */
enum { DRAIN_MAX_BYTES = 256 * 1024 };

/* clang-format off */
/* On every answer. The bytes here are anyone's who may upload: nothing of them may run as a page of
 * this origin, be guessed to be another type, or be framed with rights. */
static const struct pair security_headers[] = {
    { STR_INIT("X-Content-Type-Options"),       STR_INIT("nosniff") },
    { STR_INIT("Content-Security-Policy"),      STR_INIT("sandbox; default-src 'none'") },
    { STR_INIT("Cross-Origin-Resource-Policy"), STR_INIT("cross-origin") },
};
/* clang-format on */

/* --- open and close ----------------------------------------------------------------------------
 */

static bool is_size_limit(int64_t bytes)
{
    return bytes >= 0 && bytes <= OBJECTS_SIZE_MAX_BYTES;
}

static bool config_is_sound(const struct objects_config *config)
{
    const char *problem = NULL;
    struct str bucket = config->default_bucket;
    if (config->credential_count == 0)
        problem = "there is no access key";
    if (!is_size_limit(config->max_object_bytes) || !is_size_limit(config->max_presigned_bytes))
        problem = "the largest object size is not in 0..5 GiB";
    if (str_is_empty(config->region))
        problem = "there is no region";
    if (!str_is_empty(bucket) && !bucket_name_is_valid(bucket))
        problem = "the bucket's name is not one that S3 allows (3 to 63 of a-z, 0-9, '-', '.')";
    if (problem)
        log_event(LOG_ERROR, "The object endpoint cannot start: %s.", problem);
    return problem == NULL;
}

/* The bucket of the application, open to its pages wherever they are served from. */
static void make_default_bucket(struct objects *objects)
{
    struct arena arena;
    struct str bucket = objects->config.default_bucket;
    if (str_is_empty(bucket))
        return;
    arena_init(&arena);
    enum status status = store_create_bucket(objects->store, &arena, bucket);
    if (status == STATUS_OK)
        status =
            store_write_document(objects->store, &arena, bucket, STORE_CORS, STR(CORS_OPEN_CONFIG));
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        log_event(LOG_ERROR, "The bucket %.*s could not be made.", STR_ARG(bucket));
    arena_clear(&arena);
}

struct objects *objects_open(const struct objects_config *config)
{
    if (!config_is_sound(config))
        return NULL;
    struct store *store = store_open(config->root);
    if (store == NULL)
        return NULL;
    struct objects *objects = calloc(1, sizeof *objects);
    if (objects == NULL)
        abort();
    objects->config = *config;
    objects->store = store;
    if (config->max_object_bytes == 0)
        objects->config.max_object_bytes = OBJECTS_SIZE_MAX_BYTES;
    if (config->max_presigned_bytes == 0)
        objects->config.max_presigned_bytes = objects->config.max_object_bytes;
    upload_turns_init(&objects->turns, config->threads);
    make_default_bucket(objects);
    return objects;
}

void objects_close(struct objects *objects)
{
    if (objects == NULL)
        return;
    store_close(objects->store);
    upload_turns_clear(&objects->turns);
    free(objects);
}

void *objects_thread_open(void *objects)
{
    struct objects_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        abort();
    thread->objects = objects;
    arena_init(&thread->scratch);
    return thread;
}

void objects_thread_close(void *context)
{
    struct objects_thread *thread = context;
    if (thread == NULL)
        return;
    digest_clear(&thread->digests.md5);
    digest_clear(&thread->digests.sha256);
    checksum_clear(&thread->digests.checksum);
    arena_clear(&thread->scratch);
    free(thread);
}

/* --- a request -----------------------------------------------------------------------------------
 */

static void set_common_headers(struct call *call)
{
    for (size_t i = 0; i < COUNT_OF(security_headers); i++)
        call_set_header(call, security_headers[i].name, security_headers[i].value);
    call_set_header(call, STR("x-amz-request-id"), call->request->id);
    call_set_header(call, STR("x-amz-id-2"), STR("vitrine"));
}

static enum s3_error slow_down(struct call *call)
{
    call_set_header(call, STR("Retry-After"), STR("2"));
    return call_fail(call, S3_SLOW_DOWN,
        "There are too many uploads at once just now. Please reduce your request rate.");
}

/* Anyone at all may begin to send a form. */
static enum s3_error take_form(struct call *call)
{
    const struct request *request = call->request;

    call->operation = STR("PostObject");
    return upload_turns_take_stranger(
               &call->objects->turns, request->remote_addr, request->id, &call->turn)
               ? post_object(call) /* checks the signature in the form: nothing else may run */
               : slow_down(call);
}

/* Whoever holds a URL may send a body; how many do so at once has a limit. */
static enum s3_error take_turn(struct call *call)
{
    const struct request *request = call->request;
    struct str name;

    if (call->claim.kind != VERIFY_QUERY || request->content_length == 0 ||
        request->method == METHOD_GET || request->method == METHOD_HEAD)
        return S3_OK;
    /* the parts of one upload are bodies of their own */
    name = ARENA_JOIN(call->arena, call->bucket, STR("/"), call->key, STR("?"),
        call_query(call, STR("partNumber")));
    return upload_turns_take(&call->objects->turns, request->remote_addr, name, &call->turn)
               ? S3_OK
               : slow_down(call);
}

static enum s3_error run(struct call *call)
{
    call_handler *handler = NULL;
    enum s3_error error = auth_parse(call);
    if (call->request->method == METHOD_OPTIONS)
        return error == S3_OK ? bucket_cors_preflight(call) : error;
    bucket_cors_decorate(call); /* before anything can fail: scripts must be able to read why */
    if (error == S3_OK && post_object_is_form(call))
        return take_form(call);
    if (error == S3_OK)
        error = auth_check(call);
    if (error == S3_OK)
        error = take_turn(call);
    call->is_authentic = error == S3_OK;
    if (error == S3_OK)
        error = operations_find(call, &handler);
    return error == S3_OK ? handler(call) : error;
}

/*
 * Read what is left of the body before answering, when that is little, and the connection stays in
 * use; also when nothing is left but the mark of its end: a web server that has not got rid of that
 * when the answer is complete hangs up. When much is left, answer at once: the web server closes in
 * an order that lets the client read it. For strangers nothing is awaited: whoever announces a body
 * and does not send it would keep a thread, and a few dozen of them the endpoint; nor for those
 * who had to go, because there are too many.
 */
static void drain(const struct call *call)
{
    struct request *request = call->request;
    int64_t left = request->content_length - request->body_read_bytes;
    bool is_answered = call->reply->is_streaming;
    if (call->is_authentic && !is_answered && left >= 0 && left <= DRAIN_MAX_BYTES)
        request_drain(request, DRAIN_MAX_BYTES + 1);
}

/* No query: it holds the signature. */
static void log_call(const struct call *call, enum s3_error error, int64_t began_us)
{
    struct log_line line;
    log_begin(&line, error == S3_INTERNAL ? LOG_ERROR : LOG_INFO, "request");
    log_str(&line, "method", call->request->method_name);
    log_str(&line, "operation", call->operation);
    log_str(&line, "bucket", call->bucket);
    log_str(&line, "key", call->key);
    log_int(&line, "status", call->reply->http_status);
    if (error != S3_OK)
        log_str(&line, "error", s3_error_code(error));
    log_int(&line, "received", call->request->body_read_bytes);
    log_int(&line, "sent", call->reply->sent_bytes);
    log_int(&line, "us", clock_monotonic_us() - began_us);
    log_end(&line);
}

void objects_handle(void *context, struct request *request, struct reply *reply)
{
    struct objects_thread *thread = context;
    int64_t began_us = clock_monotonic_us();
    struct call call = {
        .objects = thread->objects,
        .store = thread->objects->store,
        .thread = thread,
        .arena = request->arena,
        .request = request,
        .reply = reply,
    };
    proxy_apply(&thread->objects->config.proxies, request);
    set_common_headers(&call);
    enum s3_error error = run(&call);
    drain(&call);
    upload_turns_give(&thread->objects->turns, call.turn);
    if (error != S3_OK)
        call_answer_error(&call, error);
    log_call(&call, error, began_us);
    arena_reset(&thread->scratch);
}
