/*
 * Reading, checking and writing tokens. cjose does the cryptography; what it would let pass (lax
 * base64url, a repeated header field, "crit") is refused here before it sees the token. Keys are in
 * jwt_key.c.
 */
#include "crypto/jwt.h"

#include "base/escape.h"
#include "base/log.h"
#include "crypto/jwt_key.h"

#include <stdlib.h>

static const struct {
    struct str name;
    enum jwt_algorithm algorithm;
} algorithms[] = {
    { STR_INIT("HS256"), JWT_HS256 },
    { STR_INIT("RS256"), JWT_RS256 },
    { STR_INIT("ES256"), JWT_ES256 },
};

/* Header, claims, signature as they stand in the token. */
struct parts {
    struct str item[3];
};

static bool split(struct str token, struct parts *out)
{
    struct str rest = token;
    struct str part;
    size_t count = 0;

    while (str_split(&rest, '.', &part)) {
        if (count == COUNT_OF(out->item))
            return false;
        out->item[count++] = part;
    }
    return count == COUNT_OF(out->item);
}

bool jwt_is_shaped(struct str token)
{
    struct parts parts;

    return split(token, &parts);
}

static bool read_algorithm(struct str name, enum jwt_algorithm *out)
{
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        if (str_equal(name, algorithms[i].name)) {
            *out = algorithms[i].algorithm;
            return true;
        }
    }
    return false;
}

/* A text of the header; false when it is there and no text of at most `max` bytes. */
static bool read_text(const json_t *header, const char *key, size_t max, struct str *out)
{
    const json_t *value = json_object_get(header, key);

    *out = STR_EMPTY;
    if (value == NULL)
        return true;
    *out = str_from(json_string_value(value), json_string_length(value));
    return json_is_string(value) && out->len <= max && !str_has_control(*out);
}

static bool is_type_fine(struct str type)
{
    return str_is_empty(type) || str_equal_nocase(type, STR("JWT")) ||
           str_equal_nocase(type, STR("at+jwt")) ||
           str_equal_nocase(type, STR("application/at+jwt"));
}

static bool read_fields(
    struct arena *arena, const json_t *header, struct jwt_header *out, struct str *out_problem)
{
    struct str name, type, kid;

    if (!read_text(header, "alg", 16, &name) || !read_algorithm(name, &out->algorithm)) {
        *out_problem = STR("The token is signed in a way that is not accepted here; HS256, RS256 "
                           "and ES256 are.");
        return false;
    }
    if (!read_text(header, "typ", 32, &type) || !is_type_fine(type) ||
        json_object_get(header, "crit") != NULL ||
        !read_text(header, "kid", JWT_KID_MAX_BYTES, &kid)) {
        *out_problem = STR("The header of the token holds something that is not accepted here.");
        return false;
    }
    out->kid = arena_copy(arena, kid);
    return true;
}

bool jwt_read_header(
    struct arena *arena, struct str token, struct jwt_header *out, struct str *out_problem)
{
    struct parts parts;
    struct str decoded[3], why;
    json_t *header;
    bool is_fine;

    if (token.len > JWT_MAX_BYTES) {
        *out_problem = STR("The token is too long; at most 8192 bytes are accepted.");
        return false;
    }
    *out_problem = STR("The token cannot be read: it is no JWT, or was cut off.");
    if (!split(token, &parts))
        return false;
    for (size_t i = 0; i < COUNT_OF(decoded); i++)
        if (!escape_base64url_decode(arena, parts.item[i], &decoded[i]))
            return false;
    header = json_parse(arena, decoded[0], &why);
    if (header == NULL)
        return false;
    is_fine = json_is_object(header) && read_fields(arena, header, out, out_problem);
    json_decref(header);
    if (is_fine && str_is_empty(parts.item[2])) {
        *out_problem = STR("The token is not signed.");
        return false;
    }
    return is_fine;
}

/* The claims as text, once cjose agrees with the signature; empty when it does not. They live in
 * *out_jws, which is the caller's to release. */
static struct str verified_text(struct str token, const struct jwt_key *key, cjose_jws_t **out_jws)
{
    cjose_err error;
    uint8_t *text = NULL;
    size_t len = 0;

    *out_jws = cjose_jws_import(token.ptr, token.len, &error);
    if (*out_jws == NULL || !cjose_jws_verify(*out_jws, key->jwk, &error) ||
        !cjose_jws_get_plaintext(*out_jws, &text, &len, &error))
        return STR_EMPTY;
    return str_from((const char *)text, len);
}

json_t *jwt_verify(struct arena *arena, struct str token, const struct jwt_header *header,
    const struct jwt_key *key, struct str *out_problem)
{
    cjose_jws_t *jws = NULL;
    json_t *claims = NULL;
    struct str text, why;

    *out_problem = STR("The signature of the token is not right.");
    if (header->algorithm != key->algorithm)
        return NULL;
    text = verified_text(token, key, &jws);
    if (!str_is_empty(text)) {
        *out_problem = STR("The claims of the token cannot be read.");
        claims = json_parse(arena, text, &why);
    }
    cjose_jws_release(jws);
    if (claims != NULL && !json_is_object(claims)) {
        json_decref(claims);
        claims = NULL;
    }
    return claims;
}

/* Only memory can be missing: the key and the header are our own. */
static _Noreturn void give_up(void)
{
    log_event(LOG_ERROR, "crypto: a token cannot be signed");
    abort();
}

struct str jwt_sign(struct arena *arena, const struct jwt_key *key, const json_t *claims)
{
    struct str text = json_text(arena, claims);
    const char *compact = NULL;
    cjose_jws_t *jws = NULL;
    cjose_header_t *header;
    struct str token;
    cjose_err error;

    header = cjose_header_new(&error);
    if (header == NULL || !cjose_header_set(header, "alg", "HS256", &error) ||
        !cjose_header_set(header, "typ", "JWT", &error) ||
        !cjose_header_set(header, "kid", key->kid, &error))
        give_up();
    jws = cjose_jws_sign(key->jwk, header, (const uint8_t *)text.ptr, text.len, &error);
    if (jws == NULL || !cjose_jws_export(jws, &compact, &error))
        give_up();
    token = arena_copy(arena, str_from_c(compact));
    cjose_jws_release(jws);
    cjose_header_release(header);
    return token;
}
