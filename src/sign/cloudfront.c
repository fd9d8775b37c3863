/*
 * Policies, their signatures, and the two ways they travel: in a query and in cookies.
 */
#include "sign/cloudfront.h"

#include <arpa/inet.h>

enum { EPOCH_MAX = 2147483647, RESOURCE_MAX_BYTES = 8000 };

/* Written straight in its alphabet: translating RFC 4648's took most of the time of a URL whose
 * signature is remembered. */
struct str cloudfront_base64(struct arena *arena, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~";
    const unsigned char *in = (const unsigned char *)bytes.ptr;
    char *out = arena_alloc(arena, (bytes.len + 2) / 3 * 4 + 1), *at = out;

    for (size_t i = 0; i < bytes.len; i += 3, at += 4) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? in[i + 2] : 0u);
        at[0] = digits[group >> 18];
        at[1] = digits[group >> 12 & 63];
        at[2] = left > 1 ? digits[group >> 6 & 63] : '_';
        at[3] = left > 2 ? digits[group & 63] : '_';
    }
    return str_from(out, (size_t)(at - out));
}

/* --- policies --- */

bool cloudfront_is_ipv4(struct str text)
{
    ssize_t slash = str_index(text, '/');
    struct str address = slash < 0 ? text : str_head(text, (size_t)slash);
    char copy[INET_ADDRSTRLEN];
    struct in_addr parsed;
    uint64_t bits = 32;

    if (address.len >= sizeof(copy) || str_index(address, '\0') >= 0)
        return false;
    if (slash >= 0 && !str_parse_u64(str_from_offset(text, (size_t)slash + 1), &bits))
        return false;
    memcpy(copy, address.ptr ? address.ptr : "", address.len);
    copy[address.len] = '\0';
    return bits <= 32 && inet_pton(AF_INET, copy, &parsed) == 1;
}

/* The resource stands in JSON as it is, so that what we sign is what CloudFront compares. */
static bool is_resource(struct str text)
{
    if (str_is_empty(text) || text.len > RESOURCE_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\')
            return false;
    }
    return true;
}

static bool is_time(int64_t at)
{
    return at >= 1 && at <= EPOCH_MAX;
}

static bool is_policy(const struct cloudfront_policy *policy)
{
    return is_resource(policy->resource) && is_time(policy->ends_at) &&
           (policy->starts_at == 0 ||
               (is_time(policy->starts_at) && policy->starts_at < policy->ends_at)) &&
           (str_is_empty(policy->source_ip) || cloudfront_is_ipv4(policy->source_ip));
}

enum status cloudfront_policy_text(
    struct arena *arena, const struct cloudfront_policy *policy, struct str *out)
{
    char ends[STR_I64_MAX], starts[STR_I64_MAX];
    struct str address = STR_EMPTY, start = STR_EMPTY;

    if (!is_policy(policy))
        return STATUS_INVALID;
    if (!str_is_empty(policy->source_ip))
        address = ARENA_JOIN(arena, STR(",\"IpAddress\":{\"AWS:SourceIp\":\""), policy->source_ip,
            str_index(policy->source_ip, '/') < 0 ? STR("/32\"}") : STR("\"}"));
    if (policy->starts_at != 0)
        start = ARENA_JOIN(arena, STR(",\"DateGreaterThan\":{\"AWS:EpochTime\":"),
            str_from_i64(starts, policy->starts_at), STR("}"));
    *out = ARENA_JOIN(arena, STR("{\"Statement\":[{\"Resource\":\""), policy->resource,
        STR("\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":"),
        str_from_i64(ends, policy->ends_at), STR("}"), address, start, STR("}}]}"));
    return STATUS_OK;
}

/* --- signatures --- */

/* What is sent, in either form: the policy or its end, and the signature. */
struct proof {
    struct str limit; /* base64 of the policy, or the end as a number */
    struct str signature;
};

static enum status prove(struct arena *arena, const struct cloudfront_signer *signer,
    enum cloudfront_form form, const struct cloudfront_policy *policy, struct proof *out)
{
    unsigned char signature[PRIVATE_KEY_SIGNATURE_MAX_BYTES];
    char ends[STR_I64_MAX];
    struct str text;
    size_t len;

