/*
 * The HTTP client against a server that misbehaves in every way that matters.
 */
#include "tiny_server.h"

#include "remote/http.h"

#include <fcntl.h>

/* One request to a server with these answers; the client is as new. */
struct exchange {
    struct tiny_server server;
    struct http_client *client;
    struct http_request request;
    struct http_response response;
    enum status status;
};

static void run(struct exchange *e, struct arena *arena, struct tiny_answer answer)
{
    /* Short only where it is waited for: the machine may be busy. */
    const struct http_limits limits = { .connect_timeout_ms = 60000,
        .total_timeout_ms = answer.hangs ? 300 : 60000 };
    struct tiny_answer answers[1] = { answer };
    tiny_start(&e->server, answers, 1);
    e->client = http_client_new(&limits);
    if (str_is_empty(e->request.method))
        e->request.method = STR("GET");
    if (str_is_empty(e->request.url))
        e->request.url = arena_printf(arena, "http://127.0.0.1:%d/", e->server.port);
    e->status = http_perform(e->client, arena, &e->request, &e->response);
    http_client_free(e->client);
    tiny_stop(&e->server);
}

static struct str head_of(const struct exchange *e)
{
    struct str request = e->server.requests[0];
    return str_head(request, (size_t)str_find(request, STR("\r\n\r\n")));
}

static struct str body_of(const struct exchange *e)
{
    struct str request = e->server.requests[0];
    return str_from_offset(request, (size_t)str_find(request, STR("\r\n\r\n")) + 4);
}

static void an_answer_has_status_headers_and_body(void **state)
{
    struct exchange e = { 0 };
    run(&e, *state,
        (struct tiny_answer){
            .text = tiny_text(*state, "200 OK", "ETag: \"a\"\r\nX-Empty:\r\n", "hello") });
    expect_int("status", e.status, STATUS_OK);
    expect_int("HTTP status", e.response.status, 200);
    expect_str("body", e.response.body, STR("hello"));
    expect_str("header", http_response_header(&e.response, STR("etag")), STR("\"a\""));
    expect_str("absent", http_response_header(&e.response, STR("x-none")), STR(""));
    tiny_clear(&e.server);
}

static void errors_of_the_server_are_answers(void **state)
{
    struct exchange e = { 0 };
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "500 Oops", "", "why") });
    expect_int("status", e.status, STATUS_OK);
    expect_int("HTTP status", e.response.status, 500);
    expect_str("body", e.response.body, STR("why"));
    tiny_clear(&e.server);
}

static void redirects_are_not_followed(void **state)
{
    struct exchange e = { 0 };
    run(&e, *state,
        (struct tiny_answer){
            .text = tiny_text(*state, "307 Elsewhere", "Location: http://127.0.0.1:1/\r\n", "") });
    expect_int("status", e.status, STATUS_OK);
    expect_int("HTTP status", e.response.status, 307);
    tiny_clear(&e.server);
}

static void interim_answers_are_forgotten(void **state)
{
    struct exchange e = { 0 };
    struct str last = tiny_text(*state, "200 OK", "", "x");
    run(&e, *state,
        (struct tiny_answer){ .text = ARENA_JOIN(*state,
                                  STR("HTTP/1.1 103 Early Hints\r\nETag: old\r\n\r\n"), last) });
    expect_int("HTTP status", e.response.status, 200);
    expect_str("header", http_response_header(&e.response, STR("etag")), STR(""));
    tiny_clear(&e.server);
}

static void paths_are_sent_as_they_stand(void **state)
{
    struct exchange e = { 0 };
    struct tiny_server *server = &e.server;
    struct tiny_answer answers[] = { { .text = tiny_text(*state, "200 OK", "", "") } };
    static const struct str paths[] = {
        STR_INIT("/a/../b/./c//d/.."),
        STR_INIT("/%2E%2E/%2e/x%2Fy"),
        STR_INIT("//double//"),
        STR_INIT("/k?a=%20&b=+&c"),
        STR_INIT("/%00%FF%7F"),
    };
    tiny_start(server, answers, 1);
    e.client = http_client_new(NULL);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct http_request request = { .method = STR("GET"),
            .url = ARENA_JOIN(
                *state, arena_printf(*state, "http://127.0.0.1:%d", server->port), paths[i]) };
        expect_int("status", http_perform(e.client, *state, &request, &e.response), STATUS_OK);
    }
    http_client_free(e.client);
    tiny_stop(server);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        assert_true(str_starts_with(
            server->requests[i], ARENA_JOIN(*state, STR("GET "), paths[i], STR(" HTTP/1.1\r\n"))));
    expect_int("connections", server->connection_count, 1);
    tiny_clear(server);
}

