/*
 * digest.h - SHA-256, HMAC-SHA-256, and what S3 still wants: MD5 (Content-MD5, ETags), SHA-1 (one
 * of its additional checksums).
 *
 * Algorithms are fetched from OpenSSL once per process; a fetch for each call would cost more than
 * the hash of a request. Nothing here can fail but by lack of memory or a crippled OpenSSL, and
 * then the process aborts, as with arenas.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/str.h"

enum { SHA256_BYTES = 32, SHA1_BYTES = 20, MD5_BYTES = 16, DIGEST_MAX_BYTES = 32 };

/* One-shot. */
void sha256(struct str data, unsigned char out[SHA256_BYTES]);
void md5(struct str data, unsigned char out[MD5_BYTES]);

/* Lower-case hex of SHA-256, 64 characters and no NUL. */
void sha256_hex(struct str data, char out[2 * SHA256_BYTES]);

/* Lower-case hex of `len` bytes: writes 2 * len characters and no NUL. */
void digest_to_hex(const unsigned char *bytes, size_t len, char *out);

/* --- streaming
 * ------------------------------------------------------------------------------------ */

enum digest_algorithm { DIGEST_SHA256, DIGEST_MD5, DIGEST_SHA1 };

/* Zeroed: nothing to clear. */
struct digest {
    void *context; /* EVP_MD_CTX */
    enum digest_algorithm algorithm;
};

/* Start, or start again. */
void digest_begin(struct digest *digest, enum digest_algorithm algorithm);
void digest_update(struct digest *digest, struct str data);

/* The result: as many bytes as the algorithm has; the count is returned. Then only begin or clear
 * follow. */
size_t digest_finish(struct digest *digest, unsigned char out[DIGEST_MAX_BYTES]);
void digest_clear(struct digest *digest);

/* --- HMAC-SHA-256 (RFC 2104)
 * ------------------------------------------------------------------------ */

/* A context with its key schedule done, for any number of messages; one thread at a time. Zeroed:
 * none. */
struct hmac {
    void *context; /* EVP_MAC_CTX */
};

/* Set or change the key. Any length; the empty key is legal. */
void hmac_set_key(struct hmac *hmac, struct str key);

/* The MAC of one message: about 0.2 us for 200 bytes, against 0.9 us with a key to set up first. */
void hmac_sign(struct hmac *hmac, struct str message, unsigned char out[SHA256_BYTES]);

/* Free the context; OpenSSL wipes the key. */
void hmac_clear(struct hmac *hmac);

/* One-shot, for keys that are used once. */
void hmac_sha256(struct str key, struct str message, unsigned char out[SHA256_BYTES]);

#endif
