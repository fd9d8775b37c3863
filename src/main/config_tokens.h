/*
 * config_tokens.h - settings about tokens that need more than a parser; used by config.c and
 * wiring.c.
 */
#ifndef MAIN_CONFIG_TOKENS_H
#define MAIN_CONFIG_TOKENS_H

#include "domain/jwt_options.h"
#include "main/config.h"

void config_check_tokens(struct arena *arena, const struct config *config, enum config_need need,
    struct config_problems *problems);

/* Where most issuers have their keys. */
struct str config_default_jwks_url(struct arena *arena, struct str issuer_url);

/* JWT_ROLE_MAP, whose text is borrowed; empty: none. False when it is no such list. */
bool config_read_roles(
    struct str text, struct jwt_role roles[JWT_ROLES_MAX], size_t *out_count) MUST_CHECK;

#endif
