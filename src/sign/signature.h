/*
 * signature.h - from a canonical request to its signature; private to sign/.
 */
#ifndef SIGN_SIGNATURE_H
#define SIGN_SIGNATURE_H

#include "sign/canonical.h"
#include "sign/signing_key.h"

enum { SIGNATURE_LENGTH = 2 * SHA256_BYTES };

/*
 * Sign "AWS4-HMAC-SHA256", the time, the scope and the hash of the canonical request. The steps go
 * into *trace (in `arena`) when that is not NULL. at_s is of the key's day.
 */
void signature_make(struct arena *arena, struct signing_key *key, int64_t at_s,
    struct str canonical_request, char signature[SIGNATURE_LENGTH], struct sigv4_trace *trace);

#endif
