/*
 * credential_source.h - what a source remembers; private to remote/credentials*.c.
 */
#ifndef REMOTE_CREDENTIAL_SOURCE_H
#define REMOTE_CREDENTIAL_SOURCE_H

#include "remote/credential_search.h"

#include <pthread.h>
#include <stdatomic.h>

/* Keys that any number of leases may hold. */
struct credential_snapshot {
    struct s3_credentials keys;
    enum credential_provider provider;
    struct str origin;
    int64_t fetched_at; /* under the source's lock */
    atomic_uint references;
    char memory[]; /* of the strs */
};

struct credential_source {
    const struct credential_options *options; /* NULL when the keys are fixed */
    bool is_fixed;
    atomic_uint generation;        /* one more with each new snapshot */
    _Atomic int64_t fresh_until_s; /* a turn after it wants newer keys */

    pthread_mutex_t lock; /* of all below, but for http: that is of who is fetching */
    pthread_cond_t changed;
    struct credential_snapshot *newest; /* NULL before the first success */
    bool is_fetching;                   /* one thread is at it */
    bool has_fetched;                   /* with whatever result */
    bool is_stopping;
    bool has_thread;
    int64_t failures;      /* in a row */
    int64_t next_at_ms;    /* when the thread fetches; of the monotonic clock */
    int64_t fetched_at_ms; /* the same clock */
    char reason[CREDENTIAL__COUNT][CREDENTIAL_REASON_MAX];
    struct http_client *http;
    pthread_t thread;
};

/* --- credentials_lease.c --- */

struct credential_snapshot *credential_snapshot_new(
    const struct credential_found *found, enum credential_provider provider);

/* NULL is legal. The last one wipes. */
void credential_snapshot_release(struct credential_snapshot *snapshot);

/* Neither NULL, and the same keys; their expiry may differ. */
bool credential_snapshot_is_same(
    const struct credential_snapshot *a, const struct credential_snapshot *b);

/* --- credentials.c; the source's lock is held --- */

/* Less than a minute is left, or there are none. */
bool credential_source_wants_newer(const struct credential_source *source);

/* Not so soon after the last time that callers in a hurry would wear the provider out. */
bool credential_source_may_fetch(const struct credential_source *source);

/* The least time between two fetches that succeed. */
int64_t credential_source_again_pause_ms(const struct credential_source *source);

/* Fetch; or, when another thread is at it, wait for it if `is_urgent`. Opens the lock meanwhile. */
void credential_source_fetch_once(struct credential_source *source, bool is_urgent);

/* --- credentials_report.c --- */

void credential_log_success(
    const struct s3_credentials *keys, const struct credential_search *search, bool is_unchanged);

/* `kept`: the keys that stay in use; NULL: none. */
void credential_log_failure(
    const struct s3_credentials *kept, const struct credential_search *search, int64_t failures);

#endif
