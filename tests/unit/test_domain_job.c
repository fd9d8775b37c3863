/* Jobs: added once, claimed by one, tried again later and later, dead where a person sees it. */
#include "domain_fixture.h"

#include "crypto/random.h"
#include "domain/job_kinds.h"

static enum status nothing(struct task *task, struct job_run *run)
{
    (void)task;
    (void)run;
    return STATUS_OK;
}

static bool is_never_wanted(const struct domain_options *options)
{
    (void)options;
    return false;
}

enum { PERIOD_S = 600 };

static const struct job_kind test_kinds[] = {
    { "errand", "Run an errand.", nothing, 0, 60, 3, false, NULL },
    { "round", "Make a round.", nothing, PERIOD_S, 60, 2, false, NULL },
    { "unwanted", "Do what nobody wants.", nothing, PERIOD_S, 60, 2, false, is_never_wanted },
};

/* The system's turn, with the kinds above. */
static struct task *system_of(struct world *world)
{
    job_kinds_inject(test_kinds, COUNT_OF(test_kinds));
    return world_as(world, ACTOR_SYSTEM);
}

static void add(struct world *world, const char *key)
{
    assert_ok(job_add_now(system_of(world), "errand", str_from_c(key), 0, NULL));
}

static struct job_run claim(struct world *world)
{
    struct job_run run;

    assert_ok(job_claim(system_of(world), STR("here:1"), &run));
    return run;
}

static enum job_state end(struct world *world, struct job_run *run, enum job_end how)
{
    struct failure failure = { .status = STATUS_STORAGE, .sentence = STR("It did not work.") };
    enum job_state state;

    assert_ok(job_finish(system_of(world), run, how, &failure, 12, &state));
    job_run_clear(run);
    return state;
}

static void nothing_is_due(struct world *world)
{
    struct job_run run;

    assert_status(job_claim(system_of(world), STR("here:1"), &run), NOT_FOUND);
}

static int64_t now_s = START_S;

static void pass(int64_t seconds)
{
    now_s += seconds;
    clock_freeze(now_s);
}

static struct job only(struct world *world, enum job_state state)
{
    struct jobs jobs;

    assert_ok(job_list(system_of(world), state, 10, &jobs));
    assert_int_equal(jobs.count, 1);
    return jobs.item[0];
}

static int64_t rows(struct world *world)
{
    return world_number(world, "SELECT count(*) FROM jobs");
}

/* --- adding --- */

static void a_job_that_was_done_is_gone(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    run = claim(world);
    assert_str(run.row.kind, "errand");
    assert_str(run.row.unique_key, "a");
    assert_ok(job_run(system_of(world), &run));
    end(world, &run, JOB_END_DONE);
    assert_int_equal(rows(world), 0);
    nothing_is_due(world);
}

static void a_job_is_there_when_what_made_it_necessary_is(void **state)
{
    struct world *world = *state;
    struct task *task = system_of(world);

    assert_ok(db_begin(task->domain->db));
    assert_ok(job_add(task, "errand", STR("a"), 0, NULL));
    db_rollback(task->domain->db);
    assert_int_equal(rows(world), 0);
    assert_ok(db_begin(task->domain->db));
    assert_ok(job_add(task, "errand", STR("a"), 0, NULL));
    assert_ok(db_commit(task->domain->db));
    assert_int_equal(rows(world), 1);
}

static void a_key_stands_once_and_the_earlier_time_and_later_payload_count(void **state)
{
    struct world *world = *state;
    struct job_run run;

    assert_ok(job_add_now(
        system_of(world), "errand", STR("a"), START_S + 100, json_pack("{s:i}", "n", 1)));
    assert_ok(job_add_now(
        system_of(world), "errand", STR("a"), START_S + 50, json_pack("{s:i}", "n", 2)));
    assert_ok(job_add_now(
        system_of(world), "errand", STR("a"), START_S + 70, json_pack("{s:i}", "n", 3)));
    assert_int_equal(rows(world), 1);
    pass(49);
    nothing_is_due(world);
    pass(1);
    run = claim(world);
    assert_int_equal(json_integer_value(json_object_get(run.payload, "n")), 3);
    job_run_clear(&run);
}

static void what_is_added_while_it_runs_is_due_once_more(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    run = claim(world);
    add(world, "a");
    add(world, "a");
    nothing_is_due(world);
    end(world, &run, JOB_END_DONE);
    run = claim(world);
    end(world, &run, JOB_END_DONE);
    assert_int_equal(rows(world), 0);
}

