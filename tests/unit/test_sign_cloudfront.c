/* CloudFront's policies, URLs and cookies: each byte of the text, and every refusal. */
#include "signing_keys.h"

#include "base/escape.h"
#include "sign/cloudfront.h"

enum { END = 1357034400 };

#define URL STR("https://d1.cloudfront.net/images/a%20b.jpg")

/* As the pages of AWS show them, without white space. */
static void policies_are_byte_for_byte_as_documented(void **state)
{
    static const struct {
        const char *row;
        struct cloudfront_policy policy;
        struct str text;
    } rows[] = {
        { "canned",
            { .resource = STR_INIT("http://d111111abcdef8.cloudfront.net/horizon.jpg?size=large"
                                   "&license=yes"),
                .ends_at = END },
            STR_INIT("{\"Statement\":[{\"Resource\":\"http://d111111abcdef8.cloudfront.net/"
                     "horizon.jpg?size=large&license=yes\",\"Condition\":{\"DateLessThan\":{\"AWS:"
                     "EpochTime\":1357034400}}}]}") },
        { "a range of addresses and a wildcard",
            { .resource = STR_INIT("http*://*"),
                .ends_at = 1767290400,
                .source_ip = STR_INIT("192.0.2.0/24") },
            STR_INIT("{\"Statement\":[{\"Resource\":\"http*://"
                     "*\",\"Condition\":{\"DateLessThan\":{"
                     "\"AWS:EpochTime\":1767290400},\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/"
                     "24\"}}}]}") },
        { "one address and a start",
            { .resource = STR_INIT("https://d1.cloudfront.net/a"),
                .ends_at = END,
                .starts_at = END - 60,
                .source_ip = STR_INIT("192.0.2.10") },
            STR_INIT("{\"Statement\":[{\"Resource\":\"https://d1.cloudfront.net/"
                     "a\",\"Condition\":{"
                     "\"DateLessThan\":{\"AWS:EpochTime\":1357034400},\"IpAddress\":{\"AWS:"
                     "SourceIp\":\"192.0.2.10/32\"},\"DateGreaterThan\":{\"AWS:EpochTime\":"
                     "1357034340}}}]}") },
    };
    struct str text;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(cloudfront_policy_text(*state, &rows[i].policy, &text), STATUS_OK);
        expect_str(rows[i].row, text, rows[i].text);
    }
}

static void policies_that_would_say_something_else_are_refused(void **state)
{
    static const struct cloudfront_policy rows[] = {
        { .resource = STR_INIT(""), .ends_at = END },
        { .resource = STR_INIT("https://d/a\"b"), .ends_at = END },
        { .resource = STR_INIT("https://d/a\\b"), .ends_at = END },
        { .resource = STR_INIT("https://d/a b"), .ends_at = END },
        { .resource = STR_INIT("https://d/a\nb"), .ends_at = END },
        { .resource = STR_INIT("https://d/\xc3\xa4"), .ends_at = END },
        { .resource = STR_INIT("https://d/a"), .ends_at = 0 },
        { .resource = STR_INIT("https://d/a"), .ends_at = -1 },
        { .resource = STR_INIT("https://d/a"), .ends_at = 2147483648 },
        { .resource = STR_INIT("https://d/a"), .ends_at = END, .starts_at = END },
        { .resource = STR_INIT("https://d/a"), .ends_at = END, .starts_at = -5 },
        { .resource = STR_INIT("https://d/a"), .ends_at = END, .source_ip = STR_INIT("::1") },
        { .resource = STR_INIT("https://d/a"), .ends_at = END, .source_ip = STR_INIT("1.2.3") },
        { .resource = STR_INIT("https://d/a"),
            .ends_at = END,
            .source_ip = STR_INIT("1.2.3.4/33") },
        { .resource = STR_INIT("https://d/a"), .ends_at = END, .source_ip = STR_INIT("1.2.3.4/") },
        { .resource = STR_INIT("https://d/a"),
            .ends_at = END,
            .source_ip = STR_INIT("1.2.3.4\"}") },
    };
    struct str text;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (cloudfront_policy_text(*state, &rows[i], &text) != STATUS_INVALID)
            fail_msg("row %zu gives %.*s", i, STR_ARG(text));
}

