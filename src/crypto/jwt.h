/*
 * jwt.h - signed tokens in compact form (RFC 7515, 7519) and the keys that they are checked with,
 * over cjose.
 *
 * Only HS256, RS256 and ES256 exist here. A key has exactly one algorithm, and the header's must be
 * that one: so an RSA key is never taken for a shared secret, and "none" is no algorithm. Nothing
 * is known here of claims (sign/jwt_claims.h) and of where keys come from.
 *
 * Order of use: jwt_read_header says which key is meant, the caller looks that one up in its ring,
 * jwt_verify gives the claims. Keys are never changed once they are made: any number of threads may
 * use one.
 */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/json.h"

enum {
    JWT_MAX_BYTES = 8192,
    JWT_KID_MAX_BYTES = 200,
    JWT_SECRET_MIN_BYTES = 32, /* RFC 7518, section 3.2: as long as the hash, or longer */
    JWT_RSA_MIN_BITS = 2048
};

enum jwt_algorithm { JWT_HS256, JWT_RS256, JWT_ES256 };

struct jwt_key;

/*
 * The key of a shared secret, for HS256. Its kid is derived from the secret (16 hex digits of an
 * HMAC), so that every process that has the secret has the same kid. NULL without memory.
 */
struct jwt_key *jwt_key_from_secret(struct str secret) MUST_CHECK;

/*
 * A public key out of a JWK (RFC 7517): RSA of 2048 to 8192 bits for RS256, P-256 for ES256. NULL
 * with a sentence in *out_problem (static) when it is of another kind, for encryption, or broken.
 * Private parts, should there be any, are not read.
 */
struct jwt_key *jwt_key_from_jwk(const json_t *jwk, struct str *out_problem) MUST_CHECK;

/* NULL is legal. The secret is wiped. */
void jwt_key_free(struct jwt_key *key);

/* Ends in an uncounted NUL; empty for a JWK that has none. */
struct str jwt_key_id(const struct jwt_key *key);
enum jwt_algorithm jwt_key_algorithm(const struct jwt_key *key);

/*
 * Is `secret` hard enough to guess? At least JWT_SECRET_MIN_BYTES, and about 80 bits by the letters
 * that it is made of, a repeated pattern counted once. False with the end of a sentence ("is only
 * 12 bytes long") in *out_problem, in `arena`. What it cannot see: a long sentence out of a book.
 */
bool jwt_secret_is_strong(
    struct arena *arena, struct str secret, struct str *out_problem) MUST_CHECK;

/* Three parts with dots between them: looks like a JWT rather than like a token of ours. */
bool jwt_is_shaped(struct str token);

struct jwt_header {
    enum jwt_algorithm algorithm;
    struct str
        kid; /* empty: none was given. Only ever compared, never used as a name of anything */
};

/*
 * Take the header apart, believing nothing. False with a sentence in *out_problem (static) when the
 * token is too long, is not three parts of strict base64url, its header is no JSON object, names
 * another algorithm, or wants extensions to be understood ("crit").
 */
bool jwt_read_header(struct arena *arena, struct str token, struct jwt_header *out,
    struct str *out_problem) MUST_CHECK;

/*
 * The claims of a token whose signature is `key`'s: a JSON object that the caller owns
 * (json_decref). NULL with a sentence in *out_problem otherwise. `header` is what jwt_read_header
 * said of this very token: what it refuses never comes here.
 */
json_t *jwt_verify(struct arena *arena, struct str token, const struct jwt_header *header,
    const struct jwt_key *key, struct str *out_problem) MUST_CHECK;

/* Sign `claims` (borrowed) with a key of jwt_key_from_secret, its kid in the header. */
struct str jwt_sign(struct arena *arena, const struct jwt_key *key, const json_t *claims);

#endif
