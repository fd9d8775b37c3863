/*
 * test_sign_post_policy.c - forms that browsers post: the example of Amazon's reference ("Example:
 * Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)"), our own forms, and what
 * was changed on the way.
 */
#include "unit.h"

#include "base/escape.h"
#include "sign/post_policy.h"

static struct s3_credentials example_keys(void)
{
    struct s3_credentials keys = { .access_key = STR("AKIAIOSFODNN7EXAMPLE") };
    assert_int_equal(
        secret_set(&keys.secret_key, STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")), STATUS_OK);
    return keys;
}

/* The reference's policy, with its line ends. */
#define EXAMPLE_POLICY                                                                             \
    "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7" \
    "ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91" \
    "c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3Qi" \
    "OiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwi" \
    "fSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRh" \
    "LXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVT" \
    "MjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNy" \
    "ZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9" \
    "LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAi" \
    "MjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"

static void the_example_of_the_reference_has_its_signature(void **state)
{
    struct s3_credentials keys = example_keys();
    struct verify_policy policy = { .credentials = &keys, .region = STR("us-east-1") };
    struct verify_failure failure = { 0 };
    struct pair item[] = {
        { STR("X-Amz-Credential"), STR("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request") },
        { STR("X-Amz-Algorithm"), STR("AWS4-HMAC-SHA256") },
        { STR("X-Amz-Date"), STR("20151229T000000Z") },
        { STR("Policy"), STR(EXAMPLE_POLICY) },
        { STR("X-Amz-Signature"),
            STR("8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e") },
    };
    struct pairs fields = { item, COUNT_OF(item) };
    expect_str("key", post_policy_access_key(fields), keys.access_key);
    assert_int_equal(post_policy_check(*state, fields, &policy, &failure), VERIFY_OK);
    secret_clear(&keys.secret_key);
}

static struct post_form sign(struct arena *arena, const struct s3_credentials *keys)
{
    struct s3_location location = { .scheme = STR("https"),
        .host = STR("s3.example.org"),
        .path_style = true,
        .bucket = STR("photos"),
        .region = STR("eu-central-1") };
    struct post_policy policy = { .key = STR("images/\xc3\xbc <&>.png"),
        .content_type = STR("image/png"),
        .min_bytes = 1,
        .max_bytes = 1000,
        .redirect = STR("https://vitrine.example.org/admin/upload/posted?id=7"),
        .signed_at = 1795242720,
        .expires_s = 900 };
    struct post_form form = { 0 };
    assert_int_equal(post_policy_sign(arena, &location, keys, &policy, &form), STATUS_OK);
    return form;
}

static void a_form_of_ours_is_accepted_and_says_what_it_binds(void **state)
{
    struct s3_credentials keys = example_keys();
    struct verify_policy policy = { .credentials = &keys, .region = STR("eu-central-1") };
    struct verify_failure failure = { 0 };
    keys.session_token = STR("token");
    struct post_form form = sign(*state, &keys);
    struct str text;
    expect_str("url", form.url, STR("https://s3.example.org/photos"));
    assert_int_equal(post_policy_check(*state, form.fields, &policy, &failure), VERIFY_OK);
    assert_true(escape_base64_decode(*state, pairs_get(form.fields, STR("policy"), NULL), &text));
    assert_true(str_starts_with(text, STR("{\"expiration\":\"2026-")));
    assert_non_null(memmem(text.ptr, text.len, "[\"content-length-range\",1,1000]", 31));
    assert_non_null(memmem(text.ptr, text.len, "{\"bucket\":\"photos\"}", 19));
    assert_non_null(memmem(text.ptr, text.len, "{\"Content-Type\":\"image/png\"}", 28));
    secret_clear(&keys.secret_key);
}

static void any_change_of_policy_signature_or_scope_is_refused(void **state)
{
    struct s3_credentials keys = example_keys();
    struct verify_policy policy = { .credentials = &keys, .region = STR("eu-central-1") };
    struct verify_failure failure = { 0 };
    static const struct str changed[] = { STR_INIT("policy"), STR_INIT("x-amz-signature"),
        STR_INIT("x-amz-credential"), STR_INIT("x-amz-date"), STR_INIT("x-amz-algorithm") };
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        struct post_form form = sign(*state, &keys);
        for (size_t f = 0; f < form.fields.count; f++) {
            struct pair *field = (struct pair *)(uintptr_t)&form.fields.item[f];
            if (!str_equal(field->name, changed[i]))
                continue;
            for (size_t b = 0; b < field->value.len; b++) {
                struct str whole = field->value;
                char *copy = arena_c_string(*state, whole);
                copy[b] ^= 1;
                field->value = str_from(copy, whole.len);
                bool is_refused =
                    post_policy_check(*state, form.fields, &policy, &failure) != VERIFY_OK;
                /* the access key is looked up before; whose it is, is not signed */
                bool is_access_key =
                    str_equal(changed[i], STR("x-amz-credential")) && b < keys.access_key.len;
                /* the time of day is the policy's to bind */
                bool is_time = str_equal(changed[i], STR("x-amz-date")) && b > 8;
                if (!is_refused && !is_access_key && !is_time)
                    fail_msg("%.*s, byte %zu", STR_ARG(changed[i]), b);
                field->value = whole;
            }
        }
    }
    secret_clear(&keys.secret_key);
}

static void what_cannot_be_signed_is_refused(void **state)
{
    struct s3_credentials keys = example_keys();
    struct s3_location location = { .scheme = STR("https"),
        .host = STR("s3.example.org"),
        .bucket = STR("photos"),
        .region = STR("eu-central-1") };
    struct post_policy good = { .key = STR("k"), .max_bytes = 1, .signed_at = 1, .expires_s = 1 };
    struct post_policy bad[8];
    struct post_form form;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        bad[i] = good;
    bad[0].key = STR_EMPTY;
    bad[1].key = STR("\xff");
    bad[2].content_type = STR("a\0b");
    bad[3].min_bytes = 2;
    bad[4].expires_s = 0;
    bad[5].expires_s = 604801;
    bad[6].signed_at = -1;
    bad[7].redirect = STR("\x80");
    assert_int_equal(post_policy_sign(*state, &location, &keys, &good, &form), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (post_policy_sign(*state, &location, &keys, &bad[i], &form) != STATUS_INVALID)
            fail_msg("row %zu was signed", i);
    secret_clear(&keys.secret_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_reference_has_its_signature),
        cmocka_unit_test(a_form_of_ours_is_accepted_and_says_what_it_binds),
        cmocka_unit_test(any_change_of_policy_signature_or_scope_is_refused),
        cmocka_unit_test(what_cannot_be_signed_is_refused),
    };
    return cmocka_run_group_tests(tests, unit_open_arena, unit_close_arena);
}
