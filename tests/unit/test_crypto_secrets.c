/*
 * Secrets, random identifiers, tokens and passwords.
 */
#include "unit.h"

#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/token.h"

#include <pthread.h>

/* --- secrets
 * ------------------------------------------------------------------------------------------ */

static void a_secret_is_wiped_when_cleared(void **state)
{
    struct secret secret = { 0 };
    static const unsigned char zeros[sizeof(secret.bytes)];
    (void)state;
    expect_int("set", secret_set(&secret, STR("hunter2")), STATUS_OK);
    expect_str("content", secret_str(&secret), STR("hunter2"));
    expect_int("shorter", secret_set(&secret, STR("x")), STATUS_OK);
    assert_memory_equal(secret.bytes + 1, zeros, sizeof(secret.bytes) - 1);
    secret_clear(&secret);
    assert_true(secret_is_empty(&secret));
    assert_memory_equal(secret.bytes, zeros, sizeof(secret.bytes));
}

static void a_secret_too_long_is_refused_and_empty(void **state)
{
    struct secret secret = { 0 };
    char *text = arena_alloc(*state, SECRET_MAX_BYTES + 1);
    expect_int("most", secret_set(&secret, str_from(text, SECRET_MAX_BYTES)), STATUS_OK);
    expect_int(
        "one more", secret_set(&secret, str_from(text, SECRET_MAX_BYTES + 1)), STATUS_INVALID);
    assert_true(secret_is_empty(&secret));
}

static void equality_looks_at_every_byte(void **state)
{
    char a[32] = { 0 }, b[32] = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] = 1;
        assert_false(secret_equal(str_from(a, sizeof(a)), str_from(b, sizeof(b))));
        b[i] = 0;
    }
    assert_true(secret_equal(str_from(a, sizeof(a)), str_from(b, sizeof(b))));
    assert_false(secret_equal(str_from(a, sizeof(a)), str_from(b, sizeof(b) - 1)));
    assert_true(secret_equal(STR_EMPTY, STR("")));
}

/* --- random
 * ------------------------------------------------------------------------------------------- */

static void fill_counting(void *context, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (*(unsigned char *)context)++;
}

