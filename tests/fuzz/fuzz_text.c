/*
 * fuzz_text.c - the small readers and writers of base/: escapers, encodings, UTF-8, numbers, times,
 * URLs, log lines. What is encoded decodes to what it was; what is read is written back as it
 * stood.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/log.h"
#include "base/url.h"

#include <unistd.h>

static void check_encodings(struct arena *arena, struct str text)
{
    struct str back;

    FUZZ_CHECK(escape_url_decode(arena, escape_url_str(arena, text), true, &back));
    FUZZ_CHECK(str_equal(back, text));
    FUZZ_CHECK(escape_hex_decode(arena, escape_hex(arena, text), &back) && str_equal(back, text));
    FUZZ_CHECK(
        escape_base64_decode(arena, escape_base64(arena, text), &back) && str_equal(back, text));
    FUZZ_CHECK(escape_base64url_decode(arena, escape_base64url(arena, text), &back) &&
               str_equal(back, text));
    if (escape_base64_decode(arena, text, &back)) /* there is one form only */
        FUZZ_CHECK(str_equal(escape_base64(arena, back), text));
    if (escape_base64url_decode(arena, text, &back))
        FUZZ_CHECK(str_equal(escape_base64url(arena, back), text));
}

static void check_escapers(struct arena *arena, struct str text)
{
    struct str problem = STR_EMPTY;
    struct buf out;

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    escape_html(&out, text);
    FUZZ_CHECK(str_index(buf_str(&out), '<') < 0 && str_index(buf_str(&out), '"') < 0);
    buf_reset(&out);
    escape_xml(&out, text);
    FUZZ_CHECK(str_is_utf8(buf_str(&out)) && str_index(buf_str(&out), '<') < 0);
    buf_reset(&out);
    buf_put(&out, STR("[\""));
    escape_json(&out, text);
    buf_put(&out, STR("\"]"));
    json_t *value = json_parse(arena, buf_str(&out), &problem);
    FUZZ_CHECK(value || str_index(text, '\0') >= 0);
    json_decref(value);
}

static void check_readers(struct arena *arena, struct str text)
{
    struct url url, again;
    int64_t number, at_s;

    if (str_parse_i64(text, &number) && !str_equal(text, STR("-0")))
        FUZZ_CHECK(str_equal(arena_printf(arena, "%lld", (long long)number), text));
    if (clock_parse_amz(text, &at_s))
        FUZZ_CHECK(str_equal(clock_format_amz(arena, at_s), text));
    if (clock_parse_iso(text, &at_s))
        FUZZ_CHECK(str_starts_with(text, str_head(clock_format_iso(arena, at_s), 19)));
    if (clock_parse_http(text, &at_s))
        FUZZ_CHECK(clock_parse_http(clock_format_http(arena, at_s), &number) && number == at_s);
    if (url_parse(arena, text, &url) == STATUS_OK) {
        struct str whole = ARENA_JOIN(arena, url_origin(arena, &url), url.path);

        FUZZ_CHECK(url_is_host(url_host_header(arena, &url)));
        FUZZ_CHECK(url_parse(arena, whole, &again) == STATUS_OK);
        FUZZ_CHECK(str_equal(url.host, again.host) && str_equal(url.path, again.path));
        FUZZ_CHECK(url.port == again.port);
    }
    if (url_is_host(text))
        FUZZ_CHECK(str_starts_with(text, url_host_without_port(text)));
}

static void check_utf8(struct str text)
{
    for (size_t max = 0; max < 8; max++) {
        struct str head = str_utf8_head(text, max);

        FUZZ_CHECK(head.len <= max || head.len == text.len);
        FUZZ_CHECK(!str_is_utf8(text) || str_is_utf8(head));
    }
    FUZZ_CHECK(str_utf8_length(text) <= text.len);
}

/* The line goes through a pipe, so that what was written is what is looked at. */
static void check_log(struct arena *arena, struct str text)
{
    char *written = arena_alloc(arena, LOG_LINE_MAX + 1);
    struct log_line line;
    int fds[2];

    FUZZ_CHECK(pipe(fds) == 0);
    log_set_fd(fds[1]);
    log_begin(&line, LOG_ERROR, "m");
    log_str(&line, "v", text);
    log_int(&line, "n", -1);
    log_str(&line, "w", str_head(text, 100));
    log_end(&line);
    ssize_t len = read(fds[0], written, LOG_LINE_MAX + 1);
    close(fds[0]);
    close(fds[1]);
    FUZZ_CHECK(len > 2 && len <= LOG_LINE_MAX && written[len - 1] == '\n');
    FUZZ_CHECK(!str_has_control(str_from(written, (size_t)len - 1)));
    json_t *object = json_loadb(written, (size_t)len, JSON_ALLOW_NUL, NULL);
    FUZZ_CHECK(object);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);
    struct arena arena;

    arena_init(&arena);
    check_encodings(&arena, text);
    check_escapers(&arena, text);
    check_readers(&arena, text);
    check_utf8(text);
    check_log(&arena, text);
    arena_clear(&arena);
    return 0;
}
