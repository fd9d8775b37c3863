/* Logins of programs: issue, refresh, reuse, and everything that ends them. */
#include "domain_fixture.h"

#include "base/escape.h"
#include "domain/login.h"
#include "domain/session.h"
#include "domain/token.h"

#define SECRET   "the secret of these tests, 32 bytes+"
#define PREVIOUS "the secret that was used before, 32+"

static int open_world(void **state)
{
    struct world *world;

    world_open(state);
    world = *state;
    world->options.jwt.ring[0] = jwt_key_from_secret(STR(SECRET));
    world->options.jwt.ring_count = 1;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    while (world->options.jwt.ring_count > 0) {
        jwt_key_free(world->options.jwt.ring[--world->options.jwt.ring_count]);
    }
    return world_close(state);
}

static struct login_tokens start(struct world *world, struct actor actor, struct scopes scopes)
{
    struct login_tokens tokens;
    struct account account = { .id = actor.user_id, .role = actor.role };

    world_as(world, actor);
    assert_ok(login_start(&world->task, &account, scopes, &tokens));
    return tokens;
}

static enum status check(struct world *world, struct str token)
{
    struct login login;
    struct account account;

    return login_check(&world->task, token, &login, &account);
}

static enum status refresh(struct world *world, struct str token, struct login_tokens *out)
{
    struct account account;

    return login_refresh(&world->task, token, out, &account);
}

static void a_token_speaks_for_its_account_within_its_scopes(void **state)
{
    struct world *world = *state;
    struct scopes scopes = { 1u << SCOPE_READ };
    struct login_tokens tokens = start(world, world->editor, scopes);
    struct account account;
    struct login login;

    assert_ok(login_check(&world->task, tokens.access_token, &login, &account));
    assert_int_equal(account.id, world->editor.user_id);
    assert_true(scopes_allow(login.scopes, SCOPE_READ));
    assert_false(scopes_allow(login.scopes, SCOPE_UPLOAD));
    assert_int_equal(tokens.expires_in_s, world->options.jwt.lifetime_s);
    assert_int_equal(tokens.refresh_token.len, LOGIN_REFRESH_TOKEN_LEN);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM refresh_tokens WHERE token_hash LIKE 'vr%'"), 0);
}

static void a_token_ends_with_its_second(void **state)
{
    struct world *world = *state;
    struct login_tokens tokens = start(world, world->editor, SCOPES_ALL);

    clock_freeze(START_S + tokens.expires_in_s - 1);
    assert_ok(check(world, tokens.access_token));
    clock_freeze(START_S + tokens.expires_in_s);
    assert_status(check(world, tokens.access_token), UNAUTHENTICATED);
    assert_true(world_says(world, "expired"));
}

/* Without keys nothing can be proven any more: what is accepted then is accepted from memory. */
static void a_token_that_was_checked_is_remembered_and_nothing_like_it(void **state)
{
    struct world *world = *state;
    struct login_tokens tokens = start(world, world->editor, SCOPES_ALL);
    char *changed = arena_c_string(world->task.arena, tokens.access_token);

    assert_ok(check(world, tokens.access_token));
    world->options.jwt.ring_count = 0;
    assert_ok(check(world, tokens.access_token));
    for (size_t i = 0; i < tokens.access_token.len; i++) {
        changed[i] ^= 1;
        assert_status(check(world, str_from(changed, tokens.access_token.len)), UNAUTHENTICATED);
        changed[i] ^= 1;
    }
    clock_freeze(START_S + tokens.expires_in_s);
    assert_status(check(world, tokens.access_token), UNAUTHENTICATED);
    world->options.jwt.ring_count = 1;
}

static void what_changes_the_account_ends_its_tokens(void **state)
{
    enum change { DISABLED, ROLE, PASSWORD, SIGN_OUT, OTHERS, CHANGE_COUNT };
    struct world *world = *state;

    for (int change = 0; change < CHANGE_COUNT; change++) {
        struct login_tokens tokens = start(world, world->other, SCOPES_ALL), next;
        struct login_tokens untouched = start(world, world->editor, SCOPES_ALL);
        int64_t id = world->other.user_id, count;
        struct login login;
        struct account account;

        world_as(world, world->other);
        assert_ok(login_check(&world->task, tokens.access_token, &login, &account));
        if (change == DISABLED) {
            assert_ok(account_set_disabled(&world->task, id, true));
            assert_status(check(world, tokens.access_token), UNAUTHENTICATED);
            assert_ok(account_set_disabled(&world->task, id, false));
        } else if (change == ROLE) {
            assert_ok(account_set_role(&world->task, id, ROLE_VIEWER));
            assert_ok(account_set_role(&world->task, id, ROLE_EDITOR));
        } else if (change == PASSWORD) {
            assert_ok(account_set_password(&world->task, id, STR("another good password")));
        } else if (change == SIGN_OUT) {
            assert_ok(login_end(&world->task, login.id));
            assert_ok(login_end(&world->task, login.id));
        } else {
            assert_ok(session_revoke_others(&world->task, 0, &count));
        }
        assert_status(check(world, tokens.access_token), UNAUTHENTICATED);
        assert_status(refresh(world, tokens.refresh_token, &next), UNAUTHENTICATED);
        assert_ok(check(world, untouched.access_token));
    }
}

