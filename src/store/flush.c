/*
 * flush.c - threads that committed wait for an fsync that began after; one of them does it.
 *
 * Tickets are taken after a commit, so an fsync that begins when N tickets are out makes all N
 * durable. When it fails all those are told: the kernel has dropped what it could not write, and
 * the next fsync would succeed without it.
 */
#include "store/flush.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct flush {
    char *path;
    struct flush *next;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    uint64_t committed;              /* tickets given out */
    uint64_t durable;                /* tickets up to here are on the disk ... */
    uint64_t lost_after, lost_until; /* those in between may not be, whatever a later fsync says */
    uint64_t count;                  /* of fsyncs */
    bool is_under_way;               /* one thread is at it */
    bool has_helper;                 /* the thread of flush_soon runs */
    bool is_soon;                    /* it has something to do */
    pthread_cond_t wanted;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct flush *list;

static struct flush *make(const char *path)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (!flush || !(flush->path = strdup(path))) {
        abort(); /* as arenas do */
    }
    pthread_mutex_init(&flush->lock, NULL);
    pthread_cond_init(&flush->ended, NULL);
    pthread_cond_init(&flush->wanted, NULL);
    flush->next = list;
    list = flush;
    return flush;
}

struct flush *flush_of(const char *path)
{
    struct flush *flush;

    pthread_mutex_lock(&list_lock);
    for (flush = list; flush && strcmp(flush->path, path) != 0;) {
        flush = flush->next;
    }
    if (!flush) {
        flush = make(path);
    }
    pthread_mutex_unlock(&list_lock);
    return flush;
}

uint64_t flush_count(struct flush *flush)
{
    uint64_t count;

    pthread_mutex_lock(&flush->lock);
    count = flush->count;
    pthread_mutex_unlock(&flush->lock);
    return count;
}

/* What SQLite itself would do at each commit with synchronous=FULL. Other than the database, whose
 * locks belong to the process, the log may be opened and closed beside it. No log: it was
 * checkpointed and removed. */
static enum status write_out(const struct flush *flush)
{
    char path[4200];
    enum status status = STATUS_OK;
    int fd;

    snprintf(path, sizeof(path), "%s-wal", flush->path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_OK : STATUS_IO;
    }
    if (fdatasync(fd) != 0) {
        log_event(LOG_ERROR, "fsync of the log: %s", strerror(errno));
        status = STATUS_IO;
    }
    close(fd);
    return status;
}

/* With the lock, which is let go meanwhile. */
static void lead(struct flush *flush)
{
    uint64_t covered = flush->committed;
    enum status status;

    flush->is_under_way = true;
    pthread_mutex_unlock(&flush->lock);
    status = write_out(flush);
    pthread_mutex_lock(&flush->lock);
    flush->count++;
    flush->is_under_way = false;
    if (status == STATUS_OK) {
        flush->durable = covered; /* one at a time, so it only grows */
    } else {
        flush->lost_after = flush->lost_until > 0 ? flush->lost_after : flush->durable;
        flush->lost_until = covered;
    }
    pthread_cond_broadcast(&flush->ended);
}

/* Some that were on the disk before may count as lost after a second failure: better than the
 * reverse. */
static bool is_lost(const struct flush *flush, uint64_t ticket)
{
    return ticket > flush->lost_after && ticket <= flush->lost_until;
}

enum status flush_commit(struct flush *flush)
{
    enum status status;
    uint64_t ticket;

    pthread_mutex_lock(&flush->lock);
    ticket = ++flush->committed;
    while (flush->durable < ticket && !is_lost(flush, ticket)) {
        if (flush->is_under_way) {
            pthread_cond_wait(&flush->ended, &flush->lock);
        } else {
            lead(flush);
        }
    }
    status = is_lost(flush, ticket) ? STATUS_IO : STATUS_OK;
    pthread_mutex_unlock(&flush->lock);
    return status;
}

/* --- soon --- */

static void *helper_main(void *context)
{
    const struct timespec pause = { .tv_nsec = FLUSH_SOON_MS * 1000000L };
    struct flush *flush = context;
    uint64_t ticket;

    pthread_mutex_lock(&flush->lock);
    for (;;) {
        while (!flush->is_soon) {
            pthread_cond_wait(&flush->wanted, &flush->lock);
        }
        pthread_mutex_unlock(&flush->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&flush->lock);
        flush->is_soon = false;
        ticket = flush->committed;
        while (flush->is_under_way) {
            pthread_cond_wait(&flush->ended, &flush->lock);
        }
        if (flush->durable < ticket) {
            lead(flush);
        }
    }
    return NULL;
}

/* With the lock. Signals are for the threads that were there before. */
static void start_helper(struct flush *flush)
{
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    flush->has_helper = pthread_create(&thread, NULL, helper_main, flush) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (flush->has_helper) {
        pthread_detach(thread);
    } else {
        log_event(LOG_ERROR, "no thread to write the log out: the kernel does it in its own time");
    }
}

void flush_soon(struct flush *flush)
{
    pthread_mutex_lock(&flush->lock);
    flush->committed++;
    if (!flush->has_helper) {
        start_helper(flush);
    }
    flush->is_soon = true;
    pthread_cond_signal(&flush->wanted);
    pthread_mutex_unlock(&flush->lock);
}