static void a_body_is_streamed_with_its_length(void **state)
{
    struct exchange e = { 0 };
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, STR("\0binary\xff"));
    static const struct pair headers[] = { { STR_INIT("content-type"), STR_INIT("image/jpeg") },
        { STR_INIT("x-empty"), STR_INIT("") } };
    e.request =
        (struct http_request){ .method = STR("PUT"), .source = &source, .headers = { headers, 2 } };
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") });
    expect_int("status", e.status, STATUS_OK);
    expect_str("body", body_of(&e), STR("\0binary\xff"));
    assert_true(str_find(head_of(&e), STR("\r\ncontent-type: image/jpeg\r\n")) > 0);
    assert_true(str_find(head_of(&e), STR("\r\nx-empty:\r\n")) > 0);
    assert_true(str_find(head_of(&e), STR("Content-Length: 8")) > 0);
    assert_true(str_find(head_of(&e), STR("Expect")) < 0);
    assert_true(str_find(head_of(&e), STR("Transfer-Encoding")) < 0);
    tiny_clear(&e.server);
}

static void a_part_of_a_file_is_sent(void **state)
{
    struct exchange e = { 0 };
    struct http_source_file file;
    char path[] = "/tmp/vitrine-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    struct http_source source = http_source_from_file(&file, fd, 2, 5);
    e.request = (struct http_request){ .method = STR("PUT"), .source = &source };
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") });
    expect_str("body", body_of(&e), STR("23456"));
    close(fd);
    tiny_clear(&e.server);
}

static void a_put_without_body_says_so(void **state)
{
    struct exchange e = { .request = { .method = STR("PUT") } };
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") });
    expect_int("status", e.status, STATUS_OK);
    assert_true(str_find(head_of(&e), STR("\r\nContent-Length: 0")) > 0);
    assert_true(str_find(head_of(&e), STR("ontent-type")) < 0);
    tiny_clear(&e.server);
}

static ssize_t read_nothing(void *context, void *buffer, size_t len)
{
    (void)buffer, (void)len;
    return *(ssize_t *)context;
}

static void a_source_that_fails_or_ends_early_ends_the_request(void **state)
{
    for (ssize_t result = -1; result <= 0; result++) {
        struct exchange e = { 0 };
        struct http_source source = { read_nothing, NULL, &result, 100 };
        e.request = (struct http_request){ .method = STR("PUT"), .source = &source };
        run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") });
        expect_int("status", e.status, STATUS_IO);
        expect_int("failure", e.response.failure, HTTP_FAILURE_SOURCE);
        tiny_clear(&e.server);
    }
}

/* --- answers that are none
 * ---------------------------------------------------------------------------- */

static void bad_answers_have_their_failure(void **state)
{
    struct arena *arena = *state;
    struct str many = STR("HTTP/1.1 200 OK\r\n"), kilobyte;
    for (int i = 0; i < 101; i++)
        many = ARENA_JOIN(arena, many, arena_printf(arena, "H%d: v\r\n", i));
    char *text = arena_alloc(arena, 1024);
    memset(text, 'x', 1024);
    kilobyte = str_from(text, 1024);
    const struct {
        const char *name;
        struct tiny_answer answer;
        enum http_failure failure;
        enum status status;
    } rows[] = {
        { "hangs without a byte", { .text = STR(""), .hangs = true }, HTTP_FAILURE_TIMEOUT,
            STATUS_STORAGE_TIMEOUT },
        { "hangs within the head", { .text = STR("HTTP/1.1 200 OK\r\nA"), .hangs = true },
            HTTP_FAILURE_TIMEOUT, STATUS_STORAGE_TIMEOUT },
        { "hangs within the body",
            { .text = STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), .hangs = true },
            HTTP_FAILURE_TIMEOUT, STATUS_STORAGE_TIMEOUT },
        { "closes without a byte", { .text = STR(""), .closes = true }, HTTP_FAILURE_BROKEN,
            STATUS_STORAGE },
        { "cuts the body",
            { .text = STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), .closes = true },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "cuts a chunk",
            { .text = STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
                .closes = true },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "bad chunk",
            { .text = STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
                .closes = true },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "is no HTTP", { .text = STR("SSH-2.0-OpenSSH_9.2\r\n"), .closes = true },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "negative length",
            { .text = STR("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), .closes = true },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "too many headers", { .text = ARENA_JOIN(arena, many, STR("\r\n")), .closes = true },
            HTTP_FAILURE_TOO_LARGE, STATUS_TOO_LARGE },
        { "endless header",
            { .text = ARENA_JOIN(arena, STR("HTTP/1.1 200 OK\r\nA: b\r\n"), STR("C: "), kilobyte),
                .closes = true,
                .repeat_last = 2000 },
            HTTP_FAILURE_BROKEN, STATUS_STORAGE },
        { "body beyond the cap",
            { .text = ARENA_JOIN(arena, STR("HTTP/1.1 200 OK\r\n\r\n"), kilobyte),
                .closes = true,
                .repeat_last = 5000 },
            HTTP_FAILURE_TOO_LARGE, STATUS_TOO_LARGE },
        { "length beyond the cap",
            { .text = ARENA_JOIN(
                  arena, STR("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), kilobyte),
                .closes = true,
                .repeat_last = 5000 },
            HTTP_FAILURE_TOO_LARGE, STATUS_TOO_LARGE },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct exchange e = { .request = { .max_body_bytes = 100000 } };
        run(&e, arena, rows[i].answer);
        expect_int(rows[i].name, e.response.failure, rows[i].failure);
        expect_int(rows[i].name, e.status, rows[i].status);
        expect_int(rows[i].name, str_is_empty(e.response.problem), false);
        tiny_clear(&e.server);
    }
}

static void nobody_there_is_a_failure_to_connect(void **state)
{
    struct exchange e = { 0 };
    run(&e, *state,
        (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") }); /* frees its port */
    tiny_clear(&e.server);
    struct http_client *client = http_client_new(NULL);
    struct http_request request = { .method = STR("GET"), .url = e.request.url };
    expect_int("status", http_perform(client, *state, &request, &e.response), STATUS_STORAGE);
    expect_int("failure", e.response.failure, HTTP_FAILURE_CONNECT);
    expect_int("HTTP status", e.response.status, 0);
    http_client_free(client);
}

static void other_protocols_are_refused(void **state)
{
    static const struct str urls[] = { STR_INIT("file:///etc/passwd"), STR_INIT("ftp://127.0.0.1/"),
        STR_INIT("gopher://127.0.0.1/"), STR_INIT("") };
    struct http_client *client = http_client_new(NULL);
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct http_response response;
        struct http_request request = { .method = STR("GET"), .url = urls[i] };
        expect_int("status", http_perform(client, *state, &request, &response), STATUS_STORAGE);
        assert_true(str_is_empty(response.body));
    }
    http_client_free(client);
    http_client_free(NULL);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct exchange e = { 0 };
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "") });
    unsetenv("http_proxy");
    expect_int("status", e.status, STATUS_OK);
    tiny_clear(&e.server);
}

