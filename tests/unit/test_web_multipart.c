/*
 * test_web_multipart.c - forms with files: what comes out, that it does not depend on the cuts,
 * what is refused, and the limits.
 */
#include "unit.h"

#include "base/clock.h"
#include "cgi/multipart.h"

static const struct multipart_limits usual = {
    .max_parts = 100, .max_field_bytes = 1000, .max_file_bytes = 1 << 20
};

static const struct str TYPE = STR_INIT("multipart/form-data; boundary=XX");

/* Write the events that are pending: "[name|filename|type]content;" and '!' for the closing
 * boundary. */
static bool take_events(struct multipart *parser, struct buf *out)
{
    enum multipart_event event;
    struct str bytes;

    while ((event = multipart_next(parser, &bytes)) > MULTIPART_NEED_MORE) {
        const struct multipart_part *part = &parser->part;

        if (event == MULTIPART_PART)
            buf_printf(out, "[%.*s|%.*s|%.*s]", STR_ARG(part->name),
                STR_ARG(part->has_filename ? part->filename : STR("-")),
                STR_ARG(part->content_type));
        else if (event == MULTIPART_DATA)
            buf_put(out, bytes);
        else
            buf_put_byte(out, event == MULTIPART_PART_END ? ';' : '!');
    }
    return event != MULTIPART_ERROR;
}

/* Push `body` in pieces of `piece` bytes, each at the end of a block of its own. What came out,
 * then " ok" or the sentence of the error. */
static struct str parse(
    struct arena *arena, struct str body, size_t piece, const struct multipart_limits *limits)
{
    struct multipart *parser = malloc(sizeof *parser);
    bool ok = true;
    struct buf out;

    buf_init_arena(&out, arena, 4 << 20);
    assert_int_equal(multipart_init(parser, TYPE, limits), STATUS_OK);
    while (ok && body.len) {
        struct str head = str_head(body, piece);
        char *copy = unit_exact_copy(head);

        multipart_push(parser, str_from(copy, head.len));
        ok = take_events(parser, &out);
        free(copy);
        body = str_from_offset(body, head.len);
    }
    ok = multipart_finish(parser);
    buf_printf(&out, " %.*s", STR_ARG(ok ? STR("ok") : parser->sentence));
    free(parser);
    return buf_str(&out);
}

/* The same outcome in one piece, byte by byte, and in every size between. */
static void check(struct arena *arena, struct str body, struct str expected)
{
    for (size_t piece = 1; piece <= body.len + 1; piece++) {
        struct str got = parse(arena, body, piece, &usual);

        if (!str_equal(got, expected))
            fail_msg("in pieces of %zu of '%.*s':\n got    '%.*s'\n wanted '%.*s'", piece,
                STR_ARG(body), STR_ARG(got), STR_ARG(expected));
    }
}

#define PART(headers, content) "--XX\r\n" headers "\r\n\r\n" content "\r\n"
#define FIELD(name)            "Content-Disposition: form-data; name=\"" name "\""
#define FILE_PART(name, file)  FIELD(name) "; filename=\"" file "\""
#define END                    "--XX--\r\n"

