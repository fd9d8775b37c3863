/*
 * body.c - see body.h.
 */
#include "objects/body.h"

#include "base/escape.h"

#define CHECKSUM_PREFIX STR("x-amz-checksum-")

static bool decode_exactly(struct arena *arena, struct str base64, size_t len, struct str *out)
{
    return escape_base64_decode(arena, base64, out) && out->len == len;
}

static enum s3_error read_content_md5(struct body *body)
{
    struct call *call = body->call;
    struct str header = call_header(call, STR("content-md5"));
    if (str_is_empty(header) || decode_exactly(call->arena, header, MD5_BYTES, &body->expected_md5))
        return S3_OK;
    call_add_detail(call, STR("Content-MD5"), header);
    return call_fail(call, S3_INVALID_DIGEST, "The Content-MD5 you specified is not valid.");
}

/* The additional checksum: as a header, or announced as a trailer. At most one. */
static enum s3_error read_checksum(struct body *body)
{
    struct call *call = body->call;
    struct pairs headers = call->request->headers;
    enum checksum_kind kind = CHECKSUM_NONE;
    for (size_t i = 0; i < headers.count; i++) {
        struct str name = headers.item[i].name;
        bool is_trailer = str_equal(name, STR("x-amz-trailer"));
        struct str wanted = is_trailer ? str_trim(headers.item[i].value) : name;
        if (!str_starts_with(wanted, CHECKSUM_PREFIX) ||
            str_equal(wanted, STR("x-amz-checksum-mode")) ||
            str_equal(wanted, STR("x-amz-checksum-type")))
            continue;
        if (kind != CHECKSUM_NONE)
            return call_fail(call, S3_INVALID_REQUEST,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                "allowed.");
        kind = checksum_of_header(wanted);
        if (kind == CHECKSUM_NONE)
            return call_fail(call, S3_NOT_IMPLEMENTED,
                "%.*s is not implemented; crc32, crc32c, crc64nvme, sha1 and sha256 are.",
                STR_ARG(wanted));
        if (!is_trailer)
            body->checksum_header = headers.item[i].value;
    }
    struct str value;
    if (!str_is_empty(body->checksum_header) &&
        !decode_exactly(call->arena, body->checksum_header, checksum_len(kind), &value))
        return call_fail(call, S3_INVALID_REQUEST, "Value for %.*s header is invalid.",
            STR_ARG(checksum_header(kind)));
    checksum_begin(&body->digests->checksum, kind);
    return S3_OK;
}

static void begin_chunked(struct body *body)
{
    struct call *call = body->call;
    struct aws_chunked_signer signer = {
        .credentials = call_credentials(call),
        .region = call->claim.region,
        .signed_at = call->claim.signed_at,
        .amz_date = call->claim.amz_date,
        .scope_date = call->claim.date,
        .seed = call->claim.signature,
    };
    body->is_chunked = true;
    aws_chunked_begin(
        &body->chunked, call->arena, call->claim.payload_hash, &signer, &body->digests->sha256);
}

/* How long the content is, without frames. */
static enum s3_error read_size(struct body *body, int64_t max_bytes)
{
    struct call *call = body->call;
    body->size_bytes = call->request->content_length;
    if (body->is_chunked) {
        struct str decoded = call_header(call, STR("x-amz-decoded-content-length"));
        if (!str_parse_i64(decoded, &body->size_bytes) || body->size_bytes < 0)
            return call_fail(call, S3_MISSING_CONTENT_LENGTH,
                "You must provide the x-amz-decoded-content-length header.");
    }
    if (body->size_bytes < 0)
        return S3_MISSING_CONTENT_LENGTH;
    if (body->size_bytes <= max_bytes)
        return S3_OK;
    call_add_detail(
        call, STR("ProposedSize"), arena_printf(call->arena, "%lld", (long long)body->size_bytes));
    call_add_detail(
        call, STR("MaxSizeAllowed"), arena_printf(call->arena, "%lld", (long long)max_bytes));
    return S3_ENTITY_TOO_LARGE;
}

