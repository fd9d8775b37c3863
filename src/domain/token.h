/*
 * token.h - API tokens: "vt_" and 43 base64url characters, kept as SHA-256, made on the command
 * line.
 *
 * A token acts as its user, with that user's role of the moment and within its own scopes, until it
 * expires or is revoked.
 */
#ifndef DOMAIN_TOKEN_H
#define DOMAIN_TOKEN_H

#include "domain/account.h"
#include "domain/scope.h"

enum { API_TOKEN_LEN = 46, API_TOKEN_NAME_MAX_BYTES = 100 };

struct api_token {
    int64_t id;
    int64_t user_id;
    struct str user_email;
    struct str name;
    struct scopes scopes;
    int64_t created_at;
    int64_t expires_at;   /* 0: never */
    int64_t last_used_at; /* 0: never; to the minute */
    int64_t revoked_at;   /* 0: works */
};

struct api_token_new {
    int64_t user_id;
    struct str name;      /* what it is for */
    struct scopes scopes; /* none: SCOPES_WORK */
    int64_t lifetime_s;   /* 0: until it is revoked */
};

/* *out_text is shown once and never again. NOT_FOUND: no such user; INVALID (field "name"). */
enum status api_token_create(struct task *task, const struct api_token_new *wanted,
    struct str *out_text, struct api_token *out) MUST_CHECK;

/* UNAUTHENTICATED when malformed, unknown, revoked, expired, or its account is disabled: all alike.
 */
enum status api_token_check(struct task *task, struct str text, struct api_token *out,
    struct account *out_account) MUST_CHECK;

struct api_token_list {
    struct api_token *item;
    size_t count;
};

/* Of one user, or of all with user_id 0; the newest first; at most 1,000. */
enum status api_token_list(
    struct task *task, int64_t user_id, struct api_token_list *out) MUST_CHECK;

/* NOT_FOUND when there is none of that id; OK when it was revoked before. */
enum status api_token_revoke(struct task *task, int64_t id) MUST_CHECK;

#endif
