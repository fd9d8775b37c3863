/*
 * address.h - IP addresses and ranges of them, as numbers.
 *
 * An IPv4 address is kept as the IPv6 address that stands for it (::ffff:192.0.2.1, RFC 4291,
 * section 2.5.5.2), so that one that came over a socket for both is the same address.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/arena.h"

enum { ADDRESS_BYTES = 16 };

struct address {
    unsigned char bytes[ADDRESS_BYTES];
};

struct address_range {
    struct address first;
    int prefix_bits; /* of the 128: an IPv4 /8 is 104 */
};

/* "192.0.2.1", "2001:db8::1" (no brackets, no zone, no port). False: it is none, *out untouched. */
bool address_parse(struct str text, struct address *out) MUST_CHECK;

/* IPv4 in dots; IPv6 as RFC 5952 wants it. */
struct str address_format(struct arena *arena, const struct address *address);

/* "10.0.0.0/8", "2001:db8::/32", or one address. False also when bits are set after the prefix:
 * "10.0.0.1/8" is more likely a mistake than a range. */
bool address_range_parse(struct str text, struct address_range *out) MUST_CHECK;

bool address_range_has(const struct address_range *range, const struct address *address);

/*
 * The part of an address that one client has for itself: of IPv4 all of it, of IPv6 the network
 * (/64), since whoever has one address of it has all of them. The rest is zero.
 */
struct address address_network(const struct address *address);

#endif
