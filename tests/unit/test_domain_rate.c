/*
 * test_domain_rate.c - the arithmetic of the buckets with a clock of our own, the table when it is
 * too small, and several processes on one table.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/shared_memory.h"
#include "domain/rate.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND 1000000LL

static const struct rate_policy per_minute = { 60, 60 };

/* A table in memory of its own; the test frees it with shared_memory_close. */
static struct rate_table table_of(struct shared_memory *memory, size_t slots)
{
    shared_memory_open_private(memory, slots * sizeof(uint64_t));
    return (struct rate_table){ memory->content, slots, shared_memory_seed(memory) };
}

static int take_many(
    const struct rate_table *table, struct str key, const struct rate_policy *policy, int64_t now)
{
    int taken = 0;

    while (taken < 100000 && rate_take(table, policy, key, now).is_allowed)
        taken++;
    return taken;
}

static void a_bucket_gives_all_at_once_and_then_one_by_one(void **state)
{
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);
    struct rate_verdict verdict;
    int64_t now = 12345678;

    (void)state;
    for (int i = 0; i < 60; i++) {
        verdict = rate_take(&table, &per_minute, STR("a"), now);
        assert_true(verdict.is_allowed);
        assert_int_equal(verdict.remaining, 59 - i);
        assert_int_equal(verdict.full_after_us, (i + 1) * SECOND);
        assert_int_equal(verdict.retry_after_us, 0);
    }
    for (int i = 0; i < 5; i++) {
        verdict = rate_take(&table, &per_minute, STR("a"), now);
        assert_false(verdict.is_allowed);
        assert_int_equal(verdict.remaining, 0);
        assert_int_equal(verdict.retry_after_us, SECOND);
    }
    assert_true(rate_take(&table, &per_minute, STR("b"), now).is_allowed);
    assert_false(rate_take(&table, &per_minute, STR("a"), now + SECOND - 16).is_allowed);
    assert_true(rate_take(&table, &per_minute, STR("a"), now + SECOND).is_allowed);
    assert_false(rate_take(&table, &per_minute, STR("a"), now + SECOND).is_allowed);
    assert_int_equal(take_many(&table, STR("a"), &per_minute, now + 11 * SECOND), 10);
    assert_int_equal(take_many(&table, STR("a"), &per_minute, now + 1000 * SECOND), 60);
    shared_memory_close(&memory);
}

static void waiting_as_long_as_told_is_enough(void **state)
{
    static const struct rate_policy policies[] = { { 1, 1 }, { 1, 86400 }, { 7, 60 }, { 60, 60 },
        { 999, 3600 }, { 100000, 60 }, { RATE_COUNT_MAX, 1 }, { RATE_COUNT_MAX, 86400 } };
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);

    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        struct str key = arena_printf(*state, "key %zu", i);
        int64_t now = 777 * SECOND;
        struct rate_verdict verdict = { .is_allowed = true };

        for (int64_t taken = 0; taken <= policies[i].count && verdict.is_allowed; taken++)
            verdict = rate_take(&table, &policies[i], key, now);
        assert_false(verdict.is_allowed);
        assert_in_range(
            verdict.retry_after_us, 16, policies[i].window_s * SECOND / policies[i].count + 16);
        assert_true(rate_take(&table, &policies[i], key, now + verdict.retry_after_us).is_allowed);
    }
    shared_memory_close(&memory);
}

static void over_a_window_no_more_than_twice_the_count_passes(void **state)
{
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);
    int taken = 0;

    (void)state;
    for (int64_t now = 0; now < 60 * SECOND; now += 100000)
        taken += rate_take(&table, &per_minute, STR("a"), now).is_allowed;
    assert_in_range(taken, 115, 120);
    shared_memory_close(&memory);
}

static void without_a_limit_everything_is_allowed(void **state)
{
    const struct rate_policy off = { 0, 0 };
    const struct rate_table none = { NULL, 0, NULL };

    (void)state;
    assert_true(rate_take(&none, &off, STR("a"), 1).is_allowed);
}

static void times_may_pass_the_end_of_their_bits(void **state)
{
    const int64_t wrap = 16LL << 40;
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);

    (void)state;
    assert_int_equal(take_many(&table, STR("a"), &per_minute, wrap - 10 * SECOND), 60);
    assert_int_equal(take_many(&table, STR("a"), &per_minute, wrap + 10 * SECOND), 20);
    assert_int_equal(take_many(&table, STR("a"), &per_minute, 2 * wrap - 90000 * SECOND), 60);
    shared_memory_close(&memory);
}

static void a_lowered_limit_does_not_lock_anyone_out(void **state)
{
    const struct rate_policy before = { 1, 86400 };
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);

    (void)state;
    assert_int_equal(take_many(&table, STR("a"), &before, 5), 1);
    assert_int_equal(rate_take(&table, &per_minute, STR("a"), 5).retry_after_us, SECOND);
    assert_true(rate_take(&table, &per_minute, STR("a"), 5 + 60 * SECOND).is_allowed == false);
    shared_memory_close(&memory);
}

static void keys_that_meet_in_one_line_are_counted_apart(void **state)
{
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, RATE_BUCKET_SLOTS); /* all meet */

    for (int i = 0; i < RATE_BUCKET_SLOTS; i++)
        assert_int_equal(
            take_many(&table, arena_printf(*state, "key %d", i), &per_minute, SECOND), 60);
    for (int i = 0; i < RATE_BUCKET_SLOTS; i++)
        assert_int_equal(
            take_many(&table, arena_printf(*state, "key %d", i), &per_minute, SECOND), 0);
    shared_memory_close(&memory);
}

