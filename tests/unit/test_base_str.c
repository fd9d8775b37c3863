/*
 * test_base_str.c - str, arena and buf: cutting, comparing, numbers, UTF-8, growing up to a cap.
 */
#include "unit.h"

static void empty_strs_compare_without_touching_null(void **state)
{
    (void)state;
    assert_true(str_equal(STR_EMPTY, STR("")));
    assert_true(str_starts_with(STR_EMPTY, STR_EMPTY));
    assert_true(str_ends_with(STR("a"), STR_EMPTY));
    assert_false(str_ends_with(STR_EMPTY, STR("a")));
    assert_int_equal(str_compare(STR_EMPTY, STR("a")), -1);
    assert_int_equal(str_index(STR_EMPTY, 'a'), -1);
    assert_int_equal(str_last_index(STR_EMPTY, 'a'), -1);
    assert_int_equal(str_find(STR_EMPTY, STR("a")), -1);
    assert_int_equal(str_find(STR_EMPTY, STR_EMPTY), 0);
    assert_int_equal(str_trim(STR_EMPTY).len, 0);
    assert_int_equal(str_from_c(NULL).len, 0);
    assert_true(str_is_utf8(STR_EMPTY));
}

static void order_is_that_of_bytes_and_the_shorter_first(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_compare(STR("ab"), STR("ab")), 0);
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(str_equal_nocase(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_equal_nocase(STR("@"), STR("`"))); /* they differ in the same bit as letters */
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_false(str_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
}

static void pieces_are_clamped_to_the_length(void **state)
{
    (void)state;
    expect_str("offset", str_from_offset(STR("abc"), 9), STR(""));
    expect_str("head", str_head(STR("abc"), 9), STR("abc"));
    expect_str("trim", str_trim(STR(" \t\r\n a b \n")), STR("a b"));
    assert_int_equal(str_find(STR("aabaac"), STR("aac")), 3);
    assert_int_equal(str_last_index(STR("a/b/c"), '/'), 3);
}

static void splitting_gives_every_part_once(void **state)
{
    static const struct {
        const char *text;
        const char *parts;
    } rows[] = { { "a,,b", "a||b|" }, { "", "|" }, { "a", "a|" }, { ",", "||" }, { "a,", "a||" } };
    struct buf got;

    buf_init_arena(&got, *state, 100);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str rest = str_from_c(rows[i].text), part;

        buf_reset(&got);
        while (str_split(&rest, ',', &part)) {
            buf_put(&got, part);
            buf_put_byte(&got, '|');
        }
        expect_str(rows[i].text, buf_str(&got), str_from_c(rows[i].parts));
    }
}

