/*
 * The S3 client against prepared answers: what it makes of them, what it tries again, and that what
 * it sends is signed as the receiving side computes it.
 */
#include "s3_client_fixture.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/metrics.h"
#include "sign/verify.h"

enum { NOW = 1795600000 };

/* --- what was sent, verified as the endpoint does
 * ------------------------------------------------------- */

static size_t parse_headers(struct arena *arena, struct str lines, struct pair *out)
{
    struct str line;
    size_t count = 0;
    while (str_split(&lines, '\n', &line)) {
        line = str_trim(line);
        ssize_t colon = str_index(line, ':');
        if (colon <= 0)
            break;
        char *name = arena_c_string(arena, str_head(line, (size_t)colon));
        for (char *c = name; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        out[count++] =
            (struct pair){ str_from_c(name), str_trim(str_from_offset(line, (size_t)colon + 1)) };
    }
    return count;
}

static void expect_signed(struct rig *rig, size_t number)
{
    struct str rest = rig->server.requests[number], line, target;
    struct pair headers[40];
    struct verify_request request = { 0 };
    struct verify_claim claim;
    struct verify_failure failure = { 0 };
    struct verify_policy policy = { &rig->credentials, STR("us-east-1"), NOW };

    assert_true(str_split(&rest, '\n', &line));
    assert_true(str_split(&line, ' ', &request.method));
    assert_true(str_split(&line, ' ', &target));
    ssize_t mark = str_index(target, '?');
    request.raw_path = mark < 0 ? target : str_head(target, (size_t)mark);
    request.raw_query = mark < 0 ? STR_EMPTY : str_from_offset(target, (size_t)mark + 1);
    request.headers = (struct pairs){ headers, parse_headers(rig->arena, rest, headers) };
    enum verify_problem problem = verify_parse(rig->arena, &request, &claim, &failure);
    if (problem == VERIFY_OK)
        problem = verify_check(rig->arena, &request, &claim, &policy, &failure);
    expect_str("verify", failure.message, STR(""));
    expect_int("verify", problem, VERIFY_OK);
    expect_int("kind", claim.kind, VERIFY_HEADER);
}

static void requests_are_signed_as_they_are_received(void **state)
{
    static const struct str keys[] = {
        STR_INIT("images/2026/11/abc.jpg"),
        STR_INIT("a/../b/./c//d/.."),
        STR_INIT("//"),
        STR_INIT("a b+c%20d?e#f&g=h"),
        STR_INIT("\x01\x7f\xff\xfe"),
        STR_INIT("日本語/😀"),
    };
    const struct tiny_answer answers[] = { ANSWER("200 OK", "", "") };
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct s3_range range = { (int64_t)i, i % 2 ? 5 : 0 };
        expect_int("get", s3_get(&rig.client, *state, keys[i], range, 100, &rig.result), STATUS_OK);
    }
    struct s3_listing listing;
    struct s3_list_options list = { .prefix = STR("a b/é+"), .delimiter = STR("/") };
    expect_int("list", s3_list(&rig.client, *state, &list, &listing, &rig.result), STATUS_STORAGE);
    rig.credentials.session_token = STR("token/+=");
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int("bucket", s3_head_bucket(&rig.client, *state, &rig.result), STATUS_OK);
    stop_rig(&rig);
    clock_thaw();
    for (size_t i = 0; i + 2 < rig.server.request_count; i++) {
        rig.credentials.session_token = STR_EMPTY;
        expect_signed(&rig, i);
    }
    rig.credentials.session_token = STR("token/+=");
    expect_signed(&rig, rig.server.request_count - 2);
    expect_signed(&rig, rig.server.request_count - 1);
    expect_int("connections", rig.server.connection_count, 1);
    tiny_clear(&rig.server);
}

/* --- answers
 * ------------------------------------------------------------------------------------------ */

static void a_head_tells_the_facts(void **state)
{
    const struct tiny_answer answers[] = {
        { .text = STR("HTTP/1.1 200 OK\r\nContent-Length: 52341\r\nETag: \"abc\"\r\nContent-Type: "
                      "image/jpeg\r\n"
                      "x-amz-checksum-sha256: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\r\n"
                      "Last-Modified: Sat, 21 Nov 2026 06:32:00 GMT\r\nx-amz-request-id: "
                      "R1\r\nx-amz-id-2: H1\r\n\r\n") }
    };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    stop_rig(&rig);
    expect_int("HTTP status", rig.result.http_status, 200);
    expect_int("size", rig.result.size_bytes, 52341);
    expect_str("etag", rig.result.etag, STR("abc"));
    expect_str("type", rig.result.content_type, STR("image/jpeg"));
    expect_str("checksum", rig.result.checksum_sha256,
        STR("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="));
    expect_int("modified", rig.result.last_modified_at, 1795242720);
    expect_str("request id", rig.result.request_id, STR("R1"));
    expect_str("id 2", rig.result.id2, STR("H1"));
    expect_int("attempts", rig.result.attempts, 1);
    assert_true(str_starts_with(rig.server.requests[0], STR("HEAD /vitrine/k HTTP/1.1\r\n")));
    assert_true(str_find(rig.server.requests[0], STR("x-amz-checksum-mode: ENABLED")) > 0);
    tiny_clear(&rig.server);
}

