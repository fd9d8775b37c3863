/*
 * Keys of tokens: from a secret, or from somebody's JWK, of which only the public members that are
 * needed reach cjose.
 */
#include "crypto/jwt_key.h"

#include "base/escape.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

#include <math.h>
#include <stdlib.h>

enum {
    KID_BYTES = 8,
    RSA_MIN_BYTES = JWT_RSA_MIN_BITS / 8,
    RSA_MAX_BYTES = 8192 / 8,
    EXPONENT_MAX_BYTES = 8,
    P256_BYTES = 32,
    SECRET_MIN_BITS = 80
};

static struct jwt_key *new_key(enum jwt_algorithm algorithm, cjose_jwk_t *jwk, struct str kid)
{
    struct jwt_key *key = jwk == NULL ? NULL : calloc(1, sizeof(*key));

    if (key == NULL) {
        if (jwk != NULL)
            cjose_jwk_release(jwk);
        return NULL;
    }
    key->algorithm = algorithm;
    key->jwk = jwk;
    key->kid_len = kid.len < sizeof(key->kid) ? kid.len : 0;
    if (key->kid_len > 0)
        memcpy(key->kid, kid.ptr, key->kid_len);
    return key;
}

struct jwt_key *jwt_key_from_secret(struct str secret)
{
    unsigned char mac[SHA256_BYTES];
    char kid[2 * KID_BYTES];
    cjose_err error;

    hmac_sha256(secret, STR("vitrine jwt kid"), mac);
    digest_to_hex(mac, KID_BYTES, kid);
    return new_key(JWT_HS256,
        cjose_jwk_create_oct_spec((const uint8_t *)secret.ptr, secret.len, &error),
        str_from(kid, sizeof(kid)));
}

void jwt_key_free(struct jwt_key *key)
{
    if (key == NULL)
        return;
    if (key->algorithm == JWT_HS256) {
        cjose_err error;
        void *bytes = cjose_jwk_get_keydata(key->jwk, &error);
        if (bytes != NULL)
            secret_wipe(bytes, cjose_jwk_get_keysize(key->jwk, &error) / 8);
    }
    cjose_jwk_release(key->jwk);
    free(key);
}

struct str jwt_key_id(const struct jwt_key *key)
{
    return str_from(key->kid, key->kid_len);
}

enum jwt_algorithm jwt_key_algorithm(const struct jwt_key *key)
{
    return key->algorithm;
}

/* --- JWK --- */

static struct str text_of(const json_t *jwk, const char *name)
{
    const json_t *value = json_object_get(jwk, name);

    return json_is_string(value) ? str_from(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

/* The number of bytes of a base64url member, or 0 when it is none. */
static size_t size_of(const json_t *jwk, const char *name)
{
    struct arena scratch;
    struct str bytes = STR_EMPTY;
    size_t size = 0;

    arena_init(&scratch);
    if (escape_base64url_decode(&scratch, text_of(jwk, name), &bytes))
        size = bytes.len;
    arena_clear(&scratch);
    return size;
}

/* "use", "key_ops" and "alg" (RFC 7517, section 4) may each say that it is meant for other work. */
static bool is_for_verifying(const json_t *jwk, struct str algorithm)
{
    struct str use = text_of(jwk, "use"), wanted = text_of(jwk, "alg");
    const json_t *operations = json_object_get(jwk, "key_ops");
    bool may_verify = operations == NULL;

    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *name = json_string_value(json_array_get(operations, i));
        may_verify = may_verify || (name != NULL && strcmp(name, "verify") == 0);
    }
    return may_verify && (str_is_empty(use) || str_equal(use, STR("sig"))) &&
           (str_is_empty(wanted) || str_equal(wanted, algorithm));
}

/* `public` is consumed. */
static cjose_jwk_t *import(json_t *public)
{
    cjose_err error;
    cjose_jwk_t *jwk = NULL;
    char *text = public == NULL ? NULL : json_dumps(public, JSON_COMPACT);

    if (text != NULL)
        jwk = cjose_jwk_import(text, strlen(text), &error);
    free(text);
    json_decref(public);
    return jwk;
}

static struct jwt_key *rsa_key(const json_t *jwk, struct str kid, struct str *out_problem)
{
    size_t modulus = size_of(jwk, "n"), exponent = size_of(jwk, "e");
    struct jwt_key *key;

    if (!is_for_verifying(jwk, STR("RS256")) || modulus < RSA_MIN_BYTES ||
        modulus > RSA_MAX_BYTES || exponent == 0 || exponent > EXPONENT_MAX_BYTES) {
        *out_problem = STR("an RSA key that is not for RS256, or not of 2048 to 8192 bits");
        return NULL;
    }
    key = new_key(JWT_RS256,
        import(json_pack("{s:s, s:O, s:O}", "kty", "RSA", "n", json_object_get(jwk, "n"), "e",
            json_object_get(jwk, "e"))),
        kid);
    if (key == NULL)
        *out_problem = STR("an RSA key that cannot be read");
    return key;
}

static struct jwt_key *ec_key(const json_t *jwk, struct str kid, struct str *out_problem)
{
    struct jwt_key *key;

    if (!is_for_verifying(jwk, STR("ES256")) || !str_equal(text_of(jwk, "crv"), STR("P-256")) ||
        size_of(jwk, "x") != P256_BYTES || size_of(jwk, "y") != P256_BYTES) {
        *out_problem = STR("an EC key that is not for ES256 on P-256");
        return NULL;
    }
    key = new_key(JWT_ES256,
        import(json_pack("{s:s, s:s, s:O, s:O}", "kty", "EC", "crv", "P-256", "x",
            json_object_get(jwk, "x"), "y", json_object_get(jwk, "y"))),
        kid);
    if (key == NULL)
        *out_problem = STR("an EC key whose point is not on its curve");
    return key;
}

struct jwt_key *jwt_key_from_jwk(const json_t *jwk, struct str *out_problem)
{
    struct str type = text_of(jwk, "kty"), kid = text_of(jwk, "kid");

    if (kid.len > JWT_KID_MAX_BYTES) {
        *out_problem = STR("a key whose kid is too long");
        return NULL;
    }
    if (str_equal(type, STR("RSA")))
        return rsa_key(jwk, kid, out_problem);
    if (str_equal(type, STR("EC")))
        return ec_key(jwk, kid, out_problem);
    *out_problem = STR("a key that is neither RSA nor EC");
    return NULL;
}

/* --- strength --- */

/* The length of the shortest beginning that, repeated, is the whole. */
static size_t period_of(struct str text)
{
    for (size_t period = 1; period < text.len; period++)
        if (memcmp(text.ptr, text.ptr + period, text.len - period) == 0)
            return period;
    return text.len;
}

/* Shannon's entropy of the bytes, times their number: what their frequencies alone would hide. */
static double bits_of(struct str text)
{
    size_t counts[256] = { 0 };
    double bits = 0;

    for (size_t i = 0; i < text.len; i++)
        counts[(unsigned char)text.ptr[i]]++;
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        if (counts[i] > 0)
            bits += (double)counts[i] * log2((double)text.len / (double)counts[i]);
    return bits;
}

bool jwt_secret_is_strong(struct arena *arena, struct str secret, struct str *out_problem)
{
    if (secret.len < JWT_SECRET_MIN_BYTES) {
        *out_problem = arena_printf(arena, "is only %zu bytes long", secret.len);
        return false;
    }
    if (bits_of(str_head(secret, period_of(secret))) < SECRET_MIN_BITS) {
        *out_problem = STR("is too easy to guess, it repeats itself");
        return false;
    }
    return true;
}
