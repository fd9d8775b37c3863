/*
 * How an endpoint and a bucket make an address, in both styles.
 */
#include "sign/location.h"

#include "sign/location_put.h"

/* Dotted decimal, or an IPv6 address in brackets: names cannot be put in front of those. */
static bool is_ip_address(struct str host)
{
    bool has_letter = false;
    for (size_t i = 0; i < host.len; i++)
        has_letter =
            has_letter || !((host.ptr[i] >= '0' && host.ptr[i] <= '9') || host.ptr[i] == '.');
    return str_starts_with(host, STR("[")) || !has_letter;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool s3_bucket_is_valid(struct str bucket)
{
    if (bucket.len < 3 || bucket.len > 63 || !is_letter_or_digit(bucket.ptr[0]) ||
        !is_letter_or_digit(bucket.ptr[bucket.len - 1]))
        return false;
    for (size_t i = 0; i < bucket.len; i++) {
        char c = bucket.ptr[i];
        if (!is_letter_or_digit(c) && c != '-' && (c != '.' || bucket.ptr[i - 1] == '.'))
            return false;
    }
    return !is_ip_address(bucket) || str_index(bucket, '.') < 0;
}

enum status s3_location_init(struct s3_location *location, const struct url *endpoint,
    bool path_style, struct str bucket, struct str region)
{
    if (!s3_bucket_is_valid(bucket) || str_is_empty(region) || str_index(region, '/') >= 0 ||
        str_index(endpoint->path, '%') >= 0)
        return STATUS_INVALID;
    if (!path_style && is_ip_address(endpoint->host))
        return STATUS_INVALID;
    *location = (struct s3_location){
        .scheme = endpoint->scheme,
        .host = endpoint->host,
        .port = endpoint->port,
        .base_path = endpoint->path,
        .path_style = path_style,
        .bucket = bucket,
        .region = region,
    };
    return STATUS_OK;
}

static size_t host_bound(const struct s3_location *location)
{
    return location->bucket.len + location->host.len + sizeof(".:2147483647");
}

static size_t path_bound(const struct s3_location *location, struct str key)
{
    return location->base_path.len + location->bucket.len + key.len + sizeof("//");
}

void put_location_host(struct writer *writer, const struct s3_location *location)
{
    int own_port = str_equal(location->scheme, STR("https")) ? 443 : 80;
    if (!location->path_style) {
        put(writer, location->bucket);
        put_byte(writer, '.');
    }
    put(writer, location->host);
    if (location->port > 0 && location->port != own_port) {
        put_byte(writer, ':');
        put_number(writer, location->port);
    }
}

void put_location_path(struct writer *writer, const struct s3_location *location, struct str key)
{
    put(writer, location->base_path);
    put_byte(writer, '/');
    if (location->path_style) {
        put(writer, location->bucket);
        if (!str_is_empty(key))
            put_byte(writer, '/');
    }
    put(writer, key);
}

struct str s3_location_host(struct arena *arena, const struct s3_location *location)
{
    struct writer writer;
    size_t bound = host_bound(location);
    writer_init(&writer, arena_alloc(arena, bound), bound);
    put_location_host(&writer, location);
    return writer_str(&writer);
}

struct str s3_location_origin(struct arena *arena, const struct s3_location *location)
{
    return ARENA_JOIN(arena, location->scheme, STR("://"), s3_location_host(arena, location));
}

struct str s3_location_path(struct arena *arena, const struct s3_location *location, struct str key)
{
    struct writer writer;
    size_t bound = path_bound(location, key);
    writer_init(&writer, arena_alloc(arena, bound), bound);
    put_location_path(&writer, location, key);
    return writer_str(&writer);
}
