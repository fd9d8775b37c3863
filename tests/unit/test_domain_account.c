/* People: created, signed in, held back, changed. */
#include "domain_fixture.h"

#include "crypto/password.h"
#include "domain/account.h"
#include "domain/session.h"
#include "domain/throttle.h"

static const struct str good = STR_INIT("correct horse battery");

static struct account create(struct task *task, const char *email, enum role role)
{
    struct account_new wanted = { .email = str_from_c(email), .password = good, .role = role };
    struct account account;

    assert_ok(account_create(task, &wanted, &account));
    return account;
}

static void an_account_is_created_and_found_in_any_case(void **state)
{
    struct world *world = *state;
    struct account made = create(&world->task, "  Grace.Hopper@Navy.MIL ", ROLE_EDITOR), found;

    assert_str(made.email, "Grace.Hopper@navy.mil");
    assert_str(made.name, "Grace.Hopper");
    assert_ok(account_find_by_email(&world->task, STR("grace.hopper@NAVY.mil"), &found));
    assert_int_equal(found.id, made.id);
    assert_int_equal(found.role, ROLE_EDITOR);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$%'"),
        1);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'account.create'"), 1);
    assert_status(
        account_find_by_email(&world->task, STR("nobody@example.org"), &found), NOT_FOUND);
}

static void an_address_is_taken_once(void **state)
{
    struct world *world = *state;
    struct account_new again = { .email = STR("ED@example.org"), .password = good };
    struct account account;

    assert_status(account_create(&world->task, &again, &account), CONFLICT);
    assert_str(world->task.failure.field, "email");
}

static void what_is_not_acceptable_names_its_field(void **state)
{
    struct world *world = *state;
    char longest[1100];
    const struct {
        struct account_new wanted;
        const char *field;
    } cases[] = {
        { { .email = STR(""), .password = good }, "email" },
        { { .email = STR("ada"), .password = good }, "email" },
        { { .email = STR("@x"), .password = good }, "email" },
        { { .email = STR("a@"), .password = good }, "email" },
        { { .email = STR("a@b@c"), .password = good }, "email" },
        { { .email = STR("a b@c"), .password = good }, "email" },
        { { .email = STR("a\r\nBcc: x@y"), .password = good }, "email" },
        { { .email = str_from(longest, 300), .password = good }, "email" },
        { { .email = STR("a@b.c"), .name = str_from(longest, 101), .password = good }, "name" },
        { { .email = STR("a@b.c"), .name = STR("a\x1b"), .password = good }, "name" },
        { { .email = STR("a@b.c"), .password = STR("") }, "password" },
        { { .email = STR("a@b.c"), .password = STR("ninechars") }, "password" },
        { { .email = STR("a@b.c"), .password = STR("äöüäöüäöü") },
            "password" }, /* nine letters, 18 bytes */
        { { .email = STR("a@b.c"), .password = str_from(longest, 1025) }, "password" },
        { { .email = STR("ada.l@b.cd"), .password = STR("ADA.L@b.cd") }, "password" },
        { { .email = STR("a@b.c"), .password = STR("twelve\0bytes") }, "password" },
    };

    memset(longest, 'x', sizeof(longest));
    memcpy(longest + 5, "@", 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct account account;

        assert_status(account_create(&world->task, &cases[i].wanted, &account), INVALID);
        assert_str(world->task.failure.field, cases[i].field);
        assert_true(world->task.failure.sentence.len > 0);
    }
}

static void the_right_password_signs_in_and_every_refusal_is_the_same(void **state)
{
    struct world *world = *state;
    struct account made = create(&world->task, "grace@navy.mil", ROLE_EDITOR), account = { 0 };
    struct str wrong_sentence;

    assert_ok(account_authenticate(&world->task, STR("GRACE@navy.mil "), good, &account));
    assert_int_equal(account.id, made.id);
    assert_int_equal(account.last_sign_in_at, START_S);
    assert_status(
        account_authenticate(&world->task, STR("grace@navy.mil"), STR("wrong horse"), &account),
        BAD_CREDENTIALS);
    wrong_sentence = world->task.failure.sentence;
    assert_status(account_authenticate(&world->task, STR("nobody@navy.mil"), good, &account),
        BAD_CREDENTIALS);
    assert_true(str_equal(world->task.failure.sentence, wrong_sentence));
    assert_int_equal(world->task.failure.field.len, 0);
    assert_ok(account_set_disabled(&world->task, made.id, true));
    assert_status(
        account_authenticate(&world->task, STR("grace@navy.mil"), good, &account), BAD_CREDENTIALS);
    assert_true(str_equal(world->task.failure.sentence, wrong_sentence));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'account.refuse'"), 3);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'account.sign_in'"), 1);
}

