/*
 * vitrine.fcgi - the application behind a web server: FastCGI, or one request as plain CGI.
 *
 *     vitrine.fcgi                  on the socket that the web server hands over as fd 0
 *     vitrine.fcgi --socket PATH    listening on a socket of its own (nginx, systemd)
 *
 * Settings come from the environment (`vitrine config`). SIGTERM finishes what runs and ends;
 * SIGHUP reads the templates again. Exit codes: 0 stopped, 1 could not start or serve, 2 settings
 * are wrong.
 */
#include "base/clock.h"
#include "cgi/worker.h"
#include "main/config.h"
#include "main/shared.h"
#include "main/wiring.h"
#include "web/app.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

/* malloc would keep a heap of its own for each thread, each as large as the largest page. With two,
 * pages are as fast and the worker a few megabytes smaller. */
enum { DRAIN_MAX_BYTES = 1024 * 1024, MALLOC_ARENAS = 2, BODY_MIN_BYTES_PER_S = 1000 };

/* One thread of the worker; its application may not be open yet. */
struct slot {
    struct app *app;
    struct app_thread thread;
    bool is_open;
    int64_t tried_at;
};

/* A worker may be started before `vitrine init` has made the database: then it is tried again, at
 * most once a second. */
static bool ensure_open(struct slot *slot)
{
    if (slot->is_open || slot->tried_at == clock_now_s())
        return slot->is_open;
    slot->tried_at = clock_now_s();
    slot->is_open = app_thread_open(&slot->thread, slot->app) == STATUS_OK;
    if (!slot->is_open)
        app_thread_close(&slot->thread);
    return slot->is_open;
}

static void *open_thread(void *shared)
{
    struct slot *slot = calloc(1, sizeof(*slot));

    if (slot == NULL)
        abort(); /* as everywhere without memory: a supervisor starts another */
    slot->app = shared;
    ensure_open(slot);
    return slot;
}

/* Without a database there is nothing to say, but that it will be there again. */
static void answer_unready(struct reply *reply)
{
    reply->http_status = status_http(STATUS_BUSY);
    reply_set_header(reply, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    reply_set_header(reply, STR("Cache-Control"), STR("no-store"));
    reply_set_header(reply, STR("Retry-After"), STR("5"));
    buf_put(&reply->body, STR("Vitrine cannot open its database. Its log says why.\n"));
}

static void handle(void *context, struct request *request, struct reply *reply)
{
    struct slot *slot = context;

    if (ensure_open(slot))
        app_handle(&slot->thread, request, reply);
    else
        answer_unready(reply);
}

static void after(void *context)
{
    struct slot *slot = context;

    if (slot->is_open)
        app_after(&slot->thread);
}

static void close_thread(void *context)
{
    struct slot *slot = context;

    if (slot->is_open)
        app_thread_close(&slot->thread);
    free(slot);
}

static void reload(void *shared)
{
    app_reload(shared);
}

static int serve(struct app *app, const struct config *config, const char *socket_path)
{
    struct worker_program program = { open_thread, handle, after, close_thread, reload, app };
    struct worker_options options = { (int)config->threads, socket_path,
        { config->upload_timeout_s, BODY_MIN_BYTES_PER_S }, DRAIN_MAX_BYTES };
    int code;

    if (!app->options->domain.storage.is_off)
        credential_source_start(app->options->domain.storage.credentials);
    if (app->options->domain.jwt.jwks != NULL)
        jwks_start(app->options->domain.jwt.jwks);
    code = worker_run(&program, &options);
    app_close(app);
    return code;
}

static int run(struct arena *arena, const char *socket_path)
{
    struct config config;
    struct app_options options;
    struct shared shared;
    struct app app;
    struct str problem;
    int code = wiring_begin(arena, environ, &config);

    if (code != 0)
        return code;
    if (wiring_app(arena, &config, &options, &problem) != STATUS_OK) {
        fprintf(stderr, "vitrine: %.*s\n", STR_ARG(problem));
        return 2;
    }
    shared_open(&shared, arena, &config);
    options.domain.storage.clock = &shared.clock;
    code = app_open(&app, &options) == STATUS_OK ? serve(&app, &config, socket_path) : 1;
    wiring_clear(&options);
    credential_source_free(options.domain.storage.credentials);
    shared_close(&shared);
    config_clear(&config);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena;
    const char *socket_path = NULL;
    int code;

    if (argc == 3 && strcmp(argv[1], "--socket") == 0) {
        socket_path = argv[2];
    } else if (argc != 1) {
        fprintf(stderr, "usage: vitrine.fcgi [--socket PATH]\n");
        return 2;
    }
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    arena_init(&arena);
    code = run(&arena, socket_path);
    arena_clear(&arena);
    return code;
}