/* --- sinks
 * -------------------------------------------------------------------------------------------- */

static bool collect(void *context, struct str bytes)
{
    buf_put(context, bytes);
    return !buf_is_over(context);
}

static void a_sink_gets_good_bodies_only(void **state)
{
    static const struct {
        const char *status;
        struct str in_sink, in_body;
    } rows[] = {
        { "200 OK", STR_INIT("text"), STR_INIT("") },
        { "206 Partial Content", STR_INIT("text"), STR_INIT("") },
        { "404 Not Found", STR_INIT(""), STR_INIT("text") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf buf;
        struct http_sink sink = { collect, NULL, &buf };
        struct exchange e = { .request = { .sink = &sink } };
        buf_init_arena(&buf, *state, 100);
        run(&e, *state,
            (struct tiny_answer){ .text = tiny_text(*state, rows[i].status, "", "text") });
        expect_str(rows[i].status, buf_str(&buf), rows[i].in_sink);
        expect_str(rows[i].status, e.response.body, rows[i].in_body);
        tiny_clear(&e.server);
    }
}

static void a_sink_can_stop(void **state)
{
    struct buf buf;
    struct http_sink sink = { collect, NULL, &buf };
    struct exchange e = { .request = { .sink = &sink } };
    buf_init_arena(&buf, *state, 3);
    run(&e, *state, (struct tiny_answer){ .text = tiny_text(*state, "200 OK", "", "text") });
    expect_int("status", e.status, STATUS_IO);
    expect_int("failure", e.response.failure, HTTP_FAILURE_SINK);
    tiny_clear(&e.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("an answer has status, headers and body", an_answer_has_status_headers_and_body),
        TEST("errors of the server are answers", errors_of_the_server_are_answers),
        TEST("redirects are not followed", redirects_are_not_followed),
        TEST("interim answers are forgotten", interim_answers_are_forgotten),
        TEST("paths are sent as they stand, on one connection", paths_are_sent_as_they_stand),
        TEST("a body is streamed with its length", a_body_is_streamed_with_its_length),
        TEST("a part of a file is sent", a_part_of_a_file_is_sent),
        TEST("a PUT without body says so", a_put_without_body_says_so),
        TEST("a source that fails or ends early ends the request",
            a_source_that_fails_or_ends_early_ends_the_request),
        TEST("bad answers have their failure", bad_answers_have_their_failure),
        TEST("nobody there is a failure to connect", nobody_there_is_a_failure_to_connect),
        TEST("other protocols are refused", other_protocols_are_refused),
        TEST("proxies of the environment are ignored", proxies_of_the_environment_are_ignored),
        TEST("a sink gets good bodies only", a_sink_gets_good_bodies_only),
        TEST("a sink can stop", a_sink_can_stop),
    };
    return RUN(tests);
}
