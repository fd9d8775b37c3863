/* Sessions, API tokens, health, and how a domain is opened. */
#include "domain_fixture.h"

#include "domain/health.h"
#include "domain/session.h"
#include "domain/token.h"

#define NEW_TOKEN(id, text) (&(struct api_token_new){ .user_id = (id), .name = STR(text) })

static struct str start(struct world *world, struct actor actor, struct session *out)
{
    struct str token;

    assert_ok(session_start(
        world_as(world, actor), actor.user_id, STR("Firefox"), STR_EMPTY, &token, out));
    assert_int_equal(token.len, SESSION_TOKEN_LEN);
    return token;
}

static enum status check(struct world *world, struct str token)
{
    struct session session;
    struct account account;

    return session_check(&world->task, token, &session, &account);
}

static void a_token_finds_its_session_and_is_not_stored(void **state)
{
    struct world *world = *state;
    struct session session;
    struct account account;
    struct str token = start(world, world->editor, &session);
    char sql[200];

    assert_ok(session_check(&world->task, token, &session, &account));
    assert_str(account.email, "ed@example.org");
    assert_str(session.user_agent, "Firefox");
    assert_str(session.address, "192.0.2.2");
    assert_int_equal(session.expires_at, START_S + world->options.session_idle_s);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM sessions WHERE token_hash LIKE '%%%.*s%%'",
        STR_ARG(token));
    assert_int_equal(world_number(world, sql), 0);
}

static void a_wrong_token_is_nobodys(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str token = start(world, world->editor, &session);
    char changed[SESSION_TOKEN_LEN];

    memcpy(changed, token.ptr, sizeof(changed));
    changed[7] = changed[7] == 'A' ? 'B' : 'A';
    assert_status(check(world, str_from(changed, sizeof(changed))), UNAUTHENTICATED);
    assert_status(check(world, str_head(token, 42)), UNAUTHENTICATED);
    assert_status(check(world, STR_EMPTY), UNAUTHENTICATED);
    assert_status(check(world, STR("' OR 1=1 --")), UNAUTHENTICATED);
}

static void signing_in_ends_the_token_that_came(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str old = start(world, world->editor, &session), token;

    assert_ok(
        session_start(&world->task, world->editor.user_id, STR("Firefox"), old, &token, &session));
    assert_false(str_equal(old, token));
    assert_status(check(world, old), UNAUTHENTICATED);
    assert_ok(check(world, token));
}

static void an_idle_session_ends_and_a_used_one_moves_on(void **state)
{
    struct world *world = *state;
    int64_t idle_s = world->options.session_idle_s;
    struct session session;
    struct str token = start(world, world->editor, &session);

    clock_freeze(START_S + idle_s - 1);
    assert_ok(check(world, token));
    clock_freeze(START_S + 2 * idle_s - 2);
    assert_ok(check(world, token));
    clock_freeze(START_S + 3 * idle_s - 2);
    assert_status(check(world, token), UNAUTHENTICATED);
}

static void no_use_carries_a_session_past_its_absolute_end(void **state)
{
    struct world *world = *state;
    int64_t max_s = world->options.session_max_s;
    struct session session;
    struct str token = start(world, world->editor, &session);

    for (int64_t at = 0; at < max_s; at += 6 * 3600) {
        clock_freeze(START_S + at);
        assert_ok(check(world, token));
    }
    clock_freeze(START_S + max_s);
    assert_status(check(world, token), UNAUTHENTICATED);
}

static void a_stricter_setting_holds_for_running_sessions(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str token = start(world, world->editor, &session);

    world->options.session_idle_s = 60;
    clock_freeze(START_S + 61);
    assert_status(check(world, token), UNAUTHENTICATED);
}

static void the_time_is_written_at_most_once_a_minute(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str token = start(world, world->editor, &session);

    clock_freeze(START_S + 59);
    assert_ok(check(world, token));
    assert_int_equal(world_number(world, "SELECT last_seen_at FROM sessions"), START_S);
    clock_freeze(START_S + 60);
    assert_ok(check(world, token));
    assert_int_equal(world_number(world, "SELECT last_seen_at FROM sessions"), START_S + 60);
}

static void a_check_passes_while_nobody_can_write(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str token = start(world, world->editor, &session);
    struct db *other = NULL;

    assert_ok(db_open(&other, world->fixture.path));
    assert_ok(db_begin(other));
    clock_freeze(START_S + 60);
    assert_ok(check(world, token)); /* after waiting for a turn in vain */
    db_close(other);
}

static void ones_own_sessions_are_listed_and_revoked(void **state)
{
    struct world *world = *state;
    struct session first, second, theirs;
    struct session_list list;
    struct str one = start(world, world->editor, &first), two, three;
    int64_t count = 0;

    clock_freeze(START_S + 10);
    two = start(world, world->editor, &second);
    three = start(world, world->other, &theirs);
    assert_status(session_revoke(&world->task, first.id), NOT_FOUND); /* another's */
    world_as(world, world->editor);
    assert_ok(session_list(&world->task, &list));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.item[0].id, second.id);
    assert_ok(session_revoke(&world->task, first.id));
    assert_status(session_revoke(&world->task, first.id), NOT_FOUND);
    assert_status(check(world, one), UNAUTHENTICATED);
    start(world, world->editor, &first);
    assert_ok(session_revoke_others(&world->task, second.id, &count));
    assert_int_equal(count, 1);
    assert_ok(check(world, two));
    assert_ok(check(world, three));
    assert_ok(session_end(&world->task, two));
    assert_ok(session_end(&world->task, two));
    assert_status(check(world, two), UNAUTHENTICATED);
}

