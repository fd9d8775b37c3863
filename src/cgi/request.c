/*
 * request.c - CGI variables (RFC 3875, section 4.1) into a struct request, and reading its body.
 */
#include "cgi/request.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/escape.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

enum { HEADERS_MAX = 100, HEADERS_MAX_BYTES = 64 * 1024, ID_BYTES = 8 };

static const struct str method_names[] = {
    [METHOD_GET] = STR_INIT("GET"),
    [METHOD_HEAD] = STR_INIT("HEAD"),
    [METHOD_POST] = STR_INIT("POST"),
    [METHOD_PUT] = STR_INIT("PUT"),
    [METHOD_DELETE] = STR_INIT("DELETE"),
    [METHOD_OPTIONS] = STR_INIT("OPTIONS"),
    [METHOD_PATCH] = STR_INIT("PATCH"),
    [METHOD_OTHER] = STR_INIT("OTHER"),
};

struct str method_to_str(enum method method)
{
    return method_names[method];
}

static enum method method_from_str(struct str name)
{
    enum method method = METHOD_GET;

    while (method < METHOD_OTHER && !str_equal(name, method_names[method]))
        method++;
    return method;
}

static const char *_Atomic frozen_id;

void request_freeze_id(const char *id)
{
    frozen_id = id;
}

static struct str make_id(struct arena *arena)
{
    char bytes[ID_BYTES];

    if (frozen_id)
        return str_from_c(frozen_id);
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* the kernel's generator cannot fail once it is seeded */
    return escape_hex(arena, str_from(bytes, sizeof bytes));
}

/* The variables that are not headers, as they stand in the environment. */
struct variables {
    struct str request_method, request_uri, script_name, path_info, query_string;
    struct str content_type, content_length;
    struct str https, request_scheme, remote_addr, server_software;
};

/* clang-format off */
static const struct { struct str name; size_t offset; } variable_table[] = {
    { STR_INIT("REQUEST_METHOD"),  offsetof(struct variables, request_method) },
    { STR_INIT("REQUEST_URI"),     offsetof(struct variables, request_uri) },
    { STR_INIT("SCRIPT_NAME"),     offsetof(struct variables, script_name) },
    { STR_INIT("PATH_INFO"),       offsetof(struct variables, path_info) },
    { STR_INIT("QUERY_STRING"),    offsetof(struct variables, query_string) },
    { STR_INIT("CONTENT_TYPE"),    offsetof(struct variables, content_type) },
    { STR_INIT("CONTENT_LENGTH"),  offsetof(struct variables, content_length) },
    { STR_INIT("HTTPS"),           offsetof(struct variables, https) },
    { STR_INIT("REQUEST_SCHEME"),  offsetof(struct variables, request_scheme) },
    { STR_INIT("REMOTE_ADDR"),     offsetof(struct variables, remote_addr) },
    { STR_INIT("SERVER_SOFTWARE"), offsetof(struct variables, server_software) },
};
/* clang-format on */

static void note_variable(struct variables *variables, struct str name, struct str value)
{
    for (size_t i = 0; i < COUNT_OF(variable_table); i++)
        if (str_equal(name, variable_table[i].name))
            *(struct str *)((char *)variables + variable_table[i].offset) = value;
}

/* "X_AMZ_DATE" -> "x-amz-date". */
static struct str header_name(struct arena *arena, struct str variable)
{
    char *name = arena_c_string(arena, variable);

    for (size_t i = 0; i < variable.len; i++) {
        if (name[i] == '_')
            name[i] = '-';
        else if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] | 0x20);
    }
    return str_from(name, variable.len);
}

/* Headers as they are gathered; `bytes` counts names and values. */
struct header_list {
    struct arena *arena;
    struct pair *item;
    size_t count, bytes;
};

static bool add_header(struct header_list *list, struct str variable, struct str value)
{
    list->bytes += variable.len + value.len;
    if (list->count == HEADERS_MAX || list->bytes > HEADERS_MAX_BYTES)
        return false;
    list->item[list->count++] = (struct pair){ header_name(list->arena, variable), value };
    return true;
}

