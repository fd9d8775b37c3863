/*
 * credentials.h - the key pair that signs S3 requests, permanent or temporary.
 */
#ifndef SIGN_CREDENTIALS_H
#define SIGN_CREDENTIALS_H

#include "crypto/secret.h"

struct s3_credentials {
    struct str access_key;    /* AKIA...: public, stands in every URL; borrowed */
    struct secret secret_key; /* never leaves this process */
    struct str session_token; /* of temporary credentials; empty: none; borrowed */
    int64_t expires_at;       /* seconds since 1970; 0: they do not */
};

#endif
