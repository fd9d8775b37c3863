/*
 * test_base_log.c - one JSON object a line, whatever the values are; levels; the cut of long lines.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <unistd.h>

static int pipe_fds[2];

static void begin_capture(void)
{
    assert_int_equal(pipe(pipe_fds), 0);
    log_set_fd(pipe_fds[1]);
    clock_freeze(1795242720);
}

/* What was logged since begin_capture. */
static struct str end_capture(struct arena *arena)
{
    char *text = arena_alloc(arena, 65536);
    ssize_t len;

    log_set_fd(STDERR_FILENO);
    clock_thaw();
    close(pipe_fds[1]);
    len = read(pipe_fds[0], text, 65536);
    close(pipe_fds[0]);
    return str_from(text, len > 0 ? (size_t)len : 0);
}

static void a_line_is_one_json_object_with_its_fields(void **state)
{
    struct log_line line;

    begin_capture();
    log_set_request_id(STR("0123456789abcdef"));
    log_begin(&line, LOG_INFO, "request");
    log_str(&line, "path", STR("/a"));
    log_int(&line, "status", -1);
    log_end(&line);
    log_set_request_id(STR_EMPTY);
    expect_str("line", end_capture(*state),
        STR("{\"ts\":\"2026-11-21T06:32:00.000Z\",\"level\":\"info\",\"msg\":\"request\","
            "\"rid\":\"0123456789abcdef\",\"path\":\"/a\",\"status\":-1}\n"));
}

static void no_byte_can_forge_a_line_or_move_a_cursor(void **state)
{
    for (int byte = 0; byte < 256; byte++) {
        char value[] = { 'a', (char)byte, 'b' };
        struct log_line line;
        struct str error;

        begin_capture();
        log_begin(&line, LOG_INFO, "m");
        log_str(&line, "v", str_from(value, 3));
        log_end(&line);
        struct str text = end_capture(*state);
        assert_int_equal(str_index(text, '\n'), (ssize_t)text.len - 1);
        assert_false(str_has_control(str_head(text, text.len - 1)));
        if (byte == 0) /* written as \u0000, which our own reader refuses */
            continue;
        json_t *object = json_parse(*state, text, &error);
        if (!object)
            fail_msg("byte %d: %.*s", byte, STR_ARG(error));
        if (byte < 0x80)
            assert_memory_equal(json_string_value(json_object_get(object, "v")), value, 3);
        json_decref(object);
    }
}

static void terminal_controls_above_ascii_are_escaped(void **state)
{
    struct log_line line;

    begin_capture();
    log_begin(&line, LOG_INFO,
        "\xc2\x9b"
        "31m \xc3\xa4");
    log_end(&line);
    assert_true(str_find(end_capture(*state), STR("\"\\u009b31m \xc3\xa4\"")) > 0);
}

static void a_line_of_any_length_is_cut_to_valid_json(void **state)
{
    char value[LOG_LINE_MAX * 2];

    memset(value, '\n', sizeof value); /* each takes six bytes */
    for (size_t len = LOG_LINE_MAX / 6 - 50; len < LOG_LINE_MAX / 6 + 20; len++) {
        struct log_line line;
        struct str error;

        begin_capture();
        log_begin(&line, LOG_ERROR, "m");
        log_str(&line, "v", str_from(value, len));
        for (int i = 0; i < 50; i++) {
            log_int(&line, "after", 1);
            log_str(&line, "more", STR("\xe2\x82\xac\xff"));
        }
        log_end(&line);
        struct str text = end_capture(*state);
        assert_true(text.len <= LOG_LINE_MAX);
        json_t *object = json_loadb(text.ptr, text.len, 0, NULL);
        if (!object)
            fail_msg("length %zu: %.*s", len, STR_ARG(text));
        json_decref(object);
        (void)error;
    }
}

static void lines_below_the_level_are_not_written(void **state)
{
    struct log_line line;

    begin_capture();
    log_set_level(LOG_WARN);
    log_begin(&line, LOG_INFO, "quiet");
    log_str(&line, "k", STR("v"));
    log_end(&line);
    log_event(LOG_INFO, "quiet %d", 1);
    log_event(LOG_WARN, "loud %d", 2);
    log_set_level(LOG_INFO);
    struct str text = end_capture(*state);
    assert_int_equal(str_find(text, STR("quiet")), -1);
    assert_true(str_find(text, STR("\"level\":\"warn\",\"msg\":\"loud 2\"")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(
            "a line is one JSON object with its fields", a_line_is_one_json_object_with_its_fields),
        TEST(
            "no byte can forge a line or move a cursor", no_byte_can_forge_a_line_or_move_a_cursor),
        TEST(
            "terminal controls above ASCII are escaped", terminal_controls_above_ascii_are_escaped),
        TEST(
            "a line of any length is cut to valid JSON", a_line_of_any_length_is_cut_to_valid_json),
        TEST("lines below the level are not written", lines_below_the_level_are_not_written),
    };

    return RUN(tests);
}
