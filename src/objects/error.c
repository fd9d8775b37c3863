/*
 * error.c - the table of S3's error codes. The XML around it is written by answer.c.
 */
#include "objects/error.h"

static const struct {
    struct str code;
    int http;
    struct str message;
} errors[S3__COUNT] = {
#define X(name, code, http, message) [S3_##name] = { STR_INIT(code), http, STR_INIT(message) },
    S3_ERROR_LIST(X)
#undef X
};

struct str s3_error_code(enum s3_error error)
{
    return errors[error].code;
}

int s3_error_http(enum s3_error error)
{
    return errors[error].http;
}

struct str s3_error_message(enum s3_error error)
{
    return errors[error].message;
}
