/*
 * features.c - see features.h.
 */
#include "objects/features.h"

/* clang-format off */
/* `harmless` is the one value that means the ordinary. */
static const struct { struct str name, harmless; } features[] = {
    { STR_INIT("x-amz-server-side-encryption"),        STR_INIT("") },
    { STR_INIT("x-amz-server-side-encryption-customer-algorithm"), STR_INIT("") },
    { STR_INIT("x-amz-storage-class"),                 STR_INIT("STANDARD") },
    { STR_INIT("x-amz-acl"),                           STR_INIT("private") },
    { STR_INIT("x-amz-grant-read"),                    STR_INIT("") },
    { STR_INIT("x-amz-grant-full-control"),            STR_INIT("") },
    { STR_INIT("x-amz-website-redirect-location"),     STR_INIT("") },
    { STR_INIT("x-amz-object-lock-mode"),              STR_INIT("") },
    { STR_INIT("x-amz-object-lock-legal-hold"),        STR_INIT("OFF") },
    { STR_INIT("x-amz-object-lock-retain-until-date"), STR_INIT("") },
    { STR_INIT("x-amz-write-offset-bytes"),            STR_INIT("") },
    { STR_INIT("x-amz-bucket-object-lock-enabled"),    STR_INIT("false") },
};
/* clang-format on */

enum s3_error features_refuse(struct call *call)
{
    for (size_t i = 0; i < COUNT_OF(features); i++) {
        struct str value = call_header(call, features[i].name);
        if (!str_is_empty(value) && !str_equal(value, features[i].harmless)) {
            call_add_detail(call, STR("Header"), features[i].name);
            return call_fail(call, S3_NOT_IMPLEMENTED,
                "A header you provided implies functionality that is not implemented: %.*s.",
                STR_ARG(features[i].name));
        }
    }
    return S3_OK;
}
