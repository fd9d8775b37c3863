/*
 * jwt_options.h - what is configured about tokens: part of struct domain_options.
 */
#ifndef DOMAIN_JWT_OPTIONS_H
#define DOMAIN_JWT_OPTIONS_H

#include "domain/access.h"
#include "remote/jwks.h"

enum { JWT_RING_MAX = 2, JWT_ROLES_MAX = 16 };

/* What the issuer calls a group or role, and which of ours it means. */
struct jwt_role {
    struct str value;
    enum role role;
};

/* Somebody else whose tokens are accepted (domain/issuer.h). Borrowed. */
struct issuer_options {
    struct jwks_options keys;
    struct str issuer;        /* iss; empty: there is none, and nothing of this counts */
    struct str audience;      /* aud */
    struct str account_claim; /* holds the e-mail address of the account */
    struct str role_claim;    /* a name, or names with dots between: "realm_access.roles" */
    struct jwt_role roles[JWT_ROLES_MAX];
    size_t role_count; /* 0: the account's own role counts */
    bool provisions;   /* make an account for who has none */
};

struct jwt_options {
    /* The first one signs; every one is accepted. Borrowed. None: nobody can sign in to the API. */
    struct jwt_key *ring[JWT_RING_MAX];
    size_t ring_count;
    struct str issuer;  /* iss and aud of our own tokens */
    int64_t lifetime_s; /* of a JWT */
    struct issuer_options external;
    struct jwks *jwks; /* of `external`, shared by all threads; NULL: none */
    int64_t refresh_s; /* of a login: refreshing ends so long after signing in */
};

#endif