static void numbers_are_whole_exact_and_in_range(void **state)
{
    static const char *const refused[] = { "", "-", "+1", " 1", "1 ", "01", "-01", "--1", "1.0",
        "0x1", "1a", "18446744073709551616", "99999999999999999999", "\xd9\xa1" };
    uint64_t u = 7;
    int64_t i = 7;

    (void)state;
    for (size_t k = 0; k < COUNT_OF(refused); k++) {
        expect_int(refused[k], str_parse_u64(str_from_c(refused[k]), &u), 0);
        expect_int(refused[k], str_parse_i64(str_from_c(refused[k]), &i), 0);
    }
    assert_int_equal(u, 7);
    assert_int_equal(i, 7);
    assert_false(str_parse_u64(STR("-1"), &u));
    assert_false(str_parse_u64(STR("1\0"), &u));
    assert_true(str_parse_u64(STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(str_parse_i64(STR("9223372036854775808"), &i));
    assert_true(str_parse_i64(STR("9223372036854775807"), &i));
    assert_true(i == INT64_MAX);
    assert_false(str_parse_i64(STR("-9223372036854775809"), &i));
    assert_true(str_parse_i64(STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
}

static void numbers_are_written_as_they_are_read(void **state)
{
    static const int64_t numbers[] = { 0, 1, -1, 9, 10, 1234567890, INT64_MAX, INT64_MIN };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        char digits[STR_I64_MAX];
        int64_t back = 7;

        assert_true(str_parse_i64(str_from_i64(digits, numbers[i]), &back));
        assert_int_equal(back, numbers[i]);
    }
}

static void utf8_is_exactly_that_of_rfc_3629(void **state)
{
    static const struct {
        struct str text;
        bool is_valid;
    } rows[] = {
        { STR_INIT("plain"), true },
        { STR_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), true },
        { STR_INIT("\xf4\x8f\xbf\xbf"), true },
        { STR_INIT("\xed\x9f\xbf"), true },
        { STR_INIT("\xef\xbf\xbf"), true },
        { STR_INIT("\xc0\x80"), false },         /* overlong NUL */
        { STR_INIT("\xc1\xbf"), false },         /* overlong */
        { STR_INIT("\xe0\x9f\xbf"), false },     /* overlong */
        { STR_INIT("\xf0\x8f\xbf\xbf"), false }, /* overlong */
        { STR_INIT("\xed\xa0\x80"), false },     /* surrogate */
        { STR_INIT("\xf4\x90\x80\x80"), false }, /* above 10FFFF */
        { STR_INIT("\xf5\x80\x80\x80"), false },
        { STR_INIT("\x80"), false },
        { STR_INIT("\xff"), false },
        { STR_INIT("a\xc3"), false },
        { STR_INIT("\xe2\x82"), false },
        { STR_INIT("\xe2\x28\xa1"), false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_int(rows[i].text.ptr, str_is_utf8(rows[i].text), rows[i].is_valid);
}

/* Encode every code point and decode it again; the encoder here is the definition's own arithmetic.
 */
static void every_code_point_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char text[4];
        size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        uint32_t back = 0;

        text[0] = (char)(len == 1 ? point : (0xf00u >> len) | point >> (6 * (len - 1)));
        for (size_t i = 1; i < len; i++)
            text[i] = (char)(0x80 | (point >> (6 * (len - 1 - i)) & 0x3f));
        struct str rest = str_from(text, len);
        bool is_surrogate = point >= 0xd800 && point < 0xe000;
        if (str_utf8_next(&rest, &back) == is_surrogate || (!is_surrogate && back != point))
            fail_msg("U+%04X", point);
    }
}

static void utf8_is_cut_between_code_points(void **state)
{
    struct str text = STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    static const size_t lengths[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

    (void)state;
    assert_int_equal(str_utf8_length(text), 4);
    for (size_t max = 0; max < COUNT_OF(lengths); max++)
        assert_int_equal(str_utf8_head(text, max).len, lengths[max]);
}

static void control_bytes_are_seen(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = { 'a', (char)byte, 'b' };

        expect_int("byte", str_has_control(str_from(text, 3)), byte < 0x20 || byte == 0x7f);
    }
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    struct arena *arena = *state;

    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 40000; size = size * 2 + 1) {
            char *memory = arena_alloc(arena, size);

            assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xee, size);
        }
        arena_reset(arena);
        assert_int_equal(arena->used_bytes, 0);
    }
}

static void a_large_allocation_leaves_the_block_in_use(void **state)
{
    struct arena *arena = *state;
    char *first = arena_alloc(arena, 16);
    char *large = arena_alloc(arena, 1000000);
    char *second = arena_alloc(arena, 16);

    memset(large, 1, 1000000);
    assert_true(second > first && second < first + 256);
}

static void what_is_extended_keeps_its_content(void **state)
{
    static const size_t starts[] = { 1, 100, 10000, 40000 };
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(starts) * 2; i++) {
        size_t size = starts[i / 2];
        char *text;

        arena_init(&arena);
        if (i % 2)
            arena_alloc(&arena, 10);
        text = memset(arena_alloc(&arena, size), 'x', size);
        for (; size < 300000; size *= 3) {
            if (i % 2)
                memset(arena_alloc(&arena, size / 50), 'y', size / 50);
            text = arena_extend(&arena, text, size, size * 3);
            for (size_t at = 0; at < size; at++)
                assert_int_equal(text[at], 'x');
            memset(text + size, 'x', size * 2);
        }
        assert_int_equal(*(char *)arena_alloc(&arena, 1), 0);
        arena_reset(&arena);
        assert_int_equal(*(char *)arena_alloc(&arena, 20000), 0);
        arena_clear(&arena);
    }
}