static void an_unknown_kind_and_what_is_too_long_are_refused(void **state)
{
    struct world *world = *state;
    char key[JOB_KEY_MAX_BYTES + 1];

    memset(key, 'k', sizeof(key));
    assert_status(job_add_now(system_of(world), "fly", STR("a"), 0, NULL), INTERNAL);
    assert_status(
        job_add_now(system_of(world), "errand", str_from(key, sizeof(key)), 0, NULL), INVALID);
    assert_ok(job_add_now(system_of(world), "errand", str_from(key, sizeof(key) - 1), 0, NULL));
}

/* --- claiming --- */

static void two_workers_never_get_the_same_job(void **state)
{
    struct world *world = *state;
    struct domain other;
    struct task others;
    struct job_run first, second, third;

    add(world, "a");
    add(world, "b");
    assert_ok(domain_open(&other, &world->options));
    task_init(&others, &other, &world->fixture.arena, ACTOR_SYSTEM, STR_EMPTY);
    first = claim(world);
    assert_ok(job_claim(&others, STR("there:2"), &second));
    assert_int_not_equal(first.row.id, second.row.id);
    assert_status(job_claim(&others, STR("there:2"), &third), NOT_FOUND);
    job_run_clear(&first);
    job_run_clear(&second);
    domain_close(&other);
}

static void what_is_due_first_is_taken_first(void **state)
{
    struct world *world = *state;
    struct job_run run;

    assert_ok(job_add_now(system_of(world), "errand", STR("late"), START_S - 1, NULL));
    assert_ok(job_add_now(system_of(world), "errand", STR("early"), START_S - 2, NULL));
    run = claim(world);
    assert_str(run.row.unique_key, "early");
    job_run_clear(&run);
}

static void a_job_whose_worker_is_gone_runs_again_after_its_lease(void **state)
{
    struct world *world = *state;
    struct job_run killed, run;
    enum job_state after;

    add(world, "a");
    killed = claim(world);
    pass(JOB_LEASE_S - 1);
    nothing_is_due(world);
    pass(1);
    run = claim(world);
    assert_int_equal(run.row.attempts, 2);
    /* the first one was not dead, only slow: it can change nothing any more */
    assert_status(job_renew(system_of(world), &killed), CONFLICT);
    assert_status(job_save(system_of(world), &killed, json_object()), CONFLICT);
    assert_status(job_finish(system_of(world), &killed, JOB_END_DONE, NULL, 0, &after), CONFLICT);
    assert_int_equal(rows(world), 1);
    end(world, &run, JOB_END_DONE);
    assert_int_equal(rows(world), 0);
    job_run_clear(&killed);
}

static void a_claim_of_the_same_worker_is_not_taken_for_an_earlier_one(void **state)
{
    struct world *world = *state;
    struct job_run before, run;
    enum job_state after;

    add(world, "a");
    before = claim(world);
    pass(JOB_LEASE_S);
    run = claim(world);
    end(world, &run, JOB_END_FAILED);
    assert_ok(job_retry(system_of(world), only(world, JOB_QUEUED).id));
    run = claim(world);
    assert_int_equal(run.row.attempts, before.row.attempts);
    assert_status(job_finish(system_of(world), &before, JOB_END_DONE, NULL, 0, &after), CONFLICT);
    job_run_clear(&before);
    job_run_clear(&run);
}

static void a_renewed_lease_keeps_the_job(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    run = claim(world);
    for (int i = 0; i < 5; i++) {
        pass(JOB_LEASE_S - 1);
        assert_ok(job_renew(system_of(world), &run));
    }
    nothing_is_due(world);
    end(world, &run, JOB_END_DONE);
    assert_int_equal(rows(world), 0);
}

static void progress_that_was_saved_is_what_the_next_attempt_gets(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    run = claim(world);
    assert_ok(job_save(system_of(world), &run, json_pack("{s:i}", "at", 7)));
    job_run_clear(&run);
    pass(JOB_LEASE_S);
    run = claim(world);
    assert_int_equal(json_integer_value(json_object_get(run.payload, "at")), 7);
    end(world, &run, JOB_END_FAILED);
    pass(JOB_BACKOFF_MAX_S);
    run = claim(world);
    assert_int_equal(json_integer_value(json_object_get(run.payload, "at")), 7);
    job_run_clear(&run);
}

/* --- failing --- */

