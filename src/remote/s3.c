/*
 * The calls on objects. What they have in common is in s3_call.c; deletions are in s3_delete.c,
 * buckets and listings in s3_bucket.c.
 */
#include "remote/s3.h"

#include "remote/s3_call.h"

void s3_client_init(struct s3_client *client, const struct s3_location *location,
    struct credential_lease *lease, struct http_client *http)
{
    *client = (struct s3_client){ .location = *location, .lease = lease, .http = http };
}

enum status s3_head(
    struct s3_client *client, struct arena *arena, struct str key, struct s3_result *result)
{
    const struct pair headers[] = { { STR("x-amz-checksum-mode"), STR("ENABLED") } };
    const struct s3_call call = {
        .method = STR("HEAD"), .key = key, .headers = { headers, COUNT_OF(headers) }
    };
    return s3_call(client, arena, &call, result, NULL);
}

/* RFC 9110, section 14.1.2. Zeroed ranges need no header. */
static struct str format_range(struct arena *arena, struct s3_range range)
{
    if (range.length > 0)
        return arena_printf(arena, "bytes=%lld-%lld", (long long)range.first,
            (long long)(range.first + range.length - 1));
    return range.first > 0 ? arena_printf(arena, "bytes=%lld-", (long long)range.first) : STR_EMPTY;
}

enum status s3_get(struct s3_client *client, struct arena *arena, struct str key,
    struct s3_range range, size_t max_bytes, struct s3_result *result)
{
    struct http_response response;
    const struct pair headers[] = { { STR("range"), format_range(arena, range) } };
    const struct s3_call call = {
        .method = STR("GET"),
        .key = key,
        .headers = { headers, !str_is_empty(headers[0].value) },
        .max_body_bytes = max_bytes,
    };
    enum status status = s3_call(client, arena, &call, result, &response);
    if (status != STATUS_OK)
        return status;
    result->body = response.body;
    if (response.status == 200) { /* not every server knows ranges */
        result->body = str_from_offset(result->body, (size_t)range.first);
        if (range.length > 0)
            result->body = str_head(result->body, (size_t)range.length);
    }
    return STATUS_OK;
}

enum status s3_get_stream(struct s3_client *client, struct arena *arena, struct str key,
    const struct s3_get_options *options, const struct http_sink *sink, struct s3_result *result)
{
    struct str range = format_range(arena, options->range);
    struct pair headers[2];
    size_t count = 0;
    if (!str_is_empty(range))
        headers[count++] = (struct pair){ STR("range"), range };
    if (!str_is_empty(options->if_match))
        headers[count++] = (struct pair){ STR("if-match"),
            ARENA_JOIN(arena, STR("\""), options->if_match, STR("\"")) };
    const struct s3_call call = {
        .method = STR("GET"),
        .key = key,
        .headers = { headers, count },
        .sink = sink,
        .range = options->range,
    };
    return s3_call(client, arena, &call, result, NULL);
}

enum status s3_put(struct s3_client *client, struct arena *arena, struct str key,
    const struct http_source *source, const struct s3_put_options *options,
    struct s3_result *result)
{
    const struct s3_call call = {
        .method = STR("PUT"),
        .key = key,
        .headers = options->headers,
        .payload_hash = options->payload_hash,
        .source = source,
    };
    return s3_call(client, arena, &call, result, NULL);
}
