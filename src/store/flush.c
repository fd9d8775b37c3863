/*
 * flush.c - threads that committed wait for an fsync that began after; one of them does it.
 *
 * Tickets are taken after a commit, so an fsync that begins when N tickets are out makes all N
 * durable. When it fails only the thread that did it is told: the others then try by themselves,
 * each by its own descriptor, which the kernel tells of the failure once.
 */
#include "store/flush.h"

#include "store/connection.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct flush {
    char *path;
    struct flush *next;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    uint64_t committed; /* tickets given out */
    uint64_t durable;   /* tickets up to here are on the disk */
    uint64_t count;     /* of fsyncs */
    bool is_under_way;  /* one thread is at it */
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

/* What SQLite itself would do at each commit with synchronous=FULL. */
static enum status write_out(sqlite3 *handle)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

    if (code == SQLITE_OK) {
        code = log && log->pMethods ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL)
                                    : SQLITE_IOERR_FSYNC;
    }
    return code == SQLITE_OK ? STATUS_OK : connection_failure(NULL, code, "fsync of the log");
}

/* With the lock, which is let go meanwhile. */
static enum status lead(struct flush *flush, sqlite3 *handle)
{
    uint64_t covered = flush->committed;
    enum status status;

    flush->is_under_way = true;
    pthread_mutex_unlock(&flush->lock);
    status = write_out(handle);
    pthread_mutex_lock(&flush->lock);
    flush->count++;
    flush->is_under_way = false;
    if (status == STATUS_OK) {
        flush->durable = covered; /* one at a time, so it only grows */
    }
    pthread_cond_broadcast(&flush->ended);
    return status;
}

enum status flush_commit(struct flush *flush, sqlite3 *handle)
{
    enum status status = STATUS_OK;
    uint64_t ticket;

    pthread_mutex_lock(&flush->lock);
    ticket = ++flush->committed;
    while (status == STATUS_OK && flush->durable < ticket) {
        if (flush->is_under_way) {
            pthread_cond_wait(&flush->ended, &flush->lock);
        } else {
            status = lead(flush, handle);
        }
    }
    pthread_mutex_unlock(&flush->lock);
    return status;
}
