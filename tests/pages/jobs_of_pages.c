/* See jobs_of_pages.h. */
#include "jobs_of_pages.h"

#include "domain/job_kinds.h"
#include "unit.h"

enum { PERIOD_S = 3600 };

static enum status never_run(struct task *task, struct job_run *run)
{
    (void)task;
    (void)run;
    return STATUS_INTERNAL;
}

static const struct job_kind kinds[] = {
    { "errand", "Run an errand for somebody.", never_run, 0, 60, 2, false, NULL },
    { "round", "Make a round through the house.", never_run, PERIOD_S, 60, 2, false, NULL },
};

static struct task *the_system(struct world *world)
{
    static struct task task;

    task_init(&task, &world->thread.domain, &world->arena, ACTOR_SYSTEM, STR_EMPTY);
    return &task;
}

static void add(struct world *world, const char *key)
{
    assert_int_equal(job_add_now(the_system(world), "errand", str_from_c(key), 0, NULL), STATUS_OK);
}

static struct job_run claim(struct world *world)
{
    struct job_run run;

    assert_int_equal(job_claim(the_system(world), STR("here:1"), &run), STATUS_OK);
    return run;
}

static void end(struct world *world, struct job_run *run, enum job_end how)
{
    static const struct failure failure = { .status = STATUS_STORAGE,
        .sentence = STR("The image storage did not <answer> properly."),
        .storage_code = STR("SlowDown"),
        .storage_message = STR("Reduce your request rate.") };
    enum job_state state;

    assert_int_equal(job_finish(the_system(world), run, how, &failure, 1234, &state), STATUS_OK);
    job_run_clear(run);
}

void jobs_plan_some(struct world *world)
{
    job_kinds_inject(kinds, COUNT_OF(kinds));
    assert_int_equal(job_plan(the_system(world)), STATUS_OK);
}

void jobs_make_some(struct world *world)
{
    struct job_run run = claim(world);

    run.note = STR("3 deleted, 1 adopted");
    end(world, &run, JOB_END_DONE);
    add(world, "ada & co");
    for (int i = 0; i < 2; i++) {
        run = claim(world);
        end(world, &run, JOB_END_FAILED);
        world_wait(world, JOB_BACKOFF_MAX_S / 100);
    }
    add(world, "waits");
    run = claim(world);
    end(world, &run, JOB_END_FAILED);
    add(world, "runs");
    run = claim(world);
    job_run_clear(&run);
}

void jobs_end(struct world *world)
{
    world_wait(world, PERIOD_S / 3);
}
