/*
 * The calls on multipart uploads against prepared answers: what is sent, what is made of each
 * answer, and what is tried again.
 */
#include "s3_client_fixture.h"

#include "remote/s3_multipart.h"

static void expect_line(const struct rig *rig, size_t number, const char *line)
{
    struct str request = rig->server.requests[number];
    assert_true(str_starts_with(request, str_from_c(line)));
}

static bool was_sent(const struct rig *rig, size_t number, const char *part)
{
    return str_find(rig->server.requests[number], str_from_c(part)) >= 0;
}

/* --- begun --- */

static void an_upload_is_begun_with_the_headers_of_its_object(void **state)
{
    const struct pair headers[] = { { STR("content-type"), STR("image/png") },
        { STR("x-amz-checksum-algorithm"), STR("SHA256") } };
    const struct tiny_answer answers[] = { ANSWER("200 OK", "",
        "\n <?xml version=\"1.0\"?><InitiateMultipartUploadResult "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket><Key>k</Key>"
        "<UploadId> a.B_c-1~ </UploadId></InitiateMultipartUploadResult>") };
    struct str id;
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("create",
        s3_multipart_create(&rig.client, *state, STR("a/b"),
            (struct pairs){ headers, COUNT_OF(headers) }, &id, &rig.result),
        STATUS_OK);
    stop_rig(&rig);
    expect_str("id", id, STR("a.B_c-1~"));
    expect_line(&rig, 0, "POST /vitrine/a/b?uploads= HTTP/1.1");
    assert_true(was_sent(&rig, 0, "x-amz-checksum-algorithm: SHA256"));
    assert_true(was_sent(&rig, 0, "Content-Length: 0"));
    tiny_clear(&rig.server);
}

static void an_upload_without_an_id_is_none(void **state)
{
    static const char *const bodies[] = { "", "no xml", "<InitiateMultipartUploadResult/>",
        "<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>",
        "<Other><UploadId>x</UploadId></Other>",
        "<InitiateMultipartUploadResult><UploadId>x</UploadId>" };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct tiny_answer answers[] = { ANSWER("200 OK", "", bodies[i]) };
        struct str id;
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(bodies[i],
            s3_multipart_create(
                &rig.client, *state, STR("k"), (struct pairs){ NULL, 0 }, &id, &rig.result),
            STATUS_STORAGE);
        stop_rig(&rig);
        tiny_clear(&rig.server);
    }
}

/* --- looked at --- */

#define PARTS(inside) "<ListPartsResult>" inside "</ListPartsResult>"
#define PART(number, size)                                                                         \
    "<Part><PartNumber>" number "</PartNumber><ETag>&quot;e" number "&quot;</ETag><Size>" size     \
    "</Size></Part>"

static void parts_are_listed_page_by_page(void **state)
{
    const struct tiny_answer answers[] = {
        ANSWER("200 OK", "",
            PARTS("<IsTruncated>true</IsTruncated>" PART(
                "2", "5") "<Part><PartNumber>7</"
                          "PartNumber><ETag>x</ETag><Size>0</Size><ChecksumSHA256>abc=</"
                          "ChecksumSHA256></Part>")),
        ANSWER("200 OK", "", PARTS(PART("10000", "9") "<IsTruncated>false</IsTruncated>")),
        ANSWER("404 Not Found", "", "<Error><Code>NoSuchUpload</Code></Error>"),
    };
    struct s3_parts parts;
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("first",
        s3_multipart_parts(&rig.client, *state, STR("k"), STR("id/+"), 0, &parts, &rig.result),
        STATUS_OK);
    expect_int("count", parts.count, 2);
    expect_int("number", parts.item[0].number, 2);
    expect_str("etag", parts.item[0].etag, STR("e2"));
    expect_str("bare etag", parts.item[1].etag, STR("x"));
    expect_str("checksum", parts.item[1].checksum_sha256, STR("abc="));
    expect_int("truncated", parts.is_truncated, true);
    expect_int("marker", parts.next_marker, 7);
    expect_int("second",
        s3_multipart_parts(&rig.client, *state, STR("k"), STR("id/+"), 7, &parts, &rig.result),
        STATUS_OK);
    expect_int("count", parts.count, 1);
    expect_int("truncated", parts.is_truncated, false);
    expect_int("third",
        s3_multipart_parts(&rig.client, *state, STR("k"), STR("id/+"), 0, &parts, &rig.result),
        STATUS_NOT_FOUND);
    expect_str("code", rig.result.error_code, STR("NoSuchUpload"));
    stop_rig(&rig);
    expect_line(&rig, 0, "GET /vitrine/k?uploadId=id%2F%2B&max-parts=1000 HTTP");
    expect_line(
        &rig, 1, "GET /vitrine/k?uploadId=id%2F%2B&max-parts=1000&part-number-marker=7 HTTP");
    tiny_clear(&rig.server);
}