#define ERROR_XML(code)                                                                            \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code "</Code>"                     \
    "<Message>Because &lt;so&gt;</Message><RequestId>R2</RequestId><HostId>H2</HostId></Error>"

static void answers_become_statuses(void **state)
{
    const struct {
        const char *name, *status, *body;
        enum status expected;
        struct str code;
    } rows[] = {
        { "created", "201 Created", "", STATUS_OK, STR_INIT("") },
        { "no such key", "404 Not Found", ERROR_XML("NoSuchKey"), STATUS_NOT_FOUND,
            STR_INIT("NoSuchKey") },
        { "condition", "412 Precondition Failed", ERROR_XML("PreconditionFailed"),
            STATUS_PRECONDITION, STR_INIT("PreconditionFailed") },
        { "not modified", "304 Not Modified", "", STATUS_PRECONDITION, STR_INIT("") },
        { "conflict of conditions", "409 Conflict", ERROR_XML("ConditionalRequestConflict"),
            STATUS_PRECONDITION, STR_INIT("ConditionalRequestConflict") },
        { "other conflict", "409 Conflict", ERROR_XML("BucketNotEmpty"), STATUS_STORAGE_REFUSED,
            STR_INIT("BucketNotEmpty") },
        { "denied", "403 Forbidden", ERROR_XML("AccessDenied"), STATUS_STORAGE_REFUSED,
            STR_INIT("AccessDenied") },
        { "elsewhere", "301 Moved", ERROR_XML("PermanentRedirect"), STATUS_STORAGE_REFUSED,
            STR_INIT("PermanentRedirect") },
        { "bad request", "400 Bad Request", ERROR_XML("InvalidRequest"), STATUS_STORAGE_REFUSED,
            STR_INIT("InvalidRequest") },
        { "full", "507 Insufficient Storage", ERROR_XML("InsufficientStorage"), STATUS_NO_SPACE,
            STR_INIT("InsufficientStorage") },
        { "not implemented", "501 No", ERROR_XML("NotImplemented"), STATUS_STORAGE,
            STR_INIT("NotImplemented") },
        { "white space first", "403 No", "  \r\n\n" ERROR_XML("AccessDenied") "\n",
            STATUS_STORAGE_REFUSED, STR_INIT("AccessDenied") },
        { "no XML", "403 No", "<html><p>proxy", STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "empty", "403 No", "", STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "other XML", "403 No", "<a><Code>X</Code></a>", STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "cut XML", "403 No", "<Error><Code>X</Code>", STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "bad UTF-8", "403 No", "<Error><Code>X\xff</Code></Error>", STATUS_STORAGE_REFUSED,
            STR_INIT("") },
        { "document type", "403 No", "<!DOCTYPE Error><Error><Code>X</Code></Error>",
            STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "entities", "403 No",
            "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"boom\"><!ENTITY y SYSTEM "
            "\"file:///etc/passwd\">]>"
            "<Error><Code>&x;&y;</Code></Error>",
            STATUS_STORAGE_REFUSED, STR_INIT("") },
        { "deep", "403 No",
            "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></"
            "a></a></a></a>"
            "</a></a></a></a></a>",
            STATUS_STORAGE_REFUSED, STR_INIT("") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { ANSWER(
            rows[i].status, "x-amz-id-2: H1\r\n", rows[i].body) };
        struct rig rig;
        OPEN(&rig, answers);
        rig.client.retry.max_attempts = 1;
        expect_int(rows[i].name,
            s3_get(&rig.client, *state, STR("k"), (struct s3_range){ 0, 0 }, 100, &rig.result),
            rows[i].expected);
        stop_rig(&rig);
        expect_str(rows[i].name, rig.result.error_code, rows[i].code);
        expect_str(rows[i].name, rig.result.id2, STR("H1"));
        if (rows[i].code.len > 0) {
            expect_str(rows[i].name, rig.result.error_message, STR("Because <so>"));
            expect_str(rows[i].name, rig.result.request_id, STR("R2"));
        }
        tiny_clear(&rig.server);
    }
}

static void ranges_are_cut_when_the_server_knows_none(void **state)
{
    const struct {
        const char *name, *status, *headers, *body;
        struct s3_range range;
        const char *sent;
        struct str got;
        int64_t size_bytes;
    } rows[] = {
        { "whole", "200 OK", "", "0123456789", { 0, 0 }, NULL, STR_INIT("0123456789"), 10 },
        { "part", "206 Partial Content", "Content-Range: bytes 2-4/10\r\n", "234", { 2, 3 },
            "range: bytes=2-4\r\n", STR_INIT("234"), 10 },
        { "to the end", "206 Partial Content", "Content-Range: bytes 7-9/10\r\n", "789", { 7, 0 },
            "range: bytes=7-\r\n", STR_INIT("789"), 10 },
        { "beyond the end", "206 Partial Content", "Content-Range: bytes 0-9/10\r\n", "0123456789",
            { 0, 65536 }, "range: bytes=0-65535\r\n", STR_INIT("0123456789"), 10 },
        { "not known", "200 OK", "", "0123456789", { 2, 3 }, "range: bytes=2-4\r\n",
            STR_INIT("234"), 10 },
        { "size not told", "206 Partial Content", "Content-Range: bytes 0-1/*\r\n", "01", { 0, 2 },
            NULL, STR_INIT("01"), -1 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { ANSWER(
            rows[i].status, rows[i].headers, rows[i].body) };
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(rows[i].name,
            s3_get(&rig.client, *state, STR("k"), rows[i].range, 100, &rig.result), STATUS_OK);
        stop_rig(&rig);
        expect_str(rows[i].name, rig.result.body, rows[i].got);
        expect_int(rows[i].name, rig.result.size_bytes, rows[i].size_bytes);
        if (rows[i].sent)
            assert_true(str_find(rig.server.requests[0], str_from_c(rows[i].sent)) > 0);
        tiny_clear(&rig.server);
    }
}

static void a_body_beyond_the_limit_is_too_large(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("200 OK", "", "0123456789") };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("get",
        s3_get(&rig.client, *state, STR("k"), (struct s3_range){ 0, 0 }, 9, &rig.result),
        STATUS_TOO_LARGE);
    expect_int("attempts", rig.result.attempts, 1);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static void deleting_nothing_is_done(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("204 No Content", "", ""),
        ANSWER("404 Not Found", "", ERROR_XML("NoSuchKey")),
        ANSWER("404 Not Found", "", ERROR_XML("NoSuchBucket")),
    };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("deleted", s3_delete(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int("no such key", s3_delete(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int(
        "no such bucket", s3_delete(&rig.client, *state, STR("k"), &rig.result), STATUS_NOT_FOUND);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

#define DELETED(key)       "<Deleted><Key>" key "</Key></Deleted>"
#define REFUSED(key, code) "<Error><Key>" key "</Key><Code>" code "</Code></Error>"

static void each_of_many_deletions_tells_its_own_end(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("200 OK", "",
            "<DeleteResult>" REFUSED("c&amp;d", "AccessDenied") DELETED("a")
                REFUSED("e", "PreconditionFailed") REFUSED("f", "InternalError") "</DeleteResult>"),
    };
    struct s3_deletion items[] = {
        { .key = STR("a") },
        { .key = STR("nothing said") },
        { .key = STR("c&d") },
        { .key = STR("bell \a") },
        { .key = STR("e"), .if_match = STR("12ab") },
        { .key = STR("f") },
    };
    const enum status expected[] = { STATUS_OK, STATUS_STORAGE, STATUS_STORAGE_REFUSED,
        STATUS_INVALID, STATUS_PRECONDITION, STATUS_STORAGE };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("answered", s3_delete_many(&rig.client, *state, items, COUNT_OF(items), &rig.result),
        STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(items); i++)
        expect_int(
            arena_printf(*state, "%.*s", STR_ARG(items[i].key)).ptr, items[i].status, expected[i]);
    expect_str("code", items[2].error_code, STR("AccessDenied"));
    stop_rig(&rig);
    struct str sent = rig.server.requests[0];
    expect_int("sent", str_starts_with(sent, STR("POST /vitrine?delete= HTTP/1.1\r\n")), true);
    expect_int("md5", str_find(sent, STR("ontent-md5: ")) > 0, true);
    expect_int(
        "etag", str_find(sent, STR("<Object><Key>e</Key><ETag>12ab</ETag></Object>")) > 0, true);
    expect_int("not for xml", str_find(sent, STR("bell")), -1);
    tiny_clear(&rig.server);
}

static void many_deletions_without_an_answer_end_nothing(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("200 OK", "", "<DeleteResult>" DELETED("a")), /* cut */
        ANSWER("501 Not Implemented", "", ERROR_XML("NotImplemented")),
        ANSWER("404 Not Found", "", ERROR_XML("NoSuchBucket")),
    };
    const enum status expected[] = { STATUS_STORAGE, STATUS_STORAGE_REFUSED, STATUS_NOT_FOUND };
    struct rig rig;
    OPEN(&rig, answers);
    rig.client.retry.max_attempts = 1;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct s3_deletion items[] = { { .key = STR("a") } };
        enum status status = s3_delete_many(&rig.client, *state, items, 1, &rig.result);
        expect_int("all of it", status, expected[i]);
        expect_int("each", items[0].status, status);
    }
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static void a_deletion_insists_on_an_etag(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("412 Precondition Failed", "", ERROR_XML("PreconditionFailed")),
    };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("another", s3_delete_match(&rig.client, *state, STR("k"), STR("12ab"), &rig.result),
        STATUS_PRECONDITION);
    stop_rig(&rig);
    expect_int("sent", str_find(rig.server.requests[0], STR("f-match: \"12ab\"\r\n")) > 0, true);
    tiny_clear(&rig.server);
}

/* --- again
 * -------------------------------------------------------------------------------------------- */

/* The next attempt is a patient one: only the first is to be too slow. */
static void note_pause_and_be_patient(void *context, int64_t pause_ms)
{
    struct rig *rig = context;
    note_pause(context, pause_ms);
    http_client_free(rig->client.http);
    rig->client.http = http_client_new(&(struct http_limits){ .total_timeout_ms = 60000 });
}

static void what_may_pass_is_tried_again(void **state)
{
    const struct {
        const char *name;
        struct tiny_answer first;
    } rows[] = {
        { "500", ANSWER("500 Oops", "", ERROR_XML("InternalError")) },
        { "502", ANSWER("502 Bad Gateway", "", "<html>") },
        { "503", ANSWER("503 Slow Down", "", ERROR_XML("SlowDown")) },
        { "504", ANSWER("504 Gateway Timeout", "", "") },
        { "429", ANSWER("429 Too Many Requests", "", "") },
        { "408", ANSWER("408 Request Timeout", "", "") },
        { "RequestTimeout", ANSWER("400 Bad Request", "", ERROR_XML("RequestTimeout")) },
        { "closed", { .text = STR_INIT(""), .closes = true } },
        { "cut", { .text = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
                     .closes = true } },
        { "hung", { .text = STR_INIT(""), .hangs = true } },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { rows[i].first, ANSWER("200 OK", "", "good") };
        struct rig rig;
        OPEN(&rig, answers);
        http_client_free(rig.client.http);
        rig.client.http = http_client_new(
            &(struct http_limits){ .total_timeout_ms = rows[i].first.hangs ? 200 : 60000 });
        rig.client.retry.sleep = note_pause_and_be_patient;
        expect_int(rows[i].name,
            s3_get(&rig.client, *state, STR("k"), (struct s3_range){ 0, 0 }, 100, &rig.result),
            STATUS_OK);
        stop_rig(&rig);
        expect_str(rows[i].name, rig.result.body, STR("good"));
        expect_str(rows[i].name, rig.result.error_code, STR(""));
        expect_int(rows[i].name, rig.result.attempts, 2);
        expect_int(rows[i].name, rig.pause_count, 1);
        assert_true(rig.pauses[0] >= 0 && rig.pauses[0] <= 100);
        tiny_clear(&rig.server);
    }
}

static void attempts_come_to_an_end(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("503 Slow Down", "", ERROR_XML("SlowDown")) };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_STORAGE);
    expect_int("attempts", rig.result.attempts, 4);
    expect_int("pauses", rig.pause_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(rig.pauses[i] <= 100 << i);
    rig.client.retry.max_attempts = 1;
    expect_int("once", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_STORAGE);
    expect_int("attempts", rig.result.attempts, 1);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static void the_deadline_holds_for_all_attempts(void **state)
{
    const struct tiny_answer answers[] = { { .text = STR(""), .hangs = true } };
    struct rig rig;
    int64_t start = clock_monotonic_us();
    OPEN(&rig, answers);
    rig.client.retry.deadline_ms = 200;
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_STORAGE_TIMEOUT);
    assert_true(clock_monotonic_us() - start < 1000000);
    expect_int("attempts", rig.result.attempts, 1);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static struct str sent_body(struct str request)
{
    return str_from_offset(request, (size_t)str_find(request, STR("\r\n\r\n")) + 4);
}

static void a_put_is_repeated_with_its_whole_body(void **state)
{
    static const struct pair headers[] = { { STR_INIT("content-type"), STR_INIT("image/jpeg") },
        { STR_INIT("if-none-match"), STR_INIT("*") } };
    const struct tiny_answer answers[] = { ANSWER("503 Slow Down", "", ""),
        ANSWER("200 OK", "ETag: \"e\"\r\n", "") };
    struct s3_put_options options = { .headers = { headers, COUNT_OF(headers) } };
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, STR("the body"));
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    expect_int(
        "put", s3_put(&rig.client, *state, STR("k"), &source, &options, &rig.result), STATUS_OK);
    stop_rig(&rig);
    clock_thaw();
    expect_str("etag", rig.result.etag, STR("e"));
    expect_int("attempts", rig.result.attempts, 2);
    for (size_t i = 0; i < 2; i++) {
        expect_str("body", sent_body(rig.server.requests[i]), STR("the body"));
        expect_signed(&rig, i);
    }
    tiny_clear(&rig.server);
}

static void a_body_that_cannot_be_rewound_is_sent_once(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("503 Slow Down", "", "") };
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, STR("the body"));
    struct rig rig;
    source.rewind = NULL;
    OPEN(&rig, answers);
    expect_int("put",
        s3_put(&rig.client, *state, STR("k"), &source, &(struct s3_put_options){ 0 }, &rig.result),
        STATUS_STORAGE);
    expect_int("attempts", rig.result.attempts, 1);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static bool append(void *context, struct str bytes)
{
    buf_put(context, bytes);
    return true;
}

static void a_stream_is_repeated_only_before_its_first_byte(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("503 Slow Down", "", "error"),
        ANSWER("200 OK", "", "good"),
        { .text = STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), .closes = true },
    };
    struct buf buf;
    struct http_sink sink = { append, NULL, &buf };
    struct s3_get_options all = { .if_match = STR_EMPTY };
    struct rig rig;
    buf_init_arena(&buf, *state, 100);
    OPEN(&rig, answers);
    expect_int(
        "good", s3_get_stream(&rig.client, *state, STR("k"), &all, &sink, &rig.result), STATUS_OK);
    expect_str("good", buf_str(&buf), STR("good"));
    expect_int("cut", s3_get_stream(&rig.client, *state, STR("k"), &all, &sink, &rig.result),
        STATUS_STORAGE);
    expect_int("attempts", rig.result.attempts, 1);
    expect_str("cut", buf_str(&buf), STR("goodab"));
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

