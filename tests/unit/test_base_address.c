/* test_base_address.c - addresses and ranges: what is one, what is in one. */
#include "unit.h"

#include "base/address.h"

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *written; /* NULL: no address */
    } rows[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "2001:DB8:0:0::1", "2001:db8::1" },
        { "::", "::" },
        { "0.0.0.0", "0.0.0.0" },
        { "", NULL },
        { "192.0.2", NULL },
        { "192.0.2.256", NULL },
        { "192.0.2.1:80", NULL },
        { "[2001:db8::1]", NULL },
        { "fe80::1%eth0", NULL },
        { "localhost", NULL },
        { " 192.0.2.1", NULL },
        { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;
        bool is_one = address_parse(str_from_c(rows[i].text), &address);

        expect_int(rows[i].text, is_one, rows[i].written != NULL);
        if (is_one)
            expect_str(rows[i].text, address_format(*state, &address), str_from_c(rows[i].written));
    }
    struct address address;
    assert_false(address_parse(str_from("1.2.3.4\0x", 9), &address));
}

static void ranges_hold_what_begins_alike(void **state)
{
    static const struct {
        const char *range, *address;
        bool is_range, is_in;
    } rows[] = {
        { "10.0.0.0/8", "10.255.255.255", true, true },
        { "10.0.0.0/8", "11.0.0.0", true, false },
        { "10.0.0.0/8", "::ffff:10.1.2.3", true, true },
        { "10.0.0.0/8", "a00::", true, false },
        { "192.0.2.7", "192.0.2.7", true, true },
        { "192.0.2.7", "192.0.2.6", true, false },
        { "192.0.2.128/25", "192.0.2.129", true, true },
        { "192.0.2.128/25", "192.0.2.127", true, false },
        { "0.0.0.0/0", "255.1.2.3", true, true },
        { "0.0.0.0/0", "2001:db8::1", true, false },
        { "::/0", "192.0.2.1", true, true },
        { "2001:db8::/33", "2001:db8:7fff::1", true, true },
        { "2001:db8::/33", "2001:db8:8000::1", true, false },
        { "10.0.0.1/8", "10.0.0.1", false, false },
        { "10.0.0.0/33", "10.0.0.1", false, false },
        { "10.0.0.0/", "10.0.0.1", false, false },
        { "10.0.0.0/-1", "10.0.0.1", false, false },
        { "2001:db8::/129", "2001:db8::", false, false },
        { "all", "10.0.0.1", false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address_range range;
        struct address address;
        bool is_range = address_range_parse(str_from_c(rows[i].range), &range);

        expect_int(rows[i].range, is_range, rows[i].is_range);
        assert_true(address_parse(str_from_c(rows[i].address), &address));
        if (is_range)
            expect_int(rows[i].range, address_range_has(&range, &address), rows[i].is_in);
    }
}

static void a_network_is_what_one_client_has(void **state)
{
    static const struct {
        const char *address, *network;
    } rows[] = {
        { "192.0.2.77", "192.0.2.77" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;

        assert_true(address_parse(str_from_c(rows[i].address), &address));
        address = address_network(&address);
        expect_str(rows[i].address, address_format(*state, &address), str_from_c(rows[i].network));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("addresses are read and written", addresses_are_read_and_written),
        TEST("ranges hold what begins alike", ranges_hold_what_begins_alike),
        TEST("a network is what one client has", a_network_is_what_one_client_has),
    };

    return RUN(tests);
}