static void a_refresh_token_works_once(void **state)
{
    struct world *world = *state;
    struct login_tokens first = start(world, world->editor, SCOPES_ALL), second, third;

    clock_freeze(START_S + 60);
    assert_ok(refresh(world, first.refresh_token, &second));
    assert_ok(check(world, second.access_token));
    assert_ok(check(world, first.access_token));
    assert_false(str_equal(first.refresh_token, second.refresh_token));
    /* two tabs, or an answer that got lost */
    clock_freeze(START_S + 60 + LOGIN_REFRESH_GRACE_S);
    assert_ok(refresh(world, first.refresh_token, &third));
    assert_ok(refresh(world, second.refresh_token, &third));
}

static void a_refresh_token_that_comes_back_ends_the_login(void **state)
{
    struct world *world = *state;
    struct login_tokens first = start(world, world->editor, SCOPES_ALL), second, third;

    assert_ok(refresh(world, first.refresh_token, &second));
    clock_freeze(START_S + LOGIN_REFRESH_GRACE_S + 1);
    assert_status(refresh(world, first.refresh_token, &third), UNAUTHENTICATED);
    assert_status(refresh(world, second.refresh_token, &third), UNAUTHENTICATED);
    assert_status(check(world, second.access_token), UNAUTHENTICATED);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'login.revoke'"), 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM refresh_tokens"), 0);
}

static void refreshing_ends_with_the_login(void **state)
{
    struct world *world = *state;
    struct login_tokens first = start(world, world->editor, SCOPES_ALL), next;
    int64_t end_s = START_S + world->options.jwt.refresh_s, count;

    clock_freeze(end_s - 5);
    assert_ok(refresh(world, first.refresh_token, &next));
    assert_int_equal(next.expires_in_s, 5);
    clock_freeze(end_s);
    assert_status(refresh(world, next.refresh_token, &next), UNAUTHENTICATED);
    assert_ok(session_prune(&world->task, &count));
    assert_int_equal(count, 1);
    assert_int_equal(world_number(world, "SELECT count(*) FROM logins"), 0);
}

static void nonsense_is_no_refresh_token(void **state)
{
    static const char *const cases[] = { "", "vr_", "x", "vr_AAAA",
        "vt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "vr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "vr_' OR 1=1 --" };
    struct world *world = *state;
    struct login_tokens next;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_status(refresh(world, str_from_c(cases[i]), &next), UNAUTHENTICATED);
    }
}

/* The old secret is accepted beside the new one, and then it is not. */
static void secrets_overlap(void **state)
{
    struct world *world = *state;
    struct jwt_options *options = &world->options.jwt;
    struct jwt_key *now = options->ring[0], *before = jwt_key_from_secret(STR(PREVIOUS));
    struct login_tokens old, new;

    options->ring[0] = before;
    old = start(world, world->editor, SCOPES_ALL);
    options->ring[0] = now;
    options->ring[1] = before;
    options->ring_count = 2;
    new = start(world, world->editor, SCOPES_ALL);
    assert_ok(check(world, old.access_token));
    assert_ok(check(world, new.access_token));
    options->ring_count = 1; /* settings change with a restart, which forgets what was checked */
    world->task.domain->logins = (struct login_memory){ 0 };
    assert_status(check(world, old.access_token), UNAUTHENTICATED);
    assert_true(world_says(world, "key that is not known"));
    assert_ok(check(world, new.access_token));
    options->ring_count = 2;
}

/* A token of ours in all but what is changed. */
static struct str forge(struct world *world, json_t *changes)
{
    struct login_tokens tokens = start(world, world->editor, SCOPES_ALL);
    const struct jwt_key *key = world->options.jwt.ring[0];
    struct str problem, token;
    json_t *claims = jwt_verify(world->task.arena, tokens.access_token,
        &(struct jwt_header){ JWT_HS256, STR_EMPTY }, key, &problem);

    assert_int_equal(json_object_update(claims, changes), 0);
    token = jwt_sign(world->task.arena, key, claims);
    json_decref(claims);
    json_decref(changes);
    return token;
}