static const char *date_header(struct arena *arena, int64_t at_s)
{
    return arena_printf(arena, "Date: %.*s\r\n", STR_ARG(clock_format_http(arena, at_s))).ptr;
}

static void a_stream_gives_what_was_asked_for_also_from_a_server_without_ranges(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("200 OK", "", "0123456789"),
        ANSWER("200 OK", "", "0123456789"),
        ANSWER("206 Partial Content", "Content-Range: bytes 3-5/10\r\n", "345"),
        ANSWER("412 Precondition Failed", "", ""),
    };
    const struct s3_get_options middle = { .range = { 3, 3 } }, rest = { .range = { 8, 0 } };
    const struct s3_get_options other = { .if_match = STR("abc") };
    struct buf buf;
    struct http_sink sink = { append, NULL, &buf };
    struct rig rig;
    buf_init_arena(&buf, *state, 100);
    OPEN(&rig, answers);
    expect_int("middle", s3_get_stream(&rig.client, *state, STR("k"), &middle, &sink, &rig.result),
        STATUS_OK);
    expect_str("middle", buf_str(&buf), STR("345"));
    expect_int(
        "rest", s3_get_stream(&rig.client, *state, STR("k"), &rest, &sink, &rig.result), STATUS_OK);
    expect_str("rest", buf_str(&buf), STR("34589"));
    expect_int("heeded", s3_get_stream(&rig.client, *state, STR("k"), &middle, &sink, &rig.result),
        STATUS_OK);
    expect_str("heeded", buf_str(&buf), STR("34589345"));
    expect_int("other", s3_get_stream(&rig.client, *state, STR("k"), &other, &sink, &rig.result),
        STATUS_PRECONDITION);
    stop_rig(&rig);
    assert_true(str_find(rig.server.requests[3], STR("if-match: \"abc\"")) >= 0);
    tiny_clear(&rig.server);
}