static void a_flood_of_keys_forgets_those_that_used_least(void **state)
{
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);
    int refused = 0;

    assert_int_equal(take_many(&table, STR("heavy"), &per_minute, SECOND), 60);
    for (int i = 0; i < 100000; i++) /* each once: no more than one token in use */
        assert_true(
            rate_take(&table, &per_minute, arena_printf(*state, "key %d", i), SECOND).is_allowed);
    refused = !rate_take(&table, &per_minute, STR("heavy"), SECOND).is_allowed;
    assert_true(refused);
    shared_memory_close(&memory);
}

/* --- together --- */

enum { THREADS = 4 };

struct racer {
    const struct rate_table *table;
    int taken;
};

static void *race(void *context)
{
    struct racer *racer = context;
    const struct rate_policy policy = { 20000, 60 };

    for (int i = 0; i < 20000; i++)
        racer->taken += rate_take(racer->table, &policy, STR("a"), SECOND).is_allowed;
    return NULL;
}

static void threads_together_get_exactly_the_count(void **state)
{
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 64);
    struct racer racers[THREADS];
    pthread_t threads[THREADS];
    int taken = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){ &table, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        taken += racers[i].taken;
    }
    /* window / count is 187.5 ticks of 16 us, rounded down: not one more passes */
    assert_int_equal(taken, 20000);
    shared_memory_close(&memory);
}

static struct rate_table open_shared(struct shared_memory *memory, const char *folder)
{
    shared_memory_open(memory, str_from_c(folder), STR("rates"), STR("test"), 64 * 8);
    return (struct rate_table){ memory->content, 64, shared_memory_seed(memory) };
}

static void processes_share_one_count_even_when_some_are_killed(void **state)
{
    char folder[] = "/tmp/vitrine-rate-XXXXXX";
    struct shared_memory memory;
    struct rate_table table;

    assert_non_null(mkdtemp(folder));
    table = open_shared(&memory, folder);
    assert_false(memory.is_private);
    for (int i = 0; i < 40; i++) { /* each is killed while it counts, for keys of its own */
        pid_t pid = fork();

        if (pid == 0) {
            struct shared_memory own;
            struct rate_table mine = open_shared(&own, folder);
            const struct rate_policy many = { RATE_COUNT_MAX, 60 };

            for (int n = 0;; n++)
                (void)rate_take(&mine, &many, n % 2 ? STR("x") : STR("y"), clock_monotonic_us());
        }
        usleep((useconds_t)(500 + i * 131 % 2000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    for (int i = 0; i < 6; i++) {
        pid_t pid = fork();
        int result = -1;

        if (pid == 0) {
            struct shared_memory own;
            struct rate_table mine = open_shared(&own, folder);
            int taken = 0;

            while (taken < 10 && rate_take(&mine, &per_minute, STR("a"), SECOND).is_allowed)
                taken++;
            _exit(taken == 10 ? 0 : 1);
        }
        waitpid(pid, &result, 0);
        assert_int_equal(result, 0);
    }
    assert_false(rate_take(&table, &per_minute, STR("a"), SECOND).is_allowed);
    shared_memory_close(&memory);
    unlink(arena_printf(*state, "%s/rates", folder).ptr);
    rmdir(folder);
}

/* Of this thread's own, whatever else the machine does. */
static int64_t cpu_ns(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void taking_costs_less_than_a_microsecond(void **state)
{
    enum { TIMES = 200000 };
    struct shared_memory memory;
    struct rate_table table = table_of(&memory, 1 << 16);
    const struct rate_policy many = { RATE_COUNT_MAX, 60 };
    int64_t begin_ns = cpu_ns(), each_ns;

    (void)state;
    for (uint64_t i = 0; i < TIMES; i++) {
        uint64_t key = i * 2654435761u % 50000;
        (void)rate_take(
            &table, &many, str_from((const char *)&key, sizeof key), clock_monotonic_us());
    }
    each_ns = (cpu_ns() - begin_ns) / TIMES;
    print_message("rate_take: %lld ns\n", (long long)each_ns);
    assert_in_range(each_ns, 0, 5000); /* sanitizers, and a cold cache */
    shared_memory_close(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a bucket gives all at once, and then one by one",
            a_bucket_gives_all_at_once_and_then_one_by_one),
        TEST("waiting as long as told is enough, for every policy",
            waiting_as_long_as_told_is_enough),
        TEST("over a window no more than twice the count passes",
            over_a_window_no_more_than_twice_the_count_passes),
        TEST("without a limit everything is allowed", without_a_limit_everything_is_allowed),
        TEST("times may pass the end of their bits", times_may_pass_the_end_of_their_bits),
        TEST("a changed limit does not lock anyone out", a_lowered_limit_does_not_lock_anyone_out),
        TEST("keys that meet in one line are counted apart",
            keys_that_meet_in_one_line_are_counted_apart),
        TEST("a flood of keys forgets those that used least",
            a_flood_of_keys_forgets_those_that_used_least),
        TEST("threads together get exactly the count", threads_together_get_exactly_the_count),
        TEST("processes share one count, even when some are killed",
            processes_share_one_count_even_when_some_are_killed),
        TEST("taking costs less than a microsecond", taking_costs_less_than_a_microsecond),
    };

    return RUN(tests);
}
