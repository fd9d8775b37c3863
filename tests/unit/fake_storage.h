/*
 * fake_storage.h - the s3_* calls that domain/ makes, over a table in memory, and told to fail on
 * request.
 *
 * A test that includes this defines the functions itself, so the linker does not take remote/'s.
 * The real client against the real endpoint is the business of tests/http.
 */
#ifndef TESTS_FAKE_STORAGE_H
#define TESTS_FAKE_STORAGE_H

#include "base/clock.h"
#include "base/escape.h"
#include "crypto/digest.h"
#include "remote/s3.h"
#include "remote/s3_multipart.h"

#include <stdlib.h>

enum {
    FAKE_OBJECTS_MAX = 512,
    FAKE_UPLOADS_MAX = 16,
    FAKE_PARTS_MAX = 8,
    FAKE_STORED_S = 1795000000
};

struct fake_object {
    char key[256];
    char *bytes;
    size_t len;
    char content_type[64];
    char metadata[1024]; /* x-amz-meta-vitrine */
    int puts;            /* how often it was written: part of the ETag */
};

/* A multipart upload. Its parts have sizes, and no bytes: what completing it makes is `whole`. */
struct fake_upload {
    char key[256];
    char id[32]; /* empty: none */
    int64_t initiated_at;
    int64_t part[FAKE_PARTS_MAX]; /* size of part i + 1; 0: it has not come */
};

static struct {
    struct fake_object object[FAKE_OBJECTS_MAX];
    struct fake_upload upload[FAKE_UPLOADS_MAX];
    int upload_count;             /* ever begun */
    struct str whole;             /* bytes of the next object that is put together */
    enum status create_failure;   /* of CreateMultipartUpload, which is then done all the same */
    enum status complete_failure; /* of CompleteMultipartUpload, which is not done */
    enum status complete_loss;    /* its answer, though it is done */
    const char *complete_code;    /* error_code of either */
    enum status abort_failure;    /* of AbortMultipartUpload, which is not done */
    void (*before_complete)(void *context); /* called before it is completed, and ... */
    void (*on_complete)(void *context);     /* ... in the middle of completing */
    void *on_complete_context;
    int abort_leaves; /* so many AbortMultipartUpload are done, and a part comes behind them */
    int creates, part_lists, completes, aborts, upload_lists;
    struct pairs create_headers;             /* of the last one; lives as long as its arena */
    enum status failure;                     /* what every call answers; OK: they work */
    bool has_no_bucket;                      /* its name is wrong in the settings */
    bool shows_checksum;                     /* HEAD tells x-amz-checksum-sha256 */
    int lying_heads;                         /* so many HEADs each say another ETag */
    bool hides_length_of_head, hides_length; /* answers come without a length */
    struct str held;                         /* the key of an object that may not be deleted */
    struct str hidden;                       /* ... that HEAD is refused for */
    bool loses_answer, is_taken; /* a PUT is done, or finds something there; both answer 412 */
    bool breaks_off;             /* streams end after their first piece */
    bool changes_on_get;         /* the object is another one at the second look */
    bool has_no_bulk;            /* DeleteObjects is not known */
    void (*before_delete)(void); /* called in the middle of DeleteObjects, and ... */
    void (*after_list)(void);    /* ... when a listing was made and has not been read */
    bool hides_objects;          /* listings are empty */
    int heads, gets, puts, deletes, bulk_deletes, lists;
    int list_max;             /* objects a listing tells of; 0: 1000 */
    struct pairs put_headers; /* of the last PUT; lives as long as its arena */
} fake;

static struct fake_object *fake_find(struct str key)
{
    for (int i = 0; i < FAKE_OBJECTS_MAX; i++) {
        if (fake.object[i].bytes && str_equal(str_from_c(fake.object[i].key), key)) {
            return &fake.object[i];
        }
    }
    return NULL;
}

