/*
 * routes.h - every address that the program answers, in one table.
 *
 * A row says all that has to be known before its handler runs, so guard.c can enforce it and
 * `vitrine routes` can print it. Sorted by path, then method; a test walks it.
 */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "domain/scope.h"
#include "web/exchange.h"
#include "web/limits.h"
#include "web/params.h"

/* The least that one must be to enter. */
enum access {
    ACCESS_ANYONE,
    ACCESS_VIEWER,
    ACCESS_EDITOR,
    ACCESS_ADMIN,
    ACCESS_METRICS /* an admin, or who sends METRICS_TOKEN */
};

/* Whose clients read the answer: our own API (002), or that of another system. Decides the
 * names of fields in errors, and whether an operator may open the route to everyone. */
enum dialect {
    NATIVE,
    GATEWAY /* 000 */,
    PROFILE /* 001 */,
    FILES /* 003 */,
    STORAGE_V1 /* 004 */
};

/* How a request proves that it comes from a page of ours. */
enum csrf {
    CSRF_NONE,   /* GET: changes nothing; or the credentials are in the body */
    CSRF_FORM,   /* the field `csrf` (or X-CSRF-Token) carries the token of the session */
    CSRF_ORIGIN, /* JSON: Sec-Fetch-Site or Origin says so; not asked of bearer tokens */
    CSRF_STREAM  /* a form whose body is a stream: the handler compares its first field */
};

enum body_kind { BODY_NONE, BODY_FORM, BODY_JSON, BODY_MULTIPART };

/* Who reads the answer: decides between error pages and problem documents, sign-in and 401. */
enum audience { FOR_PEOPLE, FOR_PROGRAMS };

/*
 * Has been let in, has its parameters in exchange->params. OK: the reply is complete. Anything
 * else: response_error() makes the answer, from exchange->task.failure where that has the same
 * status.
 */
typedef enum status handler_fn(struct exchange *exchange);

struct route {
    /*
     * Literal text, and in place of segments: ":id", a whole number from 1, and once ":key...", an
     * object key with its slashes, one byte or more, up to the literal end of the pattern. Keys are
     * opaque: "..", "//" and the like mean nothing.
     */
    const char *path;
    enum method method;
    handler_fn *handler;
    enum audience audience;
    enum access access;
    enum scope scope; /* what a token must allow; sessions may all that their role may */
    enum rate_class rate;
    enum dialect dialect;
    enum csrf csrf;
    enum body_kind body;
    size_t body_max_bytes;          /* 0 with BODY_MULTIPART: the handler's streaming limit */
    const struct param_set *params; /* of the query for GET, of the body else; NULL: none */
    const char *doc;
};

extern const struct route route_table[];
extern const size_t route_count;

/* What stands in a path where its pattern has a name. */
struct path_values {
    int64_t id;
    struct str raw_key; /* still percent-encoded */
};

/*
 * The row of `table`, which is sorted as route_table is, that answers `method` at `path` (as it was
 * sent, without the query). Where several match, the more particular one: a literal beats a name,
 * and "/:key.../url" beats "/:key...". NULL: none.
 */
const struct route *route_find(const struct route *table, size_t count, enum method method,
    struct str path, struct path_values *out);

/*
 * Find the row for the request's path and method (HEAD is answered by GET) and set exchange->path,
 * ->route, ->id and ->raw_key. A path under `prefix` ("/prod"; empty: none) is the one without it.
 * NOT_FOUND; METHOD_NOT_ALLOWED with exchange->allow set and ->route one of that path, so that the
 * error has the right form.
 */
enum status route_match(struct exchange *exchange, struct str prefix) MUST_CHECK;

/* Whether GET of this path leads anywhere: where a person can be sent back to. */
bool route_answers_get(struct str path);

/* "people", "programs"; "native", "gateway", ... */
struct str audience_name(enum audience audience);
struct str dialect_name(enum dialect dialect);

/* "anyone", "viewer", ...; "none", "form", "origin", "first field"; "none",
 * "form", "json", ... */
struct str access_name(enum access access);
struct str csrf_name(enum csrf csrf);
struct str body_name(enum body_kind body);

#endif
