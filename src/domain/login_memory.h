/*
 * login_memory.h - tokens whose signature and claims were checked a moment ago, so that the next
 * request with one does not pay for it again; inside domain/ only.
 *
 * One thread's, bounded, and no more than a shortcut past the cryptography: whether the login still
 * stands is read from the database each time. Kept is the SHA-256 of a token, never the token.
 */
#ifndef DOMAIN_LOGIN_MEMORY_H
#define DOMAIN_LOGIN_MEMORY_H

#include "crypto/digest.h"

enum { LOGIN_MEMORY_SLOTS = 64 };

/* What a checked token says. */
struct login_proof {
    int64_t login_id;
    int64_t user_id;
    int64_t expires_at;
};

/* Zeroed: empty. */
struct login_memory {
    struct {
        unsigned char digest[SHA256_BYTES]; /* of the token */
        struct login_proof proof;           /* expires_at 0: a free slot */
    } slot[LOGIN_MEMORY_SLOTS];
};

/* What was kept about a token that has not expired at `now_s`. The digest is for login_memory_keep.
 */
bool login_memory_find(const struct login_memory *memory, struct str token, int64_t now_s,
    unsigned char out_digest[SHA256_BYTES], struct login_proof *out);

/* Keep it, in the place of another. */
void login_memory_keep(struct login_memory *memory, const unsigned char digest[SHA256_BYTES],
    const struct login_proof *proof);

#endif
