/*
 * issuer.h - tokens of somebody else: an identity provider whose signature, by its public keys,
 * says who asks; inside domain/ only.
 *
 * The token acts as the account whose e-mail address stands in the configured claim. Roles come
 * from a claim when there is a mapping, for this request and not for the account's row; else the
 * account's own role counts. Ending such a token before it expires is the issuer's, or done by
 * disabling the account here.
 */
#ifndef DOMAIN_ISSUER_H
#define DOMAIN_ISSUER_H

#include "domain/login.h"

/*
 * Check an RS256 or ES256 token. UNAUTHENTICATED with a sentence: no issuer is configured, the
 * token is no good, nobody here has that address, the address is not verified there, or the account
 * is disabled. FORBIDDEN: none of its roles means anything here. BUSY: the keys cannot be fetched.
 */
enum status issuer_check(struct task *task, struct str jwt, const struct jwt_header *header,
    struct login *out, struct account *out_account) MUST_CHECK;

#endif
