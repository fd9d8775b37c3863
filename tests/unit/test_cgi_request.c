/*
 * test_cgi_request.c - requests from CGI variables: what is taken over, what is refused, and the
 * body.
 */
#include "unit.h"

#include "cgi/request.h"

#include <unistd.h>

/* A body in memory, handed out in pieces of at most `piece` bytes. */
struct memory_body {
    struct str rest;
    size_t piece;
    bool breaks; /* -1 at the end: the client went away */
};

static ssize_t read_memory(void *context, void *buffer, size_t len)
{
    struct memory_body *body = context;
    size_t count = body->rest.len;

    if (count == 0)
        return body->breaks ? -1 : 0;
    if (count > len)
        count = len;
    if (count > body->piece)
        count = body->piece;
    memcpy(buffer, body->rest.ptr, count);
    body->rest = str_from_offset(body->rest, count);
    return (ssize_t)count;
}

static struct body_source source_of(struct memory_body *body)
{
    return (struct body_source){ read_memory, body };
}

static enum status make_request(struct arena *arena, const char *const *variables,
    struct memory_body *body, struct request *out)
{
    static struct memory_body none;

    return request_from_environment(out, arena, (char **)variables, source_of(body ? body : &none));
}

static void variables_become_a_request(void **state)
{
    static const char *const variables[] = { "REQUEST_METHOD=POST",
        "REQUEST_URI=/admin/images?q=a%20b", "QUERY_STRING=ignored", "HTTP_HOST=Example.org:8080",
        "HTTP_X_AMZ_DATE=20261121T063200Z", "HTTP_COOKIE=a=1; b=2", "HTTPS=on",
        "REMOTE_ADDR=192.0.2.1", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=12",
        "HTTP_CONTENT_LENGTH=99", NULL };
    struct request request;

    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
    assert_int_equal(request.method, METHOD_POST);
    expect_str("path", request.raw_path, STR("/admin/images"));
    expect_str("query", request.raw_query, STR("q=a%20b"));
    expect_str("host", request.host, STR("Example.org:8080"));
    assert_true(request.is_https);
    expect_str("address", request.remote_addr, STR("192.0.2.1"));
    expect_str("type", request.content_type, STR("text/plain"));
    assert_int_equal(request.content_length, 12);
    expect_str("header", request_header(&request, STR("x-amz-date")), STR("20261121T063200Z"));
    expect_str("type too", request_header(&request, STR("content-type")), STR("text/plain"));
    expect_str("length once", request_header(&request, STR("content-length")), STR("12"));
    expect_str("absent", request_header(&request, STR("x-amz")), STR(""));
    assert_int_equal(request.headers.count, 5);
    assert_int_equal(request.id.len, 16);
}

