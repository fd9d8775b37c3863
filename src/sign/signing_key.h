/*
 * signing_key.h - SigV4's signing key of a day, ready to sign; private to sign/.
 *
 * Deriving it costs four HMACs, with a key schedule each; it depends on nothing but the secret key,
 * the day, the region and the service. So each thread remembers the last few, in memory that is
 * wiped when one is replaced and when the thread ends.
 */
#ifndef SIGN_SIGNING_KEY_H
#define SIGN_SIGNING_KEY_H

#include "crypto/digest.h"
#include "sign/sigv4.h"
#include "sign/writer.h"

enum {
    SIGNING_ACCESS_KEY_MAX = 128, /* AWS allows 16 to 128 */
    SIGNING_REGION_MAX = 64,
    SIGNING_SERVICE_MAX = 32,
    SIGNING_SCOPE_MAX = SIGNING_REGION_MAX + SIGNING_SERVICE_MAX + 32
};

/* The year 9999 ends: X-Amz-Date has four digits for it. */
#define SIGNING_TIME_MAX INT64_C(253402300799)

struct signing_key {
    struct hmac hmac;         /* keyed for the day */
    int64_t day;              /* since 1970 */
    char date[8];             /* "20261121" */
    int64_t time_at;          /* the second that `time` is of */
    char time[8];             /* "T063200Z" */
    struct str scope;         /* "20261121/us-east-1/s3/aws4_request" */
    struct str query_head;    /* "X-Amz-Algorithm=...&X-Amz-Credential=...&X-Amz-Date=20261121" */
    struct secret secret_key; /* what it was derived from, as are the next three */
    struct str access_key;
    struct str region;
    struct str service;
    char memory[4 * SIGNING_SCOPE_MAX + 6 * SIGNING_ACCESS_KEY_MAX + 256]; /* of the strs */
};

/*
 * The signing key for this day, from memory or derived. NULL when a part is empty or longer than
 * the limits above, or the time outside 0..SIGNING_TIME_MAX. Valid until this thread asks for
 * another.
 */
struct signing_key *signing_key_get(
    const struct s3_credentials *credentials, const struct sigv4_scope *scope, int64_t at_s);

/* "T063200Z": the time of day as it follows the date in X-Amz-Date; at_s is of the key's day. */
struct str signing_key_time(struct signing_key *key, int64_t at_s);

/* Hex of HMAC(key of the day, text). */
void signing_key_sign(
    struct signing_key *key, struct str string_to_sign, char out[2 * SHA256_BYTES]);

#endif
