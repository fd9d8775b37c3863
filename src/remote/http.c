/*
 * One HTTP request over libcurl's easy interface, with every limit set. Retries, signatures and XML
 * are s3.c's; the local clock is not looked at.
 */
#include "remote/http.h"

#include "base/buf.h"
#include "base/log.h"
#include "remote/public_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CONNECT_TIMEOUT_MS = 5000,
    LOW_SPEED_BYTES = 1,
    LOW_SPEED_S = 30,
    BODY_MAX_BYTES = 1024 * 1024,
    CONNECTIONS_KEPT = 4,
    TRANSFER_BUFFER_BYTES = 64 * 1024
};

struct http_client {
    CURL *curl;
    struct http_limits limits;
    char error[CURL_ERROR_SIZE];
};

/* One request under way: what the callbacks need. */
struct transfer {
    struct arena *arena;
    const struct http_request *request;
    struct http_response *response;
    struct pair *headers; /* HTTP_HEADERS_MAX of them */
    size_t header_bytes;
    struct buf body;
    int64_t sent_bytes;
    enum http_failure failure; /* that a callback found */
};

/* --- the client
 * --------------------------------------------------------------------------------------- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        log_event(LOG_ERROR, "http: libcurl does not start");
        abort();
    }
}

struct http_client *http_client_new(const struct http_limits *limits)
{
    pthread_once(&curl_once, start_curl);
    struct http_client *client = calloc(1, sizeof(*client));
    if (!client || !(client->curl = curl_easy_init()))
        abort();
    if (limits)
        client->limits = *limits;
    if (client->limits.connect_timeout_ms == 0)
        client->limits.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (client->limits.low_speed_bytes == 0)
        client->limits.low_speed_bytes = LOW_SPEED_BYTES;
    if (client->limits.low_speed_s == 0)
        client->limits.low_speed_s = LOW_SPEED_S;
    return client;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

/* --- callbacks
 * ---------------------------------------------------------------------------------------- */

static struct str lower_copy(struct arena *arena, struct str s)
{
    char *copy = arena_c_string(arena, s);
    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    return str_from(copy, s.len);
}

/* One line of the head, status lines included: an interim answer's headers are forgotten. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct http_response *response = transfer->response;
    struct str line = str_trim(str_from(bytes, size * count));
    ssize_t colon = str_index(line, ':');

    transfer->header_bytes += size * count;
    if (transfer->header_bytes > HTTP_HEADERS_MAX_BYTES) {
        transfer->failure = HTTP_FAILURE_TOO_LARGE;
        return 0;
    }
    if (str_starts_with(line, STR("HTTP/"))) {
        response->headers.count = 0;
    } else if (colon > 0) {
        if (response->headers.count == HTTP_HEADERS_MAX) {
            transfer->failure = HTTP_FAILURE_TOO_LARGE;
            return 0;
        }
        transfer->headers[response->headers.count++] = (struct pair){
            lower_copy(transfer->arena, str_head(line, (size_t)colon)),
            arena_copy(transfer->arena, str_trim(str_from_offset(line, (size_t)colon + 1))),
        };
    }
    return size * count;
}

/* Names are resolved by then, so one that points to our own network is refused here. */
static curl_socket_t open_public_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = to->family == AF_INET
                            ? (const void *)&((struct sockaddr_in *)(void *)&to->addr)->sin_addr
                            : (const void *)&((struct sockaddr_in6 *)(void *)&to->addr)->sin6_addr;
    struct address address;

    (void)context;
    (void)purpose;
    if ((to->family != AF_INET && to->family != AF_INET6) ||
        inet_ntop(to->family, bytes, text, sizeof(text)) == NULL ||
        !address_parse(str_from_c(text), &address) || !public_address_is(&address))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

struct body_context {
    struct transfer *transfer;
    CURL *curl;
};

static bool is_success(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct body_context *body = context;
    struct transfer *transfer = body->transfer;
    const struct http_request *request = transfer->request;
    struct str part = str_from(bytes, size * count);
    bool is_wanted = is_success(body->curl);
    size_t limit = is_wanted && request->max_body_bytes ? request->max_body_bytes : BODY_MAX_BYTES;

    if (is_wanted && request->sink) {
        if (request->sink->write(request->sink->context, part))
            return part.len;
        transfer->failure = HTTP_FAILURE_SINK;
        return 0;
    }
    if (part.len > limit - transfer->body.len) {
        transfer->failure = HTTP_FAILURE_TOO_LARGE;
        return 0;
    }
    buf_put(&transfer->body, part);
    return part.len;
}

/* Exactly size_bytes go out: fewer or more would garble the connection. */
static size_t on_send(char *buffer, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct http_source *source = transfer->request->source;
    int64_t left = source ? source->size_bytes - transfer->sent_bytes : 0;
    size_t len = size * count;

    if (left == 0)
        return 0;
    ssize_t got = source->read(source->context, buffer, left < (int64_t)len ? (size_t)left : len);
    if (got <= 0) {
        transfer->failure = HTTP_FAILURE_SOURCE;
        return CURL_READFUNC_ABORT;
    }
    transfer->sent_bytes += got;
    return (size_t)got;
}

