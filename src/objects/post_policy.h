/*
 * post_policy.h - whether a posted form fulfils its policy: the conditions, not the signature.
 *
 * Pure. (Amazon S3 API Reference, "POST Policy".) The signature is sign/post_policy.h's.
 */
#ifndef OBJECTS_POST_POLICY_H
#define OBJECTS_POST_POLICY_H

#include "base/url.h"
#include "objects/error.h"

/* What is left to check while the file comes. */
struct post_range {
    int64_t min_bytes;
    int64_t max_bytes; /* INT64_MAX: the policy names none */
};

/*
 * Judge the fields of a form for `bucket`. InvalidPolicyDocument, AccessDenied ("Policy expired", a
 * condition that does not hold, a field that no condition names) with S3's sentence in
 * *out_message.
 */
enum s3_error post_policy_judge(struct arena *arena, struct str bucket, struct pairs fields,
    int64_t now_s, struct post_range *out, struct str *out_message) MUST_CHECK;

#endif