static void waiting_doubles_up_to_an_hour_and_is_never_less_than_half(void **state)
{
    static const int64_t limits[] = { 30, 60, 120, 240, 480, 960, 1920, 3600, 3600 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        int64_t attempts = (int64_t)i + 1, least = INT64_MAX, most = 0;

        assert_int_equal(job_backoff_limit_s(attempts), limits[i]);
        for (int n = 0; n < 2000; n++) {
            int64_t wait_s = job_backoff_s(attempts);

            least = wait_s < least ? wait_s : least;
            most = wait_s > most ? wait_s : most;
        }
        assert_in_range(least, limits[i] / 2, limits[i] * 6 / 10);
        assert_in_range(most, limits[i] * 9 / 10, limits[i]);
    }
    assert_int_equal(job_backoff_limit_s(1000000), JOB_BACKOFF_MAX_S);
}

static void a_job_that_fails_waits_and_is_dead_after_its_last_attempt(void **state)
{
    struct world *world = *state;
    struct job_run run;
    struct job job;

    add(world, "a");
    for (int i = 1; i < 3; i++) {
        run = claim(world);
        assert_int_equal(run.row.attempts, i);
        assert_int_equal(end(world, &run, JOB_END_FAILED), JOB_QUEUED);
        nothing_is_due(world);
        assert_true(only(world, JOB_QUEUED).is_failing);
        pass(job_backoff_limit_s(i));
    }
    run = claim(world);
    assert_int_equal(end(world, &run, JOB_END_FAILED), JOB_DEAD);
    pass(30 * 24 * 3600);
    nothing_is_due(world);
    job = only(world, JOB_DEAD);
    assert_str(job.last_error, "It did not work.");
    assert_str(job.doc, "Run an errand.");
    assert_int_equal(job.attempts, 3);
}

static void what_storage_said_is_part_of_the_error(void **state)
{
    struct world *world = *state;
    struct failure failure = { .status = STATUS_STORAGE_REFUSED,
        .sentence = STR("The storage refused."),
        .storage_code = STR("AccessDenied"),
        .storage_message = STR("Access Denied") };
    struct job_run run;
    enum job_state after;

    add(world, "a");
    run = claim(world);
    assert_ok(job_finish(system_of(world), &run, JOB_END_FAILED, &failure, 0, &after));
    assert_str(only(world, JOB_QUEUED).last_error,
        "The storage refused. Storage said: AccessDenied Access Denied");
    job_run_clear(&run);
}

static void a_released_job_is_due_at_once_as_if_it_had_not_been_tried(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    for (int i = 0; i < 10; i++) {
        run = claim(world);
        assert_int_equal(run.row.attempts, 1);
        assert_int_equal(end(world, &run, JOB_END_RELEASED), JOB_QUEUED);
    }
}

static void a_job_that_ends_its_workers_is_not_given_to_another_for_ever(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    for (int i = 0; i < 3; i++) {
        run = claim(world);
        job_run_clear(&run);
        pass(JOB_LEASE_S);
    }
    add(world, "b"); /* others are not held up */
    run = claim(world);
    assert_str(run.row.unique_key, "b");
    assert_int_equal(end(world, &run, JOB_END_DONE), JOB_QUEUED);
    nothing_is_due(world);
    assert_true(str_starts_with(only(world, JOB_DEAD).last_error, STR("Its worker ended")));
}

static void a_job_that_this_program_does_not_know_fails_in_words(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    job_kinds_inject(test_kinds + 1, 1);
    world_as(world, ACTOR_SYSTEM);
    assert_ok(job_claim(&world->task, STR("here:1"), &run));
    assert_status(job_run(&world->task, &run), INVALID);
    assert_true(world_says(world, "no jobs of the kind \"errand\""));
    job_run_clear(&run);
}

static void a_dead_job_that_is_added_again_lives(void **state)
{
    struct world *world = *state;
    struct job_run run;

    add(world, "a");
    for (int i = 0; i < 3; i++) {
        run = claim(world);
        end(world, &run, JOB_END_TIME_OVER);
        pass(JOB_BACKOFF_MAX_S);
    }
    assert_str(only(world, JOB_DEAD).last_error, "It was not done within 60 seconds.");
    add(world, "a");
    run = claim(world);
    assert_int_equal(run.row.attempts, 1);
    job_run_clear(&run);
}

/* --- the schedule --- */

