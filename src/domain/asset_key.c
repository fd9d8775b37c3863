/*
 * asset_key.c - the keys of new objects: one row of a table for each layout that is documented.
 *
 * A key is an address that people's programs keep: it is never changed, and nothing but the file's
 * owner, name and time goes into it.
 */
#include "domain/asset_row.h"

#include "crypto/random.h"
#include "domain/file_name.h"

#include <time.h>

enum { KEY_RANDOM_LENGTH = 26 };

/* What a key can be made of. */
struct key_parts {
    struct arena *arena;
    int64_t owner_id;
    int64_t now_ms;
    const struct file_verdict *verdict;
    struct tm utc; /* of now_ms */
};

static struct str images_key(const struct key_parts *parts)
{
    return arena_printf(parts->arena, "images/%04d/%02d/%.*s%.*s", parts->utc.tm_year + 1900,
        parts->utc.tm_mon + 1, STR_ARG(random_base32(parts->arena, KEY_RANDOM_LENGTH)),
        STR_ARG(parts->verdict->extension));
}

static struct str user_uuid_key(const struct key_parts *parts)
{
    return arena_printf(parts->arena, "uploads/%lld/%.*s%.*s", (long long)parts->owner_id,
        STR_ARG(random_uuid(parts->arena, parts->now_ms)), STR_ARG(parts->verdict->extension));
}

struct str asset_user_folder(struct arena *arena, int64_t owner_id)
{
    return arena_printf(arena, "users/%lld/images/", (long long)owner_id);
}

static struct str user_ms_key(const struct key_parts *parts)
{
    return arena_printf(parts->arena, "%.*s%lld%.*s",
        STR_ARG(asset_user_folder(parts->arena, parts->owner_id)), (long long)parts->now_ms,
        STR_ARG(parts->verdict->extension));
}

static struct str uuid_name_key(const struct key_parts *parts)
{
    return arena_printf(parts->arena, "uploads/%.*s-%.*s",
        STR_ARG(random_uuid(parts->arena, parts->now_ms)),
        STR_ARG(file_name_for_key(parts->arena, parts->verdict->filename)));
}

static struct str date_uuid_name_key(const struct key_parts *parts)
{
    return arena_printf(parts->arena, "uploads/%04d/%02d/%02d/%.*s-%.*s", parts->utc.tm_year + 1900,
        parts->utc.tm_mon + 1, parts->utc.tm_mday,
        STR_ARG(random_uuid(parts->arena, parts->now_ms)),
        STR_ARG(file_name_for_key(parts->arena, parts->verdict->filename)));
}

static struct str (*const layouts[])(const struct key_parts *) = {
    [KEY_IMAGES] = images_key,
    [KEY_USER_UUID] = user_uuid_key,
    [KEY_USER_MS] = user_ms_key,
    [KEY_UUID_NAME] = uuid_name_key,
    [KEY_DATE_UUID_NAME] = date_uuid_name_key,
};

struct str asset_new_key(struct arena *arena, enum key_layout layout, int64_t owner_id,
    int64_t now_ms, const struct file_verdict *verdict)
{
    struct key_parts parts = {
        .arena = arena, .owner_id = owner_id, .now_ms = now_ms, .verdict = verdict
    };
    time_t now_s = (time_t)(now_ms / 1000);

    gmtime_r(&now_s, &parts.utc);
    return layouts[layout](&parts);
}

bool asset_next_key(struct arena *arena, struct str key, struct str *out)
{
    size_t start = (size_t)(str_last_index(key, '/') + 1);
    ssize_t dot = str_last_index(key, '.');
    size_t end = dot < (ssize_t)start ? key.len : (size_t)dot;
    int64_t number;

    if (!str_parse_i64(str_from(key.ptr + start, end - start), &number) || number < 0 ||
        number == INT64_MAX) {
        return false;
    }
    *out = arena_printf(arena, "%.*s%lld%.*s", STR_ARG(str_head(key, start)), (long long)number + 1,
        STR_ARG(str_from_offset(key, end)));
    return true;
}
