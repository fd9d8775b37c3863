/*
 * Keys as threads hold them: snapshots that are counted, and leases on the newest. When new ones
 * are fetched is credentials.c's.
 */
#include "remote/credential_source.h"

#include "base/clock.h"

#include <stdlib.h>

enum { RENEW_EVERY = 3 /* of the least pauses */ };

static const struct s3_credentials no_keys;

/* --- snapshots: never changed once others can see them --- */

static char *keep(char **at, struct str text, struct str *out)
{
    char *start = *at;

    if (text.len > 0)
        memcpy(start, text.ptr, text.len);
    *out = str_from(start, text.len);
    *at += text.len;
    return start;
}

struct credential_snapshot *credential_snapshot_new(
    const struct credential_found *found, enum credential_provider provider)
{
    size_t size = found->access_key.len + found->session_token.len + found->origin.len;
    struct credential_snapshot *snapshot = calloc(1, sizeof(*snapshot) + size);
    char *at;

    if (!snapshot)
        abort();
    at = snapshot->memory;
    keep(&at, found->access_key, &snapshot->keys.access_key);
    keep(&at, found->session_token, &snapshot->keys.session_token);
    keep(&at, found->origin, &snapshot->origin);
    if (secret_set(&snapshot->keys.secret_key, found->secret_key) != STATUS_OK)
        abort(); /* the chain has looked at its length */
    snapshot->keys.expires_at = found->expires_at;
    snapshot->provider = provider;
    snapshot->fetched_at = clock_now_s();
    atomic_init(&snapshot->references, 1);
    return snapshot;
}

static struct credential_snapshot *take(struct credential_snapshot *snapshot)
{
    if (snapshot)
        atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void credential_snapshot_release(struct credential_snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) > 1)
        return;
    secret_clear(&snapshot->keys.secret_key);
    free(snapshot);
}

bool credential_snapshot_is_same(
    const struct credential_snapshot *a, const struct credential_snapshot *b)
{
    return a && b && str_equal(a->keys.access_key, b->keys.access_key) &&
           str_equal(a->keys.session_token, b->keys.session_token) &&
           secret_equal(secret_str(&a->keys.secret_key), secret_str(&b->keys.secret_key));
}

/* Good for a URL that is worth its name. */
static bool is_usable(const struct credential_snapshot *snapshot)
{
    return snapshot && (snapshot->keys.expires_at == 0 ||
                           snapshot->keys.expires_at - clock_now_s() >= CREDENTIAL_LIFE_MIN_S);
}

/* --- leases --- */

/* The lock is held. Keys that have expired are none. */
static void lease_newest(struct credential_lease *lease)
{
    struct credential_source *source = lease->source;
    struct credential_snapshot *newest = source->newest, *old = lease->snapshot;
    int64_t expires_at = newest ? newest->keys.expires_at : 0;
    bool is_alive = newest && (expires_at == 0 || clock_now_s() < expires_at);

    lease->snapshot = is_alive ? take(newest) : NULL;
    lease->keys = is_alive ? &newest->keys : &no_keys;
    lease->generation = atomic_load(&source->generation);
    credential_snapshot_release(old);
}

void credential_lease_open(struct credential_lease *lease, struct credential_source *source)
{
    *lease = (struct credential_lease){ .keys = &no_keys, .source = source };
}

void credential_lease_close(struct credential_lease *lease)
{
    credential_snapshot_release(lease->snapshot);
    *lease = (struct credential_lease){ .keys = &no_keys };
}

const struct s3_credentials *credential_lease_turn(struct credential_lease *lease)
{
    struct credential_source *source = lease->source;

    if (!source || (lease->snapshot && lease->generation == atomic_load(&source->generation) &&
                       clock_now_s() < atomic_load(&source->fresh_until_s)))
        return lease->keys;
    pthread_mutex_lock(&source->lock);
    if (credential_source_wants_newer(source) &&
        (source->is_fetching || credential_source_may_fetch(source)))
        credential_source_fetch_once(source, !is_usable(source->newest));
    lease_newest(lease);
    pthread_mutex_unlock(&source->lock);
    return lease->keys;
}

bool credential_lease_renew(struct credential_lease *lease)
{
    struct credential_source *source = lease->source;
    struct credential_snapshot *before = take(lease->snapshot);
    bool is_other;

    if (!source)
        return false;
    pthread_mutex_lock(&source->lock);
    if (!source->is_fixed && lease->generation == atomic_load(&source->generation) &&
        (source->is_fetching || clock_monotonic_us() / 1000 - source->fetched_at_ms >=
                                    RENEW_EVERY * credential_source_again_pause_ms(source)))
        credential_source_fetch_once(source, true);
    lease_newest(lease);
    is_other = lease->snapshot && !credential_snapshot_is_same(before, lease->snapshot);
    pthread_mutex_unlock(&source->lock);
    credential_snapshot_release(before);
    return is_other;
}

int64_t credentials_clamp_expiry(const struct s3_credentials *keys, int64_t now_s, int64_t wanted_s)
{
    int64_t life_s = keys->expires_at == 0 ? INT64_MAX : keys->expires_at - now_s;

    if (str_is_empty(keys->access_key))
        return 0;
    if (life_s >= wanted_s)
        return wanted_s;
    return life_s >= CREDENTIAL_LIFE_MIN_S ? life_s : 0;
}
