/*
 * test_cgi_reply.c - the bytes of an answer: head, length, body, and what is never sent.
 */
#include "unit.h"

#include "base/log.h"
#include "cgi/reply.h"

#include <fcntl.h>
#include <unistd.h>

/* Everything that was written, until `room` is used up: then the client is gone. */
struct memory_sink {
    struct buf out;
    size_t room;
};

static int write_memory(void *context, const void *bytes, size_t len)
{
    struct memory_sink *sink = context;

    if (len > sink->room)
        return -1;
    sink->room -= len;
    buf_put(&sink->out, str_from(bytes, len));
    return 0;
}

static void begin(struct arena *arena, struct memory_sink *sink, struct reply *reply)
{
    buf_init_arena(&sink->out, arena, SIZE_MAX / 2);
    sink->room = SIZE_MAX;
    reply_init(reply, arena, (struct reply_sink){ write_memory, sink });
}

static void a_reply_is_a_head_a_length_and_a_body(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    reply.http_status = 201;
    reply_set_header(&reply, STR("Content-Type"), STR("text/plain"));
    reply_add_header(&reply, STR("Set-Cookie"), STR("a=1"));
    reply_add_header(&reply, STR("Set-Cookie"), STR("b=2"));
    buf_put(&reply.body, STR("hello"));
    reply_finish(&reply);
    reply_finish(&reply);
    expect_str("bytes", buf_str(&sink.out),
        STR("Status: 201 Created\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\n"
            "Set-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello"));
    assert_int_equal(reply.sent_bytes, 5);
}

static void what_follows_the_head_depends_on_status_and_method(void **state)
{
    static const struct {
        const char *name;
        int http_status;
        bool is_head;
        const char *header, *value;
        const char *ends;
    } rows[] = {
        { "200", 200, false, "A", "b", "A: b\r\nContent-Length: 4\r\n\r\nbody" },
        { "HEAD", 200, true, "A", "b", "A: b\r\nContent-Length: 4\r\n\r\n" },
        { "HEAD of a file", 200, true, "Content-Length", "77", "\r\nContent-Length: 77\r\n\r\n" },
        { "204", 204, false, "A", "b", "Status: 204 No Content\r\nA: b\r\n\r\n" },
        { "304", 304, false, "A", "b", "Status: 304 Not Modified\r\nA: b\r\n\r\n" },
        { "lighttpd sends", 200, false, "X-Sendfile", "/f", "OK\r\nX-Sendfile: /f\r\n\r\n" },
        { "nginx sends", 200, false, "X-Accel-Redirect", "/f", "\r\nX-Accel-Redirect: /f\r\n\r\n" },
        { "unknown status", 299, false, "A", "b",
            "Status: 299 Status\r\nA: b\r\nContent-Length: 4\r\n\r\nbody" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct memory_sink sink;
        struct reply reply;

        begin(*state, &sink, &reply);
        reply.http_status = rows[i].http_status;
        reply.is_head = rows[i].is_head;
        reply_set_header(&reply, str_from_c(rows[i].header), str_from_c(rows[i].value));
        buf_put(&reply.body, STR("body"));
        reply_finish(&reply);
        if (!str_ends_with(buf_str(&sink.out), str_from_c(rows[i].ends)))
            fail_msg("%s: '%.*s'", rows[i].name, STR_ARG(buf_str(&sink.out)));
    }
}

static void headers_are_replaced_without_regard_to_case(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    reply_add_header(&reply, STR("Vary"), STR("1"));
    reply_add_header(&reply, STR("X"), STR("x"));
    reply_add_header(&reply, STR("vary"), STR("2"));
    reply_set_header(&reply, STR("VARY"), STR("3"));
    assert_int_equal(reply.header_count, 2);
    expect_str("value", reply_header(&reply, STR("Vary")), STR("3"));
    expect_str("other", reply_header(&reply, STR("x")), STR("x"));
    expect_str("absent", reply_header(&reply, STR("y")), STR(""));
    reply_reset(&reply);
    assert_int_equal(reply.header_count, 0);
}

static void no_header_can_smuggle_another(void **state)
{
    static const struct {
        struct str name, value;
    } rows[] = {
        { STR_INIT("A"), STR_INIT("b\r\nSet-Cookie: c") },
        { STR_INIT("A"), STR_INIT("b\n") },
        { STR_INIT("A"), STR_INIT("b\r") },
        { STR_INIT("A"), STR_INIT("b\0") },
        { STR_INIT("A\r\nB"), STR_INIT("c") },
        { STR_INIT("A:"), STR_INIT("c") },
        { STR_INIT("A B"), STR_INIT("c") },
        { STR_INIT(""), STR_INIT("c") },
    };
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        reply_add_header(&reply, rows[i].name, rows[i].value);
        reply_set_header(&reply, rows[i].name, rows[i].value);
    }
    assert_int_equal(reply.header_count, 0);
    for (int i = 0; i < REPLY_HEADERS_MAX + 5; i++)
        reply_add_header(&reply, STR("A"), STR("b"));
    assert_int_equal(reply.header_count, REPLY_HEADERS_MAX);
}

