/*
 * status.h - how every function that can fail says so: one enum, one table.
 *
 * The table (status.c) gives each status its name (the `code` of JSON problems), its HTTP status
 * and the sentence that people see when no better one was given. The place that first knows why
 * something failed logs it once and returns the status; callers pass it on silently.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/str.h"

/* clang-format off */
#define STATUS_LIST(X) \
    /* enum               code                     HTTP  sentence for people */ \
    X(OK,                 "ok",                     200, "Done.") \
    X(BAD_REQUEST,        "bad_request",            400, "The request could not be understood.") \
    X(INVALID,            "invalid",                422, "Something in the request is not acceptable.") \
    X(UNAUTHENTICATED,    "unauthenticated",        401, "Sign in first.") \
    X(BAD_CREDENTIALS,    "bad_credentials",        401, "The e-mail address or the password is not right.") \
    X(FORBIDDEN,          "forbidden",              403, "You are not allowed to do this.") \
    X(SCOPE,              "insufficient_scope",     403, "This token does not allow that.") \
    X(BAD_CSRF,           "bad_csrf",               403, "This form is out of date. Reload the page and try again.") \
    X(BAD_ORIGIN,         "bad_origin",             403, "This request came from another site.") \
    X(NOT_FOUND,          "not_found",              404, "There is nothing at this address.") \
    X(METHOD_NOT_ALLOWED, "method_not_allowed",     405, "This address does not answer that method.") \
    X(CONFLICT,           "conflict",               409, "Someone else changed this in the meantime.") \
    X(DUPLICATE,          "duplicate",              409, "You have this image already. Nothing was uploaded.") \
    X(GONE,               "gone",                   410, "This is no longer here.") \
    X(LENGTH_REQUIRED,    "length_required",        411, "The request must say how long it is.") \
    X(PRECONDITION,       "precondition_failed",    412, "The condition of the request does not hold.") \
    X(TOO_LARGE,          "too_large",              413, "This is larger than what is accepted here.") \
    X(UNSUPPORTED_TYPE,   "unsupported_media_type", 415, "This content type is not accepted here.") \
    X(RANGE,              "range_not_satisfiable",  416, "The part that was asked for is behind the end.") \
    X(TYPE_NOT_ALLOWED,   "type_not_allowed",       422, "Files of this type are not accepted.") \
    X(QUOTA,              "quota_exceeded",         403, "This is more than your account may store.") \
    X(NOT_UPLOADED,       "not_uploaded",           409, "The file has not arrived in storage.") \
    X(MISMATCH,           "upload_mismatch",        422, "What arrived in storage is not what was announced.") \
    X(TOO_MANY,           "too_many_requests",      429, "Too many attempts. Wait a little and try again.") \
    X(HEADERS_TOO_LARGE,  "headers_too_large",      431, "The request's headers are too large.") \
    X(INTERNAL,           "internal",               500, "Something went wrong on our side. Nothing was lost.") \
    X(BUSY,               "busy",                   503, "The service is busy. Try again in a moment.") \
    X(STORAGE,            "storage_unavailable",    502, "The image storage did not answer properly. Try again in a moment.") \
    X(STORAGE_REFUSED,    "storage_refused",        502, "The image storage refused the request. Its settings need a look.") \
    X(STORAGE_TIMEOUT,    "storage_timeout",        504, "The image storage took too long to answer. Try again in a moment.") \
    X(STORAGE_OFF,        "storage_disabled",       503, "S3 file storage is not enabled or not properly configured.") \
    X(NO_SPACE,           "no_space",               507, "There is no space left to store this.") \
    X(IO,                 "io",                     500, "A file could not be read or written.")
/* clang-format on */

enum status {
#define X(name, code, http, sentence) STATUS_##name,
    STATUS_LIST(X)
#undef X
        STATUS__COUNT
};

/* The stable, lower-case name that APIs send as `code`, for instance "not_found". */
struct str status_code(enum status status);

/* The HTTP status code. */
int status_http(enum status status);

/* One sentence for people: what happened and, where it is known, what to do. */
struct str status_sentence(enum status status);

#endif
