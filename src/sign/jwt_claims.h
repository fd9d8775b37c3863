/*
 * jwt_claims.h - the claims of a token (RFC 7519, section 4): what makes a verified token one that
 * counts here and now. Pure: the time is an argument, no database is asked.
 */
#ifndef SIGN_JWT_CLAIMS_H
#define SIGN_JWT_CLAIMS_H

#include "base/json.h"

enum { JWT_CLAIM_MAX_BYTES = 500 };

/* What a token must say to be one of ours, or of the issuer that we trust. */
struct jwt_expectation {
    struct str issuer;   /* compared byte by byte */
    struct str audience; /* must be the aud, or one of them */
    int64_t now_s;
    int64_t leeway_s; /* how far clocks may be apart */
};

/* The registered claims. Strs point into the json_t. */
struct jwt_claims {
    struct str subject;
    struct str id; /* jti; empty: none */
    int64_t issued_at;
    int64_t expires_at;
};

/*
 * Check iss, aud, exp, nbf and iat, all of which but nbf and iat must be there. Times are numbers,
 * fractions are cut off (NumericDate, section 2). False with a sentence in *out_problem (static)
 * that says which of them it is and never what was expected.
 */
bool jwt_claims_check(const json_t *claims, const struct jwt_expectation *expected,
    struct jwt_claims *out, struct str *out_problem) MUST_CHECK;

/* A claim that is a text of at most JWT_CLAIM_MAX_BYTES without control bytes; else empty. */
struct str jwt_claim_text(const json_t *claims, const char *name);

/* The next of the texts of a claim that is either one text with spaces between words ("scope", RFC
 * 8693) or an array of texts. *index starts at 0. False at the end. */
bool jwt_claim_next(const json_t *claim, size_t *index, struct str *out);

#endif