static void a_wrong_clock_is_learnt(void **state)
{
    /* An hour ahead of us. A HEAD is refused without a code. */
    char date[64];
    snprintf(date, sizeof(date), "Date: %.*s\r\n", STR_ARG(clock_format_http(*state, NOW + 3600)));
    const struct tiny_answer answers[] = { ANSWER("403 Forbidden", date, ""),
        ANSWER("200 OK", date, ""), ANSWER("200 OK", date, "") };
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int("attempts", rig.result.attempts, 2);
    expect_int("pauses", rig.pause_count, 0);
    expect_int("offset", s3_clock_offset_s(&rig.clock), 3600);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int("attempts", rig.result.attempts, 1);
    stop_rig(&rig);
    clock_thaw();
    for (size_t i = 1; i < 3; i++)
        assert_true(str_find(rig.server.requests[i], clock_format_amz(*state, NOW + 3600)) > 0);
    tiny_clear(&rig.server);
}

static void a_refusal_with_a_wrong_clock_is_not_repeated_for_ever(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("403 Forbidden", date_header(*state, NOW - 3600), ""),
        ANSWER("403 Forbidden", date_header(*state, NOW + 3600), ""),
    };
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_STORAGE_REFUSED);
    expect_int("attempts", rig.result.attempts, 2);
    expect_int("offset is as before", s3_clock_offset_s(&rig.clock), 0);
    stop_rig(&rig);
    clock_thaw();
    tiny_clear(&rig.server);
}