static void claims_that_are_not_ours_are_refused(void **state)
{
    struct world *world = *state;
    json_int_t other = world->other.user_id;
    char sub[STR_I64_MAX + 1];

    snprintf(sub, sizeof(sub), "%lld", (long long)other);
    assert_ok(check(world, forge(world, json_object())));
    assert_ok(check(world, forge(world, json_pack("{s:s}", "role", "admin"))));
    assert_status(check(world, forge(world, json_pack("{s:s}", "sub", sub))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:i}", "sid", 999))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:s}", "sid", "1"))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:n}", "sid"))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:s}", "iss", "me"))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:s}", "aud", "me"))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:n}", "exp"))), UNAUTHENTICATED);
    assert_status(check(world, forge(world, json_pack("{s:I}", "nbf", (json_int_t)START_S + 1))),
        UNAUTHENTICATED);
}

/* The scope is the row's, not what the token says; the role is the account's. */
static void a_token_cannot_widen_itself(void **state)
{
    struct world *world = *state;
    struct str token = forge(world, json_pack("{s:s, s:s}", "role", "admin", "scope", "admin"));
    struct scopes narrow = { 1u << SCOPE_READ };
    struct login login;
    struct account account;

    assert_ok(login_check(&world->task, token, &login, &account));
    assert_int_equal(account.role, ROLE_EDITOR);
    assert_ok(login_check(
        &world->task, start(world, world->editor, narrow).access_token, &login, &account));
    assert_int_equal(login.scopes.bits, narrow.bits);
}

static void tokens_of_others_need_an_issuer(void **state)
{
    struct world *world = *state;
    struct str header =
        escape_base64url(world->task.arena, STR("{\"alg\":\"RS256\",\"kid\":\"x\"}"));

    assert_status(
        check(world, ARENA_JOIN(world->task.arena, header, STR(".e30.AAAA"))), UNAUTHENTICATED);
}

static void without_a_secret_nobody_signs_in(void **state)
{
    struct world *world = *state;
    struct account account = { .id = world->editor.user_id, .role = world->editor.role };
    struct login_tokens tokens;

    jwt_key_free(world->options.jwt.ring[0]);
    world->options.jwt.ring_count = 0;
    assert_status(login_start(&world->task, &account, SCOPES_ALL, &tokens), BUSY);
}

/* --- API tokens --- */

static void an_api_token_expires_and_keeps_to_its_scopes(void **state)
{
    struct world *world = *state;
    struct api_token_new wanted = { world->editor.user_id, STR("camera"), { 1u << SCOPE_UPLOAD },
        3600 };
    struct api_token token;
    struct account account;
    struct str text;

    assert_ok(api_token_create(&world->task, &wanted, &text, &token));
    clock_freeze(START_S + 3599);
    assert_ok(api_token_check(&world->task, text, &token, &account));
    assert_true(scopes_allow(token.scopes, SCOPE_UPLOAD));
    assert_false(scopes_allow(token.scopes, SCOPE_READ));
    clock_freeze(START_S + 3600);
    assert_status(api_token_check(&world->task, text, &token, &account), UNAUTHENTICATED);
}

static void scopes_are_read_and_written(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text, *again; /* NULL: refused */
    } cases[] = {
        { "read", "read" },
        { "upload,read", "read upload" },
        { " delete  read ,upload", "read upload delete" },
        { "admin", "admin" },
        { "", NULL },
        { " , ", NULL },
        { "Read", NULL },
        { "read;upload", NULL },
        { "none", NULL },
        { "read write", NULL },
    };
    struct scopes scopes;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_fine = scopes_parse(str_from_c(cases[i].text), &scopes);

        assert_int_equal(is_fine, cases[i].again != NULL);
        if (is_fine) {
            assert_str(scopes_format(world->task.arena, scopes), cases[i].again);
        }
    }
    assert_true(scopes_allow((struct scopes){ 1u << SCOPE_ADMIN }, SCOPE_DELETE));
    assert_true(scopes_allow((struct scopes){ 0 }, SCOPE_NONE));
    assert_false(scopes_allow((struct scopes){ 0 }, SCOPE_READ));
}

#define login_test(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        login_test(a_token_speaks_for_its_account_within_its_scopes),
        login_test(a_token_ends_with_its_second),
        login_test(a_token_that_was_checked_is_remembered_and_nothing_like_it),
        login_test(what_changes_the_account_ends_its_tokens),
        login_test(a_refresh_token_works_once),
        login_test(a_refresh_token_that_comes_back_ends_the_login),
        login_test(refreshing_ends_with_the_login),
        login_test(nonsense_is_no_refresh_token),
        login_test(secrets_overlap),
        login_test(claims_that_are_not_ours_are_refused),
        login_test(a_token_cannot_widen_itself),
        login_test(tokens_of_others_need_an_issuer),
        login_test(without_a_secret_nobody_signs_in),
        login_test(an_api_token_expires_and_keeps_to_its_scopes),
        login_test(scopes_are_read_and_written),
    };

    return cmocka_run_group_tests_name("domain logins", tests, NULL, NULL);
}
