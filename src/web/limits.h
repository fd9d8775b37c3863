/*
 * limits.h - who counts against which rate limit, and how an answer tells.
 *
 * The classes are a column of the route table, the limits are settings. Each class counts
 *
 *   - per sender: an API token by itself; a signed-in person, whatever browser or JWT speaks; and
 *     whoever is neither, by address;
 *   - and per address, whoever sends, LIMITS_ADDRESS_FACTOR times as much: an office has one
 *     address for many people, and checking tokens must not be free either.
 *
 * All threads and processes of one machine count together (ADR 11).
 */
#ifndef WEB_LIMITS_H
#define WEB_LIMITS_H

#include "base/shared_memory.h"
#include "domain/rate.h"

struct exchange;

/* Which rate limit a request counts against. */
enum rate_class { RATE_NONE, RATE_SIGN_IN, RATE_PRESIGN, RATE_WRITE, RATE_READ, RATE_CLASS__COUNT };

enum { LIMITS_ADDRESS_FACTOR = 4 };

/* Settings: the policy of each class, and where to count. Zeroed: no limits. */
struct limits_options {
    struct rate_policy rates[RATE_CLASS__COUNT];
    struct str folder; /* of the shared file, $DATA/run; empty: this process counts for itself */
};

/* What all threads share. */
struct limits {
    const struct limits_options *options;
    struct shared_memory memory;
    struct rate_table addresses, senders; /* apart: a flood of addresses forgets no sender */
};

/* The count that an answer tells of; name is empty when nothing was counted. */
struct limits_result {
    struct str name; /* "read", or "read-address" */
    struct rate_policy policy;
    struct rate_verdict verdict;
};

/* "none", "sign-in", "presign", ... */
struct str rate_class_name(enum rate_class class);

/* `options` are borrowed. Close is harmless on a zeroed one. */
void limits_open(struct limits *limits, const struct limits_options *options);
void limits_close(struct limits *limits);

/* Count the request for its client's address. TOO_MANY, with a sentence and when to come again. */
enum status limits_check_address(struct exchange *exchange) MUST_CHECK;

/* Count it for who sent it, as guard_identify found out; for the address when that found nobody.
 * TOO_MANY likewise. */
enum status limits_check_sender(struct exchange *exchange) MUST_CHECK;

/* RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10) of what was counted
 * last; nothing on the answers of routes without a limit. */
void limits_set_headers(struct exchange *exchange);

#endif
