/*
 * The source of credentials under threads, time and failure. Its provider is a container endpoint
 * in a thread of this program, which turns its keys with every answer. What providers say on the
 * wire is the business of tests/http/test_credentials.py.
 */
#include "tiny_server.h"
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "remote/credentials.h"
#include "remote/ini.h"
#include "remote/s3.h"
#include "sign/sigv4.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOW = 1795242720, THREADS = 8, LOAD_MS = 1000 };

/* Answers while `is_up`; each answer has keys of its own number, whose three parts tell it. */
struct agent {
    int listen_fd;
    int stop[2];
    pthread_t thread;
    char uri[64];
    atomic_bool is_up;
    atomic_bool keeps_keys; /* the same again and again */
    atomic_int delay_ms;
    atomic_int life_s;
    atomic_int asked;  /* connections */
    atomic_int number; /* of the newest keys */
};

static void answer(struct agent *agent, int fd)
{
    char request[4096], body[512], head[128], expires[CLOCK_ISO_MS_LEN];
    int number = atomic_load(&agent->number), size;

    if (recv(fd, request, sizeof(request), 0) <= 0)
        return;
    if (!atomic_load(&agent->keeps_keys))
        number = atomic_fetch_add(&agent->number, 1) + 1;
    poll(NULL, 0, atomic_load(&agent->delay_ms));
    clock_write_iso_ms(expires, (clock_now_s() + atomic_load(&agent->life_s)) * 1000);
    size = snprintf(body, sizeof(body),
        "{\"AccessKeyId\":\"ASIA%08d\",\"SecretAccessKey\":\"secret-of-%08d\",\"Token\":\"token-of-"
        "%08d\",\"Expiration\":\"%.19sZ\"}",
        number, number, number, expires);
    dprintf(fd, "%s",
        (snprintf(head, sizeof(head),
             "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", size),
            head));
    dprintf(fd, "%s", body);
}

static void *serve(void *context)
{
    struct agent *agent = context;
    struct pollfd fds[] = { { agent->listen_fd, POLLIN, 0 }, { agent->stop[0], POLLIN, 0 } };

    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int fd = accept(agent->listen_fd, NULL, NULL);

        atomic_fetch_add(&agent->asked, 1);
        if (atomic_load(&agent->is_up))
            answer(agent, fd);
        close(fd);
    }
    return NULL;
}

static void agent_start(struct agent *agent, int life_s)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    memset(agent, 0, sizeof(*agent));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    agent->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(agent->listen_fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(agent->listen_fd, 16), 0);
    assert_int_equal(getsockname(agent->listen_fd, (struct sockaddr *)&address, &size), 0);
    snprintf(agent->uri, sizeof(agent->uri), "http://127.0.0.1:%d/keys", ntohs(address.sin_port));
    assert_int_equal(pipe(agent->stop), 0);
    atomic_store(&agent->is_up, true);
    atomic_store(&agent->life_s, life_s);
    assert_int_equal(pthread_create(&agent->thread, NULL, serve, agent), 0);
}

static void agent_stop(struct agent *agent)
{
    close(agent->stop[1]);
    pthread_join(agent->thread, NULL);
    close(agent->stop[0]);
    close(agent->listen_fd);
}

struct rig {
    struct agent agent;
    struct credential_options options;
    struct credential_source *source;
    struct credential_lease lease;
};

static void open_rig(struct rig *rig, int life_s)
{
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    agent_start(&rig->agent, life_s);
    rig->options = (struct credential_options){
        .container_full_uri = str_from_c(rig->agent.uri),
        .home = STR("/nonexistent"),
        .region = STR("us-east-1"),
        .metadata_disabled = true,
        .retry_pause_ms = 20,
        .again_pause_ms = 5,
    };
    rig->source = credential_source_new(&rig->options);
    credential_lease_open(&rig->lease, rig->source);
}

static void close_rig(struct rig *rig)
{
    credential_lease_close(&rig->lease);
    credential_source_free(rig->source);
    agent_stop(&rig->agent);
    log_set_fd(2);
    clock_thaw();
}

