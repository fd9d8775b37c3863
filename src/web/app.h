/*
 * app.h - the application: everything that happens between a request and its reply.
 *
 * app_handle() is the whole program without a socket: a worker calls it for FastCGI, a test calls
 * it with a request made of an environment. Who listens, and where settings come from, is main/'s.
 *
 * Order of use: fill struct app_options, app_open once, app_thread_open in each thread, app_handle
 * for each request, app_thread_close, app_close.
 */
#ifndef WEB_APP_H
#define WEB_APP_H

#include "base/json.h"
#include "cgi/proxy.h"
#include "cgi/reply.h"
#include "cgi/request.h"
#include "domain/domain.h"
#include "web/health_memory.h"
#include "web/limits.h"

#include <pthread.h>
#include <stdatomic.h>

struct template_set;

/* Pages of which other origins may call the APIs (cors.h). */
struct cors_options {
    struct str origins;   /* "https://a.example,http://localhost:3000"; "*": all; empty: none */
    bool has_credentials; /* their requests may carry the session cookie and read; never with "*" */
};

/* Dialects whose addresses anyone may enter (OPEN_DIALECTS), because their clients know no tokens.
 */
struct open_options {
    bool is_files;      /* 003 */
    bool is_storage_v1; /* 004 */
    struct str account; /* e-mail of whom such requests act as, at most as an editor */
};

/* Borrowed by the app for its whole life. */
struct app_options {
    struct domain_options domain;
    struct str templates_folder; /* ends in an uncounted NUL */
    struct str public_url;       /* browser-facing origin; empty: follows the Host header */
    struct str path_prefix;      /* "/prod": APIs answer under it as well; empty: none */
    struct cors_options cors;
    struct open_options open;
    struct limits_options limits;
    struct proxy_trust proxies; /* who may say whom the web server talks to */
    struct str version;         /* of the program: "0.1.0" */
    struct str asset_version;   /* printed after ?v= in pages; changes with a release */
    struct str metrics_token; /* who sends it as a bearer token may read /metrics; empty: nobody */
    int upload_forms_max;     /* that are received at the same time; 0: any number */
};

struct app {
    const struct app_options *options;
    struct template_set *templates;
    pthread_rwlock_t templates_lock; /* rendering reads, a reload writes */
    struct health_memory health;
    struct limits limits;
    int64_t started_at;
    atomic_int upload_forms; /* being received: each keeps a thread for as long as it is sent */
};

/* What one thread owns: its database handle, its connection to storage. */
struct app_thread {
    struct app *app;
    struct domain domain;
};

/* Read the templates. IO or INVALID when one is missing or malformed, logged with its name. */
enum status app_open(struct app *app, const struct app_options *options) MUST_CHECK;
void app_close(struct app *app);

/* Read the templates again; when one is malformed the old ones stay. Safe while threads render. */
void app_reload(struct app *app);

/* What domain_open says. */
enum status app_thread_open(struct app_thread *thread, struct app *app) MUST_CHECK;
void app_thread_close(struct app_thread *thread);

/*
 * Answer one request: route, guard, parameters, handler, response head; and one line in the log.
 * Always leaves a complete reply (or a streamed one).
 */
void app_handle(struct app_thread *thread, struct request *request, struct reply *reply);

/* What nobody waits for: writes the flight record. Called when the answer is on its way. */
void app_after(struct app_thread *thread);

#endif