static void fake_remove(struct str key)
{
    struct fake_object *object = fake_find(key);

    if (object) {
        free(object->bytes);
        object->bytes = NULL;
    }
}

/* What a browser's PUT leaves behind. */
static void fake_upload(struct str key, struct str bytes, const char *content_type)
{
    struct fake_object *object = fake_find(key);

    for (int i = 0; i < FAKE_OBJECTS_MAX && !object; i++) {
        object = fake.object[i].bytes ? NULL : &fake.object[i];
    }
    if (!object) {
        abort();
    }
    free(object->bytes);
    snprintf(object->key, sizeof(object->key), "%.*s", STR_ARG(key));
    snprintf(object->content_type, sizeof(object->content_type), "%s", content_type);
    object->bytes = malloc(bytes.len + 1);
    object->len = bytes.len;
    object->puts++;
    memcpy(object->bytes, bytes.ptr, bytes.len);
}

static inline int fake_count(void)
{
    int count = 0;

    for (int i = 0; i < FAKE_OBJECTS_MAX; i++) {
        count += fake.object[i].bytes != NULL;
    }
    return count;
}

static void fake_reset(void)
{
    for (int i = 0; i < FAKE_OBJECTS_MAX; i++) {
        free(fake.object[i].bytes);
    }
    memset(&fake, 0, sizeof(fake));
    fake.shows_checksum = true;
}

static enum status fake_fail(struct s3_result *result)
{
    *result = (struct s3_result){ .http_status = 403,
        .error_code = STR("AccessDenied"),
        .error_message = STR("Access Denied"),
        .request_id = STR("req-1") };
    return fake.failure;
}

static struct str fake_etag(struct arena *arena, const struct fake_object *object)
{
    return arena_printf(arena, "etag-%d-%zu", object->puts, object->len);
}

static void fake_describe(
    struct arena *arena, const struct fake_object *object, struct s3_result *result)
{
    unsigned char digest[SHA256_BYTES];

    sha256(str_from(object->bytes, object->len), digest);
    *result = (struct s3_result){
        .http_status = 200,
        .etag = fake_etag(arena, object),
        .last_modified_at = FAKE_STORED_S + object->puts,
        .content_type = str_from_c(object->content_type),
        .size_bytes = (int64_t)object->len,
        .metadata = str_from_c(object->metadata),
        .checksum_sha256 = fake.shows_checksum
                               ? escape_base64(arena, str_from((char *)digest, sizeof(digest)))
                               : STR_EMPTY,
    };
}

void s3_client_init(struct s3_client *client, const struct s3_location *location,
    struct credential_lease *lease, struct http_client *http)
{
    *client = (struct s3_client){ .location = *location, .lease = lease, .http = http };
}

enum status s3_head(
    struct s3_client *client, struct arena *arena, struct str key, struct s3_result *result)
{
    const struct fake_object *object = fake_find(key);

    (void)client;
    fake.heads++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (str_equal(key, fake.hidden)) {
        (void)fake_fail(result);
        return STATUS_STORAGE_REFUSED;
    }
    if (!object || fake.has_no_bucket) {
        *result = (struct s3_result){ .http_status = 404 };
        return STATUS_NOT_FOUND;
    }
    fake_describe(arena, object, result);
    if (fake.lying_heads > 0) {
        result->etag = arena_printf(arena, "lie-%d", fake.lying_heads--);
    }
    if (fake.hides_length_of_head || fake.hides_length) {
        result->size_bytes = -1;
    }
    return STATUS_OK;
}

enum status s3_get(struct s3_client *client, struct arena *arena, struct str key,
    struct s3_range range, size_t max_bytes, struct s3_result *result)
{
    struct fake_object *object = fake_find(key);

    (void)client;
    (void)max_bytes;
    fake.gets++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (!object) {
        return STATUS_NOT_FOUND;
    }
    object->puts += fake.changes_on_get;
    fake_describe(arena, object, result);
    if (fake.hides_length) {
        result->size_bytes = -1;
    }
    result->body =
        arena_copy(arena, str_head(str_from(object->bytes, object->len), (size_t)range.length));
    return STATUS_OK;
}

