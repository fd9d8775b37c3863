/*
 * jwt_options.h - what is configured about tokens: part of struct domain_options.
 */
#ifndef DOMAIN_JWT_OPTIONS_H
#define DOMAIN_JWT_OPTIONS_H

#include "crypto/jwt.h"

enum { JWT_RING_MAX = 2 };

struct jwt_options {
    /* The first one signs; every one is accepted. Borrowed. None: nobody can sign in to the API. */
    struct jwt_key *ring[JWT_RING_MAX];
    size_t ring_count;
    struct str issuer;  /* iss and aud of our own tokens */
    int64_t lifetime_s; /* of a JWT */
    int64_t refresh_s;  /* of a login: refreshing ends so long after signing in */
};

#endif
