/*
 * token.h - what is kept and derived from session and bearer tokens (made by random_token).
 *
 * The database holds only SHA-256 of a token: who reads the database cannot sign in. No salt or
 * slow hash is needed for 256 random bits.
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "base/arena.h"

enum { TOKEN_DIGEST_LENGTH = 64, TOKEN_CSRF_LENGTH = 43 };

/* True for 43 characters of base64url: worth looking up. */
bool token_is_well_formed(struct str token);

/* SHA-256 as 64 lower-case hex digits: what is stored and looked up. */
struct str token_digest(struct arena *arena, struct str token);

/*
 * The CSRF token of a session: base64url of HMAC-SHA-256(key = session token, "csrf"), 43
 * characters.
 *
 * It proves that a form came from a page that we rendered for this session, and does not reveal
 * the session token. It protects nothing once someone else reads our pages.
 */
struct str token_csrf(struct arena *arena, struct str session_token);

/* True when `sent` is token_csrf(session_token); constant time. */
bool token_csrf_matches(struct str session_token, struct str sent);

#endif