static void a_period_is_planned_once_and_goes_on(void **state)
{
    struct world *world = *state;
    struct job_run run;
    struct job job;

    assert_ok(job_plan(system_of(world)));
    assert_ok(job_plan(system_of(world)));
    assert_int_equal(rows(world), 1); /* and not of the kind that nobody wants */
    run = claim(world);
    run.note = STR("3 deleted");
    pass(5);
    end(world, &run, JOB_END_DONE);
    job = only(world, JOB_QUEUED);
    assert_true(job.is_periodic);
    assert_str(job.note, "3 deleted");
    assert_int_equal(job.done_ms, 12);
    assert_int_equal(job.due_at, now_s + PERIOD_S);
    assert_ok(job_plan(system_of(world)));
    nothing_is_due(world);
    pass(PERIOD_S);
    run = claim(world);
    assert_int_equal(run.row.attempts, 1);
    job_run_clear(&run);
}

static void a_period_never_dies(void **state)
{
    struct world *world = *state;
    struct job_run run;
    struct job job;

    assert_ok(job_plan(system_of(world)));
    run = claim(world);
    end(world, &run, JOB_END_FAILED);
    pass(JOB_BACKOFF_FIRST_S);
    run = claim(world);
    assert_int_equal(end(world, &run, JOB_END_FAILED), JOB_QUEUED);
    job = only(world, JOB_QUEUED);
    assert_true(job.is_failing);
    assert_int_equal(job.due_at, now_s + PERIOD_S);
    pass(PERIOD_S);
    run = claim(world);
    end(world, &run, JOB_END_DONE);
    assert_false(only(world, JOB_QUEUED).is_failing);
}

static void a_run_may_ask_to_go_on_soon(void **state)
{
    struct world *world = *state;
    struct job_run run;

    assert_ok(job_plan(system_of(world)));
    run = claim(world);
    assert_ok(job_save(system_of(world), &run, json_pack("{s:i}", "at", 7)));
    run.again_s = 2;
    end(world, &run, JOB_END_DONE);
    pass(2);
    run = claim(world);
    assert_int_equal(json_integer_value(json_object_get(run.payload, "at")), 7);
    end(world, &run, JOB_END_DONE);
    pass(PERIOD_S);
    run = claim(world);
    assert_null(json_object_get(run.payload, "at")); /* it begins anew */
    job_run_clear(&run);
}

static void what_the_settings_switch_off_is_taken_back(void **state)
{
    static const struct job_kind off[] = { { "round", "Make a round.", nothing, PERIOD_S, 60, 2,
        false, is_never_wanted } };
    struct world *world = *state;

    assert_ok(job_plan(system_of(world)));
    assert_int_equal(rows(world), 1);
    job_kinds_inject(off, 1);
    assert_ok(job_plan(world_as(world, ACTOR_SYSTEM)));
    assert_int_equal(rows(world), 0);
}

/* --- people --- */

static int64_t make_dead(struct world *world)
{
    struct job_run run;

    add(world, "a");
    for (int i = 0; i < 3; i++) {
        run = claim(world);
        end(world, &run, JOB_END_FAILED);
        pass(JOB_BACKOFF_MAX_S);
    }
    return only(world, JOB_DEAD).id;
}

static void a_dead_job_is_run_again_or_discarded_and_audited(void **state)
{
    struct world *world = *state;
    int64_t id = make_dead(world);
    struct job_run run;

    assert_ok(job_retry(system_of(world), id));
    run = claim(world);
    assert_int_equal(run.row.attempts, 1);
    assert_status(job_discard(system_of(world), id), CONFLICT);
    assert_true(world_says(world, "just now"));
    assert_status(job_retry(system_of(world), id), CONFLICT);
    end(world, &run, JOB_END_FAILED);
    assert_ok(job_discard(system_of(world), id));
    assert_int_equal(rows(world), 0);
    assert_status(job_retry(system_of(world), id), NOT_FOUND);
    assert_status(job_discard(system_of(world), id), NOT_FOUND);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'job.retry'"), 1);
    assert_int_equal(
        world_number(world, "SELECT count(*) FROM audit WHERE action = 'job.discard'"), 1);
}

static void the_schedule_is_not_discarded_and_runs_when_it_is_asked_to(void **state)
{
    struct world *world = *state;
    struct job_run run;
    int64_t id, again;

    assert_ok(job_run_kind(system_of(world), STR("round"), &id));
    run = claim(world);
    assert_status(job_run_kind(system_of(world), STR("round"), &again), CONFLICT);
    end(world, &run, JOB_END_DONE);
    assert_status(job_discard(system_of(world), id), CONFLICT);
    nothing_is_due(world);
    assert_ok(job_run_kind(system_of(world), STR("round"), &again));
    assert_int_equal(again, id);
    run = claim(world);
    job_run_clear(&run);
    assert_status(job_run_kind(system_of(world), STR("fly"), &id), NOT_FOUND);
    assert_true(world_says(world, "There are: round."));
    assert_status(job_run_kind(system_of(world), STR("errand"), &id), NOT_FOUND);
    assert_status(job_run_kind(system_of(world), STR("unwanted"), &id), NOT_FOUND);
}

