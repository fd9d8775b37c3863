/* The addresses that are not the Internet's. */
#include "remote/public_address.h"

#include <pthread.h>
#include <stdlib.h>

/* Addresses that carry an IPv4 address inside (NAT64, 6to4, Teredo) reach what we mean to keep
 * away as well, so those networks are here as a whole. */
static const struct str not_public[] = {
    STR_INIT("0.0.0.0/8"),
    STR_INIT("10.0.0.0/8"),
    STR_INIT("100.64.0.0/10"),
    STR_INIT("127.0.0.0/8"),
    STR_INIT("169.254.0.0/16"),
    STR_INIT("172.16.0.0/12"),
    STR_INIT("192.0.0.0/24"),
    STR_INIT("192.0.2.0/24"),
    STR_INIT("192.88.99.0/24"),
    STR_INIT("192.168.0.0/16"),
    STR_INIT("198.18.0.0/15"),
    STR_INIT("198.51.100.0/24"),
    STR_INIT("203.0.113.0/24"),
    STR_INIT("224.0.0.0/4"),
    STR_INIT("240.0.0.0/4"),
    STR_INIT("::/96"),
    STR_INIT("64:ff9b::/96"),
    STR_INIT("64:ff9b:1::/48"),
    STR_INIT("100::/64"),
    STR_INIT("2001::/23"),
    STR_INIT("2001:db8::/32"),
    STR_INIT("2002::/16"),
    STR_INIT("fc00::/7"),
    STR_INIT("fe80::/10"),
    STR_INIT("fec0::/10"),
    STR_INIT("ff00::/8"),
};

static struct address_range ranges[COUNT_OF(not_public)];
static pthread_once_t parse_once = PTHREAD_ONCE_INIT;

static void parse_ranges(void)
{
    for (size_t i = 0; i < COUNT_OF(not_public); i++)
        if (!address_range_parse(not_public[i], &ranges[i]))
            abort(); /* a test would have seen it */
}

bool public_address_is(const struct address *address)
{
    pthread_once(&parse_once, parse_ranges);
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (address_range_has(&ranges[i], address))
            return false;
    return true;
}
