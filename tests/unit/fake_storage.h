/*
 * fake_storage.h - the s3_* calls that domain/ makes, over a table in memory, and told to fail on
 * request.
 *
 * A test that includes this defines the functions itself, so the linker does not take remote/'s.
 * The real client against the real endpoint is the business of tests/http.
 */
#ifndef TESTS_FAKE_STORAGE_H
#define TESTS_FAKE_STORAGE_H

#include "base/escape.h"
#include "crypto/digest.h"
#include "remote/s3.h"

#include <stdlib.h>

enum { FAKE_OBJECTS_MAX = 64 };

struct fake_object {
    char key[128];
    char *bytes;
    size_t len;
    char content_type[64];
    int puts; /* how often it was written: part of the ETag */
};

static struct {
    struct fake_object object[FAKE_OBJECTS_MAX];
    enum status failure;                     /* what every call answers; OK: they work */
    bool has_no_bucket;                      /* its name is wrong in the settings */
    bool shows_checksum;                     /* HEAD tells x-amz-checksum-sha256 */
    bool hides_length_of_head, hides_length; /* answers come without a length */
    struct str held;                         /* the key of an object that may not be deleted */
    bool changes_on_get;                     /* the object is another one at the second look */
    int heads, gets, puts, deletes;
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

static void fake_describe(
    struct arena *arena, const struct fake_object *object, struct s3_result *result)
{
    unsigned char digest[SHA256_BYTES];

    sha256(str_from(object->bytes, object->len), digest);
    *result = (struct s3_result){
        .http_status = 200,
        .etag = arena_printf(arena, "etag-%d-%zu", object->puts, object->len),
        .content_type = str_from_c(object->content_type),
        .size_bytes = (int64_t)object->len,
        .checksum_sha256 = fake.shows_checksum
                               ? escape_base64(arena, str_from((char *)digest, sizeof(digest)))
                               : STR_EMPTY,
    };
}

void s3_client_init(struct s3_client *client, const struct s3_location *location,
    const struct s3_credentials *credentials, struct http_client *http)
{
    *client = (struct s3_client){ .location = *location, .credentials = credentials, .http = http };
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
    if (!object || fake.has_no_bucket) {
        *result = (struct s3_result){ .http_status = 404 };
        return STATUS_NOT_FOUND;
    }
    fake_describe(arena, object, result);
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
    fake_upload(key, str_from(bytes, len), "image/png");
    fake_describe(arena, fake_find(key), result);
    return STATUS_OK;
}

enum status s3_delete(
    struct s3_client *client, struct arena *arena, struct str key, struct s3_result *result)
{
    (void)client;
    (void)arena;
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
    fake_remove(key);
    *result = (struct s3_result){ .http_status = 204 };
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

#endif