enum status s3_get_stream(struct s3_client *client, struct arena *arena, struct str key,
    const struct s3_get_options *options, const struct http_sink *sink, struct s3_result *result)
{
    enum { PIECE_BYTES = 1000 };
    const struct fake_object *object = fake_find(key);
    struct str rest;

    (void)client;
    fake.gets++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    *result = (struct s3_result){ .http_status = 404 };
    if (!object) {
        return STATUS_NOT_FOUND;
    }
    fake_describe(arena, object, result);
    if (!str_is_empty(options->if_match) && !str_equal(options->if_match, result->etag)) {
        return STATUS_PRECONDITION;
    }
    rest = str_from_offset(str_from(object->bytes, object->len), (size_t)options->range.first);
    if (options->range.length > 0) {
        rest = str_head(rest, (size_t)options->range.length);
    }
    for (; !str_is_empty(rest); rest = str_from_offset(rest, PIECE_BYTES)) {
        if (!sink->write(sink->context, str_head(rest, PIECE_BYTES))) {
            return STATUS_IO;
        }
        if (fake.breaks_off) {
            return STATUS_STORAGE;
        }
    }
    return STATUS_OK;
}

static int fake_compare(const void *a, const void *b)
{
    return str_compare(((const struct s3_object *)a)->key, ((const struct s3_object *)b)->key);
}

enum status s3_list(struct s3_client *client, struct arena *arena,
    const struct s3_list_options *options, struct s3_listing *out, struct s3_result *result)
{
    size_t most = fake.list_max > 0 ? (size_t)fake.list_max : 1000;

    (void)client;
    fake.lists++;
    *out = (struct s3_listing){ .objects = ARENA_ARRAY(arena, struct s3_object, FAKE_OBJECTS_MAX) };
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    for (int i = 0; i < FAKE_OBJECTS_MAX; i++) {
        struct str key = str_from_c(fake.object[i].key);

        if (fake.object[i].bytes && !fake.hides_objects && str_starts_with(key, options->prefix) &&
            str_compare(key, options->start_after) > 0) {
            out->objects[out->object_count++] = (struct s3_object){ .key = arena_copy(arena, key),
                .size_bytes = (int64_t)fake.object[i].len,
                .etag = fake_etag(arena, &fake.object[i]),
                .last_modified_at = FAKE_STORED_S + fake.object[i].puts };
        }
    }
    qsort(out->objects, out->object_count, sizeof(*out->objects), fake_compare);
    out->is_truncated = out->object_count > most;
    out->object_count = out->is_truncated ? most : out->object_count;
    out->next_token = out->is_truncated ? STR("more") : STR_EMPTY;
    if (fake.after_list) {
        fake.after_list();
    }
    return STATUS_OK;
}

enum status s3_put(struct s3_client *client, struct arena *arena, struct str key,
    const struct http_source *source, const struct s3_put_options *options,
    struct s3_result *result)
{
    char *bytes = arena_alloc(arena, (size_t)source->size_bytes + 1);
    size_t len = 0;
    ssize_t got;

    (void)client;
    fake.puts++;
    fake.put_headers = options->headers;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    while (
        (got = source->read(source->context, bytes + len, (size_t)source->size_bytes - len)) > 0) {
        len += (size_t)got;
    }
    fake_upload(key, fake.is_taken ? STR("of others") : str_from(bytes, len), "image/png");
    fake_describe(arena, fake_find(key), result);
    if (fake.loses_answer || fake.is_taken) {
        *result = (struct s3_result){ .http_status = 412 };
        return STATUS_PRECONDITION;
    }
    return STATUS_OK;
}