static void a_refusal_with_the_date_of_another_year_is_taken_as_it_is(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("403 Forbidden", "Date: Sat, 21 Nov 2015 06:32:00 GMT\r\n", ""),
    };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_STORAGE_REFUSED);
    expect_int("attempts", rig.result.attempts, 1);
    expect_int("offset", s3_clock_offset_s(&rig.clock), 0);
    stop_rig(&rig);
    tiny_clear(&rig.server);
}

/* What the clock makes of the answers to HEAD requests, all of status 200. */
static int64_t offset_after(void **state, const struct tiny_answer *answers, size_t count)
{
    struct rig rig;
    int64_t offset_s;
    clock_freeze(NOW);
    open_rig(&rig, *state, answers, count);
    for (size_t i = 0; i < count; i++)
        expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    offset_s = s3_clock_offset_s(&rig.clock);
    stop_rig(&rig);
    clock_thaw();
    tiny_clear(&rig.server);
    return offset_s;
}

static void the_clock_follows_most_answers(void **state)
{
    const char *now = date_header(*state, NOW), *ahead = date_header(*state, NOW + 60);
    const struct tiny_answer two[] = { ANSWER("200 OK", ahead, ""), ANSWER("200 OK", ahead, "") };
    const struct tiny_answer three[] = { ANSWER("200 OK", ahead, ""), ANSWER("200 OK", now, ""),
        ANSWER("200 OK", ahead, "") };
    const struct tiny_answer lonely[] = { ANSWER("200 OK", now, ""), ANSWER("200 OK", ahead, ""),
        ANSWER("200 OK", now, ""), ANSWER("200 OK", ahead, "") };
    const struct tiny_answer again[] = { ANSWER("200 OK", ahead, ""), ANSWER("200 OK", ahead, ""),
        ANSWER("200 OK", ahead, ""), ANSWER("200 OK", now, ""), ANSWER("200 OK", now, ""),
        ANSWER("200 OK", now, "") };

    expect_int("two are too few", offset_after(state, two, 2), 0);
    expect_int("two of three", offset_after(state, three, 3), 60);
    expect_int("until then as it was", offset_after(state, lonely, 3), 0);
    expect_int("back again", offset_after(state, again, 6), 0);
}