static void forms_come_out_part_by_part(void **state)
{
    static const struct {
        struct str body, events;
    } rows[] = {
        { STR_INIT(PART(FIELD("a"), "1") END), STR_INIT("[a|-|]1;! ok") },
        { STR_INIT(PART(FIELD("a"), "") PART(FIELD("a"), "2") END),
            STR_INIT("[a|-|];[a|-|]2;! ok") },
        { STR_INIT(PART(
              FILE_PART("f", "x.png") "\r\nContent-Type: image/png", "\x89PNG\r\n\x1a\n\0") END),
            STR_INIT("[f|x.png|image/png]\x89PNG\r\n\x1a\n\0;! ok") },
        { STR_INIT(PART(FILE_PART("f", ""), "") END), STR_INIT("[f||];! ok") },
        { STR_INIT(END), STR_INIT("! ok") },
        { STR_INIT("--XX--"), STR_INIT("! ok") },
        { STR_INIT("a preamble\r\n" PART(FIELD("a"), "1") "--XX--an epilogue\r\n--XX\r\n"),
            STR_INIT("[a|-|]1;! ok") },
        { STR_INIT("\r\n" PART(FIELD("a"), "1") END), STR_INIT("[a|-|]1;! ok") },
        { STR_INIT(
              "--XX \t \r\n" FIELD("a") "\r\n\r\n1\r\n--XX \r\n" FIELD("b") "\r\n\r\n2\r\n" END),
            STR_INIT("[a|-|]1;[b|-|]2;! ok") },
        { STR_INIT(PART("content-DISPOSITION:form-data;NAME=a", "1") END),
            STR_INIT("[a|-|]1;! ok") },
        { STR_INIT(
              PART("X-Other: 1\r\n" FIELD("a") "\r\nContent-Transfer-Encoding: 8bit", "1") END),
            STR_INIT("[a|-|]1;! ok") },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(*state, rows[i].body, rows[i].events);
}

static void content_that_looks_like_a_boundary_is_content(void **state)
{
    static const char *const contents[] = { "\r\n", "\r\n\r\n", "\r", "\n", "\r\r\n-", "\r\n--",
        "\r\n--X", "\r\n--\r\n--X", "\r\n--XY", "\r\n-XX", "--XX", "--XX--", "\n--XX--",
        "\r\r\n--X\r", "\r\n\r\n--X\r\n--x", "a\r\n--X\r\n--X\r\n" };
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        struct str content = str_from_c(contents[i]);
        struct str body =
            ARENA_JOIN(arena, STR("--XX\r\n" FIELD("a") "\r\n\r\n"), content, STR("\r\n" END));

        check(arena, body, ARENA_JOIN(arena, STR("[a|-|]"), content, STR(";! ok")));
    }
}

static void names_are_read_as_browsers_and_tools_write_them(void **state)
{
    static const struct {
        const char *disposition, *shown;
    } rows[] = {
        { "form-data; name=\"a b\"", "a b|-" },
        { "form-data; name=a; filename=b.png", "a|b.png" },
        { "form-data; name=\"\"", "|-" },
        { "form-data; filename=\"x\"; name=\"a\"", "a|x" },
        { "form-data; name=\"a\"; filename=\"say %22hi%22.png\"", "a|say \"hi\".png" },
        { "form-data; name=\"a\"; filename=\"100%25 %0D%0A.png\"", "a|100%25 %0D%0A.png" },
        { "form-data; name=\"a\"; filename=\"say \\\"hi\\\".png\"", "a|say \"hi\".png" },
        { "form-data; name=\"a\"; filename=\"C:\\dir\\x.png\"", "a|C:\\dir\\x.png" },
        { "form-data; name=\"a\"; filename=\"x\\\"", "a|x\\" },
        { "form-data; name=\"a\"; filename=\"x\\\"; other=\"y\"", "a|x\\" },
        { "form-data; name=\"a\"; filename=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.png\"",
            "a|\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.png" },
        { "form-data; name=\"a\"; filename=\"x;y=z.png\"", "a|x;y=z.png" },
        { "form-data; name=\"a\"; filename*=UTF-8''evil.png; filename=\"x\"", "a|x" },
        { "form-data; name=\"a\"; filename=\"../../etc/passwd\"", "a|../../etc/passwd" },
        { "form-data;;name=\"a\"; ;", "a|-" },
        { "FORM-DATA ; Name=\"a\" ; FileName=\"x\" ", "a|x" },
    };
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str body = ARENA_JOIN(arena, STR("--XX\r\nContent-Disposition: "),
            str_from_c(rows[i].disposition), STR("\r\n\r\n1\r\n" END));

        check(arena, body, ARENA_JOIN(arena, STR("["), str_from_c(rows[i].shown), STR("|]1;! ok")));
    }
}

