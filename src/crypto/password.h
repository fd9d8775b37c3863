/*
 * password.h - hashes of passwords: argon2id, 19 MiB and two passes (about 30 ms), over libsodium.
 *
 * Each hash in progress holds 19 MiB, so only a few run at a time and the others wait their turn. A
 * stored hash is libsodium's text form ("$argon2id$v=19$m=19456,t=2,p=1$...") and carries its own
 * cost.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/status.h"

enum { PASSWORD_MAX_BYTES = 1024 };

/* How many hashes may run at a time in this process (default 2), and how long the others wait
 * before they get BUSY (default 5000 ms). Call before threads start. */
void password_set_limits(int concurrent, int wait_ms);

/* Hash for storing, with a fresh salt. INVALID above PASSWORD_MAX_BYTES, BUSY after the wait. */
enum status password_hash(
    struct arena *arena, struct str password, struct str *out_hash) MUST_CHECK;

/*
 * OK when `password` is the one that `hash` was made of, else BAD_CREDENTIALS (also for a hash that
 * is none), or BUSY.
 *
 * With the empty str for `hash` it does the same work against a hash that nobody's password has,
 * and answers BAD_CREDENTIALS: so an unknown e-mail address takes as long as a wrong password.
 */
enum status password_verify(struct str hash, struct str password) MUST_CHECK;

/* True when `hash` was made with a cost other than today's: hash again at the next sign-in. */
bool password_needs_rehash(struct str hash);

#endif