enum status s3_delete_match(struct s3_client *client, struct arena *arena, struct str key,
    struct str if_match, struct s3_result *result)
{
    const struct fake_object *object = fake_find(key);

    (void)client;
    fake.deletes++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (str_equal(key, fake.held)) {
        (void)fake_fail(result);
        return STATUS_STORAGE_REFUSED;
    }
    if (fake.has_no_bucket) {
        *result = (struct s3_result){ .http_status = 404, .error_code = STR("NoSuchBucket") };
        return STATUS_NOT_FOUND;
    }
    if (object && !str_is_empty(if_match) && !str_equal(if_match, fake_etag(arena, object))) {
        *result = (struct s3_result){ .http_status = 412 };
        return STATUS_PRECONDITION;
    }
    fake_remove(key);
    *result = (struct s3_result){ .http_status = 204 };
    return STATUS_OK;
}

enum status s3_delete(
    struct s3_client *client, struct arena *arena, struct str key, struct s3_result *result)
{
    return s3_delete_match(client, arena, key, STR_EMPTY, result);
}

enum status s3_delete_many(struct s3_client *client, struct arena *arena, struct s3_deletion *items,
    size_t count, struct s3_result *result)
{
    fake.bulk_deletes++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (fake.has_no_bulk || fake.has_no_bucket) {
        *result = (struct s3_result){ .http_status = fake.has_no_bucket ? 404 : 501 };
        return fake.has_no_bucket ? STATUS_NOT_FOUND : STATUS_STORAGE_REFUSED;
    }
    if (fake.before_delete) {
        fake.before_delete();
    }
    for (size_t i = 0; i < count; i++) {
        items[i].status = s3_delete_match(client, arena, items[i].key, items[i].if_match, result);
        items[i].error_code = items[i].status == STATUS_OK ? STR_EMPTY : STR("AccessDenied");
    }
    *result = (struct s3_result){ .http_status = 200 };
    return STATUS_OK;
}

enum status s3_head_bucket(struct s3_client *client, struct arena *arena, struct s3_result *result)
{
    (void)client;
    (void)arena;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    *result = (struct s3_result){ .http_status = fake.has_no_bucket ? 404 : 200 };
    return fake.has_no_bucket ? STATUS_NOT_FOUND : STATUS_OK;
}

/* --- multipart uploads --- */

static struct fake_upload *fake_find_upload(struct str key, struct str id)
{
    for (int i = 0; i < FAKE_UPLOADS_MAX; i++) {
        struct fake_upload *upload = &fake.upload[i];

        if (upload->id[0] && str_equal(str_from_c(upload->key), key) &&
            (str_is_empty(id) || str_equal(str_from_c(upload->id), id))) {
            return upload;
        }
    }
    return NULL;
}

/* An upload begun by anyone. */
static struct fake_upload *fake_begin_upload(struct str key, int64_t initiated_at)
{
    for (int i = 0; i < FAKE_UPLOADS_MAX; i++) {
        struct fake_upload *upload = &fake.upload[i];

        if (!upload->id[0]) {
            *upload = (struct fake_upload){ .initiated_at = initiated_at };
            snprintf(upload->key, sizeof(upload->key), "%.*s", STR_ARG(key));
            snprintf(upload->id, sizeof(upload->id), "upload-%d", ++fake.upload_count);
            return upload;
        }
    }
    abort();
}

static inline int fake_count_uploads(void)
{
    int count = 0;

    for (int i = 0; i < FAKE_UPLOADS_MAX; i++) {
        count += fake.upload[i].id[0] != 0;
    }
    return count;
}

static enum status fake_no_upload(struct s3_result *result)
{
    *result = (struct s3_result){ .http_status = 404, .error_code = STR("NoSuchUpload") };
    return STATUS_NOT_FOUND;
}

