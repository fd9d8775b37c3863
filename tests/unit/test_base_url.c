/*
 * test_base_url.c - forms and queries into pairs, URLs of settings into parts, Host headers.
 */
#include "unit.h"

#include "base/url.h"

/* "a=1|b=|": pairs written so that a row of a table can hold them. */
static struct str shown(struct arena *arena, struct pairs pairs)
{
    struct buf out;

    buf_init_arena(&out, arena, 4096);
    for (size_t i = 0; i < pairs.count; i++)
        buf_printf(&out, "%.*s=%.*s|", STR_ARG(pairs.item[i].name), STR_ARG(pairs.item[i].value));
    return buf_str(&out);
}

static void forms_are_split_and_decoded_in_order(void **state)
{
    static const struct {
        const char *text, *pairs;
    } rows[] = {
        { "", "" },
        { "a", "a=|" },
        { "a=", "a=|" },
        { "=", "=|" },
        { "=b", "=b|" },
        { "a=1&b=2", "a=1|b=2|" },
        { "a=1&a=2&a=1", "a=1|a=2|a=1|" },
        { "&&a=1&&", "a=1|" },
        { "a=1=2", "a=1=2|" },
        { "a+b=c+d", "a b=c d|" },
        { "a%20b=%26%3d%2B", "a b=&=+|" },
        { "q=%C3%A4%e2%82%ac", "q=\xc3\xa4\xe2\x82\xac|" },
        { "a;b=1", "a;b=1|" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pairs pairs;

        expect_int(
            rows[i].text, url_parse_form(*state, str_from_c(rows[i].text), 10, &pairs), STATUS_OK);
        expect_str(rows[i].text, shown(*state, pairs), str_from_c(rows[i].pairs));
    }
}

static void forms_with_bytes_that_are_no_text_are_refused(void **state)
{
    static const char *const refused[] = { "a=%00", "%00=a", "a=%", "a=%4", "a=%zz", "a=%ff",
        "a=%c0%80", "a=%ed%a0%80", "a=\xff", "a=%C3", "a=1&b=%" };
    struct pairs pairs;

    for (size_t i = 0; i < COUNT_OF(refused); i++)
        expect_int(refused[i], url_parse_form(*state, str_from_c(refused[i]), 10, &pairs),
            STATUS_BAD_REQUEST);
    assert_int_equal(url_parse_form(*state, STR("a=\0"), 10, &pairs), STATUS_BAD_REQUEST);
}

static void a_raw_query_keeps_plus_and_any_byte(void **state)
{
    struct pairs pairs;

    assert_int_equal(
        url_parse_query_raw(*state, STR("prefix=a+b%00%FF&uploads"), 10, &pairs), STATUS_OK);
    assert_int_equal(pairs.count, 2);
    expect_str("value", pairs.item[0].value, STR("a+b\0\xff"));
    expect_str("name", pairs.item[1].name, STR("uploads"));
    assert_int_equal(url_parse_query_raw(*state, STR("prefix=%4"), 10, &pairs), STATUS_BAD_REQUEST);
}

static void more_pairs_than_the_limit_are_refused(void **state)
{
    struct pairs pairs;

    assert_int_equal(url_parse_form(*state, STR("a&b&c"), 3, &pairs), STATUS_OK);
    assert_int_equal(url_parse_form(*state, STR("a&b&c&d"), 3, &pairs), STATUS_BAD_REQUEST);
    assert_int_equal(url_parse_form(*state, STR("a&&&&&b"), 3, &pairs), STATUS_OK);
}

static void a_form_cut_at_any_byte_is_read_or_refused_within_bounds(void **state)
{
    struct str whole = STR("name=%C3%A4+b&tag=x%20y&tag=z&empty=&=v");

    for (size_t len = 0; len <= whole.len; len++) {
        char *cut = unit_exact_copy(str_head(whole, len));
        struct pairs pairs;
        /* An escape or a code point is cut exactly here. */
        bool is_cut = (len > 5 && len < 11) || len == 20 || len == 21;
        enum status status = url_parse_form(*state, str_from(cut, len), 10, &pairs);

        expect_int("length", status, is_cut ? STATUS_BAD_REQUEST : STATUS_OK);
        free(cut);
    }
}

static void the_first_pair_of_a_name_is_found(void **state)
{
    static const struct pair items[] = { { STR_INIT("a"), STR_INIT("1") },
        { STR_INIT("a"), STR_INIT("2") }, { STR_INIT("b"), STR_INIT("") } };
    struct pairs pairs = { items, COUNT_OF(items) };
    bool found;

    (void)state;
    expect_str("first", pairs_get(pairs, STR("a"), NULL), STR("1"));
    expect_str("empty", pairs_get(pairs, STR("b"), &found), STR(""));
    assert_true(found);
    expect_str("absent", pairs_get(pairs, STR("c"), &found), STR(""));
    assert_false(found);
}

static void urls_of_settings_come_apart_and_together(void **state)
{
    static const struct {
        const char *text, *scheme, *host;
        int port;
        const char *path, *host_header, *origin;
    } rows[] = {
        { "http://localhost", "http", "localhost", 80, "", "localhost", "http://localhost" },
        { "HTTPS://S3.Example.ORG/", "https", "s3.example.org", 443, "", "s3.example.org",
            "https://s3.example.org" },
        { "http://127.0.0.1:9000", "http", "127.0.0.1", 9000, "", "127.0.0.1:9000",
            "http://127.0.0.1:9000" },
        { "https://h:443/a/b//", "https", "h", 443, "/a/b", "h", "https://h" },
        { "https://h:80", "https", "h", 80, "", "h:80", "https://h:80" },
        { "http://[::1]:8080/x", "http", "[::1]", 8080, "/x", "[::1]:8080", "http://[::1]:8080" },
        { "http://[FE80::1]", "http", "[fe80::1]", 80, "", "[fe80::1]", "http://[fe80::1]" },
        { "http://a_b.c-d/%20", "http", "a_b.c-d", 80, "/%20", "a_b.c-d", "http://a_b.c-d" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url url;

        expect_int(rows[i].text, url_parse(*state, str_from_c(rows[i].text), &url), STATUS_OK);
        expect_str("scheme", url.scheme, str_from_c(rows[i].scheme));
        expect_str("host", url.host, str_from_c(rows[i].host));
        expect_int("port", url.port, rows[i].port);
        expect_str("path", url.path, str_from_c(rows[i].path));
        expect_str("header", url_host_header(*state, &url), str_from_c(rows[i].host_header));
        expect_str("origin", url_origin(*state, &url), str_from_c(rows[i].origin));
    }
}

static void what_is_no_plain_http_url_is_refused(void **state)
{
    static const char *const refused[] = { "", "localhost", "localhost:9000", "//h", "ftp://h",
        "javascript:alert(1)", "http:/h", "http:h", "http://", "http:///x", "http://:80",
        "http://h:", "http://h:0", "http://h:65536", "http://h:080", "http://h:+1", "http://h:1x",
        "http://u@h", "http://u:p@h", "http://h?q", "http://h#f", "http://h/x?q", "http://h/#f",
        "http://h/a b", " http://h", "http://h ", "http://h\\x", "http://h/\\x",
        "http://a/\xc3\xa4", "http://\xc3\xa4", "http://[::1", "http://::1", "http://[::g]",
        "http://[]", "http://[::1]x", "http://h/\n", "http://h%41" };
    struct url url;

    for (size_t i = 0; i < COUNT_OF(refused); i++)
        expect_int(refused[i], url_parse(*state, str_from_c(refused[i]), &url), STATUS_INVALID);
    assert_int_equal(url_parse(*state, STR("http://h\0x"), &url), STATUS_INVALID);
}

static void a_url_cut_at_any_byte_stays_within_bounds(void **state)
{
    struct str whole = STR("https://[2001:db8::1]:8443/path/x");

    for (size_t len = 0; len <= whole.len; len++) {
        char *cut = unit_exact_copy(str_head(whole, len));
        struct url url;
        /* From the bracket on it is whole, but for the colon without a port. */
        enum status expected = len >= 21 && len != 22 ? STATUS_OK : STATUS_INVALID;

        expect_int("length", url_parse(*state, str_from(cut, len), &url), expected);
        free(cut);
    }
}

static void host_headers_are_checked(void **state)
{
    static const struct {
        const char *text;
        bool is_host;
        const char *without_port;
    } rows[] = {
        { "localhost", true, "localhost" },
        { "a.b-c_d:8080", true, "a.b-c_d" },
        { "127.0.0.1:1", true, "127.0.0.1" },
        { "[::1]", true, "[::1]" },
        { "[::1]:65535", true, "[::1]" },
        { "", false, "" },
        { ":80", false, "" },
        { "a:b", false, "a" },
        { "a:", false, "a" },
        { "a:0", false, "a" },
        { "a b", false, "a b" },
        { "a/b", false, "a/b" },
        { "a,b", false, "a,b" },
        { "a\"", false, "a\"" },
        { "<x>", false, "<x>" },
        { "[::1", false, "[::1" },
        { "[::1]80", false, "[::1]" },
        { "[x]", false, "[x]" },
        { "a@b", false, "a@b" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str host = str_from_c(rows[i].text);

        expect_int(rows[i].text, url_is_host(host), rows[i].is_host);
        expect_str(rows[i].text, url_host_without_port(host), str_from_c(rows[i].without_port));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("forms are split and decoded in order", forms_are_split_and_decoded_in_order),
        TEST("forms with bytes that are no text are refused",
            forms_with_bytes_that_are_no_text_are_refused),
        TEST("a raw query keeps plus and any byte", a_raw_query_keeps_plus_and_any_byte),
        TEST("more pairs than the limit are refused", more_pairs_than_the_limit_are_refused),
        TEST("a form cut at any byte is read or refused, within bounds",
            a_form_cut_at_any_byte_is_read_or_refused_within_bounds),
        TEST("the first pair of a name is found", the_first_pair_of_a_name_is_found),
        TEST("URLs of settings come apart and together", urls_of_settings_come_apart_and_together),
        TEST("what is no plain http URL is refused", what_is_no_plain_http_url_is_refused),
        TEST(
            "a URL cut at any byte stays within bounds", a_url_cut_at_any_byte_stays_within_bounds),
        TEST("host headers are checked", host_headers_are_checked),
    };

    return RUN(tests);
}
