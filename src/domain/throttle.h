/*
 * throttle.h - counting failed sign-ins, per account and per client address; inside domain/ only.
 *
 * Protects accounts from guessing. What it does not protect from: someone who fails on purpose
 * keeps an account's owner waiting as well (up to an hour), and many addresses can try one password
 * on many accounts.
 */
#ifndef DOMAIN_THROTTLE_H
#define DOMAIN_THROTTLE_H

#include "domain/domain.h"

enum {
    THROTTLE_ACCOUNT_LIMIT = 5,
    THROTTLE_ADDRESS_LIMIT = 20,
    THROTTLE_WINDOW_S = 15 * 60,
    THROTTLE_BLOCK_MAX_S = 3600
};

/*
 * Count an attempt for that e-mail address and for task->actor.address before it is known how it
 * ends, in a transaction of its own. TOO_MANY, with retry_after_s and a sentence, while either is
 * blocked: then nothing is counted.
 */
enum status throttle_charge(struct task *task, struct str email) MUST_CHECK;

/* The attempt was not judged: this one does not count, those before it do. Inside a transaction. */
enum status throttle_take_back(struct task *task, struct str email) MUST_CHECK;

/* The attempt was right: forget the account's failures, take this one back from the address. Inside
 * a transaction. */
enum status throttle_forgive(struct task *task, struct str email) MUST_CHECK;

/* How long to be blocked after that many failures: 0 below the limit, then 60 s, 120 s, ... */
int64_t throttle_block_s(int64_t failures, int64_t limit);

/* The client as it is counted: an IPv4 address as it is, of IPv6 the network (/64), since whoever
 * has one address of it has all of them. */
struct str throttle_network(struct arena *arena, struct str address);

#endif