enum status s3_multipart_create(struct s3_client *client, struct arena *arena, struct str key,
    struct pairs headers, struct str *out_upload_id, struct s3_result *result)
{
    (void)client;
    fake.creates++;
    fake.create_headers = headers;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    *result = (struct s3_result){ .http_status = 200 };
    *out_upload_id = arena_copy(arena, str_from_c(fake_begin_upload(key, clock_now_s())->id));
    return fake.create_failure;
}

enum status s3_multipart_parts(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, int64_t marker, struct s3_parts *out, struct s3_result *result)
{
    const struct fake_upload *upload = fake_find_upload(key, upload_id);

    (void)client;
    fake.part_lists++;
    *out = (struct s3_parts){ .item = ARENA_ARRAY(arena, struct s3_part, FAKE_PARTS_MAX) };
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (!upload) {
        return fake_no_upload(result);
    }
    *result = (struct s3_result){ .http_status = 200 };
    for (int64_t i = marker; i < FAKE_PARTS_MAX && out->count < 2; i++) {
        if (upload->part[i] > 0) {
            out->item[out->count++] = (struct s3_part){ .number = i + 1,
                .size_bytes = upload->part[i],
                .etag = arena_printf(arena, "part-%lld", (long long)i + 1) };
            out->next_marker = i + 1;
        }
    }
    for (int64_t i = out->next_marker; i < FAKE_PARTS_MAX; i++) { /* pages of two */
        out->is_truncated |= out->count == 2 && upload->part[i] > 0;
    }
    return STATUS_OK;
}

enum status s3_multipart_complete(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, const struct s3_completion *completion, struct s3_result *result)
{
    struct fake_upload *upload;

    (void)client;
    (void)arena;
    (void)completion;
    fake.completes++;
    if (fake.before_complete) {
        fake.before_complete(fake.on_complete_context);
    }
    upload = fake_find_upload(key, upload_id);
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    if (!upload) {
        return fake_no_upload(result);
    }
    *result = (struct s3_result){ .http_status = 500,
        .error_code = fake.complete_code ? str_from_c(fake.complete_code) : STR_EMPTY };
    if (fake.complete_failure != STATUS_OK) {
        return fake.complete_failure;
    }
    fake_upload(key, fake.whole, "image/png");
    upload->id[0] = 0;
    if (fake.on_complete) {
        fake.on_complete(fake.on_complete_context);
    }
    return fake.complete_loss;
}

enum status s3_multipart_abort(struct s3_client *client, struct arena *arena, struct str key,
    struct str upload_id, struct s3_result *result)
{
    struct fake_upload *upload = fake_find_upload(key, upload_id);

    (void)client;
    (void)arena;
    fake.aborts++;
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    *result = (struct s3_result){ .http_status = 204 };
    if (fake.abort_failure != STATUS_OK) {
        return fake.abort_failure;
    }
    if (fake.abort_leaves > 0) {
        fake.abort_leaves--;
    } else if (upload) {
        upload->id[0] = 0;
    }
    return STATUS_OK;
}

enum status s3_multipart_list(struct s3_client *client, struct arena *arena,
    const struct s3_uploads_options *options, struct s3_uploads *out, struct s3_result *result)
{
    (void)client;
    fake.upload_lists++;
    *out = (struct s3_uploads){ .item = ARENA_ARRAY(arena, struct s3_upload, FAKE_UPLOADS_MAX) };
    if (fake.failure != STATUS_OK) {
        return fake_fail(result);
    }
    *result = (struct s3_result){ .http_status = 200 };
    for (int i = 0; i < FAKE_UPLOADS_MAX; i++) {
        const struct fake_upload *upload = &fake.upload[i];

        if (upload->id[0] && str_starts_with(str_from_c(upload->key), options->prefix)) {
            out->item[out->count++] =
                (struct s3_upload){ .key = arena_copy(arena, str_from_c(upload->key)),
                    .upload_id = arena_copy(arena, str_from_c(upload->id)),
                    .initiated_at = upload->initiated_at };
        }
    }
    return STATUS_OK;
}

#endif