    if (form == CLOUDFRONT_CANNED && (policy->starts_at != 0 || !str_is_empty(policy->source_ip)))
        return STATUS_INVALID;
    if (str_is_empty(signer->key_pair_id) ||
        cloudfront_policy_text(arena, policy, &text) != STATUS_OK)
        return STATUS_INVALID;
    len = private_key_sign(signer->key, signer->hash, text, signature);
    if (len == 0)
        return STATUS_INTERNAL;
    out->limit = form == CLOUDFRONT_CUSTOM ? cloudfront_base64(arena, text)
                                           : arena_copy(arena, str_from_i64(ends, policy->ends_at));
    out->signature = cloudfront_base64(arena, str_from((const char *)signature, len));
    return STATUS_OK;
}

/* --- URLs --- */

/* CloudFront takes these from any URL: one that is there already would be judged instead of ours.
 */
static bool has_own_parameter(struct str url)
{
    static const struct str names[] = { STR_INIT("Expires"), STR_INIT("Policy"),
        STR_INIT("Signature"), STR_INIT("Key-Pair-Id"), STR_INIT("Hash-Algorithm") };
    ssize_t mark = str_index(url, '?');
    struct str rest = mark < 0 ? STR_EMPTY : str_from_offset(url, (size_t)mark + 1), part;

    while (str_split(&rest, '&', &part)) {
        ssize_t equals = str_index(part, '=');
        struct str name = equals < 0 ? part : str_head(part, (size_t)equals);
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (str_equal(name, names[i]))
                return true;
    }
    return false;
}

enum status cloudfront_sign_url(struct arena *arena, const struct cloudfront_signer *signer,
    enum cloudfront_form form, const struct cloudfront_policy *policy, struct str url,
    struct str *out)
{
    struct cloudfront_policy own = *policy;
    struct proof proof;
    enum status status;

    if (str_is_empty(own.resource))
        own.resource = url;
    if (!is_resource(url) || str_index(url, '#') >= 0 || has_own_parameter(url) ||
        (form == CLOUDFRONT_CANNED && !str_equal(own.resource, url)))
        return STATUS_INVALID;
    status = prove(arena, signer, form, &own, &proof);
    if (status != STATUS_OK)
        return status;
    *out = ARENA_JOIN(arena, url, str_index(url, '?') < 0 ? STR("?") : STR("&"),
        form == CLOUDFRONT_CUSTOM ? STR("Policy=") : STR("Expires="), proof.limit,
        STR("&Signature="), proof.signature, STR("&Key-Pair-Id="), signer->key_pair_id,
        signer->hash == PRIVATE_KEY_SHA256 ? STR("&Hash-Algorithm=SHA256") : STR_EMPTY);
    return STATUS_OK;
}

/* --- cookies --- */

static void add(struct cloudfront_cookies *cookies, struct str name, struct str value)
{
    cookies->item[cookies->count].name = name;
    cookies->item[cookies->count++].value = value;
}

enum status cloudfront_sign_cookies(struct arena *arena, const struct cloudfront_signer *signer,
    enum cloudfront_form form, const struct cloudfront_policy *policy,
    struct cloudfront_cookies *out)
{
    struct proof proof;
    enum status status;

    out->count = 0;
    if (form == CLOUDFRONT_CANNED && str_index(policy->resource, '*') >= 0)
        return STATUS_INVALID;
    status = prove(arena, signer, form, policy, &proof);
    if (status != STATUS_OK)
        return status;
    add(out, form == CLOUDFRONT_CUSTOM ? STR("CloudFront-Policy") : STR("CloudFront-Expires"),
        proof.limit);
    add(out, STR("CloudFront-Signature"), proof.signature);
    add(out, STR("CloudFront-Key-Pair-Id"), signer->key_pair_id);
    if (signer->hash == PRIVATE_KEY_SHA256)
        add(out, STR("CloudFront-Hash-Algorithm"), STR("SHA256"));
    return STATUS_OK;
}
