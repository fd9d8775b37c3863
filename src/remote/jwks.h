/*
 * jwks.h - the public keys of an issuer of tokens, fetched from a URL (RFC 7517, section 5), shared
 * by all threads of a process.
 *
 * A thread of its own fetches: when it starts, again before the keys grow old, and, at most once a
 * minute, when a token names a key that is not known. One question at a time waits for a fetch
 * under way; others that it could settle are told BUSY, so that invented key ids cannot hold all
 * threads. Keys that were good stay while the issuer cannot be reached, for a day. The URL is the
 * operator's, and the answer is believed only as far as TLS goes: no redirects, 5 seconds, 256 KiB,
 * and no address of our own network unless the operator says so.
 *
 * Order of use: jwks_new before threads start, jwks_start once no fork follows, jwks_verify in any
 * thread, jwks_free when all are gone.
 */
#ifndef REMOTE_JWKS_H
#define REMOTE_JWKS_H

#include "crypto/jwt.h"
#include "remote/http.h"

enum { JWKS_KEYS_MAX = 32, JWKS_BODY_MAX_BYTES = 256 * 1024 };

struct jwks_options {
    struct str url;       /* borrowed */
    bool may_be_private;  /* our own network's addresses are fine */
    int64_t refresh_s;    /* fetch again after so long; at least 1 */
    int64_t unknown_s;    /* for an unknown key, at most once in so long; at least 1 */
    int64_t kept_s;       /* keys older than this are worth nothing any more */
    int fetch_timeout_ms; /* of a fetch, and of the question that waits for it */
    const char *ca_file;  /* NULL: the system's certificates */
};

/* The defaults: an hour, a minute, a day, 5 seconds. */
void jwks_options_init(struct jwks_options *options, struct str url);

/*
 * May this URL be asked? https; or http to a loopback address when private ones are allowed. False
 * with the end of a sentence ("must begin with https://") in *out_problem.
 */
bool jwks_url_is_fine(struct str url, bool may_be_private, struct str *out_problem) MUST_CHECK;

struct jwks;

/* Borrows *options. Aborts only without memory. */
struct jwks *jwks_new(const struct jwks_options *options) MUST_CHECK;

/* Start the thread, which fetches at once; the first jwks_verify does it otherwise. */
void jwks_start(struct jwks *jwks);

/* Ends the thread, which may take as long as a fetch under way. NULL is legal. */
void jwks_free(struct jwks *jwks);

/*
 * The claims of a token that one of the keys has signed; the caller owns *out_claims.
 * UNAUTHENTICATED with a sentence in *out_problem: no such key, or its signature is not right.
 * BUSY: there are no keys, the issuer cannot be reached; or a fetch that may bring the key is under
 * way, and another question waits for it already.
 */
enum status jwks_verify(struct jwks *jwks, struct arena *arena, struct str token,
    const struct jwt_header *header, json_t **out_claims, struct str *out_problem) MUST_CHECK;

/* How many fetches there were, good or bad; for tests. */
int64_t jwks_fetch_count(struct jwks *jwks);

#endif
