/*
 * signing_keys.h - private keys made at test time, in every form that they are kept in. None is
 * committed.
 */
#ifndef TESTS_SIGNING_KEYS_H
#define TESTS_SIGNING_KEYS_H

#include "unit.h"

#include "crypto/private_key.h"

#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

/* What `pkey` looks like: "PEM" or "DER"; "PrivateKeyInfo" (PKCS#8), "type-specific" (PKCS#1, SEC
 * 1) or "SubjectPublicKeyInfo"; encrypted under "x" when `seals`. */
static inline struct str key_text(
    struct arena *arena, EVP_PKEY *pkey, const char *format, const char *structure, bool seals)
{
    int selection =
        strcmp(structure, "SubjectPublicKeyInfo") == 0 ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    OSSL_ENCODER_CTX *context =
        OSSL_ENCODER_CTX_new_for_pkey(pkey, selection, format, structure, NULL);
    unsigned char *bytes = NULL;
    size_t len = 0;
    struct str copy;

    assert_non_null(context);
    if (seals) {
        assert_true(OSSL_ENCODER_CTX_set_cipher(context, "AES-256-CBC", NULL));
        assert_true(OSSL_ENCODER_CTX_set_passphrase(context, (const unsigned char *)"x", 1));
    }
    assert_true(OSSL_ENCODER_to_data(context, &bytes, &len));
    copy = arena_copy(arena, str_from((char *)bytes, len));
    OPENSSL_free(bytes);
    OSSL_ENCODER_CTX_free(context);
    return copy;
}

static inline EVP_PKEY *make_rsa(unsigned bits)
{
    EVP_PKEY *pkey = EVP_RSA_gen(bits);

    assert_non_null(pkey);
    return pkey;
}

static inline EVP_PKEY *make_ec(const char *curve)
{
    EVP_PKEY *pkey = EVP_EC_gen(curve);

    assert_non_null(pkey);
    return pkey;
}

/* The same through the door that programs use. private_key_free it. */
static inline struct private_key *parsed_key(struct arena *arena, EVP_PKEY *pkey)
{
    struct private_key *key = NULL;
    const char *problem = "";

    if (private_key_parse(key_text(arena, pkey, "PEM", "PrivateKeyInfo", false), &key, &problem) !=
        STATUS_OK)
        fail_msg("a fresh key is refused: it %s", problem);
    return key;
}

/* Whether `signature` is one of `message` by the private half of `pkey`. */
static inline bool key_verifies(
    EVP_PKEY *pkey, const char *digest, struct str message, struct str signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, pkey, NULL) > 0 &&
               EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                   (const unsigned char *)message.ptr, message.len) > 0;

    EVP_MD_CTX_free(context);
    return good;
}

#endif