/* libcurl starts again by itself when a kept connection turns out to be dead. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;
    const struct http_source *source = transfer->request->source;
    if (origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_FAIL;
    if (source && transfer->sent_bytes > 0 && (!source->rewind || !source->rewind(source->context)))
        return CURL_SEEKFUNC_FAIL;
    transfer->sent_bytes = 0;
    return CURL_SEEKFUNC_OK;
}

/* --- one request
 * -------------------------------------------------------------------------------------- */

static void set_limits(struct http_client *client, const struct http_request *request)
{
    CURL *curl = client->curl;
    int64_t total_ms = client->limits.total_timeout_ms;
    if (request->timeout_ms > 0 && (total_ms == 0 || request->timeout_ms < total_ms))
        total_ms = request->timeout_ms;
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)client->limits.connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)total_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)client->limits.low_speed_bytes);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)client->limits.low_speed_s);
}

/* What libcurl would otherwise do out of kindness: follow, guess, ask the environment. */
static void set_manners(struct http_client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)TRANSFER_BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)TRANSFER_BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "vitrine");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    if (client->limits.is_public_only)
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_public_socket);
    if (client->limits.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->limits.ca_file);
}

static void set_method(CURL *curl, struct transfer *transfer)
{
    const struct http_request *request = transfer->request;
    bool can_have_body =
        str_equal(request->method, STR("PUT")) || str_equal(request->method, STR("POST"));
    if (str_equal(request->method, STR("HEAD")))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (request->source || can_have_body)
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, arena_c_string(transfer->arena, request->method));
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
        (curl_off_t)(request->source ? request->source->size_bytes : 0));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer);
}

static struct curl_slist *append_line(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    if (!longer)
        abort();
    return longer;
}

/* The caller's headers. "Expect: 100-continue" is left out: half of the servers make us wait for
 * it. */
static struct curl_slist *make_headers(const struct transfer *transfer)
{
    struct curl_slist *list = append_line(NULL, "Expect:");
    for (size_t i = 0; i < transfer->request->headers.count; i++) {
        const struct pair *header = &transfer->request->headers.item[i];
        /* "Name;" is how libcurl is told to send an empty value. */
        struct str line = arena_printf(transfer->arena, "%.*s%s%.*s", STR_ARG(header->name),
            str_is_empty(header->value) ? ";" : ": ", STR_ARG(header->value));
        list = append_line(list, line.ptr);
    }
    return list;
}

static enum http_failure failure_of(CURLcode code, enum http_failure found_by_callback)
{
    if (code == CURLE_OK || found_by_callback != HTTP_FAILURE_NONE)
        return found_by_callback;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_FAILURE_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_FAILURE_CONNECT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_FAILURE_CERTIFICATE;
    default:
        return HTTP_FAILURE_BROKEN;
    }
}

static const enum status failure_status[] = {
    [HTTP_FAILURE_NONE] = STATUS_OK,
    [HTTP_FAILURE_CONNECT] = STATUS_STORAGE,
    [HTTP_FAILURE_TIMEOUT] = STATUS_STORAGE_TIMEOUT,
    [HTTP_FAILURE_BROKEN] = STATUS_STORAGE,
    [HTTP_FAILURE_TOO_LARGE] = STATUS_TOO_LARGE,
    [HTTP_FAILURE_SOURCE] = STATUS_IO,
    [HTTP_FAILURE_SINK] = STATUS_IO,
    [HTTP_FAILURE_CERTIFICATE] = STATUS_STORAGE,
};

static void init_transfer(struct transfer *transfer, struct arena *arena,
    const struct http_request *request, struct http_response *response)
{
    *response = (struct http_response){ 0 };
    *transfer = (struct transfer){ .arena = arena, .request = request, .response = response };
    transfer->headers = ARENA_ARRAY(arena, struct pair, HTTP_HEADERS_MAX);
    response->headers.item = transfer->headers;
    size_t max_bytes = request->max_body_bytes;
    buf_init_arena(&transfer->body, arena, max_bytes > BODY_MAX_BYTES ? max_bytes : BODY_MAX_BYTES);
}

enum status http_perform(struct http_client *client, struct arena *arena,
    const struct http_request *request, struct http_response *response)
{
    CURL *curl = client->curl;
    struct transfer transfer;
    struct body_context body = { &transfer, curl };
    long status = 0;

    init_transfer(&transfer, arena, request, response);
    struct curl_slist *headers = make_headers(&transfer);
    client->error[0] = '\0';
    curl_easy_reset(curl); /* options only: connections stay */
    set_manners(client);
    set_limits(client, request);
    set_method(curl, &transfer);
    curl_easy_setopt(curl, CURLOPT_URL, arena_c_string(arena, request->url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);

    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);

    response->status = (int)status;
    response->failure = failure_of(code, transfer.failure);
    response->body = buf_str(&transfer.body);
    if (code != CURLE_OK)
        response->problem = arena_copy(
            arena, str_from_c(client->error[0] ? client->error : curl_easy_strerror(code)));
    return failure_status[response->failure];
}

struct str http_response_header(const struct http_response *response, struct str name)
{
    return pairs_get(response->headers, name, NULL);
}
