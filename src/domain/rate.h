/*
 * rate.h - how often someone may do something: token buckets in a table of fixed size.
 *
 * A bucket holds `count` tokens and is filled again evenly within `window_s`: so the whole count
 * can be used at once, and never more than twice the count in one window. It is kept as the one
 * time at which it will be full again (GCRA: ITU-T I.371, the virtual scheduling algorithm), in one
 * word beside 24 bits of its key's hash. A full bucket needs no place at all.
 *
 * The table may lie in shared memory (base/shared_memory.h): every change is one compare-and-swap,
 * so threads and processes share it without locks and one that is killed leaves nothing behind.
 *
 * What it protects from: floods and guessing, by one sender or from one network. What it does not:
 * when more senders are active at once than the table has places, those with the most tokens left
 * are forgotten first (they lose what they had used, and nobody is refused for it). Two keys look
 * alike by a chance of about 1 in 2 million.
 */
#ifndef DOMAIN_RATE_H
#define DOMAIN_RATE_H

#include "base/str.h"

#include <stdatomic.h>

enum { RATE_COUNT_MAX = 1000000, RATE_WINDOW_MAX_S = 86400, RATE_BUCKET_SLOTS = 8 };

/* A limit; count 0: none. At most RATE_COUNT_MAX and RATE_WINDOW_MAX_S. */
struct rate_policy {
    int64_t count;
    int64_t window_s;
};

/* Borrows its memory. */
struct rate_table {
    _Atomic uint64_t *slots; /* zeroed once, aligned to 64 */
    size_t slot_count;       /* a power of two, from RATE_BUCKET_SLOTS */
    const unsigned char
        *seed; /* SHORT_HASH_KEY_BYTES bytes, the same for all who share the slots */
};

struct rate_verdict {
    bool is_allowed;
    int64_t remaining;      /* how many more at once would be allowed now */
    int64_t retry_after_us; /* when not allowed: in how long one will be; else 0 */
    int64_t full_after_us;  /* in how long, without any more, all `count` are there again */
};

/*
 * Take one token of `key`'s bucket at `now_us`, a time of clock_monotonic_us() (any origin; for all
 * who share the table the same). When there is none, nothing is taken. A policy without a limit
 * always allows. Takes about 0.1 us.
 */
struct rate_verdict rate_take(const struct rate_table *table, const struct rate_policy *policy,
    struct str key, int64_t now_us);

#endif
