/*
 * fuzz_aws_chunked.c - bodies framed as aws-chunked: the content is the same however they are cut.
 *
 * The first byte chooses the size of the pieces, and its highest bit whether chunks are signed.
 */
#include "fuzz.h"

#include "objects/aws_chunked.h"

static struct s3_credentials credentials = { .access_key = STR_INIT("AKIAEXAMPLE") };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return secret_set(&credentials.secret_key, STR("a key that no input can know")) != STATUS_OK;
}

/* The content, then how it ended. */
static struct str read_content(struct arena *arena, struct str body, bool is_signed, size_t piece)
{
    struct aws_chunked_signer signer = { &credentials, STR("us-east-1"), 1795242720,
        STR("20261121T063200Z"), STR("20261121"),
        STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef") };
    struct aws_chunked chunked;
    enum status status = STATUS_OK;
    struct digest sha256 = { 0 };
    struct buf out;

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    aws_chunked_begin(&chunked, arena,
        is_signed ? STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
                  : STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        &signer, &sha256);
    while (status == STATUS_OK && body.len) {
        struct str input = str_head(body, piece), content;

        body = str_from_offset(body, piece);
        do {
            status = aws_chunked_next(&chunked, &input, &content);
            if (status == STATUS_OK)
                buf_put(&out, content);
        } while (status == STATUS_OK && content.len);
    }
    if (status == STATUS_OK && aws_chunked_is_done(&chunked)) {
        FUZZ_CHECK(!is_signed);
        buf_put(&out, aws_chunked_trailer(&chunked, STR("x-amz-checksum-crc32")));
    }
    buf_printf(&out, "<%d %d>", (int)status, aws_chunked_is_done(&chunked));
    digest_clear(&sha256);
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;

    if (size < 1)
        return 0;
    arena_init(&arena);
    struct str body = fuzz_str(data + 1, size - 1);
    bool is_signed = data[0] & 0x80;
    size_t piece = (data[0] & 0x7f) + 1u;
    struct str whole = read_content(&arena, body, is_signed, SIZE_MAX);
    FUZZ_CHECK(str_equal(whole, read_content(&arena, body, is_signed, piece)));
    arena_clear(&arena);
    return 0;
}
