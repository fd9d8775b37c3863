/*
 * store_meta.c - the metadata file of an object: a line a field, name and escaped value.
 *
 *     vitrine-object 1
 *     bucket photos
 *     key images%2F2026%2Fa.jpg
 *     ...
 *     meta color=blue%20sky
 *     end
 *
 * Values are percent-encoded, so any bytes fit; "end" tells a whole file from a cut one.
 */
#include "objects/store_internal.h"

#include "base/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FIRST_LINE "vitrine-object 1"
#define LAST_LINE  "end"

/* clang-format off */
static const struct {
    struct str name;
    size_t offset;
} text_fields[] = {
    { STR_INIT("bucket"),              offsetof(struct store_object, bucket) },
    { STR_INIT("key"),                 offsetof(struct store_object, key) },
    { STR_INIT("id"),                  offsetof(struct store_object, id) },
    { STR_INIT("etag"),                offsetof(struct store_object, etag) },
    { STR_INIT("content-type"),        offsetof(struct store_object, content_type) },
    { STR_INIT("content-encoding"),    offsetof(struct store_object, content_encoding) },
    { STR_INIT("content-disposition"), offsetof(struct store_object, content_disposition) },
    { STR_INIT("content-language"),    offsetof(struct store_object, content_language) },
    { STR_INIT("cache-control"),       offsetof(struct store_object, cache_control) },
    { STR_INIT("expires"),             offsetof(struct store_object, expires) },
    { STR_INIT("checksum-name"),       offsetof(struct store_object, checksum_name) },
    { STR_INIT("checksum"),            offsetof(struct store_object, checksum) },
    { STR_INIT("checksum-type"),       offsetof(struct store_object, checksum_type) },
};

static const struct {
    struct str name;
    size_t offset;
} number_fields[] = {
    { STR_INIT("size"),                offsetof(struct store_object, size_bytes) },
    { STR_INIT("modified"),            offsetof(struct store_object, modified_at_ms) },
};
/* clang-format on */

static struct str *text_field(struct store_object *object, size_t i)
{
    return (struct str *)((char *)object + text_fields[i].offset);
}

static int64_t *number_field(struct store_object *object, size_t i)
{
    return (int64_t *)((char *)object + number_fields[i].offset);
}

static void put_text(struct buf *out, struct str name, struct str value)
{
    if (str_is_empty(value))
        return;
    buf_put(out, name);
    buf_put_byte(out, ' ');
    escape_url(out, value);
    buf_put_byte(out, '\n');
}

static void put_pair(struct buf *out, const char *field, const struct pair *pair)
{
    buf_put_c(out, field);
    escape_url(out, pair->name);
    buf_put_byte(out, '=');
    escape_url(out, pair->value);
    buf_put_byte(out, '\n');
}

void store_meta_write(struct buf *out, const struct store_object *object)
{
    struct store_object copy = *object;
    buf_put_c(out, FIRST_LINE "\n");
    for (size_t i = 0; i < COUNT_OF(text_fields); i++)
        put_text(out, text_fields[i].name, *text_field(&copy, i));
    for (size_t i = 0; i < COUNT_OF(number_fields); i++) {
        buf_put(out, number_fields[i].name);
        buf_put_byte(out, ' ');
        buf_put_i64(out, *number_field(&copy, i));
        buf_put_byte(out, '\n');
    }
    for (size_t i = 0; i < object->meta_count; i++)
        put_pair(out, "meta ", &object->meta[i]);
    for (size_t i = 0; i < object->tag_count; i++)
        put_pair(out, "tag ", &object->tags[i]);
    buf_put_c(out, LAST_LINE "\n");
}

static bool parse_pair(
    struct arena *arena, struct str line, struct pair *pairs, size_t *count, size_t max)
{
    struct str name;
    if (*count == max || !str_split(&line, '=', &name) || line.ptr == NULL)
        return false;
    struct pair *pair = &pairs[(*count)++];
    return escape_url_decode(arena, name, false, &pair->name) &&
           escape_url_decode(arena, line, false, &pair->value);
}

/* One "name value" line into its field. A field of a later version is passed over. */
static bool parse_line(struct arena *arena, struct str line, struct store_object *out)
{
    struct str name;
    if (!str_split(&line, ' ', &name) || line.ptr == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(text_fields); i++)
        if (str_equal(name, text_fields[i].name))
            return escape_url_decode(arena, line, false, text_field(out, i));
    for (size_t i = 0; i < COUNT_OF(number_fields); i++)
        if (str_equal(name, number_fields[i].name))
            return str_parse_i64(line, number_field(out, i));
    if (str_equal(name, STR("meta")))
        return parse_pair(arena, line, out->meta, &out->meta_count, STORE_META_MAX);
    if (str_equal(name, STR("tag")))
        return parse_pair(arena, line, out->tags, &out->tag_count, STORE_TAGS_MAX);
    return true;
}

bool store_meta_parse(struct arena *arena, struct str text, struct store_object *out)
{
    struct str line;
    memset(out, 0, sizeof *out);
    if (!str_split(&text, '\n', &line) || !str_equal(line, STR(FIRST_LINE)))
        return false;
    while (str_split(&text, '\n', &line)) {
        if (str_equal(line, STR(LAST_LINE)))
            return out->id.len == STORE_ID_LEN && !str_is_empty(out->key);
        if (!parse_line(arena, line, out))
            return false;
    }
    return false;
}

/* The whole of a small file, which is written once and never grows. */
static enum status read_small_file(int fd, struct arena *arena, struct str *out)
{
    size_t room = 2048;
    char *bytes = arena_alloc(arena, room);
    size_t len = 0;
    for (;;) {
        if (len == room) {
            if (room >= STORE_META_FILE_MAX)
                return STATUS_IO;
            char *larger = arena_alloc(arena, room * 4);
            memcpy(larger, bytes, len);
            bytes = larger;
            room *= 4;
        }
        ssize_t got = read(fd, bytes + len, room - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return STATUS_IO;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    *out = str_from(bytes, len);
    return STATUS_OK;
}

enum status store_read_meta(
    struct store *store, struct arena *arena, const char *path, struct store_object *out)
{
    struct str text;
    int fd = openat(store->root_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return store_status_of_errno(errno);
    enum status status = read_small_file(fd, arena, &text);
    close(fd);
    if (status == STATUS_OK && !store_meta_parse(arena, text, out))
        status = STATUS_IO;
    return status;
}