static void a_disabled_account_has_no_session_and_no_token(void **state)
{
    struct world *world = *state;
    struct session session;
    struct api_token token;
    struct account account;
    struct str cookie = start(world, world->editor, &session), text;

    assert_ok(
        api_token_create(&world->task, NEW_TOKEN(world->editor.user_id, "import"), &text, &token));
    assert_ok(account_set_disabled(world_as(world, world->admin), world->editor.user_id, true));
    assert_status(check(world, cookie), UNAUTHENTICATED);
    assert_status(api_token_check(&world->task, text, &token, &account), UNAUTHENTICATED);
    assert_ok(account_set_disabled(&world->task, world->editor.user_id, false));
    assert_status(check(world, cookie), UNAUTHENTICATED); /* it ended */
    assert_ok(api_token_check(&world->task, text, &token, &account));
}

static void what_expired_is_pruned(void **state)
{
    struct world *world = *state;
    struct session session;
    int64_t count = 0;

    start(world, world->editor, &session);
    clock_freeze(START_S + 3600);
    start(world, world->editor, &session);
    clock_freeze(START_S + world->options.session_idle_s + 1);
    assert_ok(session_prune(&world->task, &count));
    assert_int_equal(count, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM sessions"), 1);
}

static void a_browser_may_call_itself_anything(void **state)
{
    struct world *world = *state;
    struct session session;
    struct str token;
    char longest[1000];

    memset(longest, 'x', sizeof(longest));
    assert_ok(session_start(&world->task, world->editor.user_id, str_from(longest, sizeof(longest)),
        STR_EMPTY, &token, &session));
    assert_int_equal(session.user_agent.len, 255);
    assert_ok(session_start(
        &world->task, world->editor.user_id, STR("\xff\xfe"), STR_EMPTY, &token, &session));
    assert_str(session.user_agent, "unknown");
}

static void an_api_token_works_until_it_is_revoked(void **state)
{
    struct world *world = *state;
    struct api_token token, again;
    struct api_token_list list;
    struct account account;
    struct str text;

    assert_ok(api_token_create(
        &world->task, NEW_TOKEN(world->editor.user_id, " import "), &text, &token));
    assert_int_equal(text.len, API_TOKEN_LEN);
    assert_true(str_starts_with(text, STR("vt_")));
    assert_str(token.name, "import");
    assert_str(token.user_email, "ed@example.org");
    assert_ok(api_token_check(&world->task, text, &again, &account));
    assert_int_equal(again.id, token.id);
    assert_int_equal(again.last_used_at, START_S);
    assert_int_equal(account.id, world->editor.user_id);
    assert_status(
        api_token_check(&world->task, str_from_offset(text, 3), &again, &account), UNAUTHENTICATED);
    assert_status(api_token_check(&world->task, STR("vt_"), &again, &account), UNAUTHENTICATED);
    assert_ok(api_token_list(&world->task, 0, &list));
    assert_int_equal(list.count, 1);
    assert_ok(api_token_list(&world->task, world->other.user_id, &list));
    assert_int_equal(list.count, 0);
    assert_ok(api_token_revoke(&world->task, token.id));
    assert_ok(api_token_revoke(&world->task, token.id));
    assert_status(api_token_revoke(&world->task, 999), NOT_FOUND);
    assert_status(api_token_check(&world->task, text, &again, &account), UNAUTHENTICATED);
    assert_status(api_token_create(&world->task, NEW_TOKEN(999, "x"), &text, &token), NOT_FOUND);
    assert_status(
        api_token_create(&world->task, NEW_TOKEN(world->editor.user_id, " "), &text, &token),
        INVALID);
}

static void health_tells_which_part_is_ill(void **state)
{
    struct world *world = *state;
    struct health health;

    health_check(&world->task, &health);
    assert_true(health.is_ok && health.database.is_ok && health.storage.is_ok);
    fake.failure = STATUS_STORAGE_REFUSED;
    health_check(&world->task, &health);
    assert_true(!health.is_ok && health.database.is_ok && !health.storage.is_ok);
    assert_str(health.storage.error, "The storage refuses these keys.");
}

static void a_database_of_another_version_is_not_opened(void **state)
{
    struct world *world = *state;
    struct domain second;

    assert_ok(db_begin(world->domain.db));
    assert_ok(
        connection_execute(&world->domain.db->writer->connection, "PRAGMA user_version = 99"));
    assert_ok(db_commit(world->domain.db));
    assert_status(domain_open(&second, &world->options), CONFLICT);
    domain_close(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_token_finds_its_session_and_is_not_stored),
        world_test(a_wrong_token_is_nobodys),
        world_test(signing_in_ends_the_token_that_came),
        world_test(an_idle_session_ends_and_a_used_one_moves_on),
        world_test(no_use_carries_a_session_past_its_absolute_end),
        world_test(a_stricter_setting_holds_for_running_sessions),
        world_test(the_time_is_written_at_most_once_a_minute),
        world_test(a_check_passes_while_nobody_can_write),
        world_test(ones_own_sessions_are_listed_and_revoked),
        world_test(a_disabled_account_has_no_session_and_no_token),
        world_test(what_expired_is_pruned),
        world_test(a_browser_may_call_itself_anything),
        world_test(an_api_token_works_until_it_is_revoked),
        world_test(health_tells_which_part_is_ill),
        world_test(a_database_of_another_version_is_not_opened),
    };

    return cmocka_run_group_tests_name("domain session", tests, NULL, NULL);
}
