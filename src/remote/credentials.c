/*
 * The source that all threads share: the newest keys, who fetches the next ones, and when. Whom
 * they come from is credentials_chain.c's; what is told about them credentials_report.c's.
 */
#include "remote/credential_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"

#include <signal.h>
#include <stdlib.h>

enum {
    LIFE_WANTED_S = 60,        /* with less of it left, a turn waits for a fetch */
    WAIT_FOR_OTHERS_MS = 8000, /* for the fetch of another thread */
    LEAD_MAX_S = 900,          /* fetched again so long before they expire ... */
    LEAD_PART = 4,             /* ... or, when they are short-lived, in this part of their life */
    AGAIN_PAUSE_MS = 10000,    /* a provider that still gives the old ones is asked again so late */
    RETRY_PAUSE_MS = 1000,
    RETRY_PAUSE_MAX_MS = 60000,
    LOOK_AT_CLOCK_MS = 30000, /* the thread sleeps no longer: clocks are set, machines suspended */
    CONNECT_TIMEOUT_MS = 3000
};

/* --- when
 * ----------------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* 0..limit, so that processes that started together do not ask together. */
static int64_t jitter(int64_t limit)
{
    return limit > 0 ? random_below((uint32_t)limit + 1) : 0;
}

/* How long good keys are left alone; -1: for ever. */
static int64_t pause_after_success_ms(const struct credential_found *found)
{
    int64_t now_s = clock_now_s(), life_s = found->expires_at - now_s, lead_s, pause_s;

    if (found->expires_at == 0)
        return found->recheck_s > 0 ? found->recheck_s * 1000 : -1;
    lead_s = life_s / LEAD_PART < LEAD_MAX_S ? life_s / LEAD_PART : LEAD_MAX_S;
    pause_s = life_s - lead_s - jitter(lead_s / 4);
    if (found->recheck_s > 0 && found->recheck_s < pause_s)
        pause_s = found->recheck_s;
    return (pause_s > 0 ? pause_s : 0) * 1000;
}

int64_t credential_source_again_pause_ms(const struct credential_source *source)
{
    return source->options->again_pause_ms > 0 ? source->options->again_pause_ms : AGAIN_PAUSE_MS;
}

/* The same keys again, near their end: whoever makes them has not turned them yet. */
static int64_t pause_when_unchanged_ms(
    const struct credential_source *source, const struct credential_found *found, int64_t pause_ms)
{
    int64_t again_ms = credential_source_again_pause_ms(source);
    int64_t left_s = found->expires_at - clock_now_s(), part_s = left_s / LEAD_PART;

    if (found->expires_at == 0 || left_s > LEAD_MAX_S)
        return pause_ms;
    return (part_s * 1000 > again_ms ? part_s * 1000 : again_ms) + jitter(again_ms / 8);
}