static enum s3_error begin(
    struct body *body, struct call *call, int64_t max_bytes, enum checksum_subject checksum)
{
    *body = (struct body){ .call = call, .digests = &call->thread->digests };
    if (call->claim.payload == VERIFY_PAYLOAD_STREAMING) {
        if (!aws_chunked_is_form(call->claim.payload_hash))
            return call_fail(call, S3_NOT_IMPLEMENTED,
                "x-amz-content-sha256: %.*s is not implemented.",
                STR_ARG(call->claim.payload_hash));
        begin_chunked(body);
    }
    enum s3_error error = read_size(body, max_bytes);
    if (error == S3_OK)
        error = read_content_md5(body);
    checksum_begin(&body->digests->checksum, CHECKSUM_NONE);
    if (error == S3_OK && checksum == CHECKSUM_OF_BODY)
        error = read_checksum(body);
    digest_begin(&body->digests->md5, DIGEST_MD5);
    if (call->claim.payload == VERIFY_PAYLOAD_SHA256)
        digest_begin(&body->digests->sha256, DIGEST_SHA256);
    return error;
}

enum s3_error body_begin(struct body *body, struct call *call, int64_t max_bytes)
{
    return begin(body, call, max_bytes, CHECKSUM_OF_BODY);
}

enum s3_error body_want_checksum(struct body *body, enum checksum_kind kind)
{
    enum checksum_kind sent = body->digests->checksum.kind;
    if (kind == CHECKSUM_NONE || kind == sent)
        return S3_OK;
    if (sent != CHECKSUM_NONE)
        return call_fail(body->call, S3_INVALID_REQUEST,
            "Checksum Type mismatch occurred, expected checksum Type: %.*s, actual checksum Type: "
            "%.*s",
            STR_ARG(checksum_name(kind)), STR_ARG(checksum_name(sent)));
    body->has_own_checksum = true;
    checksum_begin(&body->digests->checksum, kind);
    return S3_OK;
}

static void update_digests(struct body *body, struct str data)
{
    digest_update(&body->digests->md5, data);
    checksum_update(&body->digests->checksum, data);
    if (body->call->claim.payload == VERIFY_PAYLOAD_SHA256)
        digest_update(&body->digests->sha256, data);
}

static enum s3_error read_raw(struct body *body, struct str *out)
{
    struct objects_thread *thread = body->call->thread;
    ssize_t count = request_read_body(body->call->request, thread->buffer, sizeof thread->buffer);
    if (count < 0)
        return body->call->request->is_too_slow ? S3_REQUEST_TIMEOUT : S3_INCOMPLETE_BODY;
    *out = str_from((const char *)thread->buffer, (size_t)count);
    return S3_OK;
}

static enum s3_error chunked_error(struct body *body, enum status status)
{
    if (status == STATUS_BAD_CREDENTIALS)
        return call_fail(body->call, S3_SIGNATURE_DOES_NOT_MATCH,
            "The signature of a chunk does not match. Check your key and signing method.");
    return call_fail(body->call, S3_INVALID_REQUEST, "The aws-chunked body is malformed.");
}

/* Content out of frames; reads on when the buffer held nothing but frames. */
static enum s3_error read_chunked(struct body *body, struct str *out)
{
    for (;;) {
        enum status status = aws_chunked_next(&body->chunked, &body->pending, out);
        if (status != STATUS_OK)
            return chunked_error(body, status);
        if (out->len > 0)
            return S3_OK;
        enum s3_error error = read_raw(body, &body->pending);
        if (error != S3_OK)
            return error;
        if (body->pending.len == 0)
            return aws_chunked_is_done(&body->chunked) ? S3_OK : S3_INCOMPLETE_BODY;
    }
}

/* The next piece of content; empty at the end. It is in the thread's buffer until the next call. */
static enum s3_error next_piece(struct body *body, struct str *out)
{
    enum s3_error error = body->is_chunked ? read_chunked(body, out) : read_raw(body, out);
    if (error != S3_OK)
        return error;
    body->read_bytes += (int64_t)out->len;
    bool is_end = out->len == 0;
    if (body->read_bytes > body->size_bytes || (is_end && body->read_bytes < body->size_bytes))
        return S3_INCOMPLETE_BODY;
    update_digests(body, *out);
    return S3_OK;
}