static void dates_that_cannot_be_are_not_followed(void **state)
{
    const char *far = date_header(*state, NOW + 1200), *near = date_header(*state, NOW + 1);
    const char *cached = arena_printf(*state, "%sAge: 600\r\n", date_header(*state, NOW - 600)).ptr;
    /* The signature was taken, so storage's clock is within 15 minutes of ours. */
    const struct tiny_answer lies[] = { ANSWER("200 OK", far, ""), ANSWER("200 OK", far, ""),
        ANSWER("200 OK", far, "") };
    const struct tiny_answer caches[] = { ANSWER("200 OK", cached, ""),
        ANSWER("200 OK", cached, ""), ANSWER("200 OK", cached, "") };
    const struct tiny_answer noise[] = { ANSWER("200 OK", near, ""), ANSWER("200 OK", near, ""),
        ANSWER("200 OK", near, "") };

    expect_int("lies", offset_after(state, lies, 3), 0);
    expect_int("from a cache", offset_after(state, caches, 3), 0);
    expect_int("less than a Date can tell", offset_after(state, noise, 3), 0);
}

static void requests_are_counted_by_operation_and_status(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("503 Slow Down", "", ""),
        ANSWER("200 OK", "", ""), ANSWER("404 Not Found", "", "") };
    struct rig rig;
    int64_t seen = metrics_value(METRIC_S3_REQUEST_TIME, METRIC_S3_HEAD_OBJECT, 0);
    int64_t ok = metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_2XX);
    int64_t slow = metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_503);
    int64_t absent = metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_404);
    int64_t again = metrics_value(METRIC_S3_RETRIES, METRIC_S3_HEAD_OBJECT, 0);
    OPEN(&rig, answers);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_OK);
    expect_int("head", s3_head(&rig.client, *state, STR("k"), &rig.result), STATUS_NOT_FOUND);
    stop_rig(&rig);
    expect_int("seen", metrics_value(METRIC_S3_REQUEST_TIME, METRIC_S3_HEAD_OBJECT, 0), seen + 3);
    expect_int(
        "ok", metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_2XX), ok + 1);
    expect_int("slow", metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_503),
        slow + 1);
    expect_int("absent",
        metrics_value(METRIC_S3_REQUESTS, METRIC_S3_HEAD_OBJECT, METRIC_ANSWER_404), absent + 1);
    expect_int("again", metrics_value(METRIC_S3_RETRIES, METRIC_S3_HEAD_OBJECT, 0), again + 1);
    tiny_clear(&rig.server);
}

