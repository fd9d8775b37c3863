/*
 * exchange.h - one request on its way to its answer: what the guard learnt, what the handler reads.
 *
 * Lives on the stack of app_handle; everything it points to lives in the request's arena.
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "base/json.h"
#include "cgi/reply.h"
#include "cgi/request.h"
#include "domain/scope.h"
#include "domain/session.h"
#include "web/app.h"
#include "web/flash.h"

struct route;

struct exchange {
    struct app_thread *thread;
    struct request *request;
    struct reply *reply;
    struct arena *arena;

    /* by routes.c */
    struct str path;           /* as it was sent, without PATH_PREFIX */
    const struct route *route; /* NULL: no address matched */
    int64_t id;                /* the path's :id; 0 without one */
    struct str raw_key;        /* the path's :key..., still percent-encoded; empty without one */
    struct str allow;          /* the Allow header of a 405 */

    /* by guard.c */
    struct task task; /* for calls of domain/: who asks, and why the last call failed */
    bool is_signed_in;
    int64_t api_token_id;  /* of the API token that speaks; 0: none does */
    int64_t login_id;      /* of the JWT of ours that speaks; 0: none does */
    bool is_metrics_token; /* METRICS_TOKEN speaks: nobody, who may read the metrics */
    bool is_bearer;        /* a token speaks instead of a session */
    bool is_open;          /* nobody speaks, and OPEN_DIALECTS lets him in as its account */
    struct scopes scopes;  /* what the token allows; of a session: everything */
    struct account user;
    struct session session;
    struct str session_token; /* never printed */
    struct str pre_token;     /* of vitrine_pre, which stands for a session before there is one */
    bool had_session;         /* a session cookie came that is worth nothing any more */
    struct str body;          /* as read for a form or JSON; empty for streams */
    struct pairs form;        /* decoded, when the body is a form */
    struct str key;           /* the path's :key..., decoded: text of 1..1024 bytes without NUL */

    struct limits_result limit; /* of the count that was looked at last */

    /* by params.c */
    void *params; /* the struct that the route's parameters describe; NULL without any */
    struct field_errors errors;

    bool posts_to_storage; /* the page has a form that goes to storage: its CSP allows that */
    enum flash flash;      /* what the last page left for this one */
};

/* The scheme and host that the person opened: PUBLIC_URL, else by the Host header; empty when there
 * is neither. "https://images.example.org" */
struct str exchange_origin(const struct exchange *exchange);

/* Whether cookies may be, and have to be, Secure. */
bool exchange_is_secure(const struct exchange *exchange);

/* The host name in exchange_origin, without port. */
struct str exchange_public_host(const struct exchange *exchange);

/* Whether the answer to an error is a page rather than a problem document. */
bool exchange_wants_page(const struct exchange *exchange);

#endif