static void arena_text_is_copied_joined_and_formatted(void **state)
{
    struct arena *arena = *state;

    expect_str("copy", arena_copy(arena, STR("a\0b")), STR("a\0b"));
    assert_string_equal(arena_c_string(arena, STR("abc")), "abc");
    expect_str("empty", arena_copy(arena, STR_EMPTY), STR(""));
    expect_str("printf", arena_printf(arena, "%d-%s", 42, "x"), STR("42-x"));
    expect_str("join", ARENA_JOIN(arena, STR("a"), STR_EMPTY, STR("bc")), STR("abc"));
}

static void a_buf_grows_to_its_cap_and_then_stays_over(void **state)
{
    struct buf heap, in_arena;
    struct buf *bufs[] = { &heap, &in_arena };

    buf_init(&heap, 1000);
    buf_init_arena(&in_arena, *state, 1000);
    for (size_t i = 0; i < COUNT_OF(bufs); i++) {
        for (int k = 0; k < 1000; k++)
            buf_put_byte(bufs[i], 'x');
        assert_false(buf_is_over(bufs[i]));
        assert_int_equal(buf_str(bufs[i]).len, 1000);
        buf_put_c(bufs[i], "yz");
        assert_true(buf_is_over(bufs[i]));
        buf_put(bufs[i], STR_EMPTY);
        buf_reset(bufs[i]);
        assert_false(buf_is_over(bufs[i]));
        buf_put_i64(bufs[i], INT64_MIN);
        buf_printf(bufs[i], "|%300d", 1);
        assert_int_equal(buf_str(bufs[i]).len, 20 + 301);
        buf_clear(bufs[i]);
        assert_int_equal(bufs[i]->cap, 0);
    }
}

static void an_append_that_does_not_fit_is_lost_whole(void **state)
{
    struct buf buf;

    buf_init_arena(&buf, *state, 4);
    buf_put(&buf, STR("abc"));
    buf_put(&buf, STR("de"));
    buf_put(&buf, STR("f"));
    expect_str("content", buf_str(&buf), STR("abc"));
    assert_true(buf_is_over(&buf));
}

static void every_status_has_a_name_a_code_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS__COUNT; i++) {
        struct str code = status_code((enum status)i), sentence = status_sentence((enum status)i);

        assert_true(code.len > 1);
        assert_true(status_http((enum status)i) >= 200 && status_http((enum status)i) < 600);
        assert_true(str_ends_with(sentence, STR(".")));
        for (int k = 0; k < i; k++)
            assert_false(str_equal(code, status_code((enum status)k)));
    }
    assert_int_equal(status_http((enum status)9999), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("empty strs compare without touching NULL", empty_strs_compare_without_touching_null),
        TEST("order is that of bytes, the shorter first",
            order_is_that_of_bytes_and_the_shorter_first),
        TEST("case is ignored for ASCII letters only", case_is_ignored_for_ascii_letters_only),
        TEST("pieces are clamped to the length", pieces_are_clamped_to_the_length),
        TEST("splitting gives every part once", splitting_gives_every_part_once),
        TEST("numbers are whole, exact and in range", numbers_are_whole_exact_and_in_range),
        TEST("numbers are written as they are read", numbers_are_written_as_they_are_read),
        TEST("UTF-8 is exactly that of RFC 3629", utf8_is_exactly_that_of_rfc_3629),
        TEST("every code point survives a round trip", every_code_point_survives_a_round_trip),
        TEST("UTF-8 is cut between code points", utf8_is_cut_between_code_points),
        TEST("control bytes are seen", control_bytes_are_seen),
        TEST("arena memory is zeroed and aligned", arena_memory_is_zeroed_and_aligned),
        TEST("a large allocation leaves the block in use",
            a_large_allocation_leaves_the_block_in_use),
        TEST("what is extended keeps its content", what_is_extended_keeps_its_content),
        TEST("arena text is copied, joined and formatted",
            arena_text_is_copied_joined_and_formatted),
        TEST("a buf grows to its cap and then stays over",
            a_buf_grows_to_its_cap_and_then_stays_over),
        TEST(
            "an append that does not fit is lost whole", an_append_that_does_not_fit_is_lost_whole),
        TEST("every status has a name, a code and a sentence",
            every_status_has_a_name_a_code_and_a_sentence),
    };

    return RUN(tests);
}
