/*
 * sts.h - AWS's Security Token Service: temporary keys for a role; private to remote/.
 *
 * (AWS Security Token Service API Reference, version 2011-06-15.) Asks the region's own endpoint,
 * https://sts.REGION.amazonaws.com, unless AWS_ENDPOINT_URL_STS names another.
 */
#ifndef REMOTE_STS_H
#define REMOTE_STS_H

#include "remote/credential_search.h"

struct sts_role {
    struct str arn;
    struct str session_name; /* empty: one is made */
    struct str external_id;  /* AssumeRole only; empty: none */
    int64_t duration_s;      /* 0: STS's own, an hour */
};

/* AssumeRoleWithWebIdentity with the token in that file, which is read anew each time: whoever
 * issues it replaces it. Unsigned: the token is the proof. */
enum credential_outcome sts_web_identity(
    struct credential_search *search, const struct sts_role *role, struct str token_file);

/* AssumeRole, signed by those keys. */
enum credential_outcome sts_assume_role(struct credential_search *search,
    const struct sts_role *role, const struct credential_found *signer);

#endif