static int64_t time_of(struct task *task, struct str email, struct str password)
{
    struct account account;
    int64_t start_us = clock_monotonic_us();

    (void)!account_authenticate(task, email, password, &account);
    return clock_monotonic_us() - start_us;
}

/* The shortest of several: what the machine does besides is always longer. */
static void an_unknown_address_takes_as_long_as_a_wrong_password(void **state)
{
    struct world *world = *state;
    int64_t wrong = INT64_MAX, unknown = INT64_MAX;

    create(&world->task, "grace@navy.mil", ROLE_EDITOR);
    for (int i = 0; i < 4; i++) {
        int64_t us = time_of(&world->task, STR("grace@navy.mil"), STR("wrong horse battery"));

        wrong = us < wrong ? us : wrong;
        us = time_of(&world->task, STR("nobody@navy.mil"), STR("wrong horse battery"));
        unknown = us < unknown ? us : unknown;
    }
    assert_true(unknown > wrong / 2 && unknown < wrong * 2);
}

static void guessing_is_held_back_longer_and_longer(void **state)
{
    struct world *world = *state;
    const int64_t waits[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
    int64_t now_s = START_S;
    struct account account;

    create(&world->task, "grace@navy.mil", ROLE_EDITOR);
    world->task.actor.address = STR_EMPTY;
    for (int i = 0; i < 4; i++) {
        assert_status(
            account_authenticate(&world->task, STR("grace@navy.mil"), STR("a guess"), &account),
            BAD_CREDENTIALS);
    }
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        assert_status(
            account_authenticate(&world->task, STR("grace@navy.mil"), STR("a guess"), &account),
            BAD_CREDENTIALS);
        /* Held back, even with the right one, and in whatever case it is written. */
        assert_status(
            account_authenticate(&world->task, STR("Grace@Navy.mil"), good, &account), TOO_MANY);
        assert_int_equal(world->task.failure.retry_after_s,
            waits[i] < THROTTLE_BLOCK_MAX_S ? waits[i] : THROTTLE_BLOCK_MAX_S);
        if (waits[i] > THROTTLE_WINDOW_S) {
            break; /* longer than the window: the count lapses with the block */
        }
        now_s += waits[i];
        clock_freeze(now_s);
    }
    clock_freeze(now_s + 2 * THROTTLE_BLOCK_MAX_S);
    assert_ok(account_authenticate(&world->task, STR("grace@navy.mil"), good, &account));
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM throttle WHERE key LIKE 'account:%'"), 0);
}

static void an_address_that_tries_many_accounts_is_held_back(void **state)
{
    struct world *world = *state;
    struct account account;
    int refused = 0;

    create(&world->task, "grace@navy.mil", ROLE_EDITOR);
    for (int i = 0; i < 25; i++) {
        struct str email = arena_printf(world->task.arena, "nobody%d@navy.mil", i);

        refused += account_authenticate(&world->task, email, good, &account) == STATUS_TOO_MANY;
    }
    assert_int_equal(refused, 5);
    assert_status(
        account_authenticate(&world->task, STR("grace@navy.mil"), good, &account), TOO_MANY);
    assert_true(world_says(world, "Try again in 1 minute"));
    world->task.actor.address = STR("198.51.100.7");
    assert_ok(account_authenticate(&world->task, STR("grace@navy.mil"), good, &account));
}

static void a_right_password_does_not_wash_an_address_clean(void **state)
{
    struct world *world = *state;
    struct account account;

    create(&world->task, "grace@navy.mil", ROLE_EDITOR);
    for (int i = 0; i < 10; i++) {
        struct str email = arena_printf(world->task.arena, "nobody%d@navy.mil", i);

        assert_status(account_authenticate(&world->task, email, good, &account), BAD_CREDENTIALS);
        assert_ok(account_authenticate(&world->task, STR("grace@navy.mil"), good, &account));
    }
    assert_int_equal(
        world_number(world, "SELECT failures FROM throttle WHERE key LIKE 'address:%'"), 10);
}

static void an_attempt_that_was_not_judged_counts_for_nothing(void **state)
{
    struct world *world = *state;
    struct account account;

    create(&world->task, "grace@navy.mil", ROLE_EDITOR);
    for (int i = 0; i < 5; i++) {
        password_set_limits(0, 1); /* a crowd signs in: nobody's turn comes */
        assert_status(
            account_authenticate(&world->task, STR("grace@navy.mil"), good, &account), BUSY);
        password_set_limits(2, 5000);
        assert_status(
            account_authenticate(&world->task, STR("grace@navy.mil"), STR("a guess"), &account),
            BAD_CREDENTIALS);
    }
    assert_status(
        account_authenticate(&world->task, STR("grace@navy.mil"), good, &account), TOO_MANY);
}

