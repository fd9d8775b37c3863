/*
 * What is stored and derived from tokens. Making them is random_token(), keeping them is the
 * domain's.
 */
#include "crypto/token.h"

#include "base/escape.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"

bool token_is_well_formed(struct str token)
{
    if (token.len != RANDOM_TOKEN_LENGTH)
        return false;
    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

struct str token_digest(struct arena *arena, struct str token)
{
    char *hex = arena_alloc(arena, TOKEN_DIGEST_LENGTH + 1);
    sha256_hex(token, hex);
    return str_from(hex, TOKEN_DIGEST_LENGTH);
}

struct str token_csrf(struct arena *arena, struct str session_token)
{
    unsigned char mac[SHA256_BYTES];
    hmac_sha256(session_token, STR("csrf"), mac);
    return escape_base64url(arena, str_from((const char *)mac, sizeof(mac)));
}

bool token_csrf_matches(struct str session_token, struct str sent)
{
    struct arena scratch;
    arena_init(&scratch);
    bool matches =
        !str_is_empty(session_token) && secret_equal(token_csrf(&scratch, session_token), sent);
    arena_clear(&scratch);
    return matches;
}
