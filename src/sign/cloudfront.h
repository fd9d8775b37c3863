/*
 * cloudfront.h - CloudFront's signed URLs and signed cookies (CloudFront Developer Guide, "Serve
 * private content with signed URLs and signed cookies").
 *
 * Pure, like sigv4.h: no I/O, no clock. A policy is a small JSON text that says which URLs may be
 * fetched, until when, and perhaps from when and where; its signature by the private half of a key
 * that the distribution trusts makes it hold. It is a capability: whoever has it may use it until
 * it expires. It has nothing to do with S3 credentials, and does not die with them.
 *
 *   canned   the policy is not sent: CloudFront builds it from the URL and Expires. Short URLs, one
 *            file, an end and nothing else.
 *   custom   the policy is sent: wildcards, start time, address.
 */
#ifndef SIGN_CLOUDFRONT_H
#define SIGN_CLOUDFRONT_H

#include "base/arena.h"
#include "base/status.h"
#include "crypto/private_key.h"

enum cloudfront_form { CLOUDFRONT_CUSTOM, CLOUDFRONT_CANNED };

/* Who signs. Borrowed; shared by threads. */
struct cloudfront_signer {
    struct str key_pair_id; /* of the public key in CloudFront: "K2JCJMDEHXQW5F" */
    struct private_key *key;
    /* SHA-1 is what CloudFront assumes when nothing is said. SHA-256 adds Hash-Algorithm=SHA256
     * (since 2026), for RSA and ECDSA alike. */
    enum private_key_hash hash;
};

/* What may be fetched. Times are seconds since 1970, UTC, 1..2147483647. */
struct cloudfront_policy {
    /* An absolute URL, percent-encoded, with its query if it has one; in a custom policy '*' stands
     * for any bytes and '?' for any one. Without '"', '\\', control or non-ASCII bytes. */
    struct str resource;
    int64_t ends_at;
    int64_t starts_at;    /* 0: at once */
    struct str source_ip; /* IPv4 address or range, "203.0.113.7" or "203.0.113.0/24"; empty: any */
};

/*
 * The policy as the compact JSON that is signed: Resource, then DateLessThan, IpAddress and
 * DateGreaterThan as botocore orders them. Without start and address this is also, byte for byte,
 * the canned policy. INVALID when the resource, a time or the address is not as said above.
 */
enum status cloudfront_policy_text(
    struct arena *arena, const struct cloudfront_policy *policy, struct str *out) MUST_CHECK;

/* Base64 in the alphabet of CloudFront: '+' '=' '/' become '-' '_' '~', which need no escape in a
 * query or a cookie. */
struct str cloudfront_base64(struct arena *arena, struct str bytes);

/*
 * `url` with the query that lets it pass. `policy->resource` empty: the url itself. Custom gives
 * Policy, Signature, Key-Pair-Id; canned Expires, Signature, Key-Pair-Id; SHA-256 adds
 * Hash-Algorithm. Appended after '?', or '&' where the url has a query.
 *
 * INVALID as cloudfront_policy_text; when the url holds a fragment or one of CloudFront's own
 * parameters; and for canned with another resource, a start or an address. INTERNAL when OpenSSL
 * refuses to sign.
 */
enum status cloudfront_sign_url(struct arena *arena, const struct cloudfront_signer *signer,
    enum cloudfront_form form, const struct cloudfront_policy *policy, struct str url,
    struct str *out) MUST_CHECK;

/* Signed cookies, to be set each by a Set-Cookie of its own. */
enum { CLOUDFRONT_COOKIES_MAX = 4 };

struct cloudfront_cookies {
    struct {
        struct str name;
        struct str value; /* needs no quoting */
    } item[CLOUDFRONT_COOKIES_MAX];
    size_t count;
};

/*
 * CloudFront-Policy (or CloudFront-Expires), CloudFront-Signature, CloudFront-Key-Pair-Id and with
 * SHA-256 CloudFront-Hash-Algorithm. Errors as cloudfront_sign_url; canned refuses wildcards too.
 * Where a request carries both, CloudFront judges by the signed URL alone.
 */
enum status cloudfront_sign_cookies(struct arena *arena, const struct cloudfront_signer *signer,
    enum cloudfront_form form, const struct cloudfront_policy *policy,
    struct cloudfront_cookies *out) MUST_CHECK;

/* True for an IPv4 address or range, "a.b.c.d" or "a.b.c.d/0..32". CloudFront knows no IPv6 here.
 */
bool cloudfront_is_ipv4(struct str text);

#endif
