/*
 * browser.h - an application in this process, and browsers that visit it without a socket.
 *
 * The clock is frozen, randomness is counted, and the storage is the stub: the same steps give the
 * same bytes. Order of use: world_open, visits, world_close.
 */
#ifndef TESTS_BROWSER_H
#define TESTS_BROWSER_H

#include "stub_storage.h"
#include "web/app.h"
#include "web/routes.h"

enum { BROWSER_COOKIES_MAX = 8, WORLD_NOW = 1795243920 /* 2026-11-21T06:52:00Z */ };

struct browser {
    const char *name;
    char cookie_name[BROWSER_COOKIES_MAX][64];
    char cookie_value[BROWSER_COOKIES_MAX][256];
    char csrf[64];    /* of the last page that had a form */
    char address[64]; /* it comes from here */
};

struct world {
    struct arena arena; /* for what lives as long as the world */
    struct app_options options;
    struct app app;
    struct app_thread thread;
    char folder[64];
    char last_key[128]; /* of the last upload grant */
    char last_id[32];   /* of the last image that an API answered, or a form was made for */
    int64_t now_s;
};

/* A request, as a table row can say it. "{csrf}", "{key}", "{id}" in path, headers and body are
 * filled in. */
struct visit {
    const char *method;
    const char *path;
    const char *type;    /* the Content-Type; NULL: none */
    const char *body;    /* NULL: none */
    const char *headers; /* "Name: value\n..."; NULL: none */
};

struct answer {
    int http_status;
    struct str head; /* the headers, one a line */
    struct str body;
};

void world_open(struct world *world);
void world_close(struct world *world);

/* Move the frozen clock on. */
void world_wait(struct world *world, int64_t seconds);

/* Everything in *out lives in world->arena. */
void browser_visit(
    struct world *world, struct browser *browser, const struct visit *visit, struct answer *out);

/* Forget every cookie. */
void browser_clear(struct browser *browser);

/* How often each row of route_table answered with something else than 404 and 405. */
extern int route_hits[];

#endif