static void clients_are_counted_by_network(void **state)
{
    struct world *world = *state;
    struct arena *arena = world->task.arena;

    assert_str(throttle_network(arena, STR("192.0.2.7")), "192.0.2.7");
    assert_str(throttle_network(arena, STR("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
    assert_str(throttle_network(arena, STR("2001:db8:1:2::1")), "2001:db8:1:2::/64");
    assert_str(throttle_network(arena, STR("::ffff:192.0.2.7")), "192.0.2.7");
    assert_str(throttle_network(arena, STR("unix:")), "unix:");
    for (int64_t n = 0; n < 100; n++) {
        assert_true(throttle_block_s(n, 5) <= THROTTLE_BLOCK_MAX_S &&
                    throttle_block_s(n, 5) <= throttle_block_s(n + 1, 5));
    }
}

static void a_changed_password_ends_the_other_sessions(void **state)
{
    struct world *world = *state;
    struct account made = create(&world->task, "grace@navy.mil", ROLE_EDITOR), account;
    struct str next = STR("another long password"), here, there;
    struct session mine, other;

    world_as(world,
        (struct actor){ .user_id = made.id, .role = ROLE_EDITOR, .address = STR("192.0.2.9") });
    assert_ok(session_start(&world->task, made.id, STR("Firefox"), STR_EMPTY, &here, &mine));
    assert_ok(session_start(&world->task, made.id, STR("Chrome"), STR_EMPTY, &there, &other));
    assert_status(
        account_change_password(&world->task, STR("wrong"), next, mine.id), BAD_CREDENTIALS);
    assert_str(world->task.failure.field, "current");
    assert_status(account_change_password(&world->task, good, STR("short"), mine.id), INVALID);
    assert_str(world->task.failure.field, "password");
    assert_ok(account_change_password(&world->task, good, next, mine.id));
    assert_ok(session_check(&world->task, here, &mine, &account));
    assert_status(session_check(&world->task, there, &other, &account), UNAUTHENTICATED);
    assert_status(
        account_authenticate(&world->task, STR("grace@navy.mil"), good, &account), BAD_CREDENTIALS);
    assert_ok(account_authenticate(&world->task, STR("grace@navy.mil"), next, &account));
    assert_ok(account_set_password(&world->task, made.id, good));
    assert_status(session_check(&world->task, here, &mine, &account), UNAUTHENTICATED);
    assert_status(account_set_password(&world->task, 999, good), NOT_FOUND);
}

static void the_last_admin_stays_one(void **state)
{
    struct world *world = *state;
    struct account second;

    world_as(world, world->admin);
    assert_status(account_set_role(&world->task, world->admin.user_id, ROLE_VIEWER), CONFLICT);
    assert_status(account_set_disabled(&world->task, world->admin.user_id, true), CONFLICT);
    assert_ok(account_set_role(&world->task, world->admin.user_id, ROLE_ADMIN));
    second = create(&world->task, "grace@navy.mil", ROLE_ADMIN);
    assert_ok(account_set_disabled(&world->task, second.id, true));
    assert_status(account_set_role(&world->task, world->admin.user_id, ROLE_EDITOR), CONFLICT);
    assert_ok(account_set_disabled(&world->task, second.id, false));
    assert_ok(account_set_role(&world->task, world->admin.user_id, ROLE_EDITOR));
    assert_status(account_set_role(&world->task, 999, ROLE_EDITOR), NOT_FOUND);
}

static void everyone_is_listed_by_address(void **state)
{
    struct world *world = *state;
    struct account_list list;

    assert_ok(account_list(&world->task, &list));
    assert_int_equal(list.count, 4);
    assert_str(list.item[0].email, "ada@example.org");
    assert_str(list.item[3].email, "vi@example.org");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(an_account_is_created_and_found_in_any_case),
        world_test(an_address_is_taken_once),
        world_test(what_is_not_acceptable_names_its_field),
        world_test(the_right_password_signs_in_and_every_refusal_is_the_same),
        world_test(an_unknown_address_takes_as_long_as_a_wrong_password),
        world_test(guessing_is_held_back_longer_and_longer),
        world_test(an_address_that_tries_many_accounts_is_held_back),
        world_test(a_right_password_does_not_wash_an_address_clean),
        world_test(an_attempt_that_was_not_judged_counts_for_nothing),
        world_test(clients_are_counted_by_network),
        world_test(a_changed_password_ends_the_other_sessions),
        world_test(the_last_admin_stays_one),
        world_test(everyone_is_listed_by_address),
    };

    return cmocka_run_group_tests_name("domain account", tests, NULL, NULL);
}
