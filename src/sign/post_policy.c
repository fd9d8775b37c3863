/*
 * post_policy.c - see post_policy.h. The string to sign is the policy in base64, nothing else.
 */
#include "sign/post_policy.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "sign/signing_key.h"
#include "sign/sigv4.h"
#include "sign/verify_failure.h"

enum { KEY_MAX_BYTES = 1024, SCOPE_PARTS = 5, DATE_LENGTH = 8, TIME_LENGTH = 16 };

#define ALGORITHM STR("AWS4-HMAC-SHA256")

/* --- signing --- */

/* The fields of a form, being added to. */
struct form_fields {
    struct pair *item;
    size_t count;
};

static void add(struct form_fields *fields, struct str name, struct str value)
{
    if (!str_is_empty(value))
        fields->item[fields->count++] = (struct pair){ name, value };
}

static struct pairs pairs_of(const struct form_fields *fields)
{
    return (struct pairs){ fields->item, fields->count };
}

/* Whether the text can stand in JSON. */
static bool is_text(struct str text)
{
    return str_is_utf8(text) && str_index(text, '\0') < 0;
}

static bool is_sane(const struct post_policy *policy)
{
    for (size_t i = 0; i < policy->fields.count; i++)
        if (!is_text(policy->fields.item[i].name) || !is_text(policy->fields.item[i].value))
            return false;
    return policy->key.len >= 1 && policy->key.len <= KEY_MAX_BYTES && is_text(policy->key) &&
           is_text(policy->content_type) && is_text(policy->redirect) &&
           policy->fields.count <= POST_POLICY_FIELDS_MAX && policy->min_bytes >= 0 &&
           policy->min_bytes <= policy->max_bytes && policy->expires_s >= 1 &&
           policy->expires_s <= SIGV4_EXPIRES_MAX_S && policy->signed_at >= 0 &&
           policy->signed_at <= SIGNING_TIME_MAX;
}

/* {"expiration": ..., "conditions": [{"bucket": ...}, {"key": ...}, ["content-length-range", ...]]}
 */
static struct str document(struct arena *arena, const struct s3_location *location,
    const struct post_policy *policy, struct pairs fields)
{
    json_t *conditions = json_array();

    json_array_append_new(
        conditions, json_pack("{s:o}", "bucket", json_from_str(location->bucket)));
    for (size_t i = 0; i < fields.count; i++) {
        json_t *condition = json_object();
        json_object_set_new(condition, arena_c_string(arena, fields.item[i].name),
            json_from_str(fields.item[i].value));
        json_array_append_new(conditions, condition);
    }
    json_array_append_new(
        conditions, json_pack("[s, I, I]", "content-length-range", (json_int_t)policy->min_bytes,
                        (json_int_t)policy->max_bytes));

    json_t *whole = json_pack("{s:o, s:o}", "expiration",
        json_from_str(clock_format_iso(arena, policy->signed_at + policy->expires_s)), "conditions",
        conditions);
    struct str text = json_text(arena, whole);
    json_decref(whole);
    return text;
}

enum status post_policy_sign(struct arena *arena, const struct s3_location *location,
    const struct s3_credentials *credentials, const struct post_policy *policy,
    struct post_form *out)
{
    char signature[2 * SHA256_BYTES];
    struct sigv4_scope scope = { location->region, STR("s3") };
    struct signing_key *key = signing_key_get(credentials, &scope, policy->signed_at);

    if (key == NULL || !is_sane(policy))
        return STATUS_INVALID;
    out->url = ARENA_JOIN(arena, s3_location_origin(arena, location),
        escape_url_path_str(arena, s3_location_path(arena, location, STR_EMPTY)));
    struct form_fields fields = { ARENA_ARRAY(arena, struct pair, POST_POLICY_FIELDS_MAX + 10), 0 };
    add(&fields, STR("key"), policy->key);
    add(&fields, STR("Content-Type"), policy->content_type);
    add(&fields, STR("success_action_redirect"), policy->redirect);
    for (size_t i = 0; i < policy->fields.count; i++)
        add(&fields, policy->fields.item[i].name, policy->fields.item[i].value);
    add(&fields, STR("x-amz-algorithm"), ALGORITHM);
    add(&fields, STR("x-amz-credential"),
        ARENA_JOIN(arena, credentials->access_key, STR("/"), key->scope));
    add(&fields, STR("x-amz-date"),
        ARENA_JOIN(arena, str_from(key->date, sizeof(key->date)),
            signing_key_time(key, policy->signed_at)));
    add(&fields, STR("x-amz-security-token"), credentials->session_token);