/* --- listings and buckets
 * ------------------------------------------------------------------------------- */

#define LIST(inside)                                                                               \
    "<?xml version=\"1.0\"?><ListBucketResult "                                                    \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" inside "</ListBucketResult>"

static void a_listing_has_any_keys(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("200 OK", "",
        LIST("<Contents><Key>a+b%2Bc%01%FF/%3C</Key><LastModified>2026-11-21T06:32:00.000Z</"
             "LastModified>"
             "<ETag>&quot;e&quot;</ETag><Size>7</Size><Owner><ID>x</ID></Owner></Contents>"
             "<Contents><Key>z</Key><Size>0</Size></Contents>"
             "<CommonPrefixes><Prefix>p%20q/</Prefix></CommonPrefixes>"
             "<IsTruncated>true</IsTruncated><NextContinuationToken>t/+=</NextContinuationToken>"
             "<EncodingType>url</EncodingType><Prefix>p</Prefix>")) };
    struct s3_list_options options = {
        .prefix = STR("p"), .max_keys = 2, .continuation_token = STR("x=")
    };
    struct s3_listing listing;
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("list", s3_list(&rig.client, *state, &options, &listing, &rig.result), STATUS_OK);
    stop_rig(&rig);
    expect_int("objects", listing.object_count, 2);
    expect_str("key", listing.objects[0].key, STR("a b+c\x01\xff/<"));
    expect_int("size", listing.objects[0].size_bytes, 7);
    expect_str("etag", listing.objects[0].etag, STR("e"));
    expect_int("modified", listing.objects[0].last_modified_at, 1795242720);
    expect_str("key", listing.objects[1].key, STR("z"));
    expect_int("prefixes", listing.prefix_count, 1);
    expect_str("prefix", listing.prefixes[0], STR("p q/"));
    expect_int("truncated", listing.is_truncated, true);
    expect_str("token", listing.next_token, STR("t/+="));
    assert_true(str_starts_with(
        rig.server.requests[0], STR("GET "
                                    "/vitrine?list-type=2&encoding-type=url&max-keys=2&prefix=p&"
                                    "continuation-token=x%3D HTTP")));
    tiny_clear(&rig.server);
}

static void listings_that_make_no_sense_are_refused(void **state)
{
    const char *const bodies[] = {
        "",
        "<html>",
        "<html/>",
        "<!DOCTYPE x>" LIST(""),
        LIST("<Contents><Size>x</Size></Contents>"),
        LIST("<IsTruncated>true</IsTruncated>"),
        LIST("<EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents>"),
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct tiny_answer answers[] = { ANSWER("200 OK", "", bodies[i]) };
        struct s3_listing listing;
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(bodies[i],
            s3_list(&rig.client, *state, &(struct s3_list_options){ 0 }, &listing, &rig.result),
            STATUS_STORAGE);
        stop_rig(&rig);
        tiny_clear(&rig.server);
    }
}

static void a_bucket_of_ours_is_made_once(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("200 OK", "", ""),
        ANSWER("409 Conflict", "", ERROR_XML("BucketAlreadyOwnedByYou")),
        ANSWER("409 Conflict", "", ERROR_XML("BucketAlreadyExists")),
    };
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    expect_int("new", s3_create_bucket(&rig.client, *state, &rig.result), STATUS_OK);
    expect_int("ours", s3_create_bucket(&rig.client, *state, &rig.result), STATUS_OK);
    expect_int(
        "another's", s3_create_bucket(&rig.client, *state, &rig.result), STATUS_STORAGE_REFUSED);
    stop_rig(&rig);
    clock_thaw();
    assert_true(str_starts_with(rig.server.requests[0], STR("PUT /vitrine HTTP/1.1\r\n")));
    expect_str("no region in us-east-1", sent_body(rig.server.requests[0]), STR(""));
    expect_signed(&rig, 0);
    tiny_clear(&rig.server);
}

