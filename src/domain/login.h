/*
 * login.h - programs that signed in with e-mail and password: short-lived JWTs and the refresh
 * tokens that renew them.
 *
 * A login is a row. Its id stands in every JWT (claim sid), and each request looks the row up, with
 * its user: so signing out, a new password, another role or disabling the account end every JWT of
 * it at once, although the token itself would live on. A JWT is HS256, signed with JWT_SECRET; for
 * an overlap those of JWT_SECRET_PREVIOUS are taken too.
 *
 * A refresh token ("vr_" and 43 base64url characters, kept as SHA-256) works once and gives the
 * next one. One that is used again later than LOGIN_REFRESH_GRACE_S was copied: the login ends, for
 * thief and owner. Within the grace it was two tabs at once, or an answer that got lost.
 */
#ifndef DOMAIN_LOGIN_H
#define DOMAIN_LOGIN_H

#include "domain/account.h"
#include "domain/scope.h"

enum { LOGIN_REFRESH_GRACE_S = 10, LOGIN_REFRESH_TOKEN_LEN = 46 };

/* What a client gets at sign-in and at each refresh. */
struct login_tokens {
    struct str access_token; /* the JWT */
    struct str refresh_token;
    int64_t expires_in_s; /* of the JWT */
    struct scopes scopes;
};

/* Start a login for `account`, which account_authenticate has just found. BUSY when there is no key
 * to sign with. */
enum status login_start(struct task *task, const struct account *account, struct scopes scopes,
    struct login_tokens *out) MUST_CHECK;

/* The next JWT and refresh token. UNAUTHENTICATED when the token is malformed, unknown, used
 * before, or its login or account ended: all alike. */
enum status login_refresh(struct task *task, struct str refresh_token, struct login_tokens *out,
    struct account *out_account) MUST_CHECK;

/* Whom a JWT speaks for. */
struct login {
    int64_t id; /* of the login; 0: the token is an external issuer's */
    struct scopes scopes;
};

/* UNAUTHENTICATED, with a sentence that says what is wrong with the token, unless it is one of ours
 * or of the external issuer (domain/issuer.h), its login lives, and its account may sign in. BUSY
 * when the issuer's keys could not be fetched. */
enum status login_check(
    struct task *task, struct str jwt, struct login *out, struct account *out_account) MUST_CHECK;

/* Sign out. OK when it had ended before. */
enum status login_end(struct task *task, int64_t id) MUST_CHECK;

#endif
