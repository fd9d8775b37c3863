/*
 * upload_part.c - UploadPart: one piece of an object, kept until the upload is completed or
 * aborted.
 */
#include "objects/multipart.h"

#include "base/clock.h"
#include "objects/body.h"
#include "objects/features.h"
#include "objects/operations.h"

/* The bytes, and what they turned out to be. */
static enum s3_error receive(
    struct call *call, struct body *body, struct str id, struct store_part *part)
{
    struct store_part_upload upload = STORE_PART_UPLOAD_INIT;
    enum s3_error error = call_store_error(call,
        store_part_begin(call->store, call->arena, id, part->number, body->size_bytes, &upload),
        S3_NO_SUCH_UPLOAD);
    if (error == S3_OK)
        error = body_store(body, &upload.upload);
    if (error == S3_OK) {
        part->size_bytes = body->size_bytes;
        part->modified_at_ms = clock_now_ms();
        part->etag = body->md5_hex;
        part->checksum = body->checksum;
        error = call_store_error(
            call, store_part_commit(&upload, call->arena, part), S3_NO_SUCH_UPLOAD);
    }
    store_part_abort(&upload, call->arena);
    return error;
}

static void answer(struct call *call, const struct body *body, const struct store_part *part)
{
    call_set_header(call, STR("ETag"), arena_printf(call->arena, "\"%.*s\"", STR_ARG(part->etag)));
    call_set_header(call, checksum_header(body->digests->checksum.kind), part->checksum);
}

enum s3_error upload_part(struct call *call)
{
    struct store_object upload;
    struct store_part part = { 0 };
    struct body body;
    enum s3_error error = multipart_read_number(call, &part.number);
    if (error == S3_OK)
        error = features_refuse(call);
    if (error == S3_OK)
        error = multipart_need(call, &upload);
    if (error == S3_OK)
        error = body_begin(&body, call, call_max_body_bytes(call));
    if (error == S3_OK)
        error = body_want_checksum(&body, checksum_of_algorithm(upload.checksum_name));
    if (error == S3_OK)
        error = receive(call, &body, upload.id, &part);
    if (error == S3_OK)
        answer(call, &body, &part);
    return error;
}
