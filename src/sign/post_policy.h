/*
 * post_policy.h - signed forms by which a browser posts one file straight to S3, without
 * JavaScript.
 *
 * Pure, like sigv4.h. The form carries a policy, a JSON document of conditions in base64, and its
 * signature; whoever holds the form may post what fulfils the policy until it expires. (Amazon S3
 * API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)".) Google, Azure and
 * R2 do not take such forms; AWS, Ceph's gateway and our own endpoint do.
 */
#ifndef SIGN_POST_POLICY_H
#define SIGN_POST_POLICY_H

#include "sign/location.h"
#include "sign/verify.h"

enum { POST_POLICY_FIELDS_MAX = 40 };

/* What the holder of the form may do. */
struct post_policy {
    struct str key;          /* exactly this one */
    struct str content_type; /* exactly this one */
    int64_t min_bytes;       /* of the file */
    int64_t max_bytes;
    struct str redirect; /* where the browser goes afterwards; empty: S3 answers 204 */
    struct pairs
        fields;        /* further ones, bound exactly: x-amz-meta-*, x-amz-server-side-encryption */
    int64_t signed_at; /* seconds since 1970, UTC */
    int64_t expires_s; /* 1..SIGV4_EXPIRES_MAX_S */
};

struct post_form {
    struct str url;      /* the form's action: the bucket's address */
    struct pairs fields; /* hidden fields, in this order, before the file's */
};

/*
 * Sign. The form's fields are the key, Content-Type, success_action_redirect, those of the policy,
 * and policy, x-amz-algorithm, -credential, -date, -security-token and -signature. INVALID when the
 * key is empty or longer than 1024 bytes, a text is not UTF-8 (JSON could not say it), there are
 * more than POST_POLICY_FIELDS_MAX fields, the sizes make no sense, or the time or keys are none
 * that can sign.
 */
enum status post_policy_sign(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, const struct post_policy *policy,
    struct post_form *out) MUST_CHECK;

/* The access key that a received form claims; empty when it claims none. Names of fields have no
 * case. */
struct str post_policy_access_key(struct pairs fields);

/*
 * The receiving side: is the field `policy` signed by the key that verify_policy names, for its
 * region? Neither its expiration nor its conditions are looked at: that is for whoever knows the
 * whole form.
 */
enum verify_problem post_policy_check(struct arena *arena, struct pairs fields,
    const struct verify_policy *policy, struct verify_failure *failure) MUST_CHECK;

#endif