static void cors_rules_are_written(void **state)
{
    static const struct str origins[] = { STR_INIT("https://a.example?x=1&y=<2>") };
    static const struct str methods[] = { STR_INIT("GET"), STR_INIT("PUT") };
    static const struct str all[] = { STR_INIT("*") }, expose[] = { STR_INIT("ETag") };
    const struct tiny_answer answers[] = { ANSWER("200 OK", "", "") };
    struct s3_cors cors = { origins, 1, methods, 2, all, 1, expose, 1, 3000 };
    struct rig rig;
    clock_freeze(NOW);
    OPEN(&rig, answers);
    expect_int("put", s3_put_bucket_cors(&rig.client, *state, &cors, &rig.result), STATUS_OK);
    stop_rig(&rig);
    clock_thaw();
    struct str body = sent_body(rig.server.requests[0]);
    assert_true(
        str_find(body, STR("<AllowedOrigin>https://a.example?x=1&amp;y=&lt;2&gt;</AllowedOrigin>"
                           "<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>"
                           "<AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>"
                           "<MaxAgeSeconds>3000</MaxAgeSeconds>")) > 0);
    assert_true(str_starts_with(rig.server.requests[0], STR("PUT /vitrine?cors= HTTP/1.1\r\n")));
    assert_true(str_find(rig.server.requests[0], STR("content-md5: ")) > 0);
    expect_signed(&rig, 0);
    tiny_clear(&rig.server);
}

/* --- logs
 * --------------------------------------------------------------------------------------------- */

static void logs_name_the_request_and_no_secret(void **state)
{
    static const char *const unwanted[] = { "AKIA", "hunter2", "Signature", "AWS4", "signature",
        "tokentoken" };
    const struct tiny_answer answers[] = { ANSWER(
        "403 Forbidden", "x-amz-request-id: R7\r\n", ERROR_XML("AccessDenied")) };
    int pipe_fds[2];
    char text[16384] = "";
    struct rig rig;
    assert_int_equal(pipe(pipe_fds), 0);
    log_set_fd(pipe_fds[1]);
    OPEN(&rig, answers);
    rig.credentials.session_token = STR("tokentoken");
    expect_int("head",
        s3_get(&rig.client, *state, STR("k"), (struct s3_range){ 0, 0 }, 9999, &rig.result),
        STATUS_STORAGE_REFUSED);
    stop_rig(&rig);
    log_set_fd(2);
    assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    assert_non_null(strstr(text, "\"s3_request_id\":\"R7\""));
    assert_non_null(strstr(text, "\"s3_code\":\"AccessDenied\""));
    for (size_t i = 0; i < COUNT_OF(unwanted); i++)
        assert_null(strstr(text, unwanted[i]));
    tiny_clear(&rig.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("requests are signed as they are received", requests_are_signed_as_they_are_received),
        TEST("a HEAD tells the facts", a_head_tells_the_facts),
        TEST("answers become statuses", answers_become_statuses),
        TEST(
            "ranges are cut when the server knows none", ranges_are_cut_when_the_server_knows_none),
        TEST("a body beyond the limit is too large", a_body_beyond_the_limit_is_too_large),
        TEST("deleting nothing is done", deleting_nothing_is_done),
        TEST("each of many deletions tells its own end", each_of_many_deletions_tells_its_own_end),
        TEST("many deletions without an answer end nothing",
            many_deletions_without_an_answer_end_nothing),
        TEST("a deletion insists on an etag", a_deletion_insists_on_an_etag),
        TEST("what may pass is tried again", what_may_pass_is_tried_again),
        TEST("attempts come to an end", attempts_come_to_an_end),
        TEST("the deadline holds for all attempts", the_deadline_holds_for_all_attempts),
        TEST("a PUT is repeated with its whole body", a_put_is_repeated_with_its_whole_body),
        TEST("a body that cannot be rewound is sent once",
            a_body_that_cannot_be_rewound_is_sent_once),
        TEST("a stream is repeated only before its first byte",
            a_stream_is_repeated_only_before_its_first_byte),
        TEST("a stream gives what was asked for, also from a server without ranges",
            a_stream_gives_what_was_asked_for_also_from_a_server_without_ranges),
        TEST("a wrong clock is learnt", a_wrong_clock_is_learnt),
        TEST("a refusal with a wrong clock is not repeated for ever",
            a_refusal_with_a_wrong_clock_is_not_repeated_for_ever),
        TEST("a refusal with the date of another year is taken as it is",
            a_refusal_with_the_date_of_another_year_is_taken_as_it_is),
        TEST("the clock follows most answers", the_clock_follows_most_answers),
        TEST("dates that cannot be are not followed", dates_that_cannot_be_are_not_followed),
        TEST("requests are counted by operation and status",
            requests_are_counted_by_operation_and_status),
        TEST("a listing has any keys", a_listing_has_any_keys),
        TEST("listings that make no sense are refused", listings_that_make_no_sense_are_refused),
        TEST("a bucket of ours is made once", a_bucket_of_ours_is_made_once),
        TEST("CORS rules are written and read", cors_rules_are_written),
        TEST("logs name the request and no secret", logs_name_the_request_and_no_secret),
    };
    return RUN(tests);
}
