/*
 * rate.c - the arithmetic of the buckets, and finding a slot for one.
 *
 * A slot is 24 bits of tag and 40 bits of time in ticks of 16 us. Times are compared around their
 * own wrap (203 days): what does not lie within the longest window from now is over.
 */
#include "domain/rate.h"

#include "crypto/short_hash.h"

enum { TICK_US = 16, TIME_BITS = 40, TRIES_MAX = 100 };

static const uint64_t time_mask = (1ULL << TIME_BITS) - 1;

/* How many ticks from now the slot's bucket will be full; 0: it is. */
static int64_t debt_of(uint64_t slot, int64_t now)
{
    uint64_t ahead = (slot - (uint64_t)now) & time_mask;

    return ahead <= RATE_WINDOW_MAX_S * 1000000ULL / TICK_US ? (int64_t)ahead : 0;
}

static uint64_t slot_make(uint64_t tag, int64_t full_at)
{
    return tag << TIME_BITS | ((uint64_t)full_at & time_mask);
}

/*
 * The slot of that tag in its bucket of eight, one cache line; else the one that is missed least:
 * with the least debt. Found by everyone alike, so two who add the same key meet in one slot.
 */
static _Atomic uint64_t *find_slot(
    _Atomic uint64_t *line, uint64_t tag, int64_t now, uint64_t *out_value)
{
    _Atomic uint64_t *best = NULL;
    int64_t least = INT64_MAX;

    for (int i = 0; i < RATE_BUCKET_SLOTS; i++) {
        uint64_t value = atomic_load_explicit(&line[i], memory_order_relaxed);
        int64_t debt = debt_of(value, now);

        if (value >> TIME_BITS == tag && debt > 0) {
            *out_value = value;
            return &line[i];
        }
        if (debt < least) {
            least = debt;
            best = &line[i];
            *out_value = value;
        }
    }
    return best;
}

/* One token of a bucket that will be full in `debt` ticks; *out_debt is what it is then. */
static struct rate_verdict judge(const struct rate_policy *policy, int64_t debt, int64_t *out_debt)
{
    int64_t interval = policy->window_s * 1000000 / TICK_US / policy->count;
    int64_t capacity, after;
    struct rate_verdict verdict = { .is_allowed = true };

    if (interval == 0) {
        interval = 1;
    }
    capacity = interval * policy->count;
    if (debt > capacity) { /* of a time when the limit was another */
        debt = capacity;
    }
    after = debt + interval;
    if (after > capacity) {
        verdict.is_allowed = false;
        verdict.retry_after_us = (after - capacity) * TICK_US;
        after = debt;
    }
    verdict.remaining = (capacity - after) / interval;
    verdict.full_after_us = after * TICK_US;
    *out_debt = after;
    return verdict;
}

struct rate_verdict rate_take(const struct rate_table *table, const struct rate_policy *policy,
    struct str key, int64_t now_us)
{
    struct rate_verdict verdict = { .is_allowed = true, .remaining = policy->count };
    int64_t now = now_us / TICK_US;
    uint64_t hash, tag;
    _Atomic uint64_t *line;

    if (policy->count <= 0) {
        return verdict;
    }
    hash = short_hash(table->seed, key);
    tag = hash >> TIME_BITS;
    line = &table->slots[hash & (table->slot_count - 1) & ~(uint64_t)(RATE_BUCKET_SLOTS - 1)];
    for (int i = 0; i < TRIES_MAX;
         i++) { /* the last resort is to allow: it limits, it is no lock */
        uint64_t value = 0;
        _Atomic uint64_t *slot = find_slot(line, tag, now, &value);
        int64_t debt = value >> TIME_BITS == tag ? debt_of(value, now) : 0;

        verdict = judge(policy, debt, &debt);
        if (!verdict.is_allowed ||
            atomic_compare_exchange_strong_explicit(slot, &value, slot_make(tag, now + debt),
                memory_order_relaxed, memory_order_relaxed)) {
            break;
        }
    }
    return verdict;
}
