/*
 * secret.h - bytes that must not leak: passwords, secret access keys, signing keys.
 *
 * A secret owns fixed storage, is wiped when cleared, compared in constant time, and has no way to
 * be printed: keep it away from printf, logs and templates. What it does not protect against: a
 * core dump or a debugger of the same user, and copies that callers make of secret_str().
 *
 * Order of use: secret_set, secret_str as long as needed, secret_clear. A zeroed struct is an empty
 * secret.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/status.h"

enum { SECRET_MAX_BYTES = 512 };

struct secret {
    size_t len;
    unsigned char bytes[SECRET_MAX_BYTES];
};

/* Replace the content. INVALID above SECRET_MAX_BYTES; the secret is empty then. */
enum status secret_set(struct secret *secret, struct str bytes) MUST_CHECK;

/* Wipe; the compiler cannot leave this out. Harmless on an empty secret. */
void secret_clear(struct secret *secret);

/* The bytes, borrowed. For handing to crypto/ and sign/, not for text. */
struct str secret_str(const struct secret *secret);

static inline bool secret_is_empty(const struct secret *secret)
{
    return secret->len == 0;
}

/*
 * Equality whose time does not depend on where the bytes differ. The lengths are not secret:
 * different ones answer at once. For tokens, signatures and digests too.
 */
bool secret_equal(struct str a, struct str b);

/* Overwrite any memory with zeros, so that the compiler cannot leave it out. */
void secret_wipe(void *bytes, size_t len);

#endif
