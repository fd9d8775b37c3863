/*
 * session.h - signed-in browsers: 256-bit random tokens, kept as SHA-256.
 *
 * The token is in the browser's cookie and nowhere else; who reads the database cannot sign in with
 * what stands there. A session ends after session_idle_s without a request, after session_max_s in
 * any case, by signing out, by being revoked, or with a password change elsewhere.
 */
#ifndef DOMAIN_SESSION_H
#define DOMAIN_SESSION_H

#include "domain/account.h"

enum { SESSION_TOKEN_LEN = 43 }; /* base64url of 32 bytes */

struct session {
    int64_t id;
    int64_t user_id;
    int64_t created_at;
    int64_t
        last_seen_at;   /* to the minute: written at most once in 60 s, so that GETs seldom write */
    int64_t expires_at; /* the nearer of idle and absolute end, as of last_seen_at */
    struct str address;
    struct str user_agent; /* at most 255 bytes */
};

/*
 * Start a session for `user_id` after authentication (task->actor.address is noted). The token that
 * the browser came with (`old_token`, may be empty) is ended in the same transaction: rotation at
 * sign-in, against fixation. *out_token is 43 bytes of base64url: put it into the cookie, nowhere
 * else.
 */
enum status session_start(struct task *task, int64_t user_id, struct str user_agent,
    struct str old_token, struct str *out_token, struct session *out) MUST_CHECK;

/*
 * Whose session is this? UNAUTHENTICATED when the token is malformed, unknown, expired, or its
 * account is disabled: all alike. Moves last_seen_at forward when it is older than a minute; a
 * failure to do so is logged and does not fail the check.
 */
enum status session_check(struct task *task, struct str token, struct session *out,
    struct account *out_account) MUST_CHECK;

struct session_list {
    struct session *item;
    size_t count;
};

/* The live sessions of task->actor, the latest seen first; at most 100. */
enum status session_list(struct task *task, struct session_list *out) MUST_CHECK;

/* End one of one's own. NOT_FOUND when it is another's or none. */
enum status session_revoke(struct task *task, int64_t session_id) MUST_CHECK;

/* End all of one's own but that one, and every login of a program (login.h). */
enum status session_revoke_others(
    struct task *task, int64_t keep_session_id, int64_t *out_count) MUST_CHECK;

/* Sign out: end the session of this token. OK when there was none. */
enum status session_end(struct task *task, struct str token) MUST_CHECK;

/* Remove those that expired (and logins, and old throttle rows); part of `vitrine sweep`. */
enum status session_prune(struct task *task, int64_t *out_count) MUST_CHECK;

#endif