static void counts_tell_how_long_the_first_has_been_waiting(void **state)
{
    struct world *world = *state;
    struct job_counts counts;
    struct job_run run;

    assert_ok(job_count(system_of(world), &counts));
    assert_false(counts.has_schedule);
    assert_int_equal(counts.overdue_s, 0);
    assert_ok(job_plan(system_of(world)));
    add(world, "a");
    pass(100);
    assert_ok(job_count(system_of(world), &counts));
    assert_true(counts.has_schedule);
    assert_int_equal(counts.count[JOB_QUEUED], 2);
    assert_int_equal(counts.overdue_s, 100);
    run = claim(world);
    job_run_clear(&run);
    run = claim(world);
    job_run_clear(&run);
    assert_ok(job_count(system_of(world), &counts));
    assert_int_equal(counts.count[JOB_RUNNING], 2);
    assert_int_equal(counts.overdue_s, 0); /* what runs is not waiting, until its lease ends */
    pass(JOB_LEASE_S + 5);
    assert_ok(job_count(system_of(world), &counts));
    assert_int_equal(counts.overdue_s, 5);
}

/* --- the program's own table --- */

static void the_kinds_are_sorted_and_complete(void **state)
{
    struct domain_options off = { .storage = { .is_off = true } };
    const struct job_kind *kind;

    (void)state;
    job_kinds_inject(NULL, 0);
    for (size_t i = 0; (kind = job_kind_at(i)) != NULL; i++) {
        assert_true(i == 0 || strcmp(job_kind_at(i - 1)->name, kind->name) < 0);
        assert_int_equal(strspn(kind->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(kind->name));
        assert_int_equal(kind->doc[strlen(kind->doc) - 1], '.');
        assert_non_null(kind->run);
        assert_true(kind->period_s >= 0 && kind->time_limit_s > 0 && kind->max_attempts > 0);
        assert_ptr_equal(job_kind_find(str_from_c(kind->name)), kind);
        assert_true(!kind->needs_storage || !job_kind_is_wanted(kind, &off));
    }
    assert_non_null(job_kind_find(STR("sweep")));
    assert_null(job_kind_find(STR("fly")));
}

static int open_world(void **state)
{
    now_s = START_S;
    return world_open(state);
}

static int close_world(void **state)
{
    job_kinds_inject(NULL, 0);
    return world_close(state);
}

#define job_test(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        job_test(a_job_that_was_done_is_gone),
        job_test(a_job_is_there_when_what_made_it_necessary_is),
        job_test(a_key_stands_once_and_the_earlier_time_and_later_payload_count),
        job_test(what_is_added_while_it_runs_is_due_once_more),
        job_test(an_unknown_kind_and_what_is_too_long_are_refused),
        job_test(two_workers_never_get_the_same_job),
        job_test(what_is_due_first_is_taken_first),
        job_test(a_job_whose_worker_is_gone_runs_again_after_its_lease),
        job_test(a_claim_of_the_same_worker_is_not_taken_for_an_earlier_one),
        job_test(a_renewed_lease_keeps_the_job),
        job_test(progress_that_was_saved_is_what_the_next_attempt_gets),
        cmocka_unit_test(waiting_doubles_up_to_an_hour_and_is_never_less_than_half),
        job_test(a_job_that_fails_waits_and_is_dead_after_its_last_attempt),
        job_test(what_storage_said_is_part_of_the_error),
        job_test(a_released_job_is_due_at_once_as_if_it_had_not_been_tried),
        job_test(a_job_that_ends_its_workers_is_not_given_to_another_for_ever),
        job_test(a_job_that_this_program_does_not_know_fails_in_words),
        job_test(a_dead_job_that_is_added_again_lives),
        job_test(a_period_is_planned_once_and_goes_on),
        job_test(a_period_never_dies),
        job_test(a_run_may_ask_to_go_on_soon),
        job_test(what_the_settings_switch_off_is_taken_back),
        job_test(a_dead_job_is_run_again_or_discarded_and_audited),
        job_test(the_schedule_is_not_discarded_and_runs_when_it_is_asked_to),
        job_test(counts_tell_how_long_the_first_has_been_waiting),
        job_test(the_kinds_are_sorted_and_complete),
    };

    return cmocka_run_group_tests_name("domain job", tests, NULL, NULL);
}