static int64_t pause_after_failure_ms(const struct credential_source *source)
{
    int64_t pause_ms =
        source->options->retry_pause_ms > 0 ? source->options->retry_pause_ms : RETRY_PAUSE_MS;

    for (int64_t i = 1; i < source->failures && pause_ms < RETRY_PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    if (pause_ms > RETRY_PAUSE_MAX_MS)
        pause_ms = RETRY_PAUSE_MAX_MS;
    return pause_ms / 2 + jitter(pause_ms / 2);
}

/* Until when a lease need not look: the time from which a turn wants newer keys. */
static int64_t fresh_until(const struct credential_snapshot *snapshot)
{
    if (!snapshot)
        return 0;
    return snapshot->keys.expires_at == 0 ? INT64_MAX : snapshot->keys.expires_at - LIFE_WANTED_S;
}

/* --- fetching; the source's lock is held by the caller unless it is said otherwise
 * ---------------- */

static void publish(struct credential_source *source, struct credential_snapshot *fresh)
{
    credential_snapshot_release(source->newest);
    source->newest = fresh;
    atomic_store(&source->fresh_until_s, fresh_until(fresh));
    atomic_fetch_add(&source->generation, 1);
}

static void remember_reasons(
    struct credential_source *source, const struct credential_search *search)
{
    for (size_t i = 0; i < CREDENTIAL__COUNT; i++) {
        struct str reason = search->reason[i];
        size_t len = reason.len < CREDENTIAL_REASON_MAX ? reason.len : CREDENTIAL_REASON_MAX - 1;

        if (len > 0)
            memcpy(source->reason[i], reason.ptr, len);
        source->reason[i][len] = '\0';
    }
}

static void accept(struct credential_source *source, const struct credential_search *search)
{
    struct credential_snapshot *fresh = credential_snapshot_new(&search->found, search->provider);
    bool is_same = credential_snapshot_is_same(fresh, source->newest) &&
                   fresh->keys.expires_at == source->newest->keys.expires_at;
    int64_t pause_ms = pause_after_success_ms(&search->found);

    if (is_same)
        pause_ms = pause_when_unchanged_ms(source, &search->found, pause_ms);
    source->failures = 0;
    source->next_at_ms = pause_ms < 0 ? INT64_MAX : monotonic_ms() + pause_ms;
    credential_log_success(&fresh->keys, search, is_same && source->newest != NULL);
    if (is_same) {
        source->newest->fetched_at = fresh->fetched_at;
        credential_snapshot_release(fresh);
    } else {
        publish(source, fresh);
    }
}

static void refuse(struct credential_source *source, const struct credential_search *search)
{
    source->failures++;
    source->next_at_ms = monotonic_ms() + pause_after_failure_ms(source);
    credential_log_failure(source->newest ? &source->newest->keys : NULL, search, source->failures);
}

/* Ask the chain. The lock is open meanwhile; is_fetching keeps others from doing the same. */
static void fetch(struct credential_source *source)
{
    struct arena arena;
    struct credential_search search = { .arena = &arena, .options = source->options };
    enum credential_outcome outcome;

    arena_init(&arena);
    source->is_fetching = true;
    pthread_mutex_unlock(&source->lock);
    if (!source->http)
        source->http = http_client_new(&(struct http_limits){
            .connect_timeout_ms = CONNECT_TIMEOUT_MS, .ca_file = source->options->ca_file });
    search.http = source->http;
    outcome = credential_search_run(&search);
    pthread_mutex_lock(&source->lock);
    remember_reasons(source, &search);
    if (outcome == CREDENTIAL_FOUND)
        accept(source, &search);
    else
        refuse(source, &search);
    source->fetched_at_ms = monotonic_ms();
    source->has_fetched = true;
    source->is_fetching = false;
    pthread_cond_broadcast(&source->changed);
    arena_clear(&arena);
}

bool credential_source_wants_newer(const struct credential_source *source)
{
    return !source->is_fixed && clock_now_s() >= atomic_load(&source->fresh_until_s);
}

bool credential_source_may_fetch(const struct credential_source *source)
{
    int64_t now_ms = monotonic_ms();

    if (!source->has_fetched || source->failures > 0)
        return now_ms >= source->next_at_ms;
    return now_ms - source->fetched_at_ms >= credential_source_again_pause_ms(source);
}

/* Until deadline_ms of the monotonic clock, or a change. */
static void wait_until(struct credential_source *source, int64_t deadline_ms)
{
    clock_wait(&source->changed, &source->lock, deadline_ms * 1000);
}

void credential_source_fetch_once(struct credential_source *source, bool is_urgent)
{
    int64_t deadline_ms = monotonic_ms() + WAIT_FOR_OTHERS_MS;

    if (!source->is_fetching && !source->is_stopping) {
        fetch(source);
        return;
    }
    if (!is_urgent)
        return;
    while (source->is_fetching && !source->is_stopping && monotonic_ms() < deadline_ms)
        wait_until(source, deadline_ms);
}

static void *keep_fresh(void *context)
{
    struct credential_source *source = context;

    pthread_mutex_lock(&source->lock);
    while (!source->is_stopping) {
        int64_t now_ms = monotonic_ms(), look_ms = now_ms + LOOK_AT_CLOCK_MS;

        if (!source->is_fetching &&
            (now_ms >= source->next_at_ms ||
                (credential_source_wants_newer(source) && credential_source_may_fetch(source))))
            fetch(source);
        else
            wait_until(source, source->next_at_ms < look_ms ? source->next_at_ms : look_ms);
    }
    pthread_mutex_unlock(&source->lock);
    return NULL;
}

/* --- life
 * ----------------------------------------------------------------------------------------- */

static struct credential_source *source_alloc(void)
{
    struct credential_source *source = calloc(1, sizeof(*source));

    if (!source || pthread_cond_init(&source->changed, NULL) != 0 ||
        pthread_mutex_init(&source->lock, NULL) != 0)
        abort();
    return source;
}

struct credential_source *credential_source_new(const struct credential_options *options)
{
    struct credential_source *source = source_alloc();

    source->options = options;
    return source;
}

struct credential_source *credential_source_new_fixed(const struct s3_credentials *keys)
{
    struct credential_source *source = source_alloc();
    const struct credential_found found = {
        .access_key = keys->access_key,
        .secret_key = secret_str(&keys->secret_key),
        .session_token = keys->session_token,
        .expires_at = keys->expires_at,
    };

    source->is_fixed = true;
    source->has_fetched = true;
    publish(source, credential_snapshot_new(&found, CREDENTIAL_SETTINGS));
    return source;
}

void credential_source_start(struct credential_source *source)
{
    sigset_t all, before;
    int error;

    if (source->is_fixed || source->has_thread)
        return;
    if (!str_is_empty(source->options->access_key_id)) {
        pthread_mutex_lock(&source->lock);
        credential_source_fetch_once(source, true); /* of settings: asks nobody */
        pthread_mutex_unlock(&source->lock);
    }
    if (source->options->is_only_settings || !str_is_empty(source->options->access_key_id))
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    error = pthread_create(&source->thread, NULL, keep_fresh, source);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    source->has_thread = error == 0;
    if (error != 0)
        log_event(LOG_ERROR, "credentials: no thread to refresh them: %s", strerror(error));
}

void credential_source_free(struct credential_source *source)
{
    if (!source)
        return;
    pthread_mutex_lock(&source->lock);
    source->is_stopping = true;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
    if (source->has_thread)
        pthread_join(source->thread, NULL);
    credential_snapshot_release(source->newest);
    http_client_free(source->http);
    pthread_mutex_destroy(&source->lock);
    pthread_cond_destroy(&source->changed);
    free(source);
}