static void targets_are_split_or_refused(void **state)
{
    static const struct {
        const char *variables[4]; /* beside the method */
        enum status status;
        const char *path, *query;
    } rows[] = {
        { { "REQUEST_URI=/" }, STATUS_OK, "/", "" },
        { { "REQUEST_URI=/a?" }, STATUS_OK, "/a", "" },
        { { "REQUEST_URI=/a?b?c" }, STATUS_OK, "/a", "b?c" },
        { { "REQUEST_URI=//a/../%2e%2E/" }, STATUS_OK, "//a/../%2e%2E/", "" },
        { { "REQUEST_URI=/\xc3\xa4" }, STATUS_OK, "/\xc3\xa4", "" },
        { { "REQUEST_URI=*" }, STATUS_OK, "*", "" },
        { { "SCRIPT_NAME=/v.cgi", "PATH_INFO=/a b%", "QUERY_STRING=q=1" }, STATUS_OK,
            "/v.cgi/a%20b%25", "q=1" },
        { { "SCRIPT_NAME=", "PATH_INFO=/x" }, STATUS_OK, "/x", "" },
        { { "REQUEST_URI=" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=a" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=http://h/a" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=/a b" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=/a\n" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=/a?b\r\n" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "REQUEST_URI=/a#b" }, STATUS_BAD_REQUEST, NULL, NULL },
        { { "QUERY_STRING=a" }, STATUS_BAD_REQUEST, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *variables[6] = { "REQUEST_METHOD=GET" };
        struct request request;

        for (size_t k = 0; k < 4 && rows[i].variables[k]; k++)
            variables[k + 1] = rows[i].variables[k];
        expect_int(variables[1], make_request(*state, variables, NULL, &request), rows[i].status);
        if (rows[i].path) {
            expect_str(variables[1], request.raw_path, str_from_c(rows[i].path));
            expect_str(variables[1], request.raw_query, str_from_c(rows[i].query));
        }
    }
}

static void methods_are_known_other_or_malformed(void **state)
{
    static const struct {
        const char *variable;
        enum status status;
        enum method method;
    } rows[] = {
        { "REQUEST_METHOD=GET", STATUS_OK, METHOD_GET },
        { "REQUEST_METHOD=HEAD", STATUS_OK, METHOD_HEAD },
        { "REQUEST_METHOD=POST", STATUS_OK, METHOD_POST },
        { "REQUEST_METHOD=PUT", STATUS_OK, METHOD_PUT },
        { "REQUEST_METHOD=DELETE", STATUS_OK, METHOD_DELETE },
        { "REQUEST_METHOD=OPTIONS", STATUS_OK, METHOD_OPTIONS },
        { "REQUEST_METHOD=PATCH", STATUS_OK, METHOD_PATCH },
        { "REQUEST_METHOD=get", STATUS_OK, METHOD_OTHER },
        { "REQUEST_METHOD=PROPFIND", STATUS_OK, METHOD_OTHER },
        { "REQUEST_METHOD=OTHER", STATUS_OK, METHOD_OTHER },
        { "REQUEST_METHOD=", STATUS_BAD_REQUEST, METHOD_OTHER },
        { "REQUEST_METHOD=G T", STATUS_BAD_REQUEST, METHOD_OTHER },
        { "REQUEST_METHOD=GET\r", STATUS_BAD_REQUEST, METHOD_OTHER },
        { "NO=METHOD", STATUS_BAD_REQUEST, METHOD_OTHER },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const variables[] = { rows[i].variable, "REQUEST_URI=/", NULL };
        struct request request;

        expect_int(
            rows[i].variable, make_request(*state, variables, NULL, &request), rows[i].status);
        expect_int(rows[i].variable, request.method, rows[i].method);
        assert_true(method_to_str(request.method).len > 2);
    }
}

static void lengths_are_numbers_or_refused(void **state)
{
    static const struct {
        const char *variable;
        enum status status;
        int64_t length;
    } rows[] = {
        { "CONTENT_LENGTH=", STATUS_OK, -1 },
        { "X=", STATUS_OK, -1 },
        { "CONTENT_LENGTH=0", STATUS_OK, 0 },
        { "CONTENT_LENGTH=9223372036854775807", STATUS_OK, INT64_MAX },
        { "CONTENT_LENGTH=9223372036854775808", STATUS_BAD_REQUEST, -1 },
        { "CONTENT_LENGTH=-1", STATUS_BAD_REQUEST, -1 },
        { "CONTENT_LENGTH=+1", STATUS_BAD_REQUEST, -1 },
        { "CONTENT_LENGTH=1 ", STATUS_BAD_REQUEST, -1 },
        { "CONTENT_LENGTH=0x10", STATUS_BAD_REQUEST, -1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", rows[i].variable,
            NULL };
        struct request request;

        expect_int(
            rows[i].variable, make_request(*state, variables, NULL, &request), rows[i].status);
        expect_int(rows[i].variable, request.content_length, rows[i].length);
    }
}

static void a_wrong_host_is_as_good_as_none(void **state)
{
    const char *const variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=a\"b",
        NULL };
    struct request request;

    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
    assert_int_equal(request.host.len, 0);
    assert_false(request.is_https);
}

/* nginx hands over the fields of one name one by one, and no odd names. */
static void two_names_that_became_one_variable_are_refused(void **state)
{
    const char *variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_X_FORWARDED_FOR=a",
        "HTTP_HOST=h", "HTTP_X_FORWARDED_FOR=b", "SERVER_SOFTWARE=lighttpd/1.4.69", NULL };
    struct request request;

    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_BAD_REQUEST);
    variables[5] = NULL;
    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_BAD_REQUEST);
    variables[5] = "SERVER_SOFTWARE=nginx/1.22.1";
    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
    variables[4] = NULL;
    assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
}

static void too_many_or_too_long_headers_are_refused(void **state)
{
    struct arena *arena = *state;
    const char *variables[104] = { "REQUEST_METHOD=GET", "REQUEST_URI=/" };
    struct request request;

    for (int i = 0; i < 100; i++)
        variables[2 + i] = arena_printf(arena, "HTTP_X_%d=v", i).ptr;
    assert_int_equal(make_request(arena, variables, NULL, &request), STATUS_OK);
    variables[102] = "HTTP_ONE_MORE=v";
    assert_int_equal(make_request(arena, variables, NULL, &request), STATUS_HEADERS_TOO_LARGE);
    expect_str("still answerable", request.raw_path, STR("/"));

    char *cookie = arena_alloc(arena, 70000);
    memset(cookie, 'c', 65600);
    memcpy(cookie, "HTTP_COOKIE=", 12);
    variables[2] = cookie;
    variables[3] = NULL;
    assert_int_equal(make_request(arena, variables, NULL, &request), STATUS_HEADERS_TOO_LARGE);
}

