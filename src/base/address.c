/* address.c - inet_pton and inet_ntop, and comparing the first so many bits. */
#include "base/address.h"

#include <arpa/inet.h>

enum { IPV4_OFFSET = 12, IPV4_BITS = 96, NETWORK_BYTES = 8 };

static const unsigned char mapped[IPV4_OFFSET] = { [10] = 0xff, [11] = 0xff };

static bool is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

bool address_parse(struct str text, struct address *out)
{
    char c_text[INET6_ADDRSTRLEN];
    struct address address;

    if (text.len == 0 || text.len >= sizeof c_text)
        return false;
    memcpy(c_text, text.ptr, text.len);
    c_text[text.len] = '\0';
    if (strlen(c_text) != text.len)
        return false;
    memcpy(address.bytes, mapped, sizeof mapped);
    if (inet_pton(AF_INET, c_text, address.bytes + IPV4_OFFSET) != 1 &&
        inet_pton(AF_INET6, c_text, address.bytes) != 1)
        return false;
    *out = address;
    return true;
}

struct str address_format(struct arena *arena, const struct address *address)
{
    char text[INET6_ADDRSTRLEN];

    if (is_ipv4(address))
        inet_ntop(AF_INET, address->bytes + IPV4_OFFSET, text, sizeof text);
    else
        inet_ntop(AF_INET6, address->bytes, text, sizeof text);
    return arena_copy(arena, str_from_c(text));
}

/* The address with all but its first so many bits cleared. */
static struct address masked(const struct address *address, int prefix_bits)
{
    struct address result = { { 0 } };
    int whole = prefix_bits / 8, rest = prefix_bits % 8;

    memcpy(result.bytes, address->bytes, (size_t)whole);
    if (rest > 0)
        result.bytes[whole] = (unsigned char)(address->bytes[whole] & (0xff00 >> rest));
    return result;
}

static bool is_same(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool address_range_parse(struct str text, struct address_range *out)
{
    ssize_t slash = str_index(text, '/');
    struct address_range range = { .prefix_bits = 8 * ADDRESS_BYTES };
    struct str head = slash < 0 ? text : str_head(text, (size_t)slash);
    uint64_t bits = 0, most;

    if (!address_parse(head, &range.first))
        return false;
    if (slash >= 0) {
        bool is_dotted = str_index(head, ':') < 0;
        struct address network;

        most = is_dotted ? 8 * ADDRESS_BYTES - IPV4_BITS : 8 * ADDRESS_BYTES;
        if (!str_parse_u64(str_from_offset(text, (size_t)slash + 1), &bits) || bits > most)
            return false;
        range.prefix_bits = (int)bits + (is_dotted ? IPV4_BITS : 0);
        network = masked(&range.first, range.prefix_bits);
        if (!is_same(&network, &range.first))
            return false;
    }
    *out = range;
    return true;
}

bool address_range_has(const struct address_range *range, const struct address *address)
{
    struct address network = masked(address, range->prefix_bits);

    return is_same(&network, &range->first);
}

struct address address_network(const struct address *address)
{
    struct address network = *address;

    if (!is_ipv4(address))
        memset(network.bytes + NETWORK_BYTES, 0, sizeof network.bytes - NETWORK_BYTES);
    return network;
}