/* Content-Type and Content-Length have variables of their own; some servers send both forms. */
static bool is_doubled(struct str variable)
{
    return str_equal(variable, STR("CONTENT_TYPE")) || str_equal(variable, STR("CONTENT_LENGTH"));
}

/* Sort the environment into variables and headers; false when the headers are too large. */
static bool read_environment(
    char **environment, struct variables *variables, struct header_list *list)
{
    const struct str prefix = STR("HTTP_");
    bool fits = true;

    for (; *environment; environment++) {
        struct str value = str_from_c(*environment), name;

        if (!str_split(&value, '=', &name) || !value.ptr)
            continue;
        if (!str_starts_with(name, prefix)) {
            note_variable(variables, name, value);
            continue;
        }
        name = str_from_offset(name, prefix.len);
        if (!is_doubled(name))
            fits = add_header(list, name, value) && fits;
    }
    if (variables->content_type.len)
        fits = add_header(list, STR("CONTENT_TYPE"), variables->content_type) && fits;
    if (variables->content_length.len)
        fits = add_header(list, STR("CONTENT_LENGTH"), variables->content_length) && fits;
    return fits;
}

/*
 * Two names in one variable: CGI writes X-Forwarded-For and X_Forwarded_For alike, so a client
 * could add to what a trusted proxy says. lighttpd and Apache join the fields of one name, so that
 * a variable which comes twice shows it; nginx passes them on one by one, but leaves odd names out.
 */
static bool has_merged_names(const struct variables *variables, const struct header_list *list)
{
    if (str_starts_with(variables->server_software, STR("nginx/")))
        return false;
    for (size_t i = 1; i < list->count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_equal(list->item[i].name, list->item[j].name))
                return true;
    return false;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char byte = s.ptr[i];

        if (byte <= ' ' || byte > '~' || strchr("\"(),/:;<=>?@[\\]{}", byte))
            return false;
    }
    return s.len > 0;
}

/* An origin-form target (RFC 9112, section 3.2.1), or the "*" of OPTIONS. */
static bool is_target(struct str target)
{
    if (str_has_control(target) || str_index(target, ' ') >= 0 || str_index(target, '#') >= 0)
        return false;
    return str_starts_with(target, STR("/")) || str_equal(target, STR("*"));
}

/* Set raw_path and raw_query. Without REQUEST_URI the path is made of decoded variables, and
 * encoded again: it then has lost which of its bytes the client had encoded. */
static bool set_target(struct request *request, const struct variables *variables)
{
    struct str target = variables->request_uri;

    if (target.len == 0) {
        struct str path = ARENA_JOIN(request->arena, variables->script_name, variables->path_info);

        request->raw_path = escape_url_path_str(request->arena, path);
        request->raw_query = variables->query_string;
    } else {
        ssize_t mark = str_index(target, '?');

        request->raw_path = mark < 0 ? target : str_head(target, (size_t)mark);
        request->raw_query = mark < 0 ? STR_EMPTY : str_from_offset(target, (size_t)mark + 1);
    }
    return is_target(request->raw_path) && !str_has_control(request->raw_query);
}

/* An empty CONTENT_LENGTH is what nginx sends when the request had none. */
static bool set_content_length(struct request *request, struct str text)
{
    request->content_length = -1;
    if (text.len == 0)
        return true;
    return str_parse_i64(text, &request->content_length) && request->content_length >= 0;
}

enum status request_from_environment(
    struct request *request, struct arena *arena, char **environment, struct body_source body)
{
    struct header_list list = { .arena = arena,
        .item = ARENA_ARRAY(arena, struct pair, HEADERS_MAX) };
    struct variables variables = { 0 };
    bool fits = read_environment(environment, &variables, &list);

    *request = (struct request){
        .arena = arena,
        .id = make_id(arena),
        .method = method_from_str(variables.request_method),
        .method_name = variables.request_method,
        .is_https = str_equal_nocase(variables.https, STR("on")) ||
                    str_equal_nocase(variables.request_scheme, STR("https")),
        .remote_addr = variables.remote_addr,
        .content_type = variables.content_type,
        .headers = { list.item, list.count },
        .body = body,
    };
    request->host = request_header(request, STR("host"));
    if (!url_is_host(request->host))
        request->host = STR_EMPTY;
    if (!set_target(request, &variables) || !is_token(request->method_name) ||
        !set_content_length(request, variables.content_length) ||
        has_merged_names(&variables, &list))
        return STATUS_BAD_REQUEST;
    return fits ? STATUS_OK : STATUS_HEADERS_TOO_LARGE;
}

