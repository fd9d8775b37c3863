/*
 * The claims that every token must have, and reading the others.
 */
#include "sign/jwt_claims.h"

#include <math.h>

/* Further than any date that anybody means: keeps sums of times away from the edge. */
static const double TIME_MAX = 253402300799.0; /* the end of the year 9999 */

enum time_claim { TIME_ABSENT, TIME_FINE, TIME_WRONG };

static enum time_claim read_time(const json_t *claims, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    double number;

    if (value == NULL)
        return TIME_ABSENT;
    number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= TIME_MAX))
        return TIME_WRONG;
    *out = (int64_t)floor(number);
    return TIME_FINE;
}

struct str jwt_claim_text(const json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    struct str text;

    if (!json_is_string(value))
        return STR_EMPTY;
    text = str_from(json_string_value(value), json_string_length(value));
    return text.len <= JWT_CLAIM_MAX_BYTES && !str_has_control(text) ? text : STR_EMPTY;
}

static bool next_word(struct str text, size_t *index, struct str *out)
{
    while (*index < text.len && text.ptr[*index] == ' ')
        (*index)++;
    *out = str_from_offset(text, *index);
    if (str_index(*out, ' ') >= 0)
        *out = str_head(*out, (size_t)str_index(*out, ' '));
    *index += out->len;
    return out->len > 0;
}

bool jwt_claim_next(const json_t *claim, size_t *index, struct str *out)
{
    const json_t *value;

    if (json_is_string(claim))
        return next_word(str_from(json_string_value(claim), json_string_length(claim)), index, out);
    while (*index < json_array_size(claim)) {
        value = json_array_get(claim, (*index)++);
        if (json_is_string(value)) {
            *out = str_from(json_string_value(value), json_string_length(value));
            return true;
        }
    }
    return false;
}

/* aud is one text (as a whole: it may hold spaces) or an array of texts (RFC 7519, 4.1.3). */
static bool is_for(const json_t *claims, struct str audience)
{
    const json_t *claim = json_object_get(claims, "aud");
    struct str text;
    size_t index = 0;

    if (json_is_string(claim))
        return str_equal(jwt_claim_text(claims, "aud"), audience);
    while (jwt_claim_next(claim, &index, &text))
        if (str_equal(text, audience))
            return true;
    return false;
}

static bool check_times(const json_t *claims, const struct jwt_expectation *expected,
    struct jwt_claims *out, struct str *out_problem)
{
    int64_t not_before = 0;
    enum time_claim exp = read_time(claims, "exp", &out->expires_at);
    enum time_claim nbf = read_time(claims, "nbf", &not_before);
    enum time_claim iat = read_time(claims, "iat", &out->issued_at);

    if (exp == TIME_ABSENT)
        *out_problem = STR("The token does not say when it expires (exp).");
    else if (exp == TIME_WRONG || nbf == TIME_WRONG || iat == TIME_WRONG)
        *out_problem = STR("A time in the token (exp, nbf or iat) is no number of seconds.");
    else if (expected->now_s >= out->expires_at + expected->leeway_s)
        *out_problem = STR("The token has expired. Sign in again, or refresh it.");
    else if (not_before > expected->now_s + expected->leeway_s ||
             out->issued_at > expected->now_s + expected->leeway_s)
        *out_problem = STR("The token is not valid yet (nbf, iat). Compare the clocks.");
    else
        return true;
    return false;
}

bool jwt_claims_check(const json_t *claims, const struct jwt_expectation *expected,
    struct jwt_claims *out, struct str *out_problem)
{
    struct str issuer = jwt_claim_text(claims, "iss");

    *out = (struct jwt_claims){
        .subject = jwt_claim_text(claims, "sub"),
        .id = jwt_claim_text(claims, "jti"),
    };
    if (!check_times(claims, expected, out, out_problem))
        return false;
    if (str_is_empty(issuer) || !str_equal(issuer, expected->issuer)) {
        *out_problem = STR("The token was issued by somebody else (iss).");
        return false;
    }
    if (!is_for(claims, expected->audience)) {
        *out_problem = STR("The token is meant for another service (aud).");
        return false;
    }
    if (str_is_empty(out->subject)) {
        *out_problem = STR("The token does not say whose it is (sub).");
        return false;
    }
    return true;
}
