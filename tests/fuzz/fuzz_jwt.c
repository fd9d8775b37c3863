/*
 * fuzz_jwt.c - tokens: whatever comes, it is refused with a sentence, unless the signature is
 * right; and the claims of anybody are read without harm.
 */
#include "fuzz.h"

#include "base/escape.h"
#include "crypto/jwt.h"
#include "sign/jwt_claims.h"

#define SECRET STR("a secret that is known to the corpus.")

static const char *const jwk =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static struct jwt_key *secret_key, *public_key;

static void make_keys(void)
{
    struct str problem;
    json_t *json;

    if (secret_key)
        return;
    json = json_loads(jwk, 0, NULL);
    secret_key = jwt_key_from_secret(SECRET);
    public_key = jwt_key_from_jwk(json, &problem);
    json_decref(json);
    FUZZ_CHECK(secret_key && public_key);
}

static void check_token(struct arena *arena, struct str token)
{
    const struct jwt_key *keys[] = { secret_key, public_key };
    struct jwt_header header;
    struct str problem = STR_EMPTY;

    if (!jwt_read_header(arena, token, &header, &problem)) {
        FUZZ_CHECK(str_ends_with(problem, STR(".")));
        return;
    }
    FUZZ_CHECK(jwt_is_shaped(token) && header.kid.len <= JWT_KID_MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        json_t *claims = jwt_verify(arena, token, &header, keys[i], &problem);
        FUZZ_CHECK(claims == NULL || header.algorithm == jwt_key_algorithm(keys[i]));
        FUZZ_CHECK(claims != NULL || str_ends_with(problem, STR(".")));
        json_decref(claims);
    }
}

static void check_claims(struct arena *arena, const json_t *claims)
{
    struct jwt_expectation expected = { STR("us"), STR("here"), 1795242720, 60 };
    struct jwt_claims out;
    struct str problem = STR_EMPTY, item;
    size_t index = 0, count = 0;

    if (jwt_claims_check(claims, &expected, &out, &problem))
        FUZZ_CHECK(out.expires_at > expected.now_s - 60 && out.subject.len > 0);
    else
        FUZZ_CHECK(str_ends_with(problem, STR(".")));
    while (jwt_claim_next(json_object_get(claims, "scope"), &index, &item))
        count++;
    FUZZ_CHECK(count <= 4096);
    (void)arena;
}

/* The input is a token, a JWK, or claims that are signed here: by what it begins with. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size), problem = STR_EMPTY;
    struct arena arena;
    json_t *json;

    make_keys();
    arena_init(&arena);
    check_token(&arena, text);
    json = json_parse(&arena, text, &problem);
    if (json_is_object(json)) {
        struct jwt_key *key = jwt_key_from_jwk(json, &problem);
        FUZZ_CHECK(key != NULL || problem.len > 0);
        jwt_key_free(key);
        check_claims(&arena, json);
        check_token(&arena, jwt_sign(&arena, secret_key, json));
    }
    json_decref(json);
    arena_clear(&arena);
    return 0;
}
