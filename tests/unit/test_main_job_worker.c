/* The worker's threads: limits, stops, jobs of several threads. The clock is the real one. */
#include "domain_fixture.h"

#include "domain/job_kinds.h"
#include "main/job_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int begun, running, most_running;

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

/* Ends when it is told to, with something left to do. */
static enum status endless(struct task *task, struct job_run *run)
{
    (void)run;
    atomic_fetch_add(&begun, 1);
    while (!task_must_stop(task)) {
        sleep_ms(5);
    }
    return STATUS_BUSY;
}

/* Hears nothing. */
static enum status hung(struct task *task, struct job_run *run)
{
    (void)task;
    (void)run;
    while (pause() != 0) {
    }
    return STATUS_OK;
}

/* Ends in time, though it was told to stop: nothing was left to do. */
static enum status in_time(struct task *task, struct job_run *run)
{
    (void)run;
    atomic_fetch_add(&begun, 1);
    while (!task_must_stop(task)) {
        sleep_ms(5);
    }
    return STATUS_OK;
}

/* Ends a moment after there were two of them at once, if ever. */
static enum status brief(struct task *task, struct job_run *run)
{
    int now = atomic_fetch_add(&running, 1) + 1, most = atomic_load(&most_running);

    (void)task;
    (void)run;
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now)) {
    }
    for (int i = 0; i < 6000 && atomic_load(&most_running) < 2; i++) {
        sleep_ms(5);
    }
    sleep_ms(20);
    atomic_fetch_sub(&running, 1);
    return STATUS_OK;
}

static enum status failing(struct task *task, struct job_run *run)
{
    (void)run;
    return failure_set(&task->failure, STATUS_STORAGE, STR_EMPTY, STR("It cannot be done."));
}

static const struct job_kind kinds[] = {
    { "brief", "Is done soon.", brief, 0, 60, 3, false, NULL },
    { "endless", "Never ends by itself.", endless, 0, 60, 3, false, NULL },
    { "failing", "Fails.", failing, 0, 60, 3, false, NULL },
    { "hung", "Does not even end when it is told to.", hung, 0, 1, 3, false, NULL },
    { "in_time", "Ends when it is told to.", in_time, 0, 60, 3, false, NULL },
    { "slow", "Takes longer than it may.", endless, 0, 1, 3, false, NULL },
};

static int open_world(void **state)
{
    int failed = world_open(state);

    clock_thaw();
    atomic_store(&begun, 0);
    atomic_store(&most_running, 0);
    job_kinds_inject(kinds, COUNT_OF(kinds));
    return failed;
}

static int close_world(void **state)
{
    job_kinds_inject(NULL, 0);
    return world_close(state);
}

static void add(struct world *world, const char *kind, const char *key)
{
    assert_ok(job_add_now(world_as(world, ACTOR_SYSTEM), kind, str_from_c(key), 0, NULL));
}

static int run(struct world *world, bool is_once)
{
    struct job_worker_options options = { &world->options, 2, is_once, JOB_WORKER_GRACE_S,
        JOB_WORKER_STUCK_S };
    bool is_clean = false;
    int code = job_worker_run(&options, &is_clean);

    assert_true(is_clean);
    return code;
}

static struct job only(struct world *world, enum job_state state)
{
    struct jobs jobs;

    assert_ok(job_list(world_as(world, ACTOR_SYSTEM), state, 10, &jobs));
    assert_int_equal(jobs.count, 1);
    return jobs.item[0];
}

/* --- */

static void once_runs_what_is_due_two_at_a_time(void **state)
{
    struct world *world = *state;
    char key[16];

    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof(key), "%d", i);
        add(world, "brief", key);
    }
    assert_int_equal(run(world, true), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM jobs"), 0);
    assert_int_equal(atomic_load(&most_running), 2);
}

static void once_tells_that_a_job_failed(void **state)
{
    struct world *world = *state;
    struct job job;

    add(world, "failing", "a");
    assert_int_equal(run(world, true), 1);
    job = only(world, JOB_QUEUED);
    assert_str(job.last_error, "It cannot be done.");
    assert_int_equal(job.attempts, 1);
}

static void a_job_that_takes_too_long_is_told_to_stop_and_failed(void **state)
{
    struct world *world = *state;
    struct job job;

    add(world, "slow", "a");
    assert_int_equal(run(world, true), 1);
    job = only(world, JOB_QUEUED);
    assert_str(job.last_error, "It was not done within 1 seconds.");
    assert_int_equal(job.attempts, 1);
}

/* Sends SIGTERM as soon as a job has begun. */
static void *terminate(void *context)
{
    (void)context;
    while (atomic_load(&begun) == 0) {
        sleep_ms(5);
    }
    kill(getpid(), SIGTERM);
    return NULL;
}

static int run_until_terminated(struct world *world)
{
    sigset_t signals;
    pthread_t thread;
    int code;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    assert_int_equal(pthread_create(&thread, NULL, terminate, NULL), 0);
    code = run(world, false);
    pthread_join(thread, NULL);
    return code;
}

static void a_stop_gives_back_what_was_not_done_as_if_it_had_not_been_tried(void **state)
{
    struct world *world = *state;
    struct job job;

    add(world, "endless", "a");
    assert_int_equal(run_until_terminated(world), 0);
    job = only(world, JOB_QUEUED);
    assert_int_equal(job.attempts, 0);
    assert_str(job.last_error, "");
    assert_true(job.due_at <= clock_now_s());
}

static void a_stop_keeps_what_was_done(void **state)
{
    struct world *world = *state;

    add(world, "in_time", "a");
    assert_int_equal(run_until_terminated(world), 0);
    assert_int_equal(world_number(world, "SELECT count(*) FROM jobs"), 0);
}

/* In a process of its own, as the threads of a hung job can only end with their process. */
static int live_with_a_hung_job(void)
{
    void *state = NULL;
    struct world *world;
    struct jobs jobs;
    bool is_clean = true;
    int failed;

    if (open_world(&state) != 0) {
        return 2;
    }
    world = state;
    add(world, "hung", "a");
    if (job_worker_run(
            &(struct job_worker_options){ &world->options, 2, false, 1, 1 }, &is_clean) != 1 ||
        is_clean) {
        return 3;
    }
    if (job_list(world_as(world, ACTOR_SYSTEM), JOB_QUEUED, 10, &jobs) != STATUS_OK ||
        jobs.count != 1) {
        return 4;
    }
    failed = jobs.item[0].attempts != 1 ||
             !str_equal(jobs.item[0].last_error, STR("It was not done within 1 seconds."));
    world_close(&state);
    return failed ? 5 : 0;
}

static void a_hung_job_ends_its_process_and_counts_as_failed(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        _exit(live_with_a_hung_job());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define worker_test(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        worker_test(once_runs_what_is_due_two_at_a_time),
        worker_test(once_tells_that_a_job_failed),
        worker_test(a_job_that_takes_too_long_is_told_to_stop_and_failed),
        worker_test(a_stop_gives_back_what_was_not_done_as_if_it_had_not_been_tried),
        worker_test(a_stop_keeps_what_was_done),
        cmocka_unit_test(a_hung_job_ends_its_process_and_counts_as_failed),
    };

    return cmocka_run_group_tests_name("main job worker", tests, NULL, NULL);
}
