/*
 * test_objects_aws_chunked.c - the example of "Signature Calculations for the Authorization Header:
 * Transferring Payload in Multiple Chunks" (Amazon S3 API reference), whole and in pieces of every
 * size, and what becomes of it when a byte is changed.
 */
#include "unit.h"

#include "objects/aws_chunked.h"

#define SEED   STR("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
#define CHUNK1 "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
#define CHUNK2 "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
#define CHUNK3 "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
#define SIGNED STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")

static struct digest sha256_context;

static void put_data(struct buf *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_put_byte(out, 'a');
    buf_put_c(out, "\r\n");
}

static struct str example(struct arena *arena)
{
    struct buf body;
    buf_init_arena(&body, arena, 100000);
    buf_put_c(&body, "10000;chunk-signature=" CHUNK1 "\r\n");
    put_data(&body, 65536);
    buf_put_c(&body, "400;chunk-signature=" CHUNK2 "\r\n");
    put_data(&body, 1024);
    buf_put_c(&body, "0;chunk-signature=" CHUNK3 "\r\n\r\n");
    return buf_str(&body);
}

/* Take the frames off `body`, `step` bytes at a time. */
static enum status decode(struct arena *arena, struct str form, struct str body, size_t step,
    struct aws_chunked *chunked, size_t *out_len)
{
    static struct s3_credentials credentials;
    credentials.access_key = STR("AKIAIOSFODNN7EXAMPLE");
    assert_int_equal(
        secret_set(&credentials.secret_key, STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
        STATUS_OK);
    struct aws_chunked_signer signer = { &credentials, STR("us-east-1"), 1369353600,
        STR("20130524T000000Z"), STR("20130524"), SEED };
    aws_chunked_begin(chunked, arena, form, &signer, &sha256_context);
    *out_len = 0;
    for (size_t at = 0; at < body.len; at += step) {
        struct str input = str_head(str_from_offset(body, at), step);
        struct str piece;
        do {
            enum status status = aws_chunked_next(chunked, &input, &piece);
            if (status != STATUS_OK)
                return status;
            *out_len += piece.len;
        } while (piece.len > 0);
    }
    return STATUS_OK;
}

static void the_published_example_verifies_in_pieces_of_any_size(void **state)
{
    struct aws_chunked chunked;
    size_t len;
    const size_t steps[] = { 1, 2, 3, 84, 85, 86, 1000, 65536, 1000000 };
    struct str body = example(*state);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_int_equal(decode(*state, SIGNED, body, steps[i], &chunked, &len), STATUS_OK);
        assert_true(aws_chunked_is_done(&chunked));
        assert_int_equal(len, 66560);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    struct aws_chunked chunked;
    size_t len;
    struct str body = example(*state);
    const size_t places[] = { 0, 4, 30, 85, 90, 40000, 65624, 65650, 65720, 66760, 66820 };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char *copy = arena_c_string(*state, body);
        copy[places[i]] ^= 1;
        struct str changed = str_from(copy, body.len);
        enum status status = decode(*state, SIGNED, changed, 4096, &chunked, &len);
        if (status == STATUS_OK && aws_chunked_is_done(&chunked))
            fail_msg("byte %zu may be changed", places[i]);
    }
}

static void a_body_that_is_cut_is_never_done(void **state)
{
    struct aws_chunked chunked;
    size_t len;
    struct str body = example(*state);
    for (size_t cut = 1; cut < 400; cut++) {
        struct str part = str_head(body, body.len - cut);
        enum status status = decode(*state, SIGNED, part, 4096, &chunked, &len);
        assert_false(status == STATUS_OK && aws_chunked_is_done(&chunked));
    }
}

static void trailers_are_read_from_the_unsigned_form(void **state)
{
    struct aws_chunked chunked;
    size_t len;
    struct str body = STR("5\r\nhello\r\n3\r\n ye\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n");
    for (size_t step = 1; step < body.len; step++) {
        assert_int_equal(
            decode(*state, STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), body, step, &chunked, &len),
            STATUS_OK);
        assert_true(aws_chunked_is_done(&chunked));
        assert_int_equal(len, 8);
        expect_str(
            "trailer", aws_chunked_trailer(&chunked, STR("X-Amz-Checksum-CRC32")), STR("AAAA"));
        expect_str("absent", aws_chunked_trailer(&chunked, STR("x-amz")), STR(""));
    }
}

static void malformed_frames_are_refused(void **state)
{
    struct aws_chunked chunked;
    size_t len;
    const struct str bodies[] = { STR("\r\n"), STR("x\r\n"), STR("-1\r\n"), STR("5\r\nhelloX\r\n"),
        STR("1000000000000000\r\n"), STR("0\r\nno-colon\r\n"), STR("0\r\n\r\nmore\r\n") };
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        assert_int_equal(decode(*state, STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), bodies[i], 1000,
                             &chunked, &len),
            STATUS_INVALID);
    assert_int_equal(
        decode(*state, SIGNED, STR("5\r\nhello\r\n"), 1000, &chunked, &len), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_verifies_in_pieces_of_any_size),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(a_body_that_is_cut_is_never_done),
        cmocka_unit_test(trailers_are_read_from_the_unsigned_form),
        cmocka_unit_test(malformed_frames_are_refused),
    };
    int failures = cmocka_run_group_tests(tests, unit_open_arena, unit_close_arena);
    digest_clear(&sha256_context);
    return failures;
}
