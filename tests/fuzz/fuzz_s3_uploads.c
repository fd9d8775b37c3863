/*
 * fuzz_s3_uploads.c - what a storage server answers about multipart uploads: an id, lists of parts
 * and of uploads, and errors inside a 200.
 */
#include "fuzz.h"

/* The readers are private to their files; they are the ones to look at. */
#include "remote/s3_answer.h"
#include "remote/s3_multipart.c"
#include "remote/s3_multipart_list.c"

static void check_parts(struct arena *arena, struct str body)
{
    struct s3_parts parts;
    int64_t last = 3;

    if (read_parts(arena, body, last, &parts) != STATUS_OK)
        return;
    FUZZ_CHECK(parts.count <= S3_PARTS_PAGE_MAX);
    for (size_t i = 0; i < parts.count; i++) {
        FUZZ_CHECK(parts.item[i].number > last && parts.item[i].number <= S3_PARTS_MAX);
        FUZZ_CHECK(parts.item[i].size_bytes >= 0 && parts.item[i].etag.len > 0);
        last = parts.item[i].number;
    }
    FUZZ_CHECK(!parts.is_truncated || parts.next_marker > 3);
}

static void check_uploads(struct arena *arena, struct str body)
{
    struct s3_uploads uploads;

    if (read_uploads(arena, body, &uploads) != STATUS_OK)
        return;
    FUZZ_CHECK(uploads.count <= S3_UPLOADS_PAGE_MAX);
    FUZZ_CHECK(!uploads.is_truncated || uploads.next_key_marker.len > 0);
}

static void check_late(struct arena *arena, struct str body)
{
    const struct http_response response = { .status = 200, .body = body };
    struct s3_result result = { .http_status = 200 };
    enum status status = s3_answer_read_late(arena, &response, &result);

    FUZZ_CHECK((status == STATUS_OK) == (result.http_status == 200));
    FUZZ_CHECK(status != STATUS_OK || result.error_code.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = fuzz_str(data, size), id;
    struct arena arena;

    arena_init(&arena);
    if (read_created(&arena, body, &id) == STATUS_OK)
        FUZZ_CHECK(id.len > 0 && id.len <= UPLOAD_ID_MAX_BYTES);
    check_parts(&arena, body);
    check_uploads(&arena, body);
    check_late(&arena, body);
    arena_clear(&arena);
    return 0;
}
