/* Tokens and their keys: the examples of RFC 7515, every byte of a token changed, and headers that
 * want to be believed. */
#include "unit.h"

#include "base/escape.h"
#include "crypto/jwt.h"

#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

/* RFC 7515, appendix A.1 (also RFC 7519, section 3.1) */
#define A1_SECRET                                                                                  \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define A1_TOKEN                                                                                   \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS                                         \
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

/* A.2 */
#define A2_KEY                                                                                     \
    "{\"kty\":\"RSA\",\"kid\":\"a2\",\"e\":\"AQAB\",\"n\":\""                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"
#define A2_TOKEN                                                                                   \
    "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS "."                                                         \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

/* A.3 */
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}"
#define A3_TOKEN                                                                                   \
    "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS "."                                                         \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static struct jwt_key *a1_key(struct arena *arena)
{
    struct str secret;
    struct jwt_key *key;

    assert_true(escape_base64url_decode(arena, STR(A1_SECRET), &secret));
    key = jwt_key_from_secret(secret);
    assert_non_null(key);
    return key;
}

static struct jwt_key *jwk_key(struct arena *arena, const char *text, struct str *out_problem)
{
    struct str why = STR_EMPTY;
    json_t *jwk = json_parse(arena, str_from_c(text), &why);
    struct jwt_key *key;

    assert_non_null(jwk);
    key = jwt_key_from_jwk(jwk, out_problem);
    json_decref(jwk);
    return key;
}

/* As every caller does it: the header first. */
static json_t *verify(
    struct arena *arena, struct str token, const struct jwt_key *key, struct str *out_problem)
{
    struct jwt_header header;

    return jwt_read_header(arena, token, &header, out_problem)
               ? jwt_verify(arena, token, &header, key, out_problem)
               : NULL;
}

static bool is_good(struct arena *arena, struct str token, const struct jwt_key *key)
{
    struct str problem = STR_EMPTY;
    json_t *claims = verify(arena, token, key, &problem);
    bool is_right = claims != NULL;

    assert_true(is_right || str_ends_with(problem, STR(".")));
    json_decref(claims);
    return is_right;
}

