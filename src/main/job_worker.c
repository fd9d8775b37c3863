/*
 * job_worker.c - the thread that watches: signals, leases, time limits, the schedule. See
 * job_worker.h; what the others do is in job_slot.c.
 */
#include "main/job_worker_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/job_kinds.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 500,
    TICK_ONCE_MS = 10,
    RENEW_EVERY_S = JOB_LEASE_S / 4,
    RENEW_AGAIN_S = 2, /* after it could not be done */
    PLAN_EVERY_S = 600,
    PLAN_AGAIN_S = 10
};

static const int64_t SECOND_US = 1000000;

bool job_worker_open_domain(struct job_worker *worker, struct domain *domain, bool *has_domain)
{
    if (!*has_domain) {
        *has_domain = domain_open(domain, worker->options->domain) == STATUS_OK;
        if (!*has_domain) {
            domain_close(domain);
        }
    }
    return *has_domain;
}

void job_worker_wait(struct job_worker *worker, int64_t seconds)
{
    int64_t until_us = clock_monotonic_us() + seconds * SECOND_US;
    bool is_time_left = true;
    unsigned looks;

    pthread_mutex_lock(&worker->lock);
    looks = worker->looks;
    while (is_time_left && !atomic_load(&worker->is_stopping) && worker->looks == looks) {
        is_time_left = clock_wait(&worker->changed, &worker->lock, until_us);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* False while the database cannot be opened. What is in the arena stays. */
static bool own_task(struct job_worker *worker, struct task *out)
{
    if (!job_worker_open_domain(worker, &worker->domain, &worker->has_domain)) {
        return false;
    }
    task_init(out, &worker->domain, &worker->arena, ACTOR_SYSTEM, STR_EMPTY);
    return true;
}

/* --- leases and limits --- */

/* A copy of what a slot is at: its thread forgets the job as soon as that has ended. */
struct watched {
    struct job_run run;
    int64_t began_us, renewed_us;
    bool has_run; /* only its end has to be written down */
    bool is_lost; /* another worker has it */
    bool is_told; /* to stop */
    bool is_time_over;
};

/* False when it is at nothing. The strs are in `arena`. */
static bool watch(struct job_slot *slot, struct arena *arena, struct watched *out)
{
    struct job_worker *worker = slot->worker;
    bool is_running;

    pthread_mutex_lock(&worker->lock);
    is_running = slot->is_running;
    if (is_running) {
        *out = (struct watched){ .run = slot->run,
            .began_us = slot->began_us,
            .renewed_us = slot->renewed_us,
            .has_run = slot->has_run,
            .is_lost = slot->is_lost,
            .is_told = atomic_load(&slot->stop),
            .is_time_over = slot->is_time_over };
        out->run.payload = NULL;
        out->run.row.kind = arena_copy(arena, slot->run.row.kind);
        out->run.row.lease_owner = arena_copy(arena, slot->run.row.lease_owner);
    }
    pthread_mutex_unlock(&worker->lock);
    return is_running;
}

/* Whether the slot is still at the job that was watched. With the lock. */
static bool is_same(const struct job_slot *slot, const struct watched *watched)
{
    return slot->is_running && slot->began_us == watched->began_us;
}

static void renew(struct job_slot *slot, const struct watched *watched)
{
    struct job_worker *worker = slot->worker;
    int64_t now_us = clock_monotonic_us();
    enum status status = STATUS_IO;
    struct task task;

    if (watched->is_lost || now_us - watched->renewed_us < RENEW_EVERY_S * SECOND_US) {
        return;
    }
    if (own_task(worker, &task)) {
        status = job_renew(&task, &watched->run);
    }
    pthread_mutex_lock(&worker->lock);
    if (is_same(slot, watched)) {
        slot->renewed_us =
            status == STATUS_OK ? now_us : now_us - (RENEW_EVERY_S - RENEW_AGAIN_S) * SECOND_US;
        if (status == STATUS_CONFLICT) {
            slot->is_lost = true;
            atomic_store(&slot->stop, true);
        }
    }
    pthread_mutex_unlock(&worker->lock);
}

static int64_t limit_us(const struct watched *watched)
{
    const struct job_kind *kind = job_kind_find(watched->run.row.kind);

    return kind != NULL ? kind->time_limit_s * SECOND_US : JOB_WORKER_STUCK_S * SECOND_US;
}

static void end_in_time(struct job_slot *slot, const struct watched *watched)
{
    pthread_mutex_lock(&slot->worker->lock);
    if (is_same(slot, watched) && !watched->is_told) {
        slot->is_time_over = true;
        atomic_store(&slot->stop, true);
    }
    pthread_mutex_unlock(&slot->worker->lock);
}

/* False when a job hangs. */
static bool look_after(struct job_slot *slot)
{
    struct watched watched;
    int64_t over_us;

    arena_reset(&slot->worker->arena);
    if (!watch(slot, &slot->worker->arena, &watched)) {
        return true;
    }
    over_us = watched.has_run ? 0 : clock_monotonic_us() - watched.began_us - limit_us(&watched);
    if (over_us > slot->worker->options->stuck_s * SECOND_US) {
        log_event(LOG_ERROR, "job %" PRId64 " (%.*s) hangs: this worker ends", watched.run.row.id,
            STR_ARG(watched.run.row.kind));
        return false;
    }
    if (over_us > 0) {
        end_in_time(slot, &watched);
    }
    renew(slot, &watched);
    return true;
}

static bool look_after_all(struct job_worker *worker)
{
    bool is_well = true;

    for (int i = 0; i < worker->options->threads; i++) {
        is_well = look_after(&worker->slot[i]) && is_well;
    }
    return is_well;
}

/* --- the schedule --- */

static bool plan(struct job_worker *worker)
{
    struct task task;

    arena_reset(&worker->arena);
    return own_task(worker, &task) && job_plan(&task) == STATUS_OK;
}

static int64_t next_plan_us(bool is_planned)
{
    return clock_monotonic_us() + (is_planned ? PLAN_EVERY_S : PLAN_AGAIN_S) * SECOND_US;
}

/* --- the end --- */

static void tell_to_stop(struct job_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    atomic_store(&worker->is_stopping, true);
    for (int i = 0; i < worker->options->threads; i++) {
        atomic_store(&worker->slot[i].stop, true);
    }
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static bool have_all_ended(struct job_worker *worker)
{
    bool have_ended = true;

    pthread_mutex_lock(&worker->lock);
    for (int i = 0; i < worker->options->threads; i++) {
        have_ended = have_ended && worker->slot[i].has_ended;
    }
    pthread_mutex_unlock(&worker->lock);
    return have_ended;
}

static void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static bool wait_for_threads(struct job_worker *worker)
{
    int64_t until_us = clock_monotonic_us() + worker->options->grace_s * SECOND_US;

    while (!have_all_ended(worker)) {
        if (clock_monotonic_us() > until_us) {
            return false;
        }
        sleep_ms(20);
    }
    return true;
}

/* Its thread does not stop, and the process does: as if it had not been tried, or, had it been told
 * before that its time is over, as failed. */
static void give_back(struct job_slot *slot)
{
    struct watched watched;
    enum job_state state;
    struct task task;

    if (!watch(slot, &slot->worker->arena, &watched) || watched.is_lost ||
        !own_task(slot->worker, &task)) {
        return;
    }
    if (job_finish(&task, &watched.run, watched.is_time_over ? JOB_END_TIME_OVER : JOB_END_RELEASED,
            NULL, 0, &state) == STATUS_OK) {
        log_event(LOG_WARN, "job %" PRId64 " (%.*s) did not stop and is given back",
            watched.run.row.id, STR_ARG(watched.run.row.kind));
    }
}

static bool stop(struct job_worker *worker)
{
    tell_to_stop(worker);
    if (wait_for_threads(worker)) {
        return true;
    }
    for (int i = 0; i < worker->options->threads; i++) {
        give_back(&worker->slot[i]);
    }
    return false;
}

/* --- signals --- */

static void block_signals(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGTERM);
    sigaddset(out, SIGINT);
    sigaddset(out, SIGHUP);
    pthread_sigmask(SIG_BLOCK, out, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void look_now(struct job_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->looks++;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

/* Until it is time to end; the exit code. */
static int watch_over(struct job_worker *worker, const sigset_t *signals, bool is_planned)
{
    bool is_once = worker->options->is_once;
    const struct timespec tick = { .tv_nsec = (is_once ? TICK_ONCE_MS : TICK_MS) * 1000000 };
    int64_t plan_us = next_plan_us(is_planned);

    for (;;) {
        int number = sigtimedwait(signals, NULL, &tick);

        if (number == SIGTERM || number == SIGINT) {
            return 0;
        }
        if (is_once && have_all_ended(worker)) {
            return atomic_load(&worker->has_failed) ? 1 : 0;
        }
        if (!look_after_all(worker)) {
            return 1;
        }
        if (number == SIGHUP || clock_monotonic_us() > plan_us) {
            plan_us = next_plan_us(plan(worker));
        }
        if (number == SIGHUP) {
            look_now(worker);
        }
    }
}

static void init(struct job_worker *worker, const struct job_worker_options *options)
{
    char host[65] = "host";

    worker->options = options;
    gethostname(host, sizeof(host) - 1);
    snprintf(worker->name, sizeof(worker->name), "%s:%d", host, (int)getpid());
    arena_init(&worker->arena);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
}

static void start_threads(struct job_worker *worker)
{
    for (int i = 0; i < worker->options->threads; i++) {
        struct job_slot *slot = &worker->slot[i];

        slot->worker = worker;
        if (pthread_create(&slot->thread, NULL, job_slot_live, slot) != 0) {
            abort(); /* as everywhere without memory: a supervisor starts another */
        }
        worker->started++;
    }
}

static void clear(struct job_worker *worker)
{
    for (int i = 0; i < worker->started; i++) {
        pthread_join(worker->slot[i].thread, NULL);
    }
    if (worker->has_domain) {
        domain_close(&worker->domain);
    }
    arena_clear(&worker->arena);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

int job_worker_run(const struct job_worker_options *options, bool *out_is_clean)
{
    struct job_worker *worker = calloc(1, sizeof(*worker));
    sigset_t signals;
    bool is_planned;
    int code = 1;

    if (worker == NULL) {
        abort();
    }
    init(worker, options);
    block_signals(&signals);
    is_planned = plan(worker);
    *out_is_clean = true;
    if (is_planned || !options->is_once) {
        log_event(LOG_INFO, "the worker %s is up, threads: %d", worker->name, options->threads);
        start_threads(worker);
        code = watch_over(worker, &signals, is_planned);
        *out_is_clean = stop(worker);
        log_event(LOG_INFO, "the worker %s ends", worker->name);
    }
    if (*out_is_clean) {
        clear(worker);
    }
    return code;
}
