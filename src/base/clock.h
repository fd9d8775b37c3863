/*
 * clock.h - what time it is, and times as text; always UTC.
 *
 * Only programs and tests ask for the time here; sign/ gets it as an argument. Tests freeze it.
 * Times before the year 1 or after 9999 are written as the first or last that fits.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/arena.h"

#include <pthread.h>

/* Seconds since 1970, UTC. */
int64_t clock_now_s(void);

/* Milliseconds since 1970, UTC. */
int64_t clock_now_ms(void);

/* Microseconds of a clock that only goes forward; for durations. */
int64_t clock_monotonic_us(void);

/*
 * pthread_cond_wait until that clock says `until_us` at the latest; the condition may have any
 * clock of its own. False when the time is over. (pthread_cond_timedwait does not wait under
 * faketime.)
 */
bool clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_us);

/* Make clock_now_* answer `now_s` until clock_thaw(); for tests. Process-wide. */
void clock_freeze(int64_t now_s);
void clock_thaw(void);

/* "2026-11-21T06:32:00Z" (RFC 3339). */
struct str clock_format_iso(struct arena *arena, int64_t at_s);

/* "2026-11-21T06:32:00.000Z": the form of S3's listings. */
struct str clock_format_iso_ms(struct arena *arena, int64_t at_ms);

/* The same without an arena, not ended by NUL; for log lines. */
enum { CLOCK_ISO_MS_LEN = 24 };
void clock_write_iso_ms(char text[CLOCK_ISO_MS_LEN], int64_t at_ms);

/* "20261121T063200Z" (SigV4's X-Amz-Date); its first eight bytes are the scope's date. */
struct str clock_format_amz(struct arena *arena, int64_t at_s);

/* "Sat, 21 Nov 2026 06:32:00 GMT" (RFC 9110, section 5.6.7, IMF-fixdate). */
struct str clock_format_http(struct arena *arena, int64_t at_s);

/*
 * The inverses. Exactly that form and a date that exists, else false and *out untouched.
 * clock_parse_iso takes fractions of a second and drops them. clock_parse_http takes IMF-fixdate
 * and the two obsolete forms.
 */
bool clock_parse_iso(struct str text, int64_t *out_s) MUST_CHECK;
bool clock_parse_amz(struct str text, int64_t *out_s) MUST_CHECK;
bool clock_parse_http(struct str text, int64_t *out_s) MUST_CHECK;

#endif