static void injected_randomness_gives_known_identifiers(void **state)
{
    unsigned char next = 0;
    random_inject(fill_counting, &next);
    expect_str("token", random_token(*state), STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"));
    expect_str("base32", random_base32(*state, 34), STR("abcdefghijklmnopqrstuvwxyz234567ab"));
    next = 0; /* at the time of the example in RFC 9562, appendix A.6 */
    expect_str(
        "uuid", random_uuid(*state, 0x017f22e279b0), STR("017f22e2-79b0-7607-8809-0a0b0c0d0e0f"));
    random_inject(NULL, NULL);
}

static void identifiers_do_not_repeat(void **state)
{
    struct str seen[500];
    for (size_t i = 0; i < COUNT_OF(seen); i++) {
        seen[i] = random_base32(*state, 26);
        for (size_t j = 0; j < i; j++)
            assert_false(str_equal(seen[i], seen[j]));
        assert_true(token_is_well_formed(random_token(*state)));
    }
}

static void numbers_stay_below_their_limit_and_reach_all(void **state)
{
    bool seen[7] = { false };
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t number = random_below(COUNT_OF(seen));
        assert_true(number < COUNT_OF(seen));
        seen[number] = true;
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_true(seen[i]);
    expect_int("of none", random_below(0), 0);
    expect_int("of one", random_below(1), 0);
}

/* --- tokens
 * ------------------------------------------------------------------------------------------- */

#define TOKEN STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")

static void only_43_characters_of_base64url_are_a_token(void **state)
{
    static const struct {
        const char *name;
        struct str text;
        bool is_one;
    } rows[] = {
        { "usual", STR_INIT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), true },
        { "minus and underscore", STR_INIT("-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), true },
        { "short", STR_INIT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh"), false },
        { "long", STR_INIT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A"), false },
        { "base64", STR_INIT("+/ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), false },
        { "NUL", STR_INIT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\0"), false },
        { "empty", STR_INIT(""), false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_int(rows[i].name, token_is_well_formed(rows[i].text), rows[i].is_one);
}

static void tokens_are_stored_as_sha256(void **state)
{
    expect_str("digest", token_digest(*state, STR("abc")),
        STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

static void a_csrf_token_belongs_to_one_session(void **state)
{
    struct str csrf = token_csrf(*state, TOKEN);
    expect_int("length", csrf.len, TOKEN_CSRF_LENGTH);
    expect_str("value", csrf, STR("4Pr37PSJw4Zk72gHXhCOGQVPruDNBhKWec_-fLnwDcM"));
    assert_true(token_csrf_matches(TOKEN, csrf));
    assert_false(token_csrf_matches(STR("another"), csrf));
    assert_false(token_csrf_matches(TOKEN, str_head(csrf, csrf.len - 1)));
    assert_false(token_csrf_matches(TOKEN, STR_EMPTY));
    assert_false(token_csrf_matches(STR_EMPTY, token_csrf(*state, STR_EMPTY)));
}

/* --- passwords
 * ---------------------------------------------------------------------------------------- */

static void a_password_is_known_again(void **state)
{
    struct str hash = STR_EMPTY, other = STR_EMPTY;
    expect_int("hash", password_hash(*state, STR("correct horse"), &hash), STATUS_OK);
    assert_true(str_starts_with(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    expect_int("right", password_verify(hash, STR("correct horse")), STATUS_OK);
    expect_int("wrong", password_verify(hash, STR("correct horsf")), STATUS_BAD_CREDENTIALS);
    expect_int("longer", password_verify(hash, STR("correct horse\0")), STATUS_BAD_CREDENTIALS);
    expect_int("empty", password_verify(hash, STR_EMPTY), STATUS_BAD_CREDENTIALS);
    expect_int("again", password_hash(*state, STR("correct horse"), &other), STATUS_OK);
    assert_false(str_equal(hash, other));
    assert_false(password_needs_rehash(hash));
}

static void what_is_no_hash_matches_nothing(void **state)
{
    static const struct str hashes[] = {
        STR_INIT("correct horse"),
        STR_INIT("$argon2id$"),
        STR_INIT("$argon2id$v=19$m=19456,t=2,p=1$\0$"),
        STR_INIT("$2b$12$abcdefghijklmnopqrstuv"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        expect_int(
            "verify", password_verify(hashes[i], STR("correct horse")), STATUS_BAD_CREDENTIALS);
        assert_true(password_needs_rehash(hashes[i]));
    }
}

static void an_unknown_account_costs_as_much(void **state)
{
    (void)state;
    expect_int("nobody", password_verify(STR_EMPTY, STR("anything")), STATUS_BAD_CREDENTIALS);
    expect_int("nobody, empty", password_verify(STR_EMPTY, STR_EMPTY), STATUS_BAD_CREDENTIALS);
}

static void a_weaker_hash_wants_to_be_made_again(void **state)
{
    (void)state;
    assert_true(password_needs_rehash(STR("$argon2id$v=19$m=8192,t=1,p=1$7L+g10Wb7IUrql0gqUBl6A"
                                          "$2it/pBSs9zKpeUGQ8sUVs7GSTEPvNtpAAGSqORT/Qo4")));
}

static void passwords_have_a_longest_length(void **state)
{
    struct str hash = STR_EMPTY, long_one = str_from(arena_alloc(*state, 1025), 1025);
    expect_int("hash", password_hash(*state, long_one, &hash), STATUS_INVALID);
    expect_int("verify", password_verify(STR_EMPTY, long_one), STATUS_BAD_CREDENTIALS);
}

static void *verify_in_thread(void *out_status)
{
    *(enum status *)out_status = password_verify(STR_EMPTY, STR("x"));
    return NULL;
}

static void a_crowd_is_turned_away_after_a_while(void **state)
{
    pthread_t threads[8];
    enum status statuses[8];
    int busy = 0;
    (void)state;
    password_set_limits(1, 10); /* one at a time, and nobody waits as long as one takes */
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_in_thread, &statuses[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        busy += statuses[i] == STATUS_BUSY;
        assert_true(statuses[i] == STATUS_BUSY || statuses[i] == STATUS_BAD_CREDENTIALS);
    }
    assert_true(busy >= 1 && busy < 8);
    password_set_limits(2, 5000);
    expect_int("afterwards", password_verify(STR_EMPTY, STR("x")), STATUS_BAD_CREDENTIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a secret is wiped when it is cleared", a_secret_is_wiped_when_cleared),
        TEST("a secret that is too long is refused", a_secret_too_long_is_refused_and_empty),
        TEST("equality looks at every byte", equality_looks_at_every_byte),
        TEST("injected randomness gives known identifiers",
            injected_randomness_gives_known_identifiers),
        TEST("identifiers do not repeat", identifiers_do_not_repeat),
        TEST("random numbers stay below their limit", numbers_stay_below_their_limit_and_reach_all),
        TEST("only 43 characters of base64url are a token",
            only_43_characters_of_base64url_are_a_token),
        TEST("tokens are stored as SHA-256", tokens_are_stored_as_sha256),
        TEST("a CSRF token belongs to one session", a_csrf_token_belongs_to_one_session),
        TEST("a password is known again", a_password_is_known_again),
        TEST("what is no hash matches nothing", what_is_no_hash_matches_nothing),
        TEST("an unknown account answers as a wrong password", an_unknown_account_costs_as_much),
        TEST("a weaker hash wants to be made again", a_weaker_hash_wants_to_be_made_again),
        TEST("passwords have a longest length", passwords_have_a_longest_length),
        TEST("a crowd is turned away after a while", a_crowd_is_turned_away_after_a_while),
    };
    return RUN(tests);
}