static void cookies_are_found_by_their_exact_name(void **state)
{
    static const struct {
        const char *header, *name, *value;
    } rows[] = {
        { "HTTP_COOKIE=a=1", "a", "1" },
        { "HTTP_COOKIE=a=1; b=2", "b", "2" },
        { "HTTP_COOKIE=a=1;b=2;a=3", "a", "1" },
        { "HTTP_COOKIE=xa=1; a=2", "a", "2" },
        { "HTTP_COOKIE=a=x=y", "a", "x=y" },
        { "HTTP_COOKIE=a=", "a", "" },
        { "HTTP_COOKIE=a; =b; ;;c=1", "c", "1" },
        { "HTTP_COOKIE=a", "a", "" },
        { "HTTP_COOKIE=A=1", "a", "" },
        { "HTTP_COOKIE=", "a", "" },
        { "HTTP_X=a=1", "a", "" },
        { "HTTP_COOKIE=a = 1", "a", "" },
        { "HTTP_COOKIE=__Host-vitrine_session=tok", "__Host-vitrine_session", "tok" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", rows[i].header,
            NULL };
        struct request request;

        assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
        expect_str(rows[i].header, request_cookie(&request, str_from_c(rows[i].name)),
            str_from_c(rows[i].value));
    }
}

static void a_cookie_header_cut_at_any_byte_stays_within_bounds(void **state)
{
    struct str whole = STR("HTTP_COOKIE=one=1; two=\"2\";three==; vitrine_session=abc");

    for (size_t len = 0; len <= whole.len; len++) {
        char *cut = unit_exact_copy(ARENA_JOIN(*state, str_head(whole, len), STR("\0")));
        const char *const variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", cut, NULL };
        struct request request;

        assert_int_equal(make_request(*state, variables, NULL, &request), STATUS_OK);
        struct str value = request_cookie(&request, STR("vitrine_session"));
        size_t begins_at = whole.len - 3;
        expect_int("length", value.len, len > begins_at ? len - begins_at : 0);
        free(cut);
    }
}

/* How reading the whole body ends, by what was announced, what came, and how. */
static void bodies_are_whole_or_refused(void **state)
{
    static const struct {
        const char *name;
        const char *length; /* the variable */
        struct str body;
        bool breaks;
        size_t max;
        enum status status;
    } rows[] = {
        { "as announced", "CONTENT_LENGTH=5", STR_INIT("hello"), false, 100, STATUS_OK },
        { "exactly the limit", "CONTENT_LENGTH=5", STR_INIT("hello"), false, 5, STATUS_OK },
        { "over, known before", "CONTENT_LENGTH=6", STR_INIT("hello!"), false, 5,
            STATUS_TOO_LARGE },
        { "over, seen on the way", "X=", STR_INIT("hello!"), false, 5, STATUS_TOO_LARGE },
        { "length unknown", "X=", STR_INIT("hello"), false, 5, STATUS_OK },
        { "none", "CONTENT_LENGTH=0", STR_INIT(""), false, 5, STATUS_OK },
        { "cut", "CONTENT_LENGTH=6", STR_INIT("hello"), false, 100, STATUS_BAD_REQUEST },
        { "client gone", "CONTENT_LENGTH=6", STR_INIT("hello"), true, 100, STATUS_BAD_REQUEST },
        { "client gone, unknown", "X=", STR_INIT("hello"), true, 100, STATUS_BAD_REQUEST },
        { "never came", "CONTENT_LENGTH=1", STR_INIT(""), false, 100, STATUS_BAD_REQUEST },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t piece = 1; piece < 8; piece++) {
            const char *const variables[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/",
                rows[i].length, NULL };
            struct memory_body body = { rows[i].body, piece, rows[i].breaks };
            struct request request;
            struct str content;

            assert_int_equal(make_request(*state, variables, &body, &request), STATUS_OK);
            expect_int(
                rows[i].name, request_read_all(&request, rows[i].max, &content), rows[i].status);
            if (rows[i].status == STATUS_OK)
                expect_str(rows[i].name, content, rows[i].body);
        }
    }
}

static void a_body_never_gives_more_than_was_announced(void **state)
{
    const char *const variables[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/", "CONTENT_LENGTH=3",
        NULL };
    struct memory_body body = { STR("abcdef"), 100, false };
    struct request request;
    char buffer[10];

    assert_int_equal(make_request(*state, variables, &body, &request), STATUS_OK);
    assert_int_equal(request_read_body(&request, buffer, sizeof buffer), 3);
    assert_int_equal(request_read_body(&request, buffer, sizeof buffer), 0);
    assert_int_equal(request_read_body(&request, buffer, sizeof buffer), 0);
}

