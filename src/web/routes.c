/* Finding the row of a request. The rows stand in route_table.c, what they demand is guard.c's. */
#include "web/routes.h"

#include "base/buf.h"

enum { ALLOW_MAX_BYTES = 100 };

/* One segment against another; ":id" takes a whole number from 1. */
static bool segment_matches(struct str pattern, struct str segment, int64_t *out_id)
{
    int64_t id;

    if (!str_equal(pattern, STR(":id")))
        return str_equal(pattern, segment);
    if (!str_parse_i64(segment, &id) || id < 1)
        return false;
    *out_id = id;
    return true;
}

static bool path_matches(struct str pattern, struct str path, int64_t *out_id)
{
    struct str expected, segment;
    ssize_t fixed = str_index(pattern, ':');

    if (fixed < 0)
        return str_equal(pattern, path);
    if (!str_starts_with(path, str_head(pattern, (size_t)fixed)))
        return false;
    while (str_split(&pattern, '/', &expected)) {
        if (!str_split(&path, '/', &segment) || !segment_matches(expected, segment, out_id))
            return false;
    }
    return path.ptr == NULL;
}

static void allow(struct buf *list, enum method method)
{
    if (list->len > 0)
        buf_put(list, STR(", "));
    buf_put(list, method_to_str(method));
    if (method == METHOD_GET)
        buf_put(list, STR(", HEAD"));
}

enum status route_match(struct exchange *exchange)
{
    const struct request *request = exchange->request;
    enum method method = request->method == METHOD_HEAD ? METHOD_GET : request->method;
    struct buf methods;

    buf_init_arena(&methods, exchange->arena, ALLOW_MAX_BYTES);
    for (size_t i = 0; i < route_count; i++) {
        int64_t id = 0;
        if (!path_matches(str_from_c(route_table[i].path), request->raw_path, &id))
            continue;
        exchange->route = &route_table[i];
        exchange->id = id;
        if (route_table[i].method == method)
            return STATUS_OK;
        allow(&methods, route_table[i].method);
    }
    exchange->allow = buf_str(&methods);
    return exchange->route == NULL ? STATUS_NOT_FOUND : STATUS_METHOD_NOT_ALLOWED;
}

bool route_answers_get(struct str path)
{
    int64_t id;

    for (size_t i = 0; i < route_count; i++)
        if (route_table[i].method == METHOD_GET &&
            path_matches(str_from_c(route_table[i].path), path, &id))
            return true;
    return false;
}

struct str access_name(enum access access)
{
    static const struct str names[] = { STR_INIT("anyone"), STR_INIT("viewer"), STR_INIT("editor"),
        STR_INIT("admin") };

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
