/*
 * error.h - S3's error codes: one table of code, HTTP status and message; and the XML that carries
 * them.
 *
 * Codes and statuses are those of "Error responses" in Amazon's S3 API reference. The handlers of
 * this layer return an enum s3_error; S3_OK (zero) is no error.
 */
#ifndef OBJECTS_ERROR_H
#define OBJECTS_ERROR_H

#include "base/str.h"

/* clang-format off */
#define S3_ERROR_LIST(X) \
    /* enum                        code on the wire              HTTP  message when the call gave no better one */ \
    X(OK,                          "OK",                          200, "Done.") \
    X(ACCESS_DENIED,               "AccessDenied",                403, "Access Denied") \
    X(AUTH_HEADER_MALFORMED,       "AuthorizationHeaderMalformed",400, "The authorization header you provided is invalid.") \
    X(AUTH_QUERY_PARAMETERS,       "AuthorizationQueryParametersError", 400, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.") \
    X(BAD_DIGEST,                  "BadDigest",                   400, "The Content-MD5 or checksum value that you specified did not match what the server received.") \
    X(BUCKET_ALREADY_OWNED_BY_YOU, "BucketAlreadyOwnedByYou",     409, "Your previous request to create the named bucket succeeded and you already own it.") \
    X(BUCKET_NOT_EMPTY,            "BucketNotEmpty",              409, "The bucket that you tried to delete is not empty.") \
    X(CORS_FORBIDDEN,              "AccessForbidden",             403, "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.") \
    X(ENTITY_TOO_LARGE,            "EntityTooLarge",              400, "Your proposed upload exceeds the maximum allowed object size.") \
    X(ENTITY_TOO_SMALL,            "EntityTooSmall",              400, "Your proposed upload is smaller than the minimum allowed object size.") \
    X(ILLEGAL_LOCATION,            "IllegalLocationConstraintException", 400, "The location constraint is incompatible with the region of this endpoint.") \
    X(INCOMPLETE_BODY,             "IncompleteBody",              400, "You did not provide the number of bytes specified by the Content-Length HTTP header.") \
    X(INTERNAL,                    "InternalError",               500, "We encountered an internal error. Please try again.") \
    X(INSUFFICIENT_STORAGE,        "InsufficientStorage",         507, "There is no space left on the device that holds the objects. Nothing was stored.") \
    X(INVALID_ACCESS_KEY_ID,       "InvalidAccessKeyId",          403, "The AWS Access Key Id you provided does not exist in our records.") \
    X(INVALID_ARGUMENT,            "InvalidArgument",             400, "Invalid Argument") \
    X(INVALID_BUCKET_NAME,         "InvalidBucketName",           400, "The specified bucket is not valid.") \
    X(INVALID_DIGEST,              "InvalidDigest",               400, "The Content-MD5 or checksum value that you specified is not valid.") \
    X(INVALID_PART,                "InvalidPart",                 400, "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.") \
    X(INVALID_PART_ORDER,          "InvalidPartOrder",            400, "The list of parts was not in ascending order. The parts list must be specified in order by part number.") \
    X(INVALID_POLICY_DOCUMENT,     "InvalidPolicyDocument",       400, "The content of the form does not meet the conditions specified in the policy document.") \
    X(INVALID_RANGE,               "InvalidRange",                416, "The requested range is not satisfiable") \
    X(INVALID_REQUEST,             "InvalidRequest",              400, "Invalid Request") \
    X(INVALID_TAG,                 "InvalidTag",                  400, "The tag provided was not a valid tag.") \
    X(INVALID_TOKEN,               "InvalidToken",                400, "The provided token is malformed or otherwise not valid.") \
    X(INVALID_URI,                 "InvalidURI",                  400, "Couldn't parse the specified URI.") \
    X(KEY_TOO_LONG,                "KeyTooLongError",             400, "Your key is too long.") \
    X(MALFORMED_POST_REQUEST,      "MalformedPOSTRequest",        400, "The body of your POST request is not well-formed multipart/form-data.") \
    X(MALFORMED_XML,               "MalformedXML",                400, "The XML you provided was not well-formed or did not validate against our published schema.") \
    X(MAX_POST_PRE_DATA,           "MaxPostPreDataLengthExceededError", 400, "Your POST request fields preceding the upload file were too large.") \
    X(METADATA_TOO_LARGE,          "MetadataTooLarge",            400, "Your metadata headers exceed the maximum allowed metadata size.") \
    X(METHOD_NOT_ALLOWED,          "MethodNotAllowed",            405, "The specified method is not allowed against this resource.") \
    X(MISSING_CONTENT_LENGTH,      "MissingContentLength",        411, "You must provide the Content-Length HTTP header.") \
    X(MISSING_REQUEST_BODY,        "MissingRequestBodyError",     400, "Request body is empty.") \
    X(MISSING_SECURITY_HEADER,     "MissingSecurityHeader",       400, "Your request is missing a required header.") \
    X(NO_SUCH_BUCKET,              "NoSuchBucket",                404, "The specified bucket does not exist") \
    X(NO_SUCH_CORS,                "NoSuchCORSConfiguration",     404, "The CORS configuration does not exist") \
    X(NO_SUCH_KEY,                 "NoSuchKey",                   404, "The specified key does not exist.") \
    X(NO_SUCH_LIFECYCLE,           "NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist") \
    X(NO_SUCH_UPLOAD,              "NoSuchUpload",                404, "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.") \
    X(NOT_IMPLEMENTED,             "NotImplemented",              501, "A header or query you provided implies functionality that is not implemented.") \
    X(PRECONDITION_FAILED,         "PreconditionFailed",          412, "At least one of the pre-conditions you specified did not hold") \
    X(REQUEST_EXPIRED,             "AccessDenied",                403, "Request has expired") \
    X(REQUEST_HEADER_TOO_LARGE,    "RequestHeaderSectionTooLarge",400, "Your request header section exceeds the maximum allowed size.") \
    X(REQUEST_TIMEOUT,             "RequestTimeout",              400, "Your socket connection to the server was not read from or written to within the timeout period.") \
    X(REQUEST_TIME_TOO_SKEWED,     "RequestTimeTooSkewed",        403, "The difference between the request time and the current time is too large.") \
    X(SIGNATURE_DOES_NOT_MATCH,    "SignatureDoesNotMatch",       403, "The request signature we calculated does not match the signature you provided. Check your key and signing method.") \
    X(SLOW_DOWN,                   "SlowDown",                    503, "Please reduce your request rate.") \
    X(CONTENT_SHA256_MISMATCH,     "XAmzContentSHA256Mismatch",   400, "The provided 'x-amz-content-sha256' header does not match what was computed.") \
    /* not errors in S3's table, but answers without a body that the same path sends */ \
    X(NOT_MODIFIED,                "NotModified",                 304, "Not Modified")
/* clang-format on */

enum s3_error {
#define X(name, code, http, message) S3_##name,
    S3_ERROR_LIST(X)
#undef X
        S3__COUNT
};

/* The code that clients compare: "NoSuchKey". */
struct str s3_error_code(enum s3_error error);

/* The HTTP status that goes with it. */
int s3_error_http(enum s3_error error);

/* The message when the call has no better one. */
struct str s3_error_message(enum s3_error error);

#endif