static enum s3_error check_md5(struct body *body)
{
    unsigned char md5_bytes[DIGEST_MAX_BYTES];
    struct call *call = body->call;
    digest_finish(&body->digests->md5, md5_bytes);
    struct str found = str_from((const char *)md5_bytes, MD5_BYTES);
    body->md5_hex = escape_hex(call->arena, found);
    if (str_is_empty(body->expected_md5) || str_equal(found, body->expected_md5))
        return S3_OK;
    call_add_detail(call, STR("ExpectedDigest"), escape_base64(call->arena, body->expected_md5));
    call_add_detail(call, STR("CalculatedDigest"), escape_base64(call->arena, found));
    return call_fail(
        call, S3_BAD_DIGEST, "The Content-MD5 you specified did not match what we received.");
}

static enum s3_error check_payload_hash(struct body *body)
{
    unsigned char hash[DIGEST_MAX_BYTES];
    struct call *call = body->call;
    if (call->claim.payload != VERIFY_PAYLOAD_SHA256)
        return S3_OK;
    digest_finish(&body->digests->sha256, hash);
    struct str found = escape_hex(call->arena, str_from((const char *)hash, SHA256_BYTES));
    if (str_equal_nocase(found, call->claim.payload_hash))
        return S3_OK;
    call_add_detail(call, STR("ClientComputedContentSHA256"), call->claim.payload_hash);
    call_add_detail(call, STR("S3ComputedContentSHA256"), found);
    return S3_CONTENT_SHA256_MISMATCH;
}

static enum s3_error check_checksum(struct body *body)
{
    struct call *call = body->call;
    struct checksum *checksum = &body->digests->checksum;
    if (checksum->kind == CHECKSUM_NONE)
        return S3_OK;
    struct str name = checksum_header(checksum->kind);
    struct str expected = str_is_empty(body->checksum_header) && body->is_chunked
                              ? aws_chunked_trailer(&body->chunked, name)
                              : body->checksum_header;
    body->checksum = checksum_finish(checksum, call->arena);
    if (body->has_own_checksum || str_equal(expected, body->checksum))
        return S3_OK;
    return call_fail(call, S3_BAD_DIGEST,
        "The %.*s you specified did not match the calculated checksum.",
        STR_ARG(checksum_name(checksum->kind)));
}

static enum s3_error compare(struct body *body)
{
    enum s3_error error = check_payload_hash(body);
    if (error == S3_OK)
        error = check_md5(body);
    if (error == S3_OK)
        error = check_checksum(body);
    return error;
}

enum s3_error body_store(struct body *body, struct store_upload *upload)
{
    struct str piece;
    for (;;) {
        enum s3_error error = next_piece(body, &piece);
        if (error != S3_OK)
            return error;
        if (piece.len == 0)
            return compare(body);
        enum status status = store_upload_write(upload, piece.ptr, piece.len);
        if (status != STATUS_OK)
            return call_store_error(body->call, status, S3_INTERNAL);
    }
}

enum s3_error body_read_document(
    struct call *call, size_t max_bytes, enum checksum_subject checksum, struct str *out)
{
    struct body body;
    struct buf text;
    struct str piece;
    enum s3_error error = begin(&body, call, (int64_t)max_bytes, checksum);
    buf_init_arena(&text, call->arena, max_bytes);
    if (error == S3_ENTITY_TOO_LARGE)
        return S3_MALFORMED_XML;
    while (error == S3_OK) {
        error = next_piece(&body, &piece);
        if (error != S3_OK || piece.len == 0)
            break;
        buf_put(&text, piece);
    }
    if (error == S3_OK)
        error = compare(&body);
    if (error == S3_OK && text.len == 0)
        error = S3_MISSING_REQUEST_BODY;
    *out = buf_str(&text);
    return error;
}