/* The number that all three parts tell; -1: of none, -2: the parts are of different keys. */
static int number_of(const struct s3_credentials *keys)
{
    int access, secret, token;

    if (str_is_empty(keys->access_key))
        return -1;
    if (sscanf(keys->access_key.ptr, "ASIA%8d", &access) != 1 ||
        sscanf((const char *)keys->secret_key.bytes, "secret-of-%8d", &secret) != 1 ||
        sscanf(keys->session_token.ptr, "token-of-%8d", &token) != 1)
        return -2;
    return access == secret && secret == token ? access : -2;
}

/* --- tests --- */

static void keys_come_with_the_first_turn(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 3600);
    expect_int("before", number_of(rig.lease.keys), -1);
    expect_int("after", number_of(credential_lease_turn(&rig.lease)), 1);
    expect_int("again", number_of(credential_lease_turn(&rig.lease)), 1);
    expect_int("asked", atomic_load(&rig.agent.asked), 1);
    close_rig(&rig);
}

struct loader {
    struct credential_source *source;
    int64_t until_ms;
    int turns, torn, changes;
};

/* What a request does: a turn, and a signature by what it gave. */
static void *load(void *context)
{
    struct loader *loader = context;
    struct credential_lease lease;
    struct arena arena;
    int before = -1;

    arena_init(&arena);
    credential_lease_open(&lease, loader->source);
    while (clock_monotonic_us() / 1000 < loader->until_ms) {
        const struct s3_credentials *keys = credential_lease_turn(&lease);
        int number = number_of(keys);
        struct sigv4_request request = { .method = STR("GET"),
            .scheme = STR("https"),
            .host = STR("h"),
            .path = STR("/k"),
            .signed_at = NOW };
        const struct sigv4_scope scope = { STR("us-east-1"), STR("s3") };
        struct str url;
        bool is_signed = sigv4_presign(&arena, keys, &scope, &request, 60, &url, NULL) == STATUS_OK;

        loader->turns++;
        loader->torn += number < 1 || number < before || number_of(keys) != number || !is_signed ||
                        str_find(url, keys->access_key) < 0;
        loader->changes += number != before;
        before = number;
        arena_reset(&arena);
    }
    credential_lease_close(&lease);
    arena_clear(&arena);
    return NULL;
}