    struct str text = escape_base64(arena, document(arena, location, policy, pairs_of(&fields)));
    signing_key_sign(key, text, signature);
    add(&fields, STR("policy"), text);
    add(&fields, STR("x-amz-signature"), arena_copy(arena, str_from(signature, sizeof(signature))));
    out->fields = pairs_of(&fields);
    return STATUS_OK;
}

/* --- checking --- */

static struct str field(struct pairs fields, struct str name)
{
    for (size_t i = 0; i < fields.count; i++)
        if (str_equal_nocase(fields.item[i].name, name))
            return fields.item[i].value;
    return STR_EMPTY;
}

/* "AKID/20261122/us-east-1/s3/aws4_request"; the access key may hold slashes. */
static bool split_credential(struct str text, struct str parts[SCOPE_PARTS])
{
    for (int i = SCOPE_PARTS - 1; i > 0; i--) {
        ssize_t slash = str_last_index(text, '/');
        if (slash < 0)
            return false;
        parts[i] = str_from_offset(text, (size_t)slash + 1);
        text = str_head(text, (size_t)slash);
    }
    parts[0] = text;
    return str_equal(parts[4], STR("aws4_request")) && parts[1].len == DATE_LENGTH;
}

struct str post_policy_access_key(struct pairs fields)
{
    struct str parts[SCOPE_PARTS];
    return split_credential(field(fields, STR("x-amz-credential")), parts) ? parts[0] : STR_EMPTY;
}

static enum verify_problem malformed(struct verify_failure *failure, struct str sentence)
{
    return verify_fail(failure, VERIFY_QUERY, VERIFY_QUERY_MALFORMED, sentence);
}

static enum verify_problem check_signature(struct arena *arena, struct pairs fields,
    const struct s3_credentials *credentials, const struct sigv4_scope *scope, int64_t signed_at,
    struct verify_failure *failure)
{
    char signature[2 * SHA256_BYTES];
    struct str policy = field(fields, STR("policy"));
    struct signing_key *key = signing_key_get(credentials, scope, signed_at);

    if (key != NULL) {
        signing_key_sign(key, policy, signature);
        if (secret_equal(
                str_from(signature, sizeof(signature)), field(fields, STR("x-amz-signature"))))
            return VERIFY_OK;
    }
    verify_fail(failure, VERIFY_QUERY, VERIFY_SIGNATURE_MISMATCH, STR_EMPTY);
    verify_add_detail(failure, STR("AWSAccessKeyId"), arena_copy(arena, credentials->access_key));
    verify_add_detail(failure, STR("StringToSign"), policy);
    verify_add_detail(failure, STR("SignatureProvided"), field(fields, STR("x-amz-signature")));
    return VERIFY_SIGNATURE_MISMATCH;
}

enum verify_problem post_policy_check(struct arena *arena, struct pairs fields,
    const struct verify_policy *policy, struct verify_failure *failure)
{
    struct str parts[SCOPE_PARTS];
    struct str date = field(fields, STR("x-amz-date"));
    int64_t signed_at;

    if (!str_equal(field(fields, STR("x-amz-algorithm")), ALGORITHM))
        return malformed(failure, STR("The form's x-amz-algorithm must be AWS4-HMAC-SHA256."));
    if (!split_credential(field(fields, STR("x-amz-credential")), parts))
        return malformed(failure,
            STR("The form's x-amz-credential must be ACCESS-KEY/DATE/REGION/s3/aws4_request."));
    if (date.len != TIME_LENGTH || !clock_parse_amz(date, &signed_at) ||
        !str_equal(str_head(date, DATE_LENGTH), parts[1]))
        return malformed(failure,
            STR("The form's x-amz-date must be like 20261122T063200Z, of the credential's day."));
    if (!str_equal(parts[2], policy->region) || !str_equal(parts[3], STR("s3")))
        return verify_fail(failure, VERIFY_QUERY, VERIFY_REGION_WRONG, STR_EMPTY);
    if (policy->credentials == NULL)
        return verify_fail(failure, VERIFY_QUERY, VERIFY_ACCESS_KEY_UNKNOWN, STR_EMPTY);
    if (!secret_equal(
            policy->credentials->session_token, field(fields, STR("x-amz-security-token"))))
        return verify_fail(failure, VERIFY_QUERY, VERIFY_TOKEN_INVALID, STR_EMPTY);
    struct sigv4_scope scope = { parts[2], parts[3] };
    return check_signature(arena, fields, policy->credentials, &scope, signed_at, failure);
}
