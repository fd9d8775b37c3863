/*
 * proxy.c - reading X-Forwarded-* and Forwarded (RFC 7239) from the right, as far as they are to be
 * believed.
 */
#include "cgi/proxy.h"

enum { HOPS_MAX = 32 };

/* What one proxy says of whom it talked to; empty where it says nothing. */
struct hop {
    struct str client, proto, host;
};

/* --- settings */

static bool parse_part(struct str part, struct address_range *range, struct proxy_trust *out)
{
    if (str_equal_nocase(part, STR("unix"))) {
        out->trusts_local_sockets = true;
        return true;
    }
    out->range_count++;
    return address_range_parse(part, range);
}

bool proxy_trust_parse(struct arena *arena, struct str text, struct proxy_trust *out)
{
    struct proxy_trust trust = { .header = out->header };
    struct str part, rest = str_trim(text);
    struct address_range *ranges = ARENA_ARRAY(arena, struct address_range, text.len / 2 + 1);

    while (rest.len > 0 && str_split(&rest, ',', &part))
        if (!parse_part(str_trim(part), &ranges[trust.range_count], &trust))
            return false;
    trust.ranges = ranges;
    *out = trust;
    return true;
}

/* --- trust */

static bool is_trusted(const struct proxy_trust *trust, const struct address *address)
{
    for (size_t i = 0; i < trust->range_count; i++)
        if (address_range_has(&trust->ranges[i], address))
            return true;
    return false;
}

/* lighttpd and nginx say nothing or "unix:" of a connection without an address. */
static bool is_local_socket(struct str remote_addr)
{
    return str_is_empty(remote_addr) || str_starts_with(remote_addr, STR("unix:"));
}

static bool is_connection_trusted(const struct proxy_trust *trust, struct str remote_addr)
{
    struct address address;

    if (is_local_socket(remote_addr))
        return trust->trusts_local_sockets;
    return address_parse(remote_addr, &address) && is_trusted(trust, &address);
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"; not
 * "unknown", not "_hidden" (RFC 7239, section 6). */
static bool parse_node(struct str node, struct address *out)
{
    ssize_t colon = str_index(node, ':');

    if (node.len > 0 && node.ptr[0] == '[') {
        ssize_t end = str_index(node, ']');

        return end > 0 && address_parse(str_from(node.ptr + 1, (size_t)end - 1), out);
    }
    if (colon >= 0 && colon == str_last_index(node, ':'))
        node = str_head(node, (size_t)colon);
    return address_parse(node, out);
}

/* --- headers */

/*
 * The last comma of `list` that does not stand in a quoted string, or -1. Quotes are paired from
 * the right: there stands what our own proxies wrote, whole; an odd quote that a client sent, left
 * of it, must not swallow that.
 */
static ssize_t last_comma(struct str list, bool has_quotes)
{
    bool is_quoted = false;

    for (size_t i = list.len; i > 0; i--) {
        if (list.ptr[i - 1] == '"' && has_quotes)
            is_quoted = !is_quoted;
        else if (list.ptr[i - 1] == ',' && !is_quoted)
            return (ssize_t)i - 1;
    }
    return -1;
}

/* Take the last element off the end of the list; false when there is none. */
static bool take_last(struct str *list, bool has_quotes, struct str *out)
{
    ssize_t comma;

    if (list->ptr == NULL)
        return false;
    comma = last_comma(*list, has_quotes);
    *out = str_trim(str_from_offset(*list, (size_t)(comma + 1)));
    *list = comma < 0 ? STR_EMPTY : str_head(*list, (size_t)comma);
    return true;
}

/* All fields of that name as one list (RFC 9110, section 5.3): some web servers join them, some
 * hand over each. */
static struct str joined(const struct request *request, struct str name)
{
    struct str list = STR_EMPTY;

    for (size_t i = 0; i < request->headers.count; i++) {
        const struct pair *header = &request->headers.item[i];

        if (!str_equal(header->name, name))
            continue;
        list = list.ptr == NULL ? header->value
                                : ARENA_JOIN(request->arena, list, STR(","), header->value);
    }
    return list;
}

static struct str last_of(const struct request *request, struct str name)
{
    struct str list = joined(request, name), last = STR_EMPTY;

    return take_last(&list, false, &last) ? last : STR_EMPTY;
}

/* A token or a quoted string without its quotes; escapes occur in nothing that is taken from it. */
static struct str unquoted(struct str value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return str_from(value.ptr + 1, value.len - 2);
    return value;
}

/* for=192.0.2.60;proto=http;host=example.org. A ';' in quotes would be read wrongly: then nothing
 * of it parses. */
static struct hop parse_forwarded(struct str element)
{
    struct hop hop = { .client = STR_EMPTY };
    struct str part, name;

    while (str_split(&element, ';', &part)) {
        part = str_trim(part);
        if (!str_split(&part, '=', &name) || part.ptr == NULL)
            continue;
        if (str_equal_nocase(name, STR("for")))
            hop.client = unquoted(part);
        else if (str_equal_nocase(name, STR("proto")))
            hop.proto = unquoted(part);
        else if (str_equal_nocase(name, STR("host")))
            hop.host = unquoted(part);
    }
    return hop;
}

/* --- the client */

/*
 * From the right: as long as the one who wrote an element is trusted, it is believed. *out_hop is
 * the last that is; *out_client the nearest address known. False: nothing was believed.
 */
static bool find_client(const struct proxy_trust *trust, struct str list, struct hop *out_hop,
    struct address *out_client)
{
    struct str element;
    bool is_rfc = trust->header == PROXY_FORWARDED, is_found = false;

    for (int i = 0; i < HOPS_MAX && take_last(&list, is_rfc, &element); i++) {
        struct hop hop = is_rfc ? parse_forwarded(element) : (struct hop){ .client = element };

        if (!parse_node(hop.client, out_client)) {
            if (!is_found)
                *out_hop = hop;
            return is_found;
        }
        *out_hop = hop;
        is_found = true;
        if (!is_trusted(trust, out_client))
            return true;
    }
    return is_found;
}

static void apply_origin(struct request *request, const struct hop *hop)
{
    if (str_equal_nocase(hop->proto, STR("https")))
        request->is_https = true;
    else if (str_equal_nocase(hop->proto, STR("http")))
        request->is_https = false;
    if (!str_is_empty(hop->host) && url_is_host(hop->host))
        request->host = hop->host;
}

void proxy_apply(const struct proxy_trust *trust, struct request *request)
{
    bool is_rfc = trust->header == PROXY_FORWARDED;
    struct hop hop = { .client = STR_EMPTY };
    struct address client;

    if (!is_connection_trusted(trust, request->remote_addr))
        return;
    if (find_client(trust, joined(request, is_rfc ? STR("forwarded") : STR("x-forwarded-for")),
            &hop, &client))
        request->remote_addr = address_format(request->arena, &client);
    if (!is_rfc) {
        hop.proto = last_of(request, STR("x-forwarded-proto"));
        hop.host = last_of(request, STR("x-forwarded-host"));
    }
    apply_origin(request, &hop);
}