static void malformed_forms_are_refused_with_a_sentence(void **state)
{
    static const struct {
        struct str body;
        const char *outcome;
    } rows[] = {
        { STR_INIT(""), " The form was cut off before its end." },
        { STR_INIT("no boundary at all"), " The form was cut off before its end." },
        { STR_INIT("--YY\r\n" FIELD("a") "\r\n\r\n1\r\n--YY--\r\n"),
            " The form was cut off before its end." },
        { STR_INIT("--XXX\r\n"), " The form's parts are not separated as announced." },
        { STR_INIT("--XX-\r\n"), " The form's parts are not separated as announced." },
        { STR_INIT("--XX\n" FIELD("a") "\n\n1\n--XX--"),
            " The form's parts are not separated as announced." },
        { STR_INIT("--XX\r" FIELD("a")), " The form's parts are not separated as announced." },
        { STR_INIT(PART(FIELD("a"), "1") "--XXY"),
            "[a|-|]1; The form's parts are not separated as announced." },
        { STR_INIT(PART("X: y", "1") END), " A part of the form has no name." },
        { STR_INIT(PART("Content-Disposition: form-data", "1") END),
            " A part of the form has no name." },
        { STR_INIT(PART("Content-Disposition: attachment; name=a", "1") END),
            " A part of the form is not form-data." },
        { STR_INIT(PART(FIELD("a") "\r\n" FIELD("b"), "1") END),
            " A part of the form has two Content-Disposition headers." },
        { STR_INIT(PART(FIELD("a") "; name=b", "1") END), " A part of the form has two names." },
        { STR_INIT(PART(FILE_PART("a", "b") "; filename=c", "1") END),
            " A part of the form has two file names." },
        { STR_INIT(PART(FIELD("a") "\r\nContent-Type: a/b\r\nContent-Type: a/b", "1") END),
            " A part of the form has two Content-Type headers." },
        { STR_INIT(PART(FIELD("a") "\r\nContent-Transfer-Encoding: base64", "1") END),
            " A part of the form is encoded; it has to be sent as it is." },
        { STR_INIT(PART("Content-Disposition: form-data; name=\"a", "1") END),
            " A Content-Disposition header is malformed." },
        { STR_INIT(PART("Content-Disposition: form-data; name", "1") END),
            " A Content-Disposition header is malformed." },
        { STR_INIT(PART("Content-Disposition: form-data; name=", "1") END),
            " A Content-Disposition header is malformed." },
        { STR_INIT(PART("Content-Disposition: form-data; name=\"a\"b", "1") END),
            " A Content-Disposition header is malformed." },
        { STR_INIT(PART(FIELD("\xff"), "1") END), " A field's name is not valid UTF-8." },
        { STR_INIT(PART(FILE_PART("a", "\xc3"), "1") END), " A file's name is not valid UTF-8." },
        { STR_INIT(PART(FIELD("a\0b"), "1") END), " A header of a part has a control character." },
        { STR_INIT(PART(FIELD("a\rb"), "1") END), " A header of a part has a control character." },
        { STR_INIT("--XX\r\n" FIELD("a") "\n\r\n\r\n1\r\n" END),
            " A header of a part does not end as it should." },
        { STR_INIT(PART("no colon", "1") END), " A header of a part is malformed." },
        { STR_INIT(PART(": no name", "1") END), " A header of a part is malformed." },
        { STR_INIT(PART(FIELD("a") "\r\n folded", "1") END), " A header of a part is malformed." },
        { STR_INIT(PART("Content-Disposition : form-data; name=a", "1") END),
            " A header of a part is malformed." },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(*state, rows[i].body, str_from_c(rows[i].outcome));
}

static void a_form_cut_at_any_byte_never_looks_complete(void **state)
{
    struct str whole = STR("preamble\r\n" PART(FIELD("csrf"), "token") PART(
        FILE_PART("files", "x.png") "\r\nContent-Type: image/png", "a\r\n--X\r\nb") "--XX--");
    struct arena *arena = *state;

    for (size_t len = 0; len < whole.len; len++) {
        struct str got = parse(arena, str_head(whole, len), 7, &usual);

        if (!str_ends_with(got, STR(" The form was cut off before its end.")))
            fail_msg("cut at %zu: '%.*s'", len, STR_ARG(got));
    }
    check(arena, whole, STR("[csrf|-|]token;[files|x.png|image/png]a\r\n--X\r\nb;! ok"));
}

static struct str repeat(struct arena *arena, struct str piece, size_t count, struct str end)
{
    struct buf out;

    buf_init_arena(&out, arena, 4 << 20);
    for (size_t i = 0; i < count; i++)
        buf_put(&out, piece);
    buf_put(&out, end);
    return buf_str(&out);
}

static void too_many_parts_are_refused(void **state)
{
    struct str part = STR(PART(FIELD("a"), ""));
    struct arena *arena = *state;
    struct str got;

    got = parse(arena, repeat(arena, part, 100, STR(END)), 5000, &usual);
    assert_true(str_ends_with(got, STR(";! ok")));
    got = parse(arena, repeat(arena, part, 101, STR(END)), 5000, &usual);
    assert_true(str_ends_with(got, STR("; The form has too many parts.")));
    got = parse(arena, repeat(arena, part, 10000, STR(END)), 5000, &usual);
    assert_true(str_ends_with(got, STR("; The form has too many parts.")));
}

static void a_field_or_file_over_its_limit_is_refused_at_the_same_byte(void **state)
{
    static const struct multipart_limits tight = {
        .max_parts = 2, .max_field_bytes = 3, .max_file_bytes = 5
    };
    static const struct {
        struct str body, outcome;
    } rows[] = {
        { STR_INIT(PART(FIELD("a"), "123") END), STR_INIT("[a|-|]123;! ok") },
        { STR_INIT(PART(FIELD("a"), "1234") END),
            STR_INIT("[a|-|]123 A field of the form is longer than what is accepted.") },
        { STR_INIT(PART(FILE_PART("a", "f"), "12345") END), STR_INIT("[a|f|]12345;! ok") },
        { STR_INIT(PART(FILE_PART("a", "f"), "123456789") END),
            STR_INIT("[a|f|]12345 A file is larger than what is accepted here.") },
        { STR_INIT(PART(FIELD("a"), "12\r\n--X") END),
            STR_INIT("[a|-|]12\r A field of the form is longer than what is accepted.") },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t piece = 1; piece < 100; piece++)
            expect_str("row", parse(*state, rows[i].body, piece, &tight), rows[i].outcome);
}

static void long_headers_and_names_are_refused(void **state)
{
    static const struct {
        const char *begin, *end, *outcome;
        size_t fits; /* so many bytes between */
    } rows[] = {
        { "--XX\r\nContent-Disposition: form-data; name=\"", "\"\r\n\r\n1\r\n" END,
            " A field's name is too long.", MULTIPART_NAME_MAX },
        { "--XX\r\n" FIELD("a") "; filename=\"", "\"\r\n\r\n1\r\n" END,
            " A file's name is too long.", MULTIPART_FILENAME_MAX },
        { "--XX\r\n" FIELD("a") "\r\nContent-Type: ", "\r\n\r\n1\r\n" END,
            " A part's Content-Type is too long.", MULTIPART_TYPE_MAX },
        { "--XX\r\nX: ", "\r\n" FIELD("a") "\r\n\r\n1\r\n" END,
            " The headers of a part are too long.",
            MULTIPART_HEADERS_MAX - 3 - 2 - sizeof FIELD("a") + 1 - 4 },
    };
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t over = 0; over < 2; over++) {
            struct str filler = repeat(arena, STR("n"), rows[i].fits + over, STR_EMPTY);
            struct str body =
                ARENA_JOIN(arena, str_from_c(rows[i].begin), filler, str_from_c(rows[i].end));
            struct str got = parse(arena, body, 1000, &usual);

            if (!str_ends_with(got, over ? str_from_c(rows[i].outcome) : STR("1;! ok")))
                fail_msg("row %zu, %zu over: '%.*s'", i, over, STR_ARG(got));
        }
    }
}

