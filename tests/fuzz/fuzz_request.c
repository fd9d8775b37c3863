/*
 * fuzz_request.c - requests from CGI variables, one a line, then an empty line and the body;
 * cookies.
 */
#include "fuzz.h"

#include "cgi/request.h"

enum { VARIABLES_MAX = 130 };

static ssize_t read_rest(void *context, void *buffer, size_t len)
{
    struct str *rest = context;
    size_t count = rest->len < len ? rest->len : len;

    if (count)
        memcpy(buffer, rest->ptr, count);
    *rest = str_from_offset(*rest, count);
    return (ssize_t)count;
}

static void use(struct request *request)
{
    struct str body;

    for (size_t i = 0; i < request->headers.count; i++)
        FUZZ_CHECK(request_header(request, request->headers.item[i].name).len <= 64 * 1024);
    struct str cookie = request_cookie(request, STR("a"));
    FUZZ_CHECK(str_index(cookie, ';') < 0);
    FUZZ_CHECK(request->host.len == 0 || url_is_host(request->host));
    FUZZ_CHECK(request->raw_path.len > 0 && str_index(request->raw_path, '?') < 0);
    FUZZ_CHECK(!str_has_control(request->raw_path) && !str_has_control(request->raw_query));
    if (request_read_all(request, 1000, &body) == STATUS_OK) {
        FUZZ_CHECK(body.len <= 1000);
        FUZZ_CHECK(request->content_length < 0 || body.len == (size_t)request->content_length);
    }
    request_drain(request, 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size), line;
    char *environment[VARIABLES_MAX + 1];
    struct request request;
    struct arena arena;
    size_t count = 0;

    arena_init(&arena);
    request_freeze_id("0123456789abcdef");
    while (count < VARIABLES_MAX && (line = fuzz_line(&rest)).len > 0)
        environment[count++] = arena_c_string(&arena, line);
    environment[count] = NULL;
    enum status status = request_from_environment(
        &request, &arena, environment, (struct body_source){ read_rest, &rest });
    FUZZ_CHECK(request.arena == &arena && request.id.len == 16);
    if (status == STATUS_OK)
        use(&request);
    arena_clear(&arena);
    return 0;
}