static void draining_stops_at_its_bound_or_the_end(void **state)
{
    const char *const variables[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/", NULL };
    char *bytes = arena_alloc(*state, 100000);
    struct memory_body body = { str_from(bytes, 100000), 1000, false };
    struct request request;

    assert_int_equal(make_request(*state, variables, &body, &request), STATUS_OK);
    request_drain(&request, 5000);
    assert_int_equal(body.rest.len, 95000);
    request_drain(&request, 1000000);
    assert_int_equal(body.rest.len, 0);
    body.breaks = true;
    request_drain(&request, 1000000);
}

static void ids_are_sixteen_hex_digits_unless_frozen(void **state)
{
    const char *const variables[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", NULL };
    struct request one, two;

    assert_int_equal(make_request(*state, variables, NULL, &one), STATUS_OK);
    assert_int_equal(make_request(*state, variables, NULL, &two), STATUS_OK);
    assert_false(str_equal(one.id, two.id));
    for (size_t i = 0; i < 16; i++)
        assert_non_null(strchr("0123456789abcdef", one.id.ptr[i]));
    request_freeze_id("00000000deadbeef");
    assert_int_equal(make_request(*state, variables, NULL, &one), STATUS_OK);
    expect_str("frozen", one.id, STR("00000000deadbeef"));
    request_freeze_id(NULL);
}

/* --- pace */

struct drip {
    int pieces, piece_bytes, pause_ms;
};

static ssize_t read_drip(void *context, void *buffer, size_t len)
{
    struct drip *drip = context;

    if (drip->pieces == 0)
        return 0;
    drip->pieces--;
    usleep((useconds_t)drip->pause_ms * 1000);
    assert_true(len >= (size_t)drip->piece_bytes);
    memset(buffer, 'x', (size_t)drip->piece_bytes);
    return drip->piece_bytes;
}

static void a_body_below_its_pace_is_given_up(void **state)
{
    static const struct {
        const char *what;
        struct drip drip;
        int64_t window_s;
        bool is_too_slow;
    } rows[] = {
        { "a byte now and then", { 50, 1, 120 }, 1, true },
        { "without a pace", { 12, 1, 100 }, 0, false },
        { "fast enough", { 12, 4000, 100 }, 1, false }, /* each piece is, on a busy machine too */
        { "fast at first, then nothing much", { 50, 1, 230 }, 1, true },
        { "slow, but all of it", { 1, 7, 1100 }, 1, false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct drip drip = rows[i].drip;
        int total = drip.pieces * drip.piece_bytes;
        const char *variables[] = { "REQUEST_METHOD=PUT", "REQUEST_URI=/",
            arena_printf(*state, "CONTENT_LENGTH=%d", total).ptr, NULL };
        struct request request;
        struct str body;

        assert_int_equal(request_from_environment(&request, *state, (char **)variables,
                             (struct body_source){ read_drip, &drip }),
            STATUS_OK);
        request.pace = (struct body_pace){ rows[i].window_s, 1000 };
        expect_int(rows[i].what, request_read_all(&request, 100000, &body),
            rows[i].is_too_slow ? STATUS_BAD_REQUEST : STATUS_OK);
        expect_int(rows[i].what, request.is_too_slow, rows[i].is_too_slow);
        if (rows[i].is_too_slow) {
            assert_true(drip.pieces > 0); /* not waited for to its end */
            assert_false(request_drain(&request, 100000));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("variables become a request", variables_become_a_request),
        TEST("targets are split or refused", targets_are_split_or_refused),
        TEST("methods are known, other or malformed", methods_are_known_other_or_malformed),
        TEST("lengths are numbers or refused", lengths_are_numbers_or_refused),
        TEST("a wrong host is as good as none", a_wrong_host_is_as_good_as_none),
        TEST("two names that became one variable are refused",
            two_names_that_became_one_variable_are_refused),
        TEST("too many or too long headers are refused", too_many_or_too_long_headers_are_refused),
        TEST("cookies are found by their exact name", cookies_are_found_by_their_exact_name),
        TEST("a cookie header cut at any byte stays within bounds",
            a_cookie_header_cut_at_any_byte_stays_within_bounds),
        TEST("bodies are whole or refused", bodies_are_whole_or_refused),
        TEST("a body never gives more than was announced",
            a_body_never_gives_more_than_was_announced),
        TEST("draining stops at its bound or the end", draining_stops_at_its_bound_or_the_end),
        TEST("ids are sixteen hex digits unless frozen", ids_are_sixteen_hex_digits_unless_frozen),
        TEST("a body below its pace is given up", a_body_below_its_pace_is_given_up),
    };

    return RUN(tests);
}