static void lists_of_parts_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *name, *body;
    } rows[] = {
        { "no xml", "oops" },
        { "another document", "<html/>" },
        { "doctype", "<!DOCTYPE a>" PARTS("") },
        { "descending", PARTS(PART("2", "5") PART("1", "5")) },
        { "twice", PARTS(PART("2", "5") PART("2", "5")) },
        { "zero", PARTS(PART("0", "5")) },
        { "beyond", PARTS(PART("10001", "5")) },
        { "behind the marker", PARTS(PART("1", "5")) },
        { "no size", PARTS("<Part><PartNumber>4</PartNumber><ETag>x</ETag></Part>") },
        { "negative", PARTS(PART("4", "-5")) },
        { "words", PARTS(PART("4", "many")) },
        { "no etag", PARTS("<Part><PartNumber>4</PartNumber><Size>5</Size></Part>") },
        { "endless", PARTS("<IsTruncated>true</IsTruncated>") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { ANSWER("200 OK", "", rows[i].body) };
        struct s3_parts parts;
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(rows[i].name,
            s3_multipart_parts(
                &rig.client, *state, STR("k"), STR("id"), i == 7 ? 1 : 0, &parts, &rig.result),
            STATUS_STORAGE);
        stop_rig(&rig);
        tiny_clear(&rig.server);
    }
}

/* --- completed --- */

#define COMPLETED                                                                                  \
    "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>"

static enum status complete(struct rig *rig, struct arena *arena)
{
    static const struct s3_part parts[] = {
        { .number = 1, .etag = STR_INIT("a<b"), .checksum_sha256 = STR_INIT("c1=") },
        { .number = 2, .etag = STR_INIT("b") },
    };
    const struct s3_completion completion = { parts, COUNT_OF(parts), true };
    return s3_multipart_complete(
        &rig->client, arena, STR("k"), STR("id"), &completion, &rig->result);
}

static void completing_names_every_part_and_the_condition(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("200 OK", "", "  \n \n" COMPLETED) };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("complete", complete(&rig, *state), STATUS_OK);
    stop_rig(&rig);
    expect_str("etag", rig.result.etag, STR("e-2"));
    expect_line(&rig, 0, "POST /vitrine/k?uploadId=id HTTP");
    assert_true(was_sent(&rig, 0, "if-none-match: *"));
    assert_true(was_sent(&rig, 0,
        "<Part><ChecksumSHA256>c1=</ChecksumSHA256><ETag>&quot;a&lt;b&quot;</ETag>"
        "<PartNumber>1</PartNumber></Part><Part><ETag>&quot;b&quot;</ETag>"
        "<PartNumber>2</PartNumber></Part></CompleteMultipartUpload>"));
    tiny_clear(&rig.server);
}