static void the_examples_of_rfc_7515_verify(void **state)
{
    struct str problem;
    struct {
        const char *name, *token;
        struct jwt_key *key;
        enum jwt_algorithm algorithm;
    } cases[] = {
        { "A.1", A1_TOKEN, a1_key(*state), JWT_HS256 },
        { "A.2", A2_TOKEN, jwk_key(*state, A2_KEY, &problem), JWT_RS256 },
        { "A.3", A3_TOKEN, jwk_key(*state, A3_KEY, &problem), JWT_ES256 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct jwt_header header;
        json_t *claims;

        assert_non_null(cases[i].key);
        assert_true(jwt_read_header(*state, str_from_c(cases[i].token), &header, &problem));
        expect_int(cases[i].name, header.algorithm, cases[i].algorithm);
        claims = verify(*state, str_from_c(cases[i].token), cases[i].key, &problem);
        assert_non_null(claims);
        assert_string_equal(json_string_value(json_object_get(claims, "iss")), "joe");
        expect_int(cases[i].name, json_integer_value(json_object_get(claims, "exp")), 1300819380);
        json_decref(claims);
        for (size_t j = 0; j < COUNT_OF(cases); j++)
            expect_int(
                cases[i].name, is_good(*state, str_from_c(cases[i].token), cases[j].key), i == j);
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        jwt_key_free(cases[i].key);
}

/* Not only other bytes: the bits of base64url that no byte uses must be zero as well, or one
 * signature would have four texts. */
static void a_token_changed_in_any_byte_is_refused(void **state)
{
    static const char *const tokens[] = { A1_TOKEN, A3_TOKEN };
    struct str problem;
    struct jwt_key *keys[] = { a1_key(*state), jwk_key(*state, A3_KEY, &problem) };
    static const char others[] = "AZaz09-_.=+/ \n\"";
    int refused = 0;

    for (size_t t = 0; t < COUNT_OF(tokens); t++) {
        struct str token = arena_copy(*state, str_from_c(tokens[t]));
        char *bytes = (char *)(uintptr_t)token.ptr;

        for (size_t i = 0; i < token.len; i++) {
            char right = bytes[i];
            for (const char *other = others; *other != '\0'; other++) {
                if (*other == right)
                    continue;
                bytes[i] = *other;
                if (is_good(*state, token, keys[t]))
                    fail_msg("byte %zu as '%c' is accepted", i, *other);
                refused++;
            }
            bytes[i] = (char)(right ^ 1);
            assert_false(is_good(*state, token, keys[t]));
            bytes[i] = right;
        }
        assert_true(is_good(*state, token, keys[t]));
    }
    assert_in_range(refused, 5000, 10000);
    jwt_key_free(keys[0]);
    jwt_key_free(keys[1]);
}

static void a_token_cut_anywhere_is_refused(void **state)
{
    struct jwt_key *key = a1_key(*state);
    struct str token = STR(A1_TOKEN);

    for (size_t len = 0; len < token.len; len++) {
        char *copy = unit_exact_copy(str_head(token, len));
        assert_false(is_good(*state, str_from(copy, len), key));
        free(copy);
    }
    jwt_key_free(key);
}

/* header . claims . signature, the first two encoded here */
static struct str forge(struct arena *arena, const char *header, const char *claims)
{
    return ARENA_JOIN(arena, escape_base64url(arena, str_from_c(header)), STR("."),
        escape_base64url(arena, str_from_c(claims)),
        STR(".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
}

static void headers_that_want_to_be_believed_are_not(void **state)
{
    static const struct {
        const char *header;
        bool is_read; /* its signature is not looked at then */
    } cases[] = {
        { "{\"alg\":\"HS256\"}", true },
        { "{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", true },
        { "{\"alg\":\"HS256\",\"jku\":\"https://evil.example/keys\"}", true },
        { "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", true },
        { "{\"alg\":\"none\"}", false },
        { "{\"alg\":\"None\"}", false },
        { "{\"alg\":\"\"}", false },
        { "{\"alg\":\"hs256\"}", false },
        { "{\"alg\":\"HS256 \"}", false },
        { "{\"alg\":\"HS384\"}", false },
        { "{\"alg\":\"RS512\"}", false },
        { "{\"alg\":\"PS256\"}", false },
        { "{\"alg\":null}", false },
        { "{\"alg\":256}", false },
        { "{\"alg\":[\"HS256\"]}", false },
        { "{}", false },
        { "[]", false },
        { "\"HS256\"", false },
        { "", false },
        { "{", false },
        { "{\"alg\":\"HS256\",\"alg\":\"none\"}", false },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", false },
        { "{\"alg\":\"HS256\",\"crit\":[]}", false },
        { "{\"alg\":\"HS256\",\"typ\":\"JOSE+JSON\"}", false },
        { "{\"alg\":\"HS256\",\"typ\":7}", false },
        { "{\"alg\":\"HS256\",\"kid\":7}", false },
        { "{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}", false },
        { "{\"alg\":\"HS256\",\"kid\":\"a\\nb\"}", false },
        { "{\"alg\":\"HS256\"} x", false },
        { "\xff\xfe{\"alg\":\"HS256\"}", false },
    };
    struct jwt_key *key = a1_key(*state);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str token = forge(*state, cases[i].header, "{\"sub\":\"1\"}"), problem = STR_EMPTY;
        struct jwt_header header;

        expect_int(
            cases[i].header, jwt_read_header(*state, token, &header, &problem), cases[i].is_read);
        assert_true(cases[i].is_read || str_ends_with(problem, STR(".")));
        assert_false(is_good(*state, token, key));
    }
    jwt_key_free(key);
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const cases[] = { "", ".", "..", "...", "a.b", "a.b.c.d", "a..c", ".b.c",
        "a.b.", "vt_AAAA", A1_TOKEN ".", "." A1_TOKEN, A1_TOKEN "=", " " A1_TOKEN, A1_TOKEN "\n",
        "eyJhbGciOiJIUzI1NiJ9==." RFC_CLAIMS ".AA" };
    struct jwt_key *key = a1_key(*state);
    struct str huge = arena_copy(*state, str_from(arena_alloc(*state, 100000), 100000));
    struct jwt_header header;
    struct str problem;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_false(is_good(*state, str_from_c(cases[i]), key));
    memset((void *)(uintptr_t)huge.ptr, 'a', huge.len);
    assert_false(jwt_read_header(*state, huge, &header, &problem));
    assert_true(str_find(problem, STR("too long")) > 0);
    assert_false(jwt_is_shaped(STR("vt_a.b")));
    assert_true(jwt_is_shaped(STR(A1_TOKEN)));
    jwt_key_free(key);
}

/* Public keys are public: as a shared secret one must be worth nothing (CVE-2016-5431 and many). */
static void a_public_key_is_no_shared_secret(void **state)
{
    struct str problem;
    struct jwt_key *rsa = jwk_key(*state, A2_KEY, &problem);
    struct jwt_key *secret = jwt_key_from_secret(STR(A2_KEY));
    json_t *claims = json_pack("{s:s}", "sub", "1");
    struct str token = jwt_sign(*state, secret, claims);

    assert_true(is_good(*state, token, secret));
    assert_false(is_good(*state, token, rsa));
    json_decref(claims);
    jwt_key_free(rsa);
    jwt_key_free(secret);
}

static void what_we_sign_we_verify_with_the_kid_of_the_secret(void **state)
{
    struct jwt_key *key = jwt_key_from_secret(STR("one secret of thirty-two bytes.."));
    struct jwt_key *same = jwt_key_from_secret(STR("one secret of thirty-two bytes.."));
    struct jwt_key *other = jwt_key_from_secret(STR("another one of thirty-two bytes."));
    json_t *claims = json_pack("{s:s, s:i}", "sub", "<1>", "exp", 5), *again;
    struct str token = jwt_sign(*state, key, claims), problem;
    struct jwt_header header;

    assert_true(jwt_read_header(*state, token, &header, &problem));
    expect_str("kid", header.kid, jwt_key_id(key));
    expect_str("kid of the same", header.kid, jwt_key_id(same));
    expect_int("kid", header.kid.len, 16);
    assert_false(str_equal(jwt_key_id(other), header.kid));
    again = verify(*state, token, same, &problem);
    assert_true(json_equal(again, claims));
    assert_false(is_good(*state, token, other));
    json_decref(again);
    json_decref(claims);
    jwt_key_free(key);
    jwt_key_free(same);
    jwt_key_free(other);
}

static void keys_for_other_work_are_not_taken(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"kty\":\"oct\",\"k\":\"" A1_SECRET "\"}",
        "{\"kty\":\"RSA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_Y "\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y
        "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"sign\"],\"x\":\"" A3_X "\",\"y\":\"" A3_Y
        "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "==\",\"y\":\"" A3_Y "\"}",
        "{\"kty\":[\"EC\"]}",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str problem = STR_EMPTY;
        struct jwt_key *key = jwk_key(*state, cases[i], &problem);

        if (key != NULL)
            fail_msg("taken: %s", cases[i]);
        assert_false(str_is_empty(problem));
    }
}

static void weak_secrets_are_told(void **state)
{
    static const struct {
        const char *secret;
        bool is_strong;
    } cases[] = {
        { "", false },
        { "your_jwt_secret", false },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
        { "passwordpasswordpasswordpassword", false },
        { "0101010101010101010101010101010101010101", false },
        { "aabbaabbababbabaabbabababbabbaab", false },
        { "2b7e151628aed2a6abf7158809cf4f3c", true },
        { "Kx0pV3b1yJm8Qe7RzT5uWcA2fHn9sLd4", true },
        { "kQ8v1n2m3b4c5x6z7l8k9j0h1g2f3d4s5a6p7o8i9u0", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str problem = STR_EMPTY;

        expect_int(cases[i].secret,
            jwt_secret_is_strong(*state, str_from_c(cases[i].secret), &problem),
            cases[i].is_strong);
        assert_int_equal(str_is_empty(problem), cases[i].is_strong);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("the examples of RFC 7515 verify", the_examples_of_rfc_7515_verify),
        TEST("a token changed in any byte is refused", a_token_changed_in_any_byte_is_refused),
        TEST("a token cut anywhere is refused", a_token_cut_anywhere_is_refused),
        TEST("headers that want to be believed are not", headers_that_want_to_be_believed_are_not),
        TEST("what is no token is refused", what_is_no_token_is_refused),
        TEST("a public key is no shared secret", a_public_key_is_no_shared_secret),
        TEST("what we sign we verify, with the kid of the secret",
            what_we_sign_we_verify_with_the_kid_of_the_secret),
        TEST("keys for other work are not taken", keys_for_other_work_are_not_taken),
        TEST("weak secrets are told", weak_secrets_are_told),
    };

    return RUN(tests);
}
