/* test_objects_upload_turns.c - who may send a presigned body now. */
#include "unit.h"

#include "objects/upload_turns.h"

static bool take(struct upload_turns *turns, const char *address, const char *key)
{
    struct upload_turn *turn;

    return upload_turns_take(turns, str_from_c(address), str_from_c(key), &turn);
}

static void a_network_gets_half_and_all_together_three_quarters(void **state)
{
    struct upload_turns turns;
    int taken = 0;

    upload_turns_init(&turns, 8);
    for (int i = 0; i < 10; i++)
        taken += take(&turns, "192.0.2.1", arena_printf(*state, "b/%d", i).ptr);
    assert_int_equal(taken, 4);
    for (int i = 10; i < 20; i++)
        taken += take(&turns, "198.51.100.1", arena_printf(*state, "b/%d", i).ptr);
    assert_int_equal(taken, 6);
    assert_false(take(&turns, "203.0.113.1", "b/20"));
    upload_turns_clear(&turns);
}

static void the_addresses_of_one_ipv6_network_are_one(void **state)
{
    struct upload_turns turns;

    (void)state;
    upload_turns_init(&turns, 4);
    assert_true(take(&turns, "2001:db8::1", "b/1"));
    assert_true(take(&turns, "2001:db8::2", "b/2"));
    assert_false(take(&turns, "2001:db8::3", "b/3"));
    assert_true(take(&turns, "2001:db8:0:1::3", "b/3"));
    upload_turns_clear(&turns);
}

static void one_key_gets_two_whoever_sends(void **state)
{
    struct upload_turns turns;

    (void)state;
    upload_turns_init(&turns, 32);
    assert_true(take(&turns, "192.0.2.1", "b/1"));
    assert_true(take(&turns, "192.0.2.2", "b/1"));
    assert_false(take(&turns, "192.0.2.3", "b/1"));
    assert_true(take(&turns, "192.0.2.3", "b/2"));
    upload_turns_clear(&turns);
}

static void strangers_get_half_until_they_are_known(void **state)
{
    struct upload_turns turns;
    struct upload_turn *turn, *first = NULL;

    upload_turns_init(&turns, 8);
    for (int i = 0; i < 4; i++) {
        assert_true(upload_turns_take_stranger(&turns, arena_printf(*state, "192.0.2.%d", i + 1),
            arena_printf(*state, "%d", i), &turn));
        first = first == NULL ? turn : first;
    }
    assert_false(upload_turns_take_stranger(&turns, STR("192.0.2.9"), STR("9"), &turn));
    assert_true(take(&turns, "192.0.2.9", "b/1"));
    upload_turns_prove(&turns, first);
    assert_true(upload_turns_take_stranger(&turns, STR("192.0.2.9"), STR("9"), &turn));
    assert_false(take(&turns, "192.0.2.10", "b/2"));
    upload_turns_prove(&turns, NULL);
    upload_turns_clear(&turns);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    struct upload_turns turns;
    struct upload_turn *turn;

    (void)state;
    upload_turns_init(&turns, 1);
    for (int i = 0; i < 1000; i++) {
        assert_true(upload_turns_take(&turns, STR("unix:"), STR("b/1"), &turn));
        assert_false(take(&turns, "192.0.2.1", "b/2"));
        upload_turns_give(&turns, turn);
    }
    upload_turns_give(&turns, NULL);
    upload_turns_clear(&turns);
}

static void without_threads_to_keep_there_is_no_limit(void **state)
{
    struct upload_turns turns;
    struct upload_turn *turn = NULL;

    (void)state;
    upload_turns_init(&turns, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(upload_turns_take(&turns, STR("192.0.2.1"), STR("b/1"), &turn));
    assert_null(turn);
    upload_turns_clear(&turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a network gets half, and all together three quarters",
            a_network_gets_half_and_all_together_three_quarters),
        TEST(
            "the addresses of one IPv6 network are one", the_addresses_of_one_ipv6_network_are_one),
        TEST("one key gets two, whoever sends", one_key_gets_two_whoever_sends),
        TEST("strangers get half, until they are known", strangers_get_half_until_they_are_known),
        TEST("what is given back can be taken again", what_is_given_back_can_be_taken_again),
        TEST(
            "without threads to keep there is no limit", without_threads_to_keep_there_is_no_limit),
    };

    return RUN(tests);
}
