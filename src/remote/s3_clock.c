/*
 * s3_clock.c - judging what a Date is worth, and telling the operator once when a clock is wrong.
 */
#include "remote/s3_clock.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum { WARN_AGAIN_S = 10, HALF_SECOND_MS = 500 };

void s3_clock_init(struct s3_clock *clock, struct s3_clock_memory *shared)
{
    memset(clock, 0, sizeof(*clock));
    clock->memory = shared ? shared : &clock->own;
    pthread_mutex_init(&clock->lock, NULL);
}

void s3_clock_clear(struct s3_clock *clock)
{
    pthread_mutex_destroy(&clock->lock);
}

int64_t s3_clock_offset_s(const struct s3_clock *clock)
{
    return clock ? atomic_load_explicit(&clock->memory->offset_s, memory_order_relaxed) : 0;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* Storage read its clock while the request was under way, and dropped the fraction of a second. */
static int64_t offset_ms_of(const struct s3_clock_sighting *sighting)
{
    int64_t middle_ms =
        sighting->sent_at_ms + (sighting->received_at_ms - sighting->sent_at_ms) / 2;

    return sighting->date_s * 1000 + HALF_SECOND_MS - middle_ms;
}

/* Our own clock may have been set while the request was under way. */
static bool is_timely(const struct s3_clock_sighting *sighting)
{
    int64_t under_way_ms = sighting->received_at_ms - sighting->sent_at_ms;

    return under_way_ms >= 0 && under_way_ms <= S3_CLOCK_UNDER_WAY_MAX_MS;
}

static bool is_within_reason(const struct s3_clock_sighting *sighting)
{
    return distance(offset_ms_of(sighting), 0) <= (int64_t)S3_CLOCK_MAX_S * 1000;
}

/* Round to whole seconds, a half down; what a Date cannot tell from nothing is nothing. */
static int64_t whole_seconds(int64_t ms)
{
    if (distance(ms, 0) <= (int64_t)S3_CLOCK_STEP_S * 1000)
        return 0;
    ms += HALF_SECOND_MS - 1;
    return (ms - (ms % 1000 + 1000) % 1000) / 1000;
}

/* Of all threads and processes, the one that changes warned_s tells. */
static void tell(struct s3_clock_memory *memory, int64_t offset_s)
{
    int64_t told_s = atomic_load(&memory->warned_s);
    bool is_far = distance(offset_s, 0) > S3_CLOCK_WARN_S;

    if (is_far && (told_s == 0 || distance(offset_s, told_s) >= WARN_AGAIN_S)) {
        if (atomic_compare_exchange_strong(&memory->warned_s, &told_s, offset_s))
            log_event(LOG_WARN,
                "storage's clock is %" PRId64 " s %s ours: signing goes by storage's; set this "
                "machine's clock (NTP)",
                distance(offset_s, 0), offset_s > 0 ? "ahead of" : "behind");
    } else if (!is_far && told_s != 0) {
        if (atomic_compare_exchange_strong(&memory->warned_s, &told_s, 0))
            log_event(LOG_INFO, "storage's clock and ours agree again");
    }
}

static void set(struct s3_clock *clock, int64_t offset_s)
{
    atomic_store(&clock->memory->offset_s, offset_s);
    tell(clock->memory, offset_s);
}

/* Of few numbers: the one that half of the others are not above. */
static int64_t median_ms(const struct s3_clock *clock)
{
    int64_t sorted[S3_CLOCK_SIGHTINGS];
    size_t count = clock->count;

    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        for (; at > 0 && sorted[at - 1] > clock->offsets_ms[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = clock->offsets_ms[i];
    }
    return sorted[count / 2];
}

static void note(struct s3_clock *clock, int64_t offset_ms)
{
    clock->offsets_ms[clock->next] = offset_ms;
    clock->next = (clock->next + 1) % S3_CLOCK_SIGHTINGS;
    if (clock->count < S3_CLOCK_SIGHTINGS)
        clock->count++;
}

static void forget(struct s3_clock *clock)
{
    clock->count = 0;
    clock->next = 0;
}

/* It moves only by steps that a Date can tell, so that URLs stay the same within their window. */
static void follow(struct s3_clock *clock)
{
    int64_t median, offset_s = s3_clock_offset_s(clock);

    if (clock->count < S3_CLOCK_SIGHTINGS_MIN)
        return;
    median = median_ms(clock);
    if (distance(median, offset_s * 1000) > (int64_t)S3_CLOCK_STEP_S * 1000)
        set(clock, whole_seconds(median));
}

void s3_clock_learn(struct s3_clock *clock, const struct s3_clock_sighting *sighting)
{
    if (!clock || !is_timely(sighting) || !is_within_reason(sighting) ||
        distance(sighting->date_s, sighting->signed_at) > S3_CLOCK_TOLERANCE_S)
        return;
    pthread_mutex_lock(&clock->lock);
    note(clock, offset_ms_of(sighting));
    follow(clock);
    pthread_mutex_unlock(&clock->lock);
}

bool s3_clock_refused(struct s3_clock *clock, const struct s3_clock_sighting *sighting)
{
    if (!clock || !is_timely(sighting))
        return false;
    if (!is_within_reason(sighting)) {
        log_event(LOG_ERROR, "storage's clock is more than a day from ours: set this machine's");
        return false;
    }
    pthread_mutex_lock(&clock->lock);
    forget(clock);
    set(clock, whole_seconds(offset_ms_of(sighting)));
    pthread_mutex_unlock(&clock->lock);
    return true;
}

void s3_clock_restore(struct s3_clock *clock, int64_t offset_s)
{
    pthread_mutex_lock(&clock->lock);
    forget(clock);
    set(clock, offset_s);
    pthread_mutex_unlock(&clock->lock);
}
