/*
 * private_key_internal.h - what a private key is made of; for private_key*.c only.
 */
#ifndef CRYPTO_PRIVATE_KEY_INTERNAL_H
#define CRYPTO_PRIVATE_KEY_INTERNAL_H

#include "crypto/private_key.h"

#include <openssl/evp.h>
#include <pthread.h>

enum { REMEMBERED_SETS = 256, REMEMBERED_WAYS = 8, KEY_DIGEST_MAX_BYTES = 32 };

struct digest_of {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t len;
};

/* One signature, by what was signed. len 0: free. */
struct remembered {
    size_t len;
    enum private_key_hash hash;
    unsigned char digest[KEY_DIGEST_MAX_BYTES];
    unsigned char signature[PRIVATE_KEY_SIGNATURE_MAX_BYTES];
};

struct private_key {
    EVP_PKEY *pkey;
    enum private_key_kind kind;
    EVP_MD *algorithms[2]; /* by enum private_key_hash; fetching one costs as much as using it */
    pthread_mutex_t lock;  /* of what follows */
    struct remembered *remembered; /* REMEMBERED_SETS * REMEMBERED_WAYS; NULL until the first */
};

/* Takes over `pkey`, which has been checked. */
struct private_key *private_key_new(EVP_PKEY *pkey, enum private_key_kind kind);

#endif
