/*
 * test_base_clock.c - the four text forms, there and back, and the dates that do not exist.
 */
#include "unit.h"

#include "base/clock.h"

#include <time.h>

static void times_are_written_in_every_form(void **state)
{
    static const struct {
        int64_t at_s;
        const char *iso, *amz, *http;
    } rows[] = {
        { 0, "1970-01-01T00:00:00Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
        { -1, "1969-12-31T23:59:59Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
        { 951782400, "2000-02-29T00:00:00Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
        { 1795242720, "2026-11-21T06:32:00Z", "20261121T063200Z", "Sat, 21 Nov 2026 06:32:00 GMT" },
        { 4107542399, "2100-02-28T23:59:59Z", "21000228T235959Z", "Sun, 28 Feb 2100 23:59:59 GMT" },
        { 253402300799, "9999-12-31T23:59:59Z", "99991231T235959Z",
            "Fri, 31 Dec 9999 23:59:59 GMT" },
        { INT64_MAX, "9999-12-31T23:59:59Z", "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
        { INT64_MIN, "0001-01-01T00:00:00Z", "00010101T000000Z", "Mon, 01 Jan 0001 00:00:00 GMT" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        expect_str("iso", clock_format_iso(*state, rows[i].at_s), str_from_c(rows[i].iso));
        expect_str("amz", clock_format_amz(*state, rows[i].at_s), str_from_c(rows[i].amz));
        expect_str("http", clock_format_http(*state, rows[i].at_s), str_from_c(rows[i].http));
    }
    expect_str("ms", clock_format_iso_ms(*state, 1795242720007), STR("2026-11-21T06:32:00.007Z"));
    expect_str("before 1970", clock_format_iso_ms(*state, -1), STR("1969-12-31T23:59:59.999Z"));
}

/* Every 101,111 seconds over 400 years: all months, leap days, weekdays; libc is the oracle. */
static void libc_agrees_over_four_centuries(void **state)
{
    struct arena *arena = *state;

    for (int64_t at = -2208988800; at < 10413792000; at += 101111) {
        time_t when = (time_t)at;
        struct tm tm;
        char text[40];
        int64_t back;

        gmtime_r(&when, &tm);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        struct str http = clock_format_http(arena, at);
        if (!str_equal(http, str_from_c(text)))
            fail_msg("%s", text);
        if (!clock_parse_http(http, &back) || back != at)
            fail_msg("not read back: %s", text);
        if (!clock_parse_iso(clock_format_iso(arena, at), &back) || back != at)
            fail_msg("not read back as ISO: %s", text);
        if (!clock_parse_amz(clock_format_amz(arena, at), &back) || back != at)
            fail_msg("not read back as AMZ: %s", text);
        arena_reset(arena);
    }
}

static void times_that_are_right_are_read(void **state)
{
    static const struct {
        bool (*parse)(struct str text, int64_t *out_s);
        const char *text;
        int64_t at_s;
    } rows[] = {
        { clock_parse_iso, "2026-11-21T06:32:00Z", 1795242720 },
        { clock_parse_iso, "2026-11-21T06:32:00.000Z", 1795242720 },
        { clock_parse_iso, "2026-11-21T06:32:00.999999999Z", 1795242720 },
        { clock_parse_amz, "20261121T063200Z", 1795242720 },
        { clock_parse_http, "Sat, 21 Nov 2026 06:32:00 GMT", 1795242720 },
        { clock_parse_http, "Saturday, 21-Nov-26 06:32:00 GMT", 1795242720 },
        { clock_parse_http, "Sat Nov 21 06:32:00 2026", 1795242720 },
        { clock_parse_http, "Sun Nov  6 08:49:37 1994", 784111777 },
        { clock_parse_http, "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    };
    int64_t at_s;

    (void)state;
    clock_freeze(1795242720);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        expect_int(rows[i].text, rows[i].parse(str_from_c(rows[i].text), &at_s), true);
        expect_int(rows[i].text, at_s, rows[i].at_s);
    }
    clock_thaw();
}

static void times_that_do_not_exist_are_refused(void **state)
{
    static const struct {
        bool (*parse)(struct str text, int64_t *out_s);
        const char *text;
    } rows[] = {
        { clock_parse_iso, "2026-02-29T00:00:00Z" },
        { clock_parse_iso, "2026-02-30T00:00:00Z" },
        { clock_parse_iso, "2100-02-29T00:00:00Z" },
        { clock_parse_iso, "2026-00-01T00:00:00Z" },
        { clock_parse_iso, "2026-13-01T00:00:00Z" },
        { clock_parse_iso, "2026-11-00T00:00:00Z" },
        { clock_parse_iso, "2026-11-31T00:00:00Z" },
        { clock_parse_iso, "2026-11-21T24:00:00Z" },
        { clock_parse_iso, "2026-11-21T23:60:00Z" },
        { clock_parse_iso, "2026-11-21T23:59:60Z" },
        { clock_parse_iso, "0000-01-01T00:00:00Z" },
        { clock_parse_iso, "2026-11-21T06:32:00" },
        { clock_parse_iso, "2026-11-21T06:32:00.Z" },
        { clock_parse_iso, "2026-11-21T06:32:00,5Z" },
        { clock_parse_iso, "2026-11-21T06:32:00+00:00" },
        { clock_parse_iso, "2026-11-21 06:32:00Z" },
        { clock_parse_iso, "2026-1-2T3:4:5Z" },
        { clock_parse_iso, " 2026-11-21T06:32:00Z" },
        { clock_parse_iso, "2026-11-21T06:32:00Z " },
        { clock_parse_iso, "+026-11-21T06:32:00Z" },
        { clock_parse_amz, "20261121T063200" },
        { clock_parse_amz, "20261121063200Z" },
        { clock_parse_amz, "20260231T000000Z" },
        { clock_parse_amz, "2026-11-21T06:32:00Z" },
        { clock_parse_http, "Sun, 21 Nov 2026 06:32:00 GMT" }, /* it was a Saturday */
        { clock_parse_http, "Sat, 21 Nov 2026 06:32:00 UTC" },
        { clock_parse_http, "Sat, 21 Nov 2026 06:32:00 +0000" },
        { clock_parse_http, "Sat, 1 Nov 2026 06:32:00 GMT" },
        { clock_parse_http, "Sat, 21 nov 2026 06:32:00 GMT" },
        { clock_parse_http, "Sat, 21 Foo 2026 06:32:00 GMT" },
        { clock_parse_http, "0" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t at_s = 77;

        expect_int(rows[i].text, rows[i].parse(str_from_c(rows[i].text), &at_s), false);
        expect_int(rows[i].text, at_s, 77);
    }
}

static void a_time_cut_at_any_byte_is_refused(void **state)
{
    static const struct {
        bool (*parse)(struct str text, int64_t *out_s);
        const char *text;
    } rows[] = {
        { clock_parse_iso, "2026-11-21T06:32:00.123Z" },
        { clock_parse_amz, "20261121T063200Z" },
        { clock_parse_http, "Sat, 21 Nov 2026 06:32:00 GMT" },
        { clock_parse_http, "Saturday, 21-Nov-26 06:32:00 GMT" },
        { clock_parse_http, "Sat Nov 21 06:32:00 2026" },
    };
    int64_t at_s;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t len = 0; len < strlen(rows[i].text); len++) {
            char *cut = unit_exact_copy(str_from(rows[i].text, len));

            expect_int(rows[i].text, rows[i].parse(str_from(cut, len), &at_s), false);
            free(cut);
        }
    }
}

static void a_frozen_clock_stands_and_a_thawed_one_goes_on(void **state)
{
    (void)state;
    clock_freeze(1000);
    assert_int_equal(clock_now_s(), 1000);
    assert_int_equal(clock_now_ms(), 1000000);
    clock_thaw();
    assert_true(clock_now_s() > 1700000000);
    assert_true(llabs(clock_now_ms() / 1000 - time(NULL)) <= 1);
    int64_t before_us = clock_monotonic_us();
    assert_true(clock_monotonic_us() >= before_us);
}

static void waiting_ends_with_the_time(void **state)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t nobody_calls = PTHREAD_COND_INITIALIZER;
    int64_t until_us = clock_monotonic_us() + 20000;

    (void)state;
    pthread_mutex_lock(&lock);
    while (clock_wait(&nobody_calls, &lock, until_us))
        continue; /* POSIX lets it wake for nothing */
    assert_true(clock_monotonic_us() >= until_us);
    assert_false(clock_wait(&nobody_calls, &lock, until_us - 1000000));
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("waiting ends with the time", waiting_ends_with_the_time),
        TEST("times are written in every form", times_are_written_in_every_form),
        TEST("libc agrees over four centuries", libc_agrees_over_four_centuries),
        TEST("times that are right are read", times_that_are_right_are_read),
        TEST("times that do not exist are refused", times_that_do_not_exist_are_refused),
        TEST("a time cut at any byte is refused", a_time_cut_at_any_byte_is_refused),
        TEST("a frozen clock stands and a thawed one goes on",
            a_frozen_clock_stands_and_a_thawed_one_goes_on),
    };

    return RUN(tests);
}
