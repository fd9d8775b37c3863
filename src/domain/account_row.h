/*
 * account_row.h - what the files about accounts share; inside domain/ only.
 */
#ifndef DOMAIN_ACCOUNT_ROW_H
#define DOMAIN_ACCOUNT_ROW_H

#include "domain/account.h"
#include "store/users.h"

void account_from_row(const struct user_row *row, struct account *out);

/* As e-mail addresses are stored and looked up. */
struct str account_normalise_email(struct arena *arena, struct str email);

/* The rules for a new password; INVALID with field "password". */
enum status account_check_password(
    struct task *task, struct str password, struct str email) MUST_CHECK;

#endif
