/*
 * turn.c - a line of threads, and a lock among processes.
 *
 * The lock alone would not be fair: attempts to take it do not block, since a blocking flock has no
 * timeout, and who just gave it back is awake while the others sleep between two attempts.
 */
#include "store/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_FIRST_US = 50, PAUSE_MAX_US = 1000 };

/* The line of this process: whoever has the turn, or tries to get it from other processes, and
 * behind them those who wait. One line serves every database; more than one is for tests. */
static pthread_mutex_t line_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct turn *line_first;

enum status turn_open(struct turn *turn, const char *database_path, const void *heirs)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s-turn", database_path);

    *turn = (struct turn){ .fd = -1, .heirs = heirs };
    pthread_cond_init(&turn->called, NULL);
    if (len > 0 && (size_t)len < sizeof(path)) {
        turn->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (turn->fd < 0) {
        log_event(LOG_ERROR, "cannot open %s-turn: %s", database_path, strerror(errno));
        return STATUS_IO;
    }
    return STATUS_OK;
}

/* Leave the line, from whatever place; a new first is called. Nothing happens to who does not stand
 * in it. With the mutex. */
static void step_out(struct turn *turn)
{
    struct turn **at = &line_first;

    while (*at && *at != turn) {
        at = &(*at)->behind;
    }
    if (*at) {
        *at = turn->behind;
        if (at == &line_first && line_first) {
            pthread_cond_signal(&line_first->called);
        }
    }
}

static void line_leave(struct turn *turn)
{
    pthread_mutex_lock(&line_mutex);
    step_out(turn);
    pthread_mutex_unlock(&line_mutex);
}

/* Stand in the line until first. False when the time is over, and then it is out of the line before
 * anyone could pass the turn on to it. */
static bool line_wait(struct turn *turn, int64_t deadline_us)
{
    struct turn **end = &line_first;
    bool is_first, is_time_left = true;

    pthread_mutex_lock(&line_mutex);
    while (*end) {
        end = &(*end)->behind;
    }
    turn->behind = NULL;
    *end = turn;
    while (line_first != turn && is_time_left) {
        is_time_left = clock_wait(&turn->called, &line_mutex, deadline_us);
    }
    is_first = line_first == turn;
    if (!is_first) {
        step_out(turn);
    }
    pthread_mutex_unlock(&line_mutex);
    return is_first;
}

static void pause_us(int64_t us)
{
    struct timespec time = { .tv_sec = 0, .tv_nsec = (long)(us * 1000) };

    nanosleep(&time, NULL);
}

/* Get the lock from other processes. */
static enum status lock(int fd, int64_t deadline_us)
{
    int64_t wait_us = PAUSE_FIRST_US;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            log_event(LOG_ERROR, "cannot lock the database's turn: %s", strerror(errno));
            return STATUS_IO;
        }
        if (clock_monotonic_us() > deadline_us) {
            return STATUS_BUSY;
        }
        pause_us(wait_us);
        wait_us = wait_us * 2 < PAUSE_MAX_US ? wait_us * 2 : PAUSE_MAX_US;
    }
    return STATUS_OK;
}

enum status turn_take(struct turn *turn)
{
    int64_t begin_us = clock_monotonic_us();
    int64_t deadline_us = begin_us + (int64_t)DB_TURN_TIMEOUT_MS * 1000;
    enum status status = STATUS_BUSY;

    if (line_wait(turn, deadline_us)) {
        status = turn->is_locked ? STATUS_OK : lock(turn->fd, deadline_us);
        turn->is_locked = status == STATUS_OK;
        if (status != STATUS_OK) {
            line_leave(turn);
        }
    }
    metrics_observe(METRIC_DATABASE_WAIT, 0, clock_monotonic_us() - begin_us);
    if (status == STATUS_BUSY) {
        metrics_count(METRIC_DATABASE_BUSY, 0, 0);
        log_event(LOG_WARN, "no turn to write within %d ms", DB_TURN_TIMEOUT_MS);
    }
    return status;
}

void turn_give_back(struct turn *turn)
{
    flock(turn->fd, LOCK_UN);
    turn->is_locked = false;
    line_leave(turn);
}

/* The lock belongs to the open file: whoever is next sleeps, and gets ours for its own. */
static void swap_files(struct turn *turn, struct turn *next)
{
    int fd = next->fd;

    next->fd = turn->fd;
    next->is_locked = true;
    turn->fd = fd;
    turn->is_locked = false;
}

bool turn_pass(struct turn *turn)
{
    struct turn *next;
    bool is_passed;

    pthread_mutex_lock(&line_mutex);
    next = turn->behind;
    is_passed = next && turn->heirs && next->heirs == turn->heirs;
    if (is_passed) {
        swap_files(turn, next);
        line_first = next;
        pthread_cond_signal(&next->called);
    }
    pthread_mutex_unlock(&line_mutex);
    return is_passed;
}

void turn_close(struct turn *turn)
{
    if (turn->fd >= 0) {
        line_leave(turn);
        close(turn->fd);
        pthread_cond_destroy(&turn->called);
        turn->fd = -1;
    }
}
