/*
 * s3_clock.h - how far storage's clock is from ours, learnt from the Date of its answers.
 *
 * A signature holds the time, and storage refuses one that is 15 minutes off; a URL that is signed
 * by a clock that is behind ends early. So everything is signed by storage's time: ours plus the
 * offset that stands here, shared by all threads and (in shared memory) all processes.
 *
 * What is believed: the median of the last S3_CLOCK_SIGHTINGS answers that storage gave to requests
 * it took as rightly signed, each corrected for the time it was under way. Not believed: an answer
 * from a cache (Age), one that was long under way, and one whose Date contradicts that the request
 * was taken (more than 15 minutes from the time that was signed). Only a refusal of our time may
 * move the offset at once, and when the next attempt is refused too it moves back. Nothing moves it
 * by more than S3_CLOCK_MAX_S: a machine that is further off needs its clock set.
 *
 * Order of use: s3_clock_init once, hand it to every s3_client, s3_clock_clear. All calls may come
 * from any thread.
 */
#ifndef REMOTE_S3_CLOCK_H
#define REMOTE_S3_CLOCK_H

#include "base/base.h"

#include <pthread.h>

enum {
    S3_CLOCK_SIGHTINGS = 5, /* the median of so many */
    S3_CLOCK_SIGHTINGS_MIN = 3,
    S3_CLOCK_STEP_S = 2,        /* a Date has whole seconds: smaller differences are noise */
    S3_CLOCK_WARN_S = 30,       /* from here on the log says so */
    S3_CLOCK_TOLERANCE_S = 900, /* storage takes signatures that are so far off */
    S3_CLOCK_MAX_S = 86400,
    S3_CLOCK_UNDER_WAY_MAX_MS = 5000
};

/* What processes share: zeroed memory. */
struct s3_clock_memory {
    _Atomic int64_t offset_s; /* storage's clock minus ours */
    _Atomic int64_t warned_s; /* the offset that the log last complained of; 0: none */
};

struct s3_clock {
    struct s3_clock_memory *memory;
    struct s3_clock_memory own;
    pthread_mutex_t lock; /* of what follows */
    int64_t offsets_ms[S3_CLOCK_SIGHTINGS];
    size_t count, next;
};

/* One answer: when the request left, when the answer was here (both our clock), what it said. */
struct s3_clock_sighting {
    int64_t sent_at_ms;
    int64_t received_at_ms;
    int64_t signed_at; /* by storage's clock, as we had it */
    int64_t date_s;
};

/* `shared`: the memory of all processes; NULL: this process knows for itself. */
void s3_clock_init(struct s3_clock *clock, struct s3_clock_memory *shared);
void s3_clock_clear(struct s3_clock *clock);

/* Seconds to add to clock_now_s() for storage's time; 0 for NULL. */
int64_t s3_clock_offset_s(const struct s3_clock *clock);

/* An answer to a request whose signature storage took. NULL is legal. */
void s3_clock_learn(struct s3_clock *clock, const struct s3_clock_sighting *sighting);

/*
 * Storage refused the time that was signed. True: the offset is another one now, so that signing
 * again makes sense. False when the sighting is not to be believed.
 */
bool s3_clock_refused(struct s3_clock *clock, const struct s3_clock_sighting *sighting);

/* That did not help: back to the offset of before. */
void s3_clock_restore(struct s3_clock *clock, int64_t offset_s);

#endif
