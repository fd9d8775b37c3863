/*
 * jwt_key.h - what jwt.c and jwt_key.c share; inside crypto/ only. The two include <cjose/>, nobody
 * else does.
 */
#ifndef CRYPTO_JWT_KEY_H
#define CRYPTO_JWT_KEY_H

#include "crypto/jwt.h"

#include <cjose/cjose.h>

struct jwt_key {
    enum jwt_algorithm algorithm;
    cjose_jwk_t *jwk;
    size_t kid_len;
    char kid[JWT_KID_MAX_BYTES + 1];
};

#endif
