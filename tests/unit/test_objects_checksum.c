/*
 * test_objects_checksum.c - the additional checksums against the published check values of
 * "123456789" (CRC catalogue; FIPS 180-4 for SHA-1 and SHA-256), whole and byte by byte.
 */
#include "unit.h"

#include "objects/checksum.h"

static void check_values_are_right(void **state)
{
    static const struct {
        enum checksum_kind kind;
        struct str value;
    } rows[] = {
        { CHECKSUM_CRC32, STR_INIT("y/Q5Jg==") },         /* cbf43926 */
        { CHECKSUM_CRC32C, STR_INIT("4waSgw==") },        /* e3069283 */
        { CHECKSUM_CRC64NVME, STR_INIT("rosUhgp5mIg=") }, /* ae8b14860a799888 */
        { CHECKSUM_SHA1, STR_INIT("98O8HYCOBHMq32eZZczDTKeuNEE=") },
        { CHECKSUM_SHA256, STR_INIT("FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=") },
    };
    struct str text = STR("123456789");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct checksum checksum = { 0 };
        checksum_begin(&checksum, rows[i].kind);
        checksum_update(&checksum, text);
        expect_str("whole", checksum_finish(&checksum, *state), rows[i].value);
        checksum_begin(&checksum, rows[i].kind);
        for (size_t b = 0; b < text.len; b++)
            checksum_update(&checksum, str_from(text.ptr + b, 1));
        expect_str("byte by byte", checksum_finish(&checksum, *state), rows[i].value);
        checksum_clear(&checksum);
    }
}

static void headers_and_kinds_belong_together(void **state)
{
    (void)state;
    for (int kind = CHECKSUM_NONE + 1; kind < CHECKSUM__COUNT; kind++)
        assert_int_equal(checksum_of_header(checksum_header((enum checksum_kind)kind)), kind);
    for (int kind = CHECKSUM_NONE + 1; kind < CHECKSUM__COUNT; kind++)
        assert_int_equal(checksum_of_algorithm(checksum_algorithm((enum checksum_kind)kind)), kind);
    assert_int_equal(checksum_of_header(STR("x-amz-checksum-md5")), CHECKSUM_NONE);
    assert_int_equal(checksum_of_header(STR("")), CHECKSUM_NONE);
}

static struct str checksum_of(struct arena *arena, enum checksum_kind kind, struct str text)
{
    struct checksum checksum = { 0 };
    checksum_begin(&checksum, kind);
    checksum_update(&checksum, text);
    struct str value = checksum_finish(&checksum, arena);
    checksum_clear(&checksum);
    return value;
}

static void the_crcs_of_two_pieces_join_at_every_cut(void **state)
{
    static const enum checksum_kind crcs[] = { CHECKSUM_CRC32, CHECKSUM_CRC32C,
        CHECKSUM_CRC64NVME };
    struct str text =
        STR("The quick brown fox jumps over the lazy dog, and over the other one too.");
    for (size_t i = 0; i < COUNT_OF(crcs); i++)
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct str tail = str_from_offset(text, cut);
            struct str joined =
                checksum_join(*state, crcs[i], checksum_of(*state, crcs[i], str_head(text, cut)),
                    checksum_of(*state, crcs[i], tail), (int64_t)tail.len);
            expect_str("joined", joined, checksum_of(*state, crcs[i], text));
        }
    assert_int_equal(checksum_join(*state, CHECKSUM_SHA256, STR("AA=="), STR("AA=="), 1).len, 0);
    assert_int_equal(checksum_join(*state, CHECKSUM_CRC32, STR("AA=="), STR("AAAAAA=="), 1).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_right),
        cmocka_unit_test(the_crcs_of_two_pieces_join_at_every_cut),
        cmocka_unit_test(headers_and_kinds_belong_together),
    };
    return cmocka_run_group_tests(tests, unit_open_arena, unit_close_arena);
}
