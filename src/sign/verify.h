/*
 * verify.h - the receiving side of SigV4: is this request signed by a key that we know?
 *
 * Pure, like sigv4.h. Used by the embedded endpoint. Strict where S3 is: every x-amz-* header that
 * is sent must be signed, host must be signed, and each malformed form has the code and sentence
 * that S3 gives it, since SDKs and people act on them.
 *
 * Order of use: verify_parse (what does the request claim?), look up the claimed access key,
 * verify_check (scope, time, signature). The body is not looked at: compare it with
 * claim.payload_hash yourself while it streams.
 */
#ifndef SIGN_VERIFY_H
#define SIGN_VERIFY_H

#include "base/url.h"
#include "sign/credentials.h"

enum { VERIFY_SKEW_MAX_S = 15 * 60, VERIFY_DETAILS_MAX = 8 };

/* clang-format off */
#define VERIFY_PROBLEM_LIST(X) \
    /* enum                   S3 code                              HTTP  sentence (parse and check may put in a more precise one) */ \
    X(OK,                     "",                                  200, "") \
    X(BAD_REQUEST_LINE,       "InvalidURI",                        400, "Couldn't parse the specified URI.") \
    X(TWO_MECHANISMS,         "InvalidArgument",                   400, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified") \
    X(UNSUPPORTED_TYPE,       "InvalidArgument",                   400, "Unsupported Authorization Type") \
    X(SIGNATURE_V2,           "InvalidRequest",                    400, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.") \
    X(HEADER_MALFORMED,       "AuthorizationHeaderMalformed",      400, "The authorization header is malformed.") \
    X(QUERY_MALFORMED,        "AuthorizationQueryParametersError", 400, "Error parsing the X-Amz-* query parameters.") \
    X(EXPIRES_INVALID,        "AuthorizationQueryParametersError", 400, "X-Amz-Expires should be a number") \
    X(EXPIRES_TOO_LONG,       "AuthorizationQueryParametersError", 400, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds") \
    X(DATE_MISSING,           "AccessDenied",                      403, "AWS authentication requires a valid Date or x-amz-date header") \
    X(CREDENTIAL_DATE,        "AuthorizationHeaderMalformed",      400, "The credential date is not the same as X-Amz-Date.") \
    X(REGION_WRONG,           "AuthorizationHeaderMalformed",      400, "The authorization header is malformed; the region is wrong") \
    X(SERVICE_WRONG,          "AuthorizationHeaderMalformed",      400, "The authorization header is malformed; incorrect service. This endpoint belongs to \"s3\".") \
    X(PAYLOAD_HASH_MISSING,   "InvalidRequest",                    400, "Missing required header for this request: x-amz-content-sha256") \
    X(PAYLOAD_HASH_MALFORMED, "InvalidArgument",                   400, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.") \
    X(HEADERS_NOT_SIGNED,     "AccessDenied",                      403, "There were headers present in the request which were not signed") \
    X(TOKEN_INVALID,          "InvalidToken",                      400, "The provided token is malformed or otherwise invalid.") \
    X(ACCESS_KEY_UNKNOWN,     "InvalidAccessKeyId",                403, "The AWS Access Key Id you provided does not exist in our records.") \
    X(EXPIRED,                "AccessDenied",                      403, "Request has expired") \
    X(NOT_YET_VALID,          "AccessDenied",                      403, "Request is not yet valid") \
    X(SKEWED,                 "RequestTimeTooSkewed",              403, "The difference between the request time and the current time is too large.") \
    X(SIGNATURE_MISMATCH,     "SignatureDoesNotMatch",             403, "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
/* clang-format on */

enum verify_problem {
#define X(name, code, http, sentence) VERIFY_##name,
    VERIFY_PROBLEM_LIST(X)
#undef X
        VERIFY__COUNT
};

/* Why a request is refused, ready for the error XML. */
struct verify_failure {
    enum verify_problem problem;
    struct str code;
    int http_status;
    struct str message;
    struct pair
        details[VERIFY_DETAILS_MAX]; /* further elements: HeadersNotSigned, StringToSign, ... */
    size_t detail_count;
};

enum verify_kind { VERIFY_ANONYMOUS, VERIFY_HEADER, VERIFY_QUERY };

/* How the body is vouched for. */
enum verify_payload { VERIFY_PAYLOAD_UNSIGNED, VERIFY_PAYLOAD_SHA256, VERIFY_PAYLOAD_STREAMING };

/* The request as it was received. */
struct verify_request {
    struct str method;
    struct str raw_path;  /* percent-encoded, of the request line */
    struct str raw_query; /* without '?' */
    struct pairs headers; /* names in lower case; host among them */
};

/* What a request says about itself; nothing of it is to be believed before verify_check. */
struct verify_claim {
    enum verify_kind kind;
    struct str access_key;
    struct str date; /* of the scope, 8 digits */
    struct str region;
    struct str service;
    struct str signed_headers; /* "host;x-amz-date" */
    struct str signature;      /* as sent; not empty */
    struct str session_token;
    struct str amz_date; /* the time as it stands in the string to sign */
    int64_t signed_at;
    int64_t expires_s; /* of a presigned URL; 0 for header signing */
    enum verify_payload payload;
    struct str payload_hash; /* hex of SHA-256, UNSIGNED-PAYLOAD or STREAMING-... */
    struct pairs query;      /* decoded, in the order received */
    struct str path;         /* decoded */
};

/* What the claim is checked against. */
struct verify_policy {
    const struct s3_credentials *credentials; /* of claim.access_key; NULL: no such key */
    struct str region;
    int64_t now_s;
};

/*
 * Take the request apart. VERIFY_OK, or the problem with *failure filled in; no signature is
 * computed. A request without any sign of authentication is OK with kind VERIFY_ANONYMOUS, `path`
 * and `query` set: refusing it is the caller's decision. `expires_s` is 1..604800.
 */
enum verify_problem verify_parse(struct arena *arena, const struct verify_request *request,
    struct verify_claim *claim, struct verify_failure *failure) MUST_CHECK;

/*
 * Check a claim of kind HEADER or QUERY: access key, scope, clock, signed headers, session token,
 * and at last the signature in constant time. A mismatch carries the details AWSAccessKeyId,
 * StringToSign, SignatureProvided and CanonicalRequest, as S3 does.
 */
enum verify_problem verify_check(struct arena *arena, const struct verify_request *request,
    const struct verify_claim *claim, const struct verify_policy *policy,
    struct verify_failure *failure) MUST_CHECK;

/* True when `name` (lower case) is among the signed headers: only then the client vouches for it.
 */
bool verify_is_signed(const struct verify_claim *claim, struct str name);

#endif