static void an_error_inside_a_200_is_what_it_says(void **state)
{
    static const struct {
        const char *body;
        enum status expected;
        int attempts;
    } rows[] = {
        { "\n\n<Error><Code>InternalError</Code><Message>m</Message></Error>", STATUS_STORAGE, 4 },
        { "<Error><Code>SlowDown</Code></Error>", STATUS_STORAGE, 4 },
        { "<Error><Code>NoSuchUpload</Code></Error>", STATUS_NOT_FOUND, 1 },
        { "<Error><Code>PreconditionFailed</Code></Error>", STATUS_PRECONDITION, 1 },
        { "<Error><Code>InvalidPart</Code></Error>", STATUS_STORAGE_REFUSED, 1 },
        { "<Error><Code>AccessDenied</Code></Error>", STATUS_STORAGE_REFUSED, 1 },
        { "", STATUS_STORAGE, 4 },
        { "   ", STATUS_STORAGE, 4 },
        { "<CompleteMultipartUploadResult>", STATUS_STORAGE, 4 },
        { "<html>a proxy", STATUS_STORAGE, 4 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { ANSWER("200 OK", "", rows[i].body) };
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(rows[i].body, complete(&rig, *state), rows[i].expected);
        stop_rig(&rig);
        expect_int(rows[i].body, rig.result.attempts, rows[i].attempts);
        tiny_clear(&rig.server);
    }
}

static void a_completion_whose_answer_was_lost_says_so_at_the_second_try(void **state)
{
    const struct tiny_answer answers[] = {
        { .text = STR(""), .closes = true },
        ANSWER("404 Not Found", "", "<Error><Code>NoSuchUpload</Code></Error>"),
    };
    struct rig rig;
    OPEN(&rig, answers);
    expect_int("complete", complete(&rig, *state), STATUS_NOT_FOUND);
    stop_rig(&rig);
    expect_int("attempts", rig.result.attempts, 2);
    assert_true(was_sent(&rig, 1, "</CompleteMultipartUpload>"));
    tiny_clear(&rig.server);
}

/* --- aborted, found --- */

static void aborting_what_is_not_there_is_done(void **state)
{
    static const struct {
        const char *status, *body;
        enum status expected;
    } rows[] = {
        { "204 No Content", "", STATUS_OK },
        { "404 Not Found", "<Error><Code>NoSuchUpload</Code></Error>", STATUS_OK },
        { "404 Not Found", "<Error><Code>NoSuchBucket</Code></Error>", STATUS_NOT_FOUND },
        { "403 Forbidden", "<Error><Code>AccessDenied</Code></Error>", STATUS_STORAGE_REFUSED },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_answer answers[] = { ANSWER(rows[i].status, "", rows[i].body) };
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(rows[i].body,
            s3_multipart_abort(&rig.client, *state, STR("k"), STR("id"), &rig.result),
            rows[i].expected);
        stop_rig(&rig);
        expect_line(&rig, 0, "DELETE /vitrine/k?uploadId=id HTTP");
        tiny_clear(&rig.server);
    }
}

static void uploads_are_found_with_any_keys(void **state)
{
    const struct tiny_answer answers[] = { ANSWER("200 OK", "",
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</"
        "IsTruncated><NextKeyMarker>a+b%2Fc</NextKeyMarker><NextUploadIdMarker>i2</"
        "NextUploadIdMarker><Upload><Key>a+b%2Fc</Key><UploadId>i1</UploadId><Initiated>2026-"
        "11-21T06:32:00.000Z</Initiated></Upload><Upload><Key>%E6%97%A5</Key><UploadId>i2</"
        "UploadId></Upload></ListMultipartUploadsResult>") };
    const struct s3_uploads_options options = {
        .prefix = STR("a "), .key_marker = STR("k"), .upload_id_marker = STR("i")
    };
    struct s3_uploads uploads;
    struct rig rig;
    OPEN(&rig, answers);
    expect_int(
        "list", s3_multipart_list(&rig.client, *state, &options, &uploads, &rig.result), STATUS_OK);
    stop_rig(&rig);
    expect_int("count", uploads.count, 2);
    expect_str("key", uploads.item[0].key, STR("a b/c"));
    expect_str("id", uploads.item[0].upload_id, STR("i1"));
    expect_int("initiated", uploads.item[0].initiated_at, 1795242720);
    expect_str("key", uploads.item[1].key, STR("日"));
    expect_int("initiated", uploads.item[1].initiated_at, -1);
    expect_str("marker", uploads.next_key_marker, STR("a b/c"));
    expect_line(&rig, 0,
        "GET /vitrine?uploads=&encoding-type=url&prefix=a%20&key-marker=k&upload-id-marker=i "
        "HTTP");
    tiny_clear(&rig.server);
}

static void listings_of_uploads_that_make_no_sense_are_refused(void **state)
{
    static const char *const bodies[] = { "", "x",
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>",
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>%zz</Key></"
        "Upload></ListMultipartUploadsResult>" };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct tiny_answer answers[] = { ANSWER("200 OK", "", bodies[i]) };
        const struct s3_uploads_options options = { .prefix = STR("images/") };
        struct s3_uploads uploads;
        struct rig rig;
        OPEN(&rig, answers);
        expect_int(bodies[i],
            s3_multipart_list(&rig.client, *state, &options, &uploads, &rig.result),
            STATUS_STORAGE);
        stop_rig(&rig);
        tiny_clear(&rig.server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("an upload is begun with the headers of its object",
            an_upload_is_begun_with_the_headers_of_its_object),
        TEST("an upload without an id is none", an_upload_without_an_id_is_none),
        TEST("parts are listed page by page", parts_are_listed_page_by_page),
        TEST("lists of parts that make no sense are refused",
            lists_of_parts_that_make_no_sense_are_refused),
        TEST("completing names every part and the condition",
            completing_names_every_part_and_the_condition),
        TEST("an error inside a 200 is what it says", an_error_inside_a_200_is_what_it_says),
        TEST("a completion whose answer was lost says so at the second try",
            a_completion_whose_answer_was_lost_says_so_at_the_second_try),
        TEST("aborting what is not there is done", aborting_what_is_not_there_is_done),
        TEST("uploads are found with any keys", uploads_are_found_with_any_keys),
        TEST("listings of uploads that make no sense are refused",
            listings_of_uploads_that_make_no_sense_are_refused),
    };
    return RUN(tests);
}