static void eight_threads_never_see_half_of_a_pair(void **state)
{
    struct rig rig;
    pthread_t thread[THREADS];
    struct loader loader[THREADS];
    int64_t begin_us = clock_monotonic_us();

    (void)state;
    open_rig(&rig, 40); /* less than a minute: each turn wants newer ones */
    credential_source_start(rig.source);
    for (int i = 0; i < THREADS; i++) {
        loader[i] = (struct loader){ rig.source, clock_monotonic_us() / 1000 + LOAD_MS, 0, 0, 0 };
        assert_int_equal(pthread_create(&thread[i], NULL, load, &loader[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        expect_int("torn", loader[i].torn, 0);
        assert_true(loader[i].changes > 1);
        assert_true(loader[i].turns > loader[i].changes);
    }
    /* again_pause_ms apart, however slow this machine is just now */
    assert_true(atomic_load(&rig.agent.asked) <= (clock_monotonic_us() - begin_us) / 5000 + 10);
    close_rig(&rig);
}

static void eight_threads_that_wait_cost_one_request(void **state)
{
    struct rig rig;
    pthread_t thread[THREADS];
    struct loader loader[THREADS];

    (void)state;
    open_rig(&rig, 3600);
    atomic_store(&rig.agent.delay_ms, 200);
    for (int i = 0; i < THREADS; i++) {
        loader[i] = (struct loader){ rig.source, clock_monotonic_us() / 1000 + 100, 0, 0, 0 };
        assert_int_equal(pthread_create(&thread[i], NULL, load, &loader[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        expect_int("torn", loader[i].torn, 0);
    }
    expect_int("asked", atomic_load(&rig.agent.asked), 1);
    close_rig(&rig);
}

static void keys_are_turned_before_they_expire(void **state)
{
    struct rig rig;
    int number;

    (void)state;
    open_rig(&rig, 4);
    rig.options.again_pause_ms = 1000000; /* so that no turn asks, but the thread */
    credential_source_start(rig.source);
    poll(NULL, 0, 300);
    number = number_of(credential_lease_turn(&rig.lease));
    expect_int("first", number, 1);
    poll(NULL, 0, 3400); /* three quarters of their life, and the jitter */
    expect_int("second", number_of(credential_lease_turn(&rig.lease)), 2);
    close_rig(&rig);
}

static void last_good_keys_stay_until_they_expire(void **state)
{
    struct rig rig;
    struct arena *arena = *state;
    struct credential_report report;

    open_rig(&rig, 300);
    clock_freeze(NOW);
    expect_int("first", number_of(credential_lease_turn(&rig.lease)), 1);
    atomic_store(&rig.agent.is_up, false);
    poll(NULL, 0, 30); /* longer than again_pause_ms */
    clock_freeze(NOW + 270);
    expect_int("down", number_of(credential_lease_turn(&rig.lease)), 1);
    assert_true(atomic_load(&rig.agent.asked) > 1);
    clock_freeze(NOW + 299);
    expect_int("last second", number_of(credential_lease_turn(&rig.lease)), 1);
    clock_freeze(NOW + 300);
    expect_int("dead", number_of(credential_lease_turn(&rig.lease)), -1);
    credential_source_report(rig.source, arena, &report);
    assert_false(report.has_keys);
    assert_true(report.failures >= 1);
    assert_true(str_find(credential_report_reasons(arena, &report), STR("container: ")) >= 0);
    expect_int("seconds", credential_source_expires_in_s(rig.source), 0);

    atomic_store(&rig.agent.is_up, true);
    poll(NULL, 0, 400); /* longer than any pause so far */
    expect_int("up again", number_of(credential_lease_turn(&rig.lease)), 2);
    expect_int("seconds", credential_source_expires_in_s(rig.source), 300);
    close_rig(&rig);
}

static void a_provider_that_is_down_is_left_alone_between_tries(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 300);
    rig.options.retry_pause_ms = 100000;
    atomic_store(&rig.agent.is_up, false);
    for (int i = 0; i < 50; i++)
        expect_int("none", number_of(credential_lease_turn(&rig.lease)), -1);
    expect_int("asked", atomic_load(&rig.agent.asked), 1);
    close_rig(&rig);
}

static void refused_keys_are_renewed_once_in_a_while(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 3600);
    credential_lease_turn(&rig.lease);
    assert_false(credential_lease_renew(&rig.lease)); /* they were fetched just now */
    poll(NULL, 0, 30);
    assert_true(credential_lease_renew(&rig.lease));
    expect_int("second", number_of(rig.lease.keys), 2);
    atomic_store(&rig.agent.keeps_keys, true);
    poll(NULL, 0, 30);
    assert_false(credential_lease_renew(&rig.lease)); /* the same again: signing would not help */
    close_rig(&rig);
}

static void another_threads_new_keys_do_for_a_renewal(void **state)
{
    struct rig rig;
    struct credential_lease other;

    (void)state;
    open_rig(&rig, 3600);
    credential_lease_turn(&rig.lease);
    credential_lease_open(&other, rig.source);
    credential_lease_turn(&other);
    poll(NULL, 0, 30);
    assert_true(credential_lease_renew(&other));
    expect_int("still the first", number_of(rig.lease.keys), 1);
    assert_true(credential_lease_renew(&rig.lease));
    expect_int("both", number_of(rig.lease.keys), number_of(other.keys));
    expect_int("asked", atomic_load(&rig.agent.asked), 2);
    credential_lease_close(&other);
    close_rig(&rig);
}

/* One HEAD or GET to a server that gives these answers; how many requests came. */
static size_t call_s3(struct rig *rig, struct arena *arena, bool is_head,
    const struct tiny_answer *answers, size_t count, enum status expected)
{
    static const struct http_limits limits = { .connect_timeout_ms = 60000 };
    struct tiny_server server;
    struct s3_client client;
    struct s3_result result;
    struct s3_location location = {
        .scheme = STR("http"),
        .host = STR("127.0.0.1"),
        .path_style = true,
        .bucket = STR("vitrine"),
        .region = STR("us-east-1"),
    };
    size_t requests;

    tiny_start(&server, answers, count);
    location.port = server.port;
    s3_client_init(&client, &location, &rig->lease, http_client_new(&limits));
    expect_int("status",
        is_head ? s3_head(&client, arena, STR("k"), &result)
                : s3_get(&client, arena, STR("k"), (struct s3_range){ 0 }, 100, &result),
        expected);
    http_client_free(client.http);
    tiny_stop(&server);
    requests = server.request_count;
    if (requests == 2)
        assert_true(str_find(server.requests[0], STR("token-of-00000001")) > 0 &&
                    str_find(server.requests[1], STR("token-of-00000002")) > 0);
    tiny_clear(&server);
    return requests;
}

#define XML_ERROR(code) "<Error><Code>" code "</Code><Message>m</Message></Error>"

static void a_call_with_expired_keys_is_made_once_more_with_others(void **state)
{
    static const struct {
        const char *status, *body;
        bool is_head;
        size_t requests; /* 2: renewed */
    } cases[] = {
        { "400 Bad Request", XML_ERROR("ExpiredToken"), false, 2 },
        { "400 Bad Request", XML_ERROR("InvalidToken"), false, 2 },
        { "403 Forbidden", XML_ERROR("RequestExpired"), false, 2 },
        { "400 Bad Request", "", true, 2 },
        { "403 Forbidden", XML_ERROR("AccessDenied"), false, 1 },
        { "403 Forbidden", "", true, 1 },
        { "400 Bad Request", XML_ERROR("InvalidArgument"), false, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rig rig;
        const struct tiny_answer answers[] = {
            { .text = tiny_text(*state, cases[i].status, "", cases[i].body) },
            { .text = tiny_text(*state, "200 OK", "", cases[i].is_head ? "" : "body") },
        };

        open_rig(&rig, 3600);
        credential_lease_turn(&rig.lease);
        poll(NULL, 0, 30);
        expect_int(cases[i].status,
            call_s3(&rig, *state, cases[i].is_head, answers, 2,
                cases[i].requests == 2 ? STATUS_OK : STATUS_STORAGE_REFUSED),
            cases[i].requests);
        close_rig(&rig);
    }
}

static void keys_that_stay_expired_are_not_tried_for_ever(void **state)
{
    struct rig rig;
    const struct tiny_answer answers[] = {
        { .text = tiny_text(*state, "400 Bad Request", "", XML_ERROR("ExpiredToken")) },
    };

    open_rig(&rig, 3600);
    credential_lease_turn(&rig.lease);
    poll(NULL, 0, 30);
    expect_int("requests", call_s3(&rig, *state, false, answers, 1, STATUS_STORAGE_REFUSED), 2);
    close_rig(&rig);
}

static void nothing_is_sent_without_keys(void **state)
{
    struct rig rig;
    const struct tiny_answer answers[] = { { .text = tiny_text(*state, "200 OK", "", "") } };

    open_rig(&rig, 3600);
    atomic_store(&rig.agent.is_up, false);
    expect_int("requests", call_s3(&rig, *state, false, answers, 1, STATUS_STORAGE_REFUSED), 0);
    close_rig(&rig);
}

static void urls_die_with_their_keys(void **state)
{
    struct s3_credentials keys = { .access_key = STR("A"), .expires_at = NOW + 600 };
    struct s3_credentials none = { .expires_at = 0 };

    (void)state;
    expect_int("shorter", credentials_clamp_expiry(&keys, NOW, 300), 300);
    expect_int("longer", credentials_clamp_expiry(&keys, NOW, 900), 600);
    expect_int("near the end", credentials_clamp_expiry(&keys, NOW + 590, 900), 10);
    expect_int("too near", credentials_clamp_expiry(&keys, NOW + 591, 900), 0);
    expect_int("as wanted", credentials_clamp_expiry(&keys, NOW + 595, 5), 5);
    expect_int("dead", credentials_clamp_expiry(&keys, NOW + 600, 5), 0);
    keys.expires_at = 0;
    expect_int("for ever", credentials_clamp_expiry(&keys, NOW, 604800), 604800);
    expect_int("none", credentials_clamp_expiry(&none, NOW, 300), 0);
}

static void a_stop_does_not_wait_for_the_next_fetch(void **state)
{
    struct rig rig;
    int64_t begin_us;

    (void)state;
    open_rig(&rig, 3600);
    credential_source_start(rig.source);
    credential_lease_turn(&rig.lease);
    begin_us = clock_monotonic_us();
    close_rig(&rig);
    assert_true(clock_monotonic_us() - begin_us < 500000);
}

static void ini_files_are_read_as_botocore_does(void **state)
{
    struct ini ini;
    int line;
    static const struct {
        const char *text;
        int line; /* of the mistake; 0: none */
        const char *value;
    } cases[] = {
        { "[a]\nk=v\n", 0, "v" },
        { "[a]\r\nk = v \r\n", 0, "v" },
        { "\xef\xbb\xbf[a]\nK : v", 0, "v" },
        { "[a]\nk = v # not a comment", 0, "v # not a comment" },
        { "# c\n; c\n\n[b]\nk=w\n[ a ]\nk=v=w\n", 0, "v=w" },
        { "[a]\nk=v\n  nested = 1\n[b]\nk=2", 0, "v" },
        { "[a]\nk=u\n[a]\nk=v", 0, "v" },
        { "[a]\ns3 =\n  k = nested\nk=v\n", 0, "v" },
        { "[a]\nk=", 0, "" },
        { "k=v\n", 1, "" },
        { "[a]\nno delimiter\n", 2, "" },
        { "[a]\n=v\n", 2, "" },
        { "[]\n", 1, "" },
        { "", 0, "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum status status = ini_parse(*state, str_from_c(cases[i].text), &ini, &line);

        expect_int(cases[i].text, status, cases[i].line == 0 ? STATUS_OK : STATUS_INVALID);
        if (cases[i].line > 0)
            expect_int(cases[i].text, line, cases[i].line);
        else
            expect_str(
                cases[i].text, ini_get(&ini, STR("a"), STR("k")), str_from_c(cases[i].value));
    }
    assert_int_equal(ini_parse(*state, STR("[profile \"my work\"]\nk=v"), &ini, &line), STATUS_OK);
    expect_str("quoted", ini_get(&ini, STR("profile my work"), STR("k")), STR("v"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("keys come with the first turn", keys_come_with_the_first_turn),
        TEST("eight threads never see half of a pair", eight_threads_never_see_half_of_a_pair),
        TEST("eight threads that wait cost one request", eight_threads_that_wait_cost_one_request),
        TEST("keys are turned before they expire", keys_are_turned_before_they_expire),
        TEST("last good keys stay until they expire", last_good_keys_stay_until_they_expire),
        TEST("a provider that is down is left alone between tries",
            a_provider_that_is_down_is_left_alone_between_tries),
        TEST("refused keys are renewed once in a while", refused_keys_are_renewed_once_in_a_while),
        TEST(
            "another threads new keys do for a renewal", another_threads_new_keys_do_for_a_renewal),
        TEST("a call with expired keys is made once more with others",
            a_call_with_expired_keys_is_made_once_more_with_others),
        TEST("keys that stay expired are not tried for ever",
            keys_that_stay_expired_are_not_tried_for_ever),
        TEST("nothing is sent without keys", nothing_is_sent_without_keys),
        TEST("urls die with their keys", urls_die_with_their_keys),
        TEST("a stop does not wait for the next fetch", a_stop_does_not_wait_for_the_next_fetch),
        TEST("ini files are read as botocore does", ini_files_are_read_as_botocore_does),
    };
    return RUN(tests);
}