static void content_types_and_boundaries_are_checked(void **state)
{
    static const struct {
        const char *type;
        enum status status;
    } rows[] = {
        { "multipart/form-data; boundary=XX", STATUS_OK },
        { "Multipart/Form-Data;BOUNDARY=XX", STATUS_OK },
        { "multipart/form-data; charset=utf-8; boundary=\"X X:?\"", STATUS_OK },
        { "multipart/form-data; boundary="
          "1234567890123456789012345678901234567890123456789012345678901234567890",
            STATUS_OK },
        { "multipart/form-data; boundary="
          "12345678901234567890123456789012345678901234567890123456789012345678901",
            STATUS_BAD_REQUEST },
        { "multipart/form-data", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=\"\"", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=\"X ", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=\"X \"", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=X; boundary=Y", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=X\xc3\xa4", STATUS_BAD_REQUEST },
        { "multipart/form-data; boundary=X@", STATUS_BAD_REQUEST },
        { "multipart/mixed; boundary=XX", STATUS_UNSUPPORTED_TYPE },
        { "multipart/form-datax; boundary=XX", STATUS_UNSUPPORTED_TYPE },
        { "application/x-www-form-urlencoded", STATUS_UNSUPPORTED_TYPE },
        { "", STATUS_UNSUPPORTED_TYPE },
    };
    struct multipart parser;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_int(rows[i].type, multipart_init(&parser, str_from_c(rows[i].type), &usual),
            rows[i].status);
}

