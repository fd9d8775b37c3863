/* Finding the row of a request. The rows stand in route_table.c, what they demand is guard.c's. */
#include "web/routes.h"

#include "base/buf.h"

enum { ALLOW_MAX_BYTES = 100 };

#define ID  STR(":id")
#define KEY STR(":key...")

/* ":id", the whole segment: a whole number from 1. Moves *path past it. */
static bool take_id(struct str *path, int64_t *out_id)
{
    ssize_t end = str_index(*path, '/');
    struct str segment = end < 0 ? *path : str_head(*path, (size_t)end);

    *path = str_from_offset(*path, segment.len);
    return str_parse_i64(segment, out_id) && *out_id >= 1;
}

/* ":key...", one byte or more of anything, slashes too; what follows it in the pattern is literal.
 */
static bool take_key(struct str path, struct str ending, struct str *out_key)
{
    *out_key = str_head(path, path.len > ending.len ? path.len - ending.len : 0);
    return out_key->len > 0 && str_ends_with(path, ending);
}

/* Byte by byte: most rows differ from a path early, and nothing was measured or split until then.
 */
static bool path_matches(const char *pattern, struct str path, struct path_values *out)
{
    while (*pattern != '\0') {
        if (*pattern != ':') {
            if (path.len == 0 || path.ptr[0] != *pattern)
                return false;
            pattern++;
            path = str_from_offset(path, 1);
        } else if (strncmp(pattern, KEY.ptr, KEY.len) == 0) {
            return take_key(path, str_from_c(pattern + KEY.len), &out->raw_key);
        } else {
            if (!take_id(&path, &out->id))
                return false;
            pattern += ID.len;
        }
    }
    return path.len == 0;
}

static void allow(struct buf *list, enum method method)
{
    if (list->len > 0)
        buf_put(list, STR(", "));
    buf_put(list, method_to_str(method));
    if (method == METHOD_GET)
        buf_put(list, STR(", HEAD"));
}

/* From the end, because a more particular pattern sorts after one that takes more: ':' is less than
 * any letter, and a pattern less than what goes on from it. */
const struct route *route_find(const struct route *table, size_t count, enum method method,
    struct str path, struct path_values *out)
{
    for (size_t i = count; i-- > 0;) {
        *out = (struct path_values){ .id = 0 };
        if (table[i].method == method && path_matches(table[i].path, path, out))
            return &table[i];
    }
    return NULL;
}

/* Not by this method: by which? */
static enum status match_other_method(struct exchange *exchange)
{
    struct path_values values;
    struct buf methods;

    buf_init_arena(&methods, exchange->arena, ALLOW_MAX_BYTES);
    for (size_t i = 0; i < route_count; i++) {
        if (!path_matches(route_table[i].path, exchange->path, &values))
            continue;
        exchange->route = &route_table[i];
        allow(&methods, route_table[i].method);
    }
    exchange->allow = buf_str(&methods);
    return exchange->route == NULL ? STATUS_NOT_FOUND : STATUS_METHOD_NOT_ALLOWED;
}

/* Behind a gateway that serves us under a stage of its own, "/prod/upload" is "/upload". */
static struct str without_prefix(struct str path, struct str prefix)
{
    struct str rest = str_from_offset(path, prefix.len);

    if (str_is_empty(prefix) || !str_starts_with(path, prefix))
        return path;
    if (str_is_empty(rest))
        return STR("/");
    return rest.ptr[0] == '/' ? rest : path;
}

enum status route_match(struct exchange *exchange, struct str prefix)
{
    const struct request *request = exchange->request;
    enum method method = request->method == METHOD_HEAD ? METHOD_GET : request->method;
    struct path_values values;

    exchange->path = without_prefix(request->raw_path, prefix);
    exchange->route = route_find(route_table, route_count, method, exchange->path, &values);
    if (exchange->route == NULL)
        return match_other_method(exchange);
    exchange->id = values.id;
    exchange->raw_key = values.raw_key;
    return STATUS_OK;
}

bool route_answers_get(struct str path)
{
    struct path_values values;

    return route_find(route_table, route_count, METHOD_GET, path, &values) != NULL;
}

struct str audience_name(enum audience audience)
{
    return audience == FOR_PEOPLE ? STR("people") : STR("programs");
}

struct str dialect_name(enum dialect dialect)
{
    static const struct str names[] = {
        [NATIVE] = STR_INIT("native"),
        [GATEWAY] = STR_INIT("gateway"),
        [PROFILE] = STR_INIT("profile"),
        [FILES] = STR_INIT("files"),
        [STORAGE_V1] = STR_INIT("storage-v1"),
    };

    return names[dialect];
}

struct str access_name(enum access access)
{
    static const struct str names[] = { STR_INIT("anyone"), STR_INIT("viewer"), STR_INIT("editor"),
        STR_INIT("admin"), STR_INIT("metrics") };

    return names[access];
}

struct str csrf_name(enum csrf csrf)
{
    static const struct str names[] = { STR_INIT("none"), STR_INIT("form"), STR_INIT("origin"),
        STR_INIT("first field") };

    return names[csrf];
}

struct str body_name(enum body_kind body)
{
    static const struct str names[] = { STR_INIT("none"), STR_INIT("form"), STR_INIT("json"),
        STR_INIT("multipart") };

    return names[body];
}