static void base64_has_cloudfronts_alphabet(void **state)
{
    expect_str("+/=", cloudfront_base64(*state, STR("\xfb\xff\xfe\xff")), STR("-~~-~w__"));
    expect_str("nothing", cloudfront_base64(*state, STR_EMPTY), STR_EMPTY);
}

/* The value of `name` in a query or a header, as CloudFront would read it. */
static struct str value_of(struct str text, const char *name)
{
    ssize_t at = str_find(text, str_from_c(name));
    struct str rest = str_from_offset(text, at < 0 ? text.len : (size_t)at + strlen(name)), value;

    return str_split(&rest, '&', &value) ? value : STR_EMPTY;
}

static struct str decoded(struct arena *arena, struct str text)
{
    char *plain = arena_alloc(arena, text.len);
    struct str bytes = STR_EMPTY;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        plain[i] = c == '-' ? '+' : c == '_' ? '=' : c == '~' ? '/' : c;
    }
    assert_true(escape_base64_decode(arena, str_from(plain, text.len), &bytes));
    return bytes;
}

static void urls_carry_what_verifies(void **state)
{
    static const struct {
        enum cloudfront_form form;
        enum private_key_hash hash;
        const char *digest, *middle, *end;
    } rows[] = {
        { CLOUDFRONT_CUSTOM, PRIVATE_KEY_SHA1, "SHA1", "?Policy=", "&Key-Pair-Id=K1" },
        { CLOUDFRONT_CANNED, PRIVATE_KEY_SHA1, "SHA1",
            "?Expires=1357034400&Signature=", "&Key-Pair-Id=K1" },
        { CLOUDFRONT_CUSTOM, PRIVATE_KEY_SHA256, "SHA256",
            "?Policy=", "&Key-Pair-Id=K1&Hash-Algorithm=SHA256" },
        { CLOUDFRONT_CANNED, PRIVATE_KEY_SHA256, "SHA256",
            "?Expires=1357034400&Signature=", "&Key-Pair-Id=K1&Hash-Algorithm=SHA256" },
    };
    EVP_PKEY *pkeys[] = { make_rsa(2048), make_ec("P-256") };
    const struct cloudfront_policy policy = { .ends_at = END };
    struct cloudfront_policy whole = { .resource = URL, .ends_at = END };
    struct str text, url;

    assert_int_equal(cloudfront_policy_text(*state, &whole, &text), STATUS_OK);
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        struct private_key *key = parsed_key(*state, pkeys[i % 2]);
        const struct cloudfront_signer signer = { STR("K1"), key, rows[i / 2].hash };
        assert_int_equal(
            cloudfront_sign_url(*state, &signer, rows[i / 2].form, &policy, URL, &url), STATUS_OK);
        assert_true(
            str_starts_with(url, arena_printf(*state, "%.*s%s", STR_ARG(URL), rows[i / 2].middle)));
        assert_true(str_ends_with(url, str_from_c(rows[i / 2].end)));
        assert_true(key_verifies(
            pkeys[i % 2], rows[i / 2].digest, text, decoded(*state, value_of(url, "Signature="))));
        if (rows[i / 2].form == CLOUDFRONT_CUSTOM)
            expect_str("policy", decoded(*state, value_of(url, "Policy=")), text);
        private_key_free(key);
    }
    EVP_PKEY_free(pkeys[0]);
    EVP_PKEY_free(pkeys[1]);
}