static void a_late_error_leaves_no_trace_of_the_page(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    reply_set_header(&reply, STR("X"), STR("y"));
    buf_put(&reply.body, STR("half a page"));
    reply_reset(&reply);
    reply.http_status = 500;
    buf_put(&reply.body, STR("sorry"));
    reply_finish(&reply);
    expect_str("bytes", buf_str(&sink.out),
        STR("Status: 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry"));
}

static void a_body_over_the_limit_becomes_an_error(void **state)
{
    char *piece = arena_alloc(*state, 1 << 20);
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    for (int i = 0; i < 17; i++)
        buf_put(&reply.body, str_from(piece, 1 << 20));
    reply_finish(&reply);
    assert_true(str_starts_with(buf_str(&sink.out), STR("Status: 500 ")));
    assert_true(str_ends_with(buf_str(&sink.out), status_sentence(STATUS_INTERNAL)));
}

static void a_streamed_reply_sends_as_it_goes(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    reply_set_header(&reply, STR("Content-Length"), STR("6"));
    assert_int_equal(reply_stream_begin(&reply), STATUS_OK);
    expect_str("head", buf_str(&sink.out), STR("Status: 200 OK\r\nContent-Length: 6\r\n\r\n"));
    assert_int_equal(reply_stream_write(&reply, STR("abc")), STATUS_OK);
    reply_reset(&reply);
    assert_int_equal(reply_stream_write(&reply, STR("def")), STATUS_OK);
    reply_finish(&reply);
    assert_true(str_ends_with(buf_str(&sink.out), STR("\r\n\r\nabcdef")));
    assert_int_equal(reply.sent_bytes, 6);
}

static void a_streamed_head_has_no_body(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    reply.is_head = true;
    assert_int_equal(reply_stream_begin(&reply), STATUS_OK);
    assert_int_equal(reply_stream_write(&reply, STR("abc")), STATUS_OK);
    expect_str("head", buf_str(&sink.out), STR("Status: 200 OK\r\n\r\n"));
    assert_int_equal(reply.sent_bytes, 0);
}

static void a_client_that_left_is_noticed_and_left_alone(void **state)
{
    struct memory_sink sink;
    struct reply reply;

    begin(*state, &sink, &reply);
    sink.room = 20;
    assert_int_equal(reply_stream_begin(&reply), STATUS_OK);
    assert_int_equal(reply_stream_write(&reply, STR("abc")), STATUS_IO);
    sink.room = 100; /* it does not come back */
    assert_int_equal(reply_stream_write(&reply, STR("abc")), STATUS_IO);
    assert_true(reply.is_broken);
    assert_int_equal(reply.sent_bytes, 0);

    begin(*state, &sink, &reply);
    sink.room = 0;
    assert_int_equal(reply_stream_begin(&reply), STATUS_IO);
}

/* The dropped headers and the cut body are logged: not into the test's own output. */
static int silence(void **state)
{
    (void)state;
    log_set_fd(open("/dev/null", O_WRONLY));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a reply is a head, a length and a body", a_reply_is_a_head_a_length_and_a_body),
        TEST("what follows the head depends on status and method",
            what_follows_the_head_depends_on_status_and_method),
        TEST("headers are replaced without regard to case",
            headers_are_replaced_without_regard_to_case),
        TEST("no header can smuggle another", no_header_can_smuggle_another),
        TEST("a late error leaves no trace of the page", a_late_error_leaves_no_trace_of_the_page),
        TEST("a body over the limit becomes an error", a_body_over_the_limit_becomes_an_error),
        TEST("a streamed reply sends as it goes", a_streamed_reply_sends_as_it_goes),
        TEST("a streamed head has no body", a_streamed_head_has_no_body),
        TEST("a client that left is noticed and left alone",
            a_client_that_left_is_noticed_and_left_alone),
    };

    return cmocka_run_group_tests(tests, silence, NULL);
}
