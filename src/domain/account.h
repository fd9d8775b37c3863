/*
 * account.h - people who can sign in: create, authenticate, change.
 *
 * Passwords are kept as argon2id hashes (crypto/password.h). Guessing is throttled per account and
 * per address, in the database, so that every worker and machine counts together. E-mail addresses
 * are compared without case and kept as typed but for ASCII case of the domain and surrounding
 * space.
 */
#ifndef DOMAIN_ACCOUNT_H
#define DOMAIN_ACCOUNT_H

#include "domain/domain.h"

enum {
    ACCOUNT_EMAIL_MAX_BYTES = 254, /* RFC 5321's path limit */
    ACCOUNT_NAME_MAX_BYTES = 100,
    ACCOUNT_PASSWORD_MIN_CHARS = 10,
    ACCOUNT_PASSWORD_MAX_BYTES = 1024
};

struct account {
    int64_t id;
    struct str email;
    struct str name; /* what others see; the e-mail's part before '@' when none was given */
    enum role role;
    int64_t created_at;
    int64_t disabled_at;     /* 0: may sign in */
    int64_t last_sign_in_at; /* 0: never */
};

struct account_new {
    struct str email;
    struct str name; /* may be empty */
    struct str password;
    enum role role;
};

/*
 * Create an account. INVALID with failure.field "email", "name" or "password"; CONFLICT (field
 * "email") when the address is taken.
 */
enum status account_create(
    struct task *task, const struct account_new *new_account, struct account *out) MUST_CHECK;

/*
 * Whose e-mail and password are these? Takes the same time and gives the same answer for an unknown
 * address, a wrong password and a disabled account: BAD_CREDENTIALS. TOO_MANY with
 * failure.retry_after_s after 5 failures within 15 minutes for an account or 20 for an address
 * (task->actor.address); each further one doubles the wait, up to an hour. An attempt is counted
 * before the password is looked at and taken back when it was right, so that parallel guesses are
 * counted too.
 */
enum status account_authenticate(
    struct task *task, struct str email, struct str password, struct account *out) MUST_CHECK;

/*
 * The signed-in person (task->actor.user_id) chooses another password: every other session
 * and every login of theirs ends, `keep_session_id` stays. BAD_CREDENTIALS (field "current") when
 * `current` is wrong, throttled as a sign-in is; INVALID (field "password") when the new one breaks
 * a rule.
 */
enum status account_change_password(
    struct task *task, struct str current, struct str password, int64_t keep_session_id) MUST_CHECK;

/* An operator sets it (command line): every session of that account ends. NOT_FOUND, INVALID. */
enum status account_set_password(struct task *task, int64_t id, struct str password) MUST_CHECK;

/* NOT_FOUND when there is none. */
enum status account_find_by_email(
    struct task *task, struct str email, struct account *out) MUST_CHECK;

struct account_list {
    struct account *item;
    size_t count;
};

/* Everyone, by e-mail; at most 1,000. */
enum status account_list(struct task *task, struct account_list *out) MUST_CHECK;

/* Those whose images `task->actor` may see and who have some, by name; for the grid's filter. */
struct owner {
    int64_t id;
    struct str name;
    int64_t asset_count;
};
struct owner_list {
    struct owner *item;
    size_t count;
};
enum status account_list_owners(struct task *task, struct owner_list *out) MUST_CHECK;

/* NOT_FOUND; CONFLICT when it would leave no admin who can sign in. Disabling ends every session
 * and revokes no API token, but a disabled account's tokens are refused too. */
enum status account_set_role(struct task *task, int64_t id, enum role role) MUST_CHECK;
enum status account_set_disabled(struct task *task, int64_t id, bool is_disabled) MUST_CHECK;

#endif
