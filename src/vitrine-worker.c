/*
 * vitrine-worker - the jobs in the background: what domain/job_kinds.c lists.
 *
 *     vitrine-worker           run jobs as they become due, until SIGTERM
 *     vitrine-worker --once    run what is due, and end; for cron, and by hand
 *
 * Any number may run on one database. Settings come from the environment (`vitrine config`).
 * SIGTERM and SIGINT finish or give back what runs, and end; SIGHUP looks for work at once. Exit
 * codes: 0 stopped, or with --once all went well; 1 could not start, a job hung, or with --once one
 * failed; 2 settings or usage are wrong.
 */
#include "main/config.h"
#include "main/job_worker.h"
#include "main/shared.h"
#include "main/wiring.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* As in vitrine.fcgi: a heap for each thread would cost more memory than it saves time. */
enum { MALLOC_ARENAS = 2 };

static int work(const struct config *config, const struct domain_options *domain, bool is_once)
{
    struct job_worker_options options = { domain, (int)config->worker_threads, is_once,
        JOB_WORKER_GRACE_S, JOB_WORKER_STUCK_S };
    bool is_clean = true;
    int code;

    if (!domain->storage.is_off)
        credential_source_start(domain->storage.credentials);
    code = job_worker_run(&options, &is_clean);
    if (!is_clean)
        _exit(code); /* a thread still uses all that would be freed now */
    return code;
}

static int run(struct arena *arena, bool is_once)
{
    struct config config;
    struct domain_options options;
    struct shared shared;
    struct str problem;
    int code = wiring_begin(arena, environ, &config);

    if (code != 0)
        return code;
    if (wiring_domain(arena, &config, &options, &problem) != STATUS_OK) {
        fprintf(stderr, "vitrine-worker: %.*s\n", STR_ARG(problem));
        return 2;
    }
    shared_open(&shared, arena, &config);
    options.storage.clock = &shared.clock;
    code = work(&config, &options, is_once);
    credential_source_free(options.storage.credentials);
    shared_close(&shared);
    config_clear(&config);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena;
    bool is_once = argc == 2 && strcmp(argv[1], "--once") == 0;
    int code;

    signal(SIGXFSZ, SIG_IGN); /* a file size limit is told as a full disk, it does not end us */
    if (argc > 1 && !is_once) {
        fprintf(stderr, "usage: vitrine-worker [--once]\n");
        return 2;
    }
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    arena_init(&arena);
    code = run(&arena, is_once);
    arena_clear(&arena);
    return code;
}
