/*
 * test_cgi_range.c - ranges and conditions, row by row.
 */
#include "unit.h"

#include "cgi/range.h"

static void ranges_are_read_like_this(void **state)
{
    (void)state;
    static const struct {
        struct str header;
        int64_t size;
        enum range_kind kind;
        int64_t first, last;
    } rows[] = {
        { STR_INIT(""), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=0-0"), 10, RANGE_PART, 0, 0 },
        { STR_INIT("bytes=2-5"), 10, RANGE_PART, 2, 5 },
        { STR_INIT("bytes=2-"), 10, RANGE_PART, 2, 9 },
        { STR_INIT("bytes=0-9"), 10, RANGE_PART, 0, 9 },
        { STR_INIT("bytes=0-99"), 10, RANGE_PART, 0, 9 },
        { STR_INIT("bytes=-3"), 10, RANGE_PART, 7, 9 },
        { STR_INIT("bytes=-99"), 10, RANGE_PART, 0, 9 },
        { STR_INIT("bytes=9-9223372036854775807"), 10, RANGE_PART, 9, 9 },
        { STR_INIT(" bytes=1-2 "), 10, RANGE_PART, 1, 2 },
        { STR_INIT("bytes=10-"), 10, RANGE_UNSATISFIABLE, 0, 0 },
        { STR_INIT("bytes=10-20"), 10, RANGE_UNSATISFIABLE, 0, 0 },
        { STR_INIT("bytes=-0"), 10, RANGE_UNSATISFIABLE, 0, 0 },
        { STR_INIT("bytes=0-0"), 0, RANGE_UNSATISFIABLE, 0, 0 },
        { STR_INIT("bytes=-1"), 0, RANGE_UNSATISFIABLE, 0, 0 },
        { STR_INIT("bytes=5-2"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=-"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=x-y"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=1"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=0-1,3-4"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("items=0-1"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=+1-2"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=1-2-3"), 10, RANGE_WHOLE, 0, 9 },
        { STR_INIT("bytes=18446744073709551616-"), 10, RANGE_WHOLE, 0, 9 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct range range = range_parse(rows[i].header, rows[i].size);
        if (range.kind != rows[i].kind)
            fail_msg(
                "\"%.*s\" of %d: kind %d", STR_ARG(rows[i].header), (int)rows[i].size, range.kind);
        if (range.kind == RANGE_UNSATISFIABLE)
            continue;
        assert_int_equal(range.first, rows[i].first);
        assert_int_equal(range.last, rows[i].last);
    }
}

#define ETAG   STR_INIT("abc")
#define BEFORE STR_INIT("Sat, 21 Nov 2026 06:31:59 GMT")
#define AT     STR_INIT("Sat, 21 Nov 2026 06:32:00 GMT")
#define BEHIND STR_INIT("Sat, 21 Nov 2026 06:32:01 GMT")
enum { MODIFIED_AT = 1795242720 };

static void conditions_hold_like_this(void **state)
{
    (void)state;
    static const struct {
        struct conditions sent;
        enum condition expected;
    } rows[] = {
        { { .if_match = STR_INIT("") }, CONDITION_PROCEED },
        { { .if_match = STR_INIT("\"abc\"") }, CONDITION_PROCEED },
        { { .if_match = STR_INIT("abc") }, CONDITION_PROCEED },
        { { .if_match = STR_INIT("\"x\", \"abc\"") }, CONDITION_PROCEED },
        { { .if_match = STR_INIT("*") }, CONDITION_PROCEED },
        { { .if_match = STR_INIT("\"x\"") }, CONDITION_FAILED },
        { { .if_none_match = STR_INIT("\"abc\"") }, CONDITION_NOT_MODIFIED },
        { { .if_none_match = STR_INIT("W/\"abc\"") }, CONDITION_NOT_MODIFIED },
        { { .if_none_match = STR_INIT("*") }, CONDITION_NOT_MODIFIED },
        { { .if_none_match = STR_INIT("\"x\"") }, CONDITION_PROCEED },
        { { .if_modified_since = BEFORE }, CONDITION_PROCEED },
        { { .if_modified_since = AT }, CONDITION_NOT_MODIFIED },
        { { .if_modified_since = BEHIND }, CONDITION_NOT_MODIFIED },
        { { .if_modified_since = STR_INIT("yesterday") }, CONDITION_PROCEED },
        { { .if_unmodified_since = BEFORE }, CONDITION_FAILED },
        { { .if_unmodified_since = AT }, CONDITION_PROCEED },
        { { .if_unmodified_since = BEHIND }, CONDITION_PROCEED },
        { { .if_unmodified_since = STR_INIT("yesterday") }, CONDITION_PROCEED },
        /* tags win over dates, in both pairs */
        { { .if_match = STR_INIT("\"abc\""), .if_unmodified_since = BEFORE }, CONDITION_PROCEED },
        { { .if_none_match = STR_INIT("\"x\""), .if_modified_since = BEHIND }, CONDITION_PROCEED },
        { { .if_none_match = STR_INIT("\"abc\""), .if_modified_since = BEFORE },
            CONDITION_NOT_MODIFIED },
        { { .if_match = STR_INIT("\"x\""), .if_none_match = STR_INIT("\"abc\"") },
            CONDITION_FAILED },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum condition found = conditions_check(&rows[i].sent, (struct str)ETAG, MODIFIED_AT);
        if (found != rows[i].expected)
            fail_msg("row %zu: %d", i, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_like_this),
        cmocka_unit_test(conditions_hold_like_this),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
