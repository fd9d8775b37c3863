/*
 * fuzz_s3_answer.c - what a storage server answers: error documents and listings, as our client
 * reads them. The first line is the HTTP status, the rest the body.
 */
#include "fuzz.h"

/* The reader of listings is private to its file; it is the one to look at. */
#include "remote/s3_answer.h"
#include "remote/s3_bucket.c"

static void read_answer(struct arena *arena, int http_status, struct str body)
{
    static const struct pair headers[] = { { STR_INIT("content-type"),
                                               STR_INIT("application/xml") },
        { STR_INIT("x-amz-request-id"), STR_INIT("1") } };
    struct http_response response = {
        .status = http_status, .headers = { headers, COUNT_OF(headers) }, .body = body
    };
    struct s3_result result = { 0 };

    if (s3_answer_read(arena, &response, &result) == STATUS_OK)
        FUZZ_CHECK(http_status >= 200 && http_status < 300);
    FUZZ_CHECK(result.http_status == http_status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = fuzz_str(data, size);
    struct s3_listing listing;
    struct arena arena;
    uint64_t http_status = 0;

    arena_init(&arena);
    if (str_parse_u64(fuzz_line(&body), &http_status) && http_status < 1000)
        read_answer(&arena, (int)http_status, body);
    if (read_listing(&arena, body, &listing) == STATUS_OK) {
        FUZZ_CHECK(listing.object_count <= LIST_KEYS_MAX);
        FUZZ_CHECK(listing.prefix_count <= LIST_KEYS_MAX);
        FUZZ_CHECK(!listing.is_truncated || listing.next_token.len > 0);
    }
    arena_clear(&arena);
    return 0;
}
