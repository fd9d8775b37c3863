/* The cache of an issuer's keys, against a server of its own; and which addresses are public. */
#include "tiny_server.h"

#include "base/clock.h"
#include "base/log.h"
#include "remote/jwks.h"
#include "remote/public_address.h"

#include <fcntl.h>
#include <time.h>

/* RFC 7515, appendix A.3 */
#define KEY(kid)                                                                                   \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid                                             \
    "\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                    \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define TOKEN                                                                                      \
    "eyJhbGciOiJFUzI1NiJ9."                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

struct given {
    struct tiny_server server;
    struct jwks_options options;
    struct jwks *jwks;
};

static void open_jwks(
    struct given *given, struct arena *arena, const struct tiny_answer *answers, size_t count)
{
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    tiny_start(&given->server, answers, count);
    jwks_options_init(
        &given->options, arena_printf(arena, "http://127.0.0.1:%d/keys", given->server.port));
    given->options.may_be_private = true;
}

static void close_jwks(struct given *given)
{
    jwks_free(given->jwks);
    tiny_stop(&given->server);
    tiny_clear(&given->server);
}

static enum status ask(struct given *given, struct arena *arena, struct str kid)
{
    struct jwt_header header = { JWT_ES256, kid };
    struct str problem = STR_EMPTY;
    json_t *claims;
    enum status status = jwks_verify(given->jwks, arena, STR(TOKEN), &header, &claims, &problem);

    assert_int_equal(claims != NULL, status == STATUS_OK);
    json_decref(claims);
    return status;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void keys_are_fetched_once_and_kept(void **state)
{
    struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
    };
    struct given given;

    open_jwks(&given, *state, answers, COUNT_OF(answers));
    given.jwks = jwks_new(&given.options);
    assert_int_equal(jwks_fetch_count(given.jwks), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ask(&given, *state, STR("one")), STATUS_OK);
    /* a token without a kid means the only key there is; one with another kid does not */
    assert_int_equal(ask(&given, *state, STR_EMPTY), STATUS_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ask(&given, *state, STR("two")), STATUS_UNAUTHENTICATED);
    assert_int_equal(jwks_fetch_count(given.jwks), 1);
    close_jwks(&given);
    expect_int("requests", given.server.request_count, 1);
}

static void an_unknown_key_fetches_when_its_time_has_come(void **state)
{
    struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("two") "]}") },
    };
    struct given given;

    open_jwks(&given, *state, answers, COUNT_OF(answers));
    given.options.unknown_s = 1;
    given.jwks = jwks_new(&given.options);
    assert_int_equal(ask(&given, *state, STR("one")), STATUS_OK);
    pause_ms(1100);
    assert_int_equal(ask(&given, *state, STR("two")), STATUS_OK);
    assert_int_equal(ask(&given, *state, STR("one")), STATUS_UNAUTHENTICATED);
    assert_int_equal(jwks_fetch_count(given.jwks), 2);
    close_jwks(&given);
}

static void good_keys_outlive_bad_answers_but_not_for_ever(void **state)
{
    struct tiny_answer answers[TINY_REQUESTS] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
        { .text = tiny_text(*state, "500 Oops", "", "") },
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[]}") },
        { .text = tiny_text(*state, "200 OK", "", "nonsense") },
        { .text = tiny_text(*state, "302 Found", "Location: http://127.0.0.1:1/\r\n", "") },
    };
    struct given given;
    enum status status;

    for (size_t i = 5; i < COUNT_OF(answers); i++)
        answers[i] = (struct tiny_answer){ .text = tiny_text(*state, "404 Not Found", "", "") };
    open_jwks(&given, *state, answers, COUNT_OF(answers));
    given.options.refresh_s = 1;
    given.options.unknown_s = 1;
    given.options.kept_s = 5;
    given.jwks = jwks_new(&given.options);
    assert_int_equal(ask(&given, *state, STR("one")), STATUS_OK);
    while (jwks_fetch_count(given.jwks) < 2) /* unasked, in the background */
        pause_ms(20);
    assert_int_equal(ask(&given, *state, STR("one")), STATUS_OK);
    while ((status = ask(&given, *state, STR("one"))) == STATUS_OK)
        pause_ms(20);
    assert_int_equal(status, STATUS_BUSY);
    close_jwks(&given);
}

static struct given shared;
static _Atomic int answered, busy;

static void *ask_in_thread(void *kid)
{
    struct arena arena;
    enum status status;

    arena_init(&arena);
    status = ask(&shared, &arena, str_from_c(kid));
    arena_clear(&arena);
    busy += status == STATUS_BUSY;
    answered++;
    return status == STATUS_OK ? &shared : NULL;
}

static void many_threads_share_one_fetch(void **state)
{
    struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
    };
    static char one[] = "one";
    pthread_t threads[8];
    void *result;

    open_jwks(&shared, *state, answers, COUNT_OF(answers));
    shared.jwks = jwks_new(&shared.options);
    jwks_start(shared.jwks);
    while (jwks_fetch_count(shared.jwks) == 0)
        pause_ms(1);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, one), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &shared);
    }
    assert_int_equal(jwks_fetch_count(shared.jwks), 1);
    close_jwks(&shared);
}

/* The issuer says nothing until all but one are answered: were there a second that waits, it would
 * hang here for the minute that a fetch may take. */
