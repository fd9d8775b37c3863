/*
 * private_key.h - RSA and EC P-256 private keys that sign what others verify with the public half.
 *
 * Order of use: private_key_parse once, private_key_sign from any thread, private_key_free at the
 * end. A key is immutable once parsed but for its memory of signatures, which a lock protects.
 *
 * What it protects: nothing prints a key, and the text it came from is the caller's to wipe. What
 * it does not: the key is in this process's memory in the clear, as for every signer without an
 * HSM.
 */
#ifndef CRYPTO_PRIVATE_KEY_H
#define CRYPTO_PRIVATE_KEY_H

#include "base/arena.h"
#include "base/status.h"

enum {
    PRIVATE_KEY_TEXT_MAX_BYTES = 16 * 1024, /* PEM of RSA-4096 has 3.3 KB */
    PRIVATE_KEY_SIGNATURE_MAX_BYTES = 512   /* RSA-4096; P-256 has at most 72 */
};

enum private_key_kind { PRIVATE_KEY_RSA, PRIVATE_KEY_EC_P256 };

enum private_key_hash { PRIVATE_KEY_SHA1, PRIVATE_KEY_SHA256 };

struct private_key;

/*
 * Read a key in any form that people hold one in: PEM or DER of PKCS#1, PKCS#8 or SEC 1 (RFC 8017,
 * 5958, 5915); PEM whose line ends are real, "\n" in two characters (one line of an environment or
 * .env file), spaces or missing; base64 of PEM or of DER; quotes and white space around it.
 *
 * INVALID with *out_problem set to a sentence without the subject ("is the public half: ...") that
 * says what it is instead and what to do: empty, encrypted, a public key, a certificate, a signing
 * request, an OpenSSH key, cut off, another algorithm or curve, below 2048 or above 4096 bits, or
 * inconsistent in itself. The sentence is static and never quotes the text.
 */
enum status private_key_parse(
    struct str text, struct private_key **out, const char **out_problem) MUST_CHECK;

/* Harmless on NULL. OpenSSL wipes the numbers. */
void private_key_free(struct private_key *key);

enum private_key_kind private_key_kind(const struct private_key *key);

/*
 * Sign `message`: RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2) or ECDSA in DER (X9.62), over its
 * SHA-1 or SHA-256. Returns the length of the signature in `out`, or 0 when OpenSSL refuses (SHA-1
 * under a policy that forbids it); logged.
 *
 * A signature costs 200 us to 700 us with RSA-2048 and 20 us with P-256. The last 2,048 are
 * remembered by the digest they stand for: the same message gives the same bytes while it is
 * remembered, for ECDSA too, which would differ each time. Any thread, any number at once.
 */
size_t private_key_sign(struct private_key *key, enum private_key_hash hash, struct str message,
    unsigned char out[PRIVATE_KEY_SIGNATURE_MAX_BYTES]) MUST_CHECK;

/* The public half as PEM (SubjectPublicKeyInfo): what is uploaded to CloudFront. In `arena`. */
struct str private_key_public_pem(struct arena *arena, const struct private_key *key);

#endif
