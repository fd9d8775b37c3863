/*
 * Presigned URLs of objects: an address (location.c) and a signature (sigv4.c).
 */
#include "sign/presign.h"

#include "sign/location_put.h"

enum { KEY_MAX_BYTES = 1024, PARTS_MAX = 10000 };

static enum status presign(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key, struct sigv4_request *request,
    int64_t expires_s, struct str *out_url)
{
    char host_memory[512], path_memory[WRITER_STACK_BYTES];
    struct writer host, path;

    if (str_is_empty(key) || key.len > KEY_MAX_BYTES)
        return STATUS_INVALID;
    writer_init(&host, host_memory, sizeof(host_memory));
    writer_init(&path, path_memory, sizeof(path_memory));
    put_location_host(&host, location);
    put_location_path(&path, location, key);
    if (host.is_over || path.is_over)
        return STATUS_INVALID;

    request->scheme = location->scheme;
    request->host = writer_str(&host);
    request->path = writer_str(&path);
    struct sigv4_scope scope = { location->region, STR("s3") };
    return sigv4_presign(arena, credentials, &scope, request, expires_s, out_url, NULL);
}

static void add_override(struct pair *query, size_t *count, struct str name, struct str value)
{
    if (!str_is_empty(value))
        query[(*count)++] = (struct pair){ name, value };
}

enum status presign_get(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_get_options *options, struct str *out_url)
{
    struct pair query[3];
    struct sigv4_request request = { .method = STR("GET"), .signed_at = options->signed_at };
    size_t count = 0;

    add_override(query, &count, STR("response-cache-control"), options->response_cache_control);
    add_override(
        query, &count, STR("response-content-disposition"), options->response_content_disposition);
    add_override(query, &count, STR("response-content-type"), options->response_content_type);
    request.query = (struct pairs){ query, count };
    return presign(arena, location, credentials, key, &request, options->expires_s, out_url);
}

enum status presign_put(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_put_options *options, struct str *out_url)
{
    struct sigv4_request request = {
        .method = STR("PUT"),
        .headers = options->headers,
        .signed_at = options->signed_at,
    };
    return presign(arena, location, credentials, key, &request, options->expires_s, out_url);
}

enum status presign_part(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, struct str key,
    const struct presign_part_options *options, struct str *out_url)
{
    if (options->number < 1 || options->number > PARTS_MAX || str_is_empty(options->upload_id))
        return STATUS_INVALID;
    const struct pair query[] = {
        { STR("partNumber"), arena_printf(arena, "%lld", (long long)options->number) },
        { STR("uploadId"), options->upload_id },
    };
    struct sigv4_request request = {
        .method = STR("PUT"),
        .query = { query, COUNT_OF(query) },
        .headers = options->headers,
        .signed_at = options->signed_at,
    };
    return presign(arena, location, credentials, key, &request, options->expires_s, out_url);
}