static void urls_that_cloudfront_would_misread_are_refused(void **state)
{
    EVP_PKEY *pkey = make_ec("P-256");
    struct private_key *key = parsed_key(*state, pkey);
    const struct cloudfront_signer signer = { STR("K1"), key, PRIVATE_KEY_SHA1 };
    const struct cloudfront_policy end = { .ends_at = END };
    const struct cloudfront_policy start = { .ends_at = END, .starts_at = END - 1 };
    const struct cloudfront_policy address = { .ends_at = END, .source_ip = STR("192.0.2.1") };
    const struct cloudfront_policy star = { .resource = STR("https://d/*"), .ends_at = END };
    static const char *const urls[] = { "https://d/a#b", "https://d/a?Expires=1",
        "https://d/a?x=1&Policy=e", "https://d/a?Signature", "https://d/a?Key-Pair-Id=K",
        "https://d/a?Hash-Algorithm=SHA1", "https://d/\"", "" };
    struct cloudfront_cookies cookies;
    struct str url;

    for (size_t i = 0; i < COUNT_OF(urls); i++)
        if (cloudfront_sign_url(*state, &signer, CLOUDFRONT_CUSTOM, &end, str_from_c(urls[i]),
                &url) != STATUS_INVALID)
            fail_msg("%s is signed", urls[i]);
    expect_int("canned with a start",
        cloudfront_sign_url(*state, &signer, CLOUDFRONT_CANNED, &start, URL, &url), STATUS_INVALID);
    expect_int("canned with an address",
        cloudfront_sign_url(*state, &signer, CLOUDFRONT_CANNED, &address, URL, &url),
        STATUS_INVALID);
    expect_int("canned for another resource",
        cloudfront_sign_url(*state, &signer, CLOUDFRONT_CANNED, &star, URL, &url), STATUS_INVALID);
    expect_int("canned cookies with a wildcard",
        cloudfront_sign_cookies(*state, &signer, CLOUDFRONT_CANNED, &star, &cookies),
        STATUS_INVALID);
    expect_int("custom for another resource",
        cloudfront_sign_url(
            *state, &signer, CLOUDFRONT_CUSTOM, &star, STR("https://d/a?x=1"), &url),
        STATUS_OK);
    assert_true(str_starts_with(url, STR("https://d/a?x=1&Policy=")));
    private_key_free(key);
    EVP_PKEY_free(pkey);
}

static void cookies_have_the_names_that_cloudfront_reads(void **state)
{
    static const char *const names[2][CLOUDFRONT_COOKIES_MAX] = {
        { "CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id",
            "CloudFront-Hash-Algorithm" },
        { "CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id",
            "CloudFront-Hash-Algorithm" },
    };
    EVP_PKEY *pkey = make_rsa(2048);
    struct private_key *key = parsed_key(*state, pkey);
    const struct cloudfront_policy policy = { .resource = URL, .ends_at = END };
    struct cloudfront_cookies cookies;
    struct str text;

    assert_int_equal(cloudfront_policy_text(*state, &policy, &text), STATUS_OK);
    for (int form = 0; form < 2; form++) {
        for (int hash = 0; hash < 2; hash++) {
            const struct cloudfront_signer signer = { STR("K1"), key, (enum private_key_hash)hash };
            assert_int_equal(cloudfront_sign_cookies(
                                 *state, &signer, (enum cloudfront_form)form, &policy, &cookies),
                STATUS_OK);
            expect_int("count", cookies.count, hash == PRIVATE_KEY_SHA1 ? 3 : 4);
            for (size_t i = 0; i < cookies.count; i++)
                expect_str("name", cookies.item[i].name, str_from_c(names[form][i]));
            assert_true(key_verifies(pkey, hash == PRIVATE_KEY_SHA1 ? "SHA1" : "SHA256", text,
                decoded(*state, cookies.item[1].value)));
        }
    }
    expect_str("end", cookies.item[0].value, STR("1357034400"));
    private_key_free(key);
    EVP_PKEY_free(pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("policies are byte for byte as documented", policies_are_byte_for_byte_as_documented),
        TEST("policies that would say something else are refused",
            policies_that_would_say_something_else_are_refused),
        TEST("base64 has CloudFront's alphabet", base64_has_cloudfronts_alphabet),
        TEST("URLs carry what verifies", urls_carry_what_verifies),
        TEST("URLs that CloudFront would misread are refused",
            urls_that_cloudfront_would_misread_are_refused),
        TEST("cookies have the names that CloudFront reads",
            cookies_have_the_names_that_cloudfront_reads),
    };

    return RUN(tests);
}
