/* test_cgi_proxy.c - whose word about the client is taken, and whose is not. */
#include "unit.h"

#include "cgi/proxy.h"

static ssize_t read_nothing(void *context, void *buffer, size_t len)
{
    (void)context;
    (void)buffer;
    (void)len;
    return 0;
}

struct row {
    const char *what, *trust;
    enum proxy_header header;
    const char *remote;
    const char *headers[4];
    const char *client, *origin; /* what is expected; origin NULL: as the web server said */
};

static void check_row(struct arena *arena, const struct row *row)
{
    const char *environment[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=own.example",
        arena_printf(arena, "REMOTE_ADDR=%s", row->remote).ptr, row->headers[0], row->headers[1],
        row->headers[2], row->headers[3], NULL };
    struct proxy_trust trust = { .header = row->header };
    struct request request;
    struct str origin;

    assert_true(proxy_trust_parse(arena, str_from_c(row->trust), &trust));
    assert_int_equal(request_from_environment(&request, arena, (char **)environment,
                         (struct body_source){ read_nothing, NULL }),
        STATUS_OK);
    proxy_apply(&trust, &request);
    expect_str(row->what, request.remote_addr, str_from_c(row->client));
    origin = ARENA_JOIN(arena, request.is_https ? STR("https://") : STR("http://"), request.host);
    expect_str(row->what, origin, str_from_c(row->origin ? row->origin : "http://own.example"));
}

static void only_trusted_proxies_are_believed(void **state)
{
    static const struct row rows[] = {
        { "nobody is trusted", "", PROXY_X_FORWARDED, "192.0.2.1",
            { "HTTP_X_FORWARDED_FOR=10.9.9.9", "HTTP_X_FORWARDED_PROTO=https",
                "HTTP_X_FORWARDED_HOST=evil.example" },
            "192.0.2.1", NULL },
        { "the connection is not from a proxy", "10.0.0.0/8", PROXY_X_FORWARDED, "192.0.2.1",
            { "HTTP_X_FORWARDED_FOR=198.51.100.1", "HTTP_X_FORWARDED_PROTO=https" }, "192.0.2.1",
            NULL },
        { "one proxy", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=198.51.100.1", "HTTP_X_FORWARDED_PROTO=https",
                "HTTP_X_FORWARDED_HOST=shown.example:8443" },
            "198.51.100.1", "https://shown.example:8443" },
        { "the client wrote the left part", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=127.0.0.1, 10.0.0.7, 198.51.100.1" }, "198.51.100.1", NULL },
        { "two proxies", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=203.0.113.9, 198.51.100.1, 10.0.0.2" }, "198.51.100.1", NULL },
        { "only proxies", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=10.0.0.3, 10.0.0.2" }, "10.0.0.3", NULL },
        { "the header comes twice", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=203.0.113.9", "HTTP_X_FORWARDED_FOR=198.51.100.1",
                "SERVER_SOFTWARE=nginx/1.22.1" },
            "198.51.100.1", NULL },
        { "a port, an IPv6 address", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=[2001:db8::1]:443, 10.0.0.2:1234" }, "2001:db8::1", NULL },
        { "a bare IPv6 address", "2001:db8:1::/48", PROXY_X_FORWARDED, "2001:db8:1::5",
            { "HTTP_X_FORWARDED_FOR=2001:db8::77" }, "2001:db8::77", NULL },
        { "an IPv4 client seen by an IPv6 socket", "10.0.0.0/8", PROXY_X_FORWARDED,
            "::ffff:10.0.0.1", { "HTTP_X_FORWARDED_FOR=198.51.100.1" }, "198.51.100.1", NULL },
        { "no address", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=unknown" }, "10.0.0.1", NULL },
        { "no address before a proxy", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=198.51.100.1, <script>, 10.0.0.2" }, "10.0.0.2", NULL },
        { "an odd quote hides nothing", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=\"x, 198.51.100.1" }, "198.51.100.1", NULL },
        { "empty", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=", "HTTP_X_FORWARDED_PROTO=", "HTTP_X_FORWARDED_HOST=" },
            "10.0.0.1", NULL },
        { "a host that is none", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_HOST=a/b", "HTTP_X_FORWARDED_PROTO=gopher" }, "10.0.0.1", NULL },
        { "the last word of a list", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_HOST=evil.example, shown.example",
                "HTTP_X_FORWARDED_PROTO=http, https" },
            "10.0.0.1", "https://shown.example" },
        { "the other header is not read", "10.0.0.0/8", PROXY_X_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=for=203.0.113.9;proto=https" }, "10.0.0.1", NULL },
        { "the other header is not read either", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_X_FORWARDED_FOR=203.0.113.9", "HTTP_X_FORWARDED_PROTO=https" }, "10.0.0.1",
            NULL },
        { "a Unix socket", "unix", PROXY_X_FORWARDED,
            "unix:", { "HTTP_X_FORWARDED_FOR=198.51.100.1" }, "198.51.100.1", NULL },
        { "a Unix socket that is not trusted", "127.0.0.1", PROXY_X_FORWARDED,
            "unix:", { "HTTP_X_FORWARDED_FOR=198.51.100.1" }, "unix:", NULL },

        { "RFC 7239", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=for=198.51.100.1;proto=https;host=shown.example;by=10.0.0.1" },
            "198.51.100.1", "https://shown.example" },
        { "RFC 7239, two proxies and a liar", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=for=1.1.1.1;host=evil.example, "
              "For=\"[2001:db8::1]:80\";Proto=HTTPS;Host=\"shown.example\", for=10.0.0.2" },
            "2001:db8::1", "https://shown.example" },
        { "RFC 7239, an odd quote of the client's", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=for=\"x, for=198.51.100.1" }, "198.51.100.1", NULL },
        { "RFC 7239, a hidden client", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=for=_hidden;proto=https" }, "10.0.0.1", "https://own.example" },
        { "RFC 7239, nonsense", "10.0.0.0/8", PROXY_FORWARDED, "10.0.0.1",
            { "HTTP_FORWARDED=;;=,for,for=\"" }, "10.0.0.1", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(*state, &rows[i]);
}

static void lists_of_proxies_are_read_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_list;
    } rows[] = {
        { "", true },
        { "10.0.0.0/8,2001:db8::/32, 192.0.2.7 ,unix", true },
        { "UNIX", true },
        { "10.0.0.0/8,", true },
        { "10.0.0.0/8 192.0.2.1", false },
        { "*", false },
        { "example.org", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy_trust trust = { .header = PROXY_FORWARDED };

        expect_int(rows[i].text, proxy_trust_parse(*state, str_from_c(rows[i].text), &trust),
            rows[i].is_list);
        assert_int_equal(trust.header, PROXY_FORWARDED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("only trusted proxies are believed", only_trusted_proxies_are_believed),
        TEST("lists of proxies are read or refused", lists_of_proxies_are_read_or_refused),
    };

    return RUN(tests);
}