static void after_an_error_nothing_else_comes(void **state)
{
    struct multipart parser;
    struct str bytes;

    (void)state;
    assert_int_equal(multipart_init(&parser, TYPE, &usual), STATUS_OK);
    multipart_push(&parser, STR("--XX?"));
    assert_int_equal(multipart_next(&parser, &bytes), MULTIPART_ERROR);
    multipart_push(&parser, STR(PART(FIELD("a"), "1") END));
    assert_int_equal(multipart_next(&parser, &bytes), MULTIPART_ERROR);
    assert_int_equal(parser.status, STATUS_BAD_REQUEST);
    assert_false(multipart_finish(&parser));
}

/* A body of almost-boundaries, the worst there is: the time is linear in its size. */
static void a_hostile_body_takes_no_longer_than_its_size(void **state)
{
    struct arena *arena = *state;
    struct str hostile = repeat(arena, STR("\r\n--X"), 200000, STR_EMPTY);
    struct str body =
        ARENA_JOIN(arena, STR("--XX\r\n" FILE_PART("f", "x") "\r\n\r\n"), hostile, STR("\r\n" END));
    int64_t began_us = clock_monotonic_us();
    struct str got = parse(arena, body, 16384, &usual);

    assert_true(str_ends_with(got, STR(";! ok")));
    assert_int_equal(got.len, STR("[f|x|];! ok").len + hostile.len);
    assert_true(clock_monotonic_us() - began_us < 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("forms come out part by part", forms_come_out_part_by_part),
        TEST("content that looks like a boundary is content",
            content_that_looks_like_a_boundary_is_content),
        TEST("names are read as browsers and tools write them",
            names_are_read_as_browsers_and_tools_write_them),
        TEST("malformed forms are refused with a sentence",
            malformed_forms_are_refused_with_a_sentence),
        TEST("a form cut at any byte never looks complete",
            a_form_cut_at_any_byte_never_looks_complete),
        TEST("too many parts are refused", too_many_parts_are_refused),
        TEST("a field or file over its limit is refused at the same byte",
            a_field_or_file_over_its_limit_is_refused_at_the_same_byte),
        TEST("long headers and names are refused", long_headers_and_names_are_refused),
        TEST("content types and boundaries are checked", content_types_and_boundaries_are_checked),
        TEST("after an error nothing else comes", after_an_error_nothing_else_comes),
        TEST("a hostile body takes no longer than its size",
            a_hostile_body_takes_no_longer_than_its_size),
    };

    return RUN(tests);
}