struct str request_header(const struct request *request, struct str name)
{
    return pairs_get(request->headers, name, NULL);
}

struct str request_cookie(const struct request *request, struct str name)
{
    struct str rest = request_header(request, STR("cookie")), part;

    while (str_split(&rest, ';', &part)) {
        struct str cookie_name;

        part = str_trim(part);
        if (str_split(&part, '=', &cookie_name) && part.ptr && str_equal(cookie_name, name))
            return part;
    }
    return STR_EMPTY;
}

/* Whether too little came since the window began, which then begins anew. */
static bool is_below_pace(struct request *request, int64_t now_us, ssize_t count)
{
    const struct body_pace *pace = &request->pace;
    bool is_complete = request->content_length >= 0 && count >= 0 &&
                       request->body_read_bytes + count >= request->content_length;
    bool is_below;

    request->window_bytes += count > 0 ? count : 0;
    if (now_us - request->window_began_us < pace->window_s * 1000000 || is_complete)
        return false;
    is_below = request->window_bytes < pace->window_s * pace->min_bytes_per_s;
    request->window_began_us = now_us;
    request->window_bytes = 0;
    return is_below;
}

/* From the source, no more slowly than the pace. */
static ssize_t read_source(struct request *request, void *buffer, size_t len)
{
    int64_t window_us = request->pace.window_s * 1000000;
    int64_t began_us, now_us;
    ssize_t count;

    if (window_us == 0)
        return request->body.read(request->body.context, buffer, len);
    if (request->is_too_slow)
        return -1;
    began_us = clock_monotonic_us();
    if (request->window_began_us == 0)
        request->window_began_us = began_us;
    count = request->body.read(request->body.context, buffer, len);
    now_us = clock_monotonic_us();
    request->is_too_slow =
        is_below_pace(request, now_us, count) || (count < 0 && now_us - began_us >= window_us);
    return request->is_too_slow ? -1 : count;
}

ssize_t request_read_body(struct request *request, void *buffer, size_t len)
{
    bool is_known = request->content_length >= 0;

    if (is_known) {
        int64_t left = request->content_length - request->body_read_bytes;

        if (left <= 0)
            return 0;
        if (len > (uint64_t)left)
            len = (size_t)left;
    }
    ssize_t count = read_source(request, buffer, len);
    if (count > 0)
        request->body_read_bytes += count;
    if (count == 0 && is_known && len > 0)
        return -1; /* cut before its announced end */
    return count;
}

/* Bodies are read in pieces: an announced length is not allocated before its bytes have come. */
enum { READ_CHUNK = 16 * 1024 };

enum status request_read_all(struct request *request, size_t max_bytes, struct str *out)
{
    char chunk[READ_CHUNK];
    struct buf content;
    ssize_t count;

    if (request->content_length > 0 && (uint64_t)request->content_length > max_bytes)
        return STATUS_TOO_LARGE;
    buf_init_arena(&content, request->arena, max_bytes);
    while ((count = request_read_body(request, chunk, sizeof chunk)) > 0) {
        buf_put(&content, str_from(chunk, (size_t)count));
        if (buf_is_over(&content))
            return STATUS_TOO_LARGE;
    }
    if (count < 0)
        return STATUS_BAD_REQUEST;
    *out = buf_str(&content);
    return STATUS_OK;
}

bool request_drain(struct request *request, size_t max_bytes)
{
    char chunk[READ_CHUNK];
    size_t drained = 0;

    /* Straight from the source: also the end-of-stream mark after the last byte has to go. */
    while (drained < max_bytes) {
        ssize_t count = read_source(request, chunk, sizeof chunk);

        if (count <= 0)
            return count == 0;
        drained += (size_t)count;
    }
    return false;
}