static void invented_key_ids_hold_one_thread_at_most(void **state)
{
    struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
        { .hangs = true },
    };
    static char kids[][2] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    pthread_t threads[COUNT_OF(kids)];

    answered = busy = 0;
    open_jwks(&shared, *state, answers, COUNT_OF(answers));
    shared.options.unknown_s = 0;
    shared.options.fetch_timeout_ms = 60000;
    shared.jwks = jwks_new(&shared.options);
    assert_int_equal(ask(&shared, *state, STR("one")), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, kids[i]), 0);
    while (answered < (int)COUNT_OF(kids) - 1)
        pause_ms(1);
    assert_int_equal(busy, COUNT_OF(kids) - 1);
    assert_int_equal(jwks_fetch_count(shared.jwks), 1);
    assert_int_equal(ask(&shared, *state, STR("one")), STATUS_OK); /* known keys are not held up */
    tiny_stop(&shared.server);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(answered, COUNT_OF(kids));
    assert_int_equal(jwks_fetch_count(shared.jwks), 2);
    jwks_free(shared.jwks);
    tiny_clear(&shared.server);
}

/* The connection itself is refused, before a byte is sent, by whatever name the address goes. */
static void our_own_network_is_not_asked(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "127.1", "0x7f000001",
        "[::ffff:127.0.0.1]" };
    struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "200 OK", "", "{\"keys\":[" KEY("one") "]}") },
    };
    struct given given;

    open_jwks(&given, *state, answers, COUNT_OF(answers));
    given.options.may_be_private = false;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        given.options.url = arena_printf(*state, "http://%s:%d/keys", hosts[i], given.server.port);
        given.jwks = jwks_new(&given.options);
        expect_int(hosts[i], ask(&given, *state, STR("one")), STATUS_BUSY);
        jwks_free(given.jwks);
        given.jwks = NULL;
    }
    close_jwks(&given);
    expect_int("connections", given.server.connection_count, 0);
}

static void urls_without_tls_are_for_loopback_only(void **state)
{
    static const struct {
        const char *url;
        bool may_be_private, is_fine;
    } cases[] = {
        { "https://login.example.org/keys", false, true },
        { "https://10.0.0.1/keys", false, true }, /* refused when it is asked */
        { "http://login.example.org/keys", false, false },
        { "http://login.example.org/keys", true, false },
        { "http://10.0.0.1/keys", true, false },
        { "http://127.0.0.1:8000/keys", true, true },
        { "http://localhost/keys", true, true },
        { "http://[::1]/keys", true, true },
        { "http://127.0.0.1/keys", false, false },
        { "http://127.evil.example/keys", true, false },
        { "file:///etc/passwd", true, false },
        { "ftp://127.0.0.1/", true, false },
        { "https://", true, false },
        { "", true, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str problem = STR_EMPTY;
        expect_int(cases[i].url,
            jwks_url_is_fine(str_from_c(cases[i].url), cases[i].may_be_private, &problem),
            cases[i].is_fine);
    }
}

static void addresses_are_public_or_not(void **state)
{
    static const struct {
        const char *address;
        bool is_public;
    } cases[] = {
        { "1.1.1.1", true },
        { "8.8.8.8", true },
        { "9.255.255.255", true },
        { "10.0.0.0", false },
        { "10.255.255.255", false },
        { "11.0.0.0", true },
        { "0.0.0.0", false },
        { "100.63.255.255", true },
        { "100.64.0.1", false },
        { "127.0.0.1", false },
        { "127.255.255.255", false },
        { "169.254.169.254", false },
        { "172.15.255.255", true },
        { "172.16.0.1", false },
        { "172.31.255.255", false },
        { "172.32.0.0", true },
        { "192.168.1.1", false },
        { "198.18.0.1", false },
        { "224.0.0.1", false },
        { "255.255.255.255", false },
        { "::", false },
        { "::1", false },
        { "::127.0.0.1", false },
        { "::ffff:127.0.0.1", false },
        { "::ffff:10.0.0.1", false },
        { "::ffff:8.8.8.8", true },
        { "64:ff9b::7f00:1", false },
        { "2002:7f00:1::1", false },
        { "2001:0:7f00:1::1", false },
        { "2606:4700:4700::1111", true },
        { "2001:4860:4860::8888", true },
        { "fc00::1", false },
        { "fd12:3456::1", false },
        { "fe80::1", false },
        { "ff02::1", false },
        { "fd00:ec2::254", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct address address;
        assert_true(address_parse(str_from_c(cases[i].address), &address));
        expect_int(cases[i].address, public_address_is(&address), cases[i].is_public);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("keys are fetched once and kept", keys_are_fetched_once_and_kept),
        TEST("an unknown key fetches when its time has come",
            an_unknown_key_fetches_when_its_time_has_come),
        TEST("good keys outlive bad answers, but not for ever",
            good_keys_outlive_bad_answers_but_not_for_ever),
        TEST("many threads share one fetch", many_threads_share_one_fetch),
        TEST("invented key ids hold one thread at most", invented_key_ids_hold_one_thread_at_most),
        TEST("our own network is not asked", our_own_network_is_not_asked),
        TEST("URLs without TLS are for loopback only", urls_without_tls_are_for_loopback_only),
        TEST("addresses are public or not", addresses_are_public_or_not),
    };

    return RUN(tests);
}
