/*
 * url.c - query strings into pairs, and the http URLs of settings into their parts.
 */
#include "base/url.h"

#include "base/escape.h"

#include <arpa/inet.h>

/* How a kind of query string is read. */
struct form_rules {
    bool plus_is_space;
    bool is_text; /* decoded bytes must be UTF-8 without NUL */
};

static bool decode_part(
    struct arena *arena, struct str part, const struct form_rules *rules, struct str *out)
{
    if (!escape_url_decode(arena, part, rules->plus_is_space, out))
        return false;
    return !rules->is_text || (str_index(*out, '\0') < 0 && str_is_utf8(*out));
}

static bool decode_pair(
    struct arena *arena, struct str part, const struct form_rules *rules, struct pair *out)
{
    ssize_t equals = str_index(part, '=');
    struct str name = equals < 0 ? part : str_head(part, (size_t)equals);
    struct str value = equals < 0 ? STR_EMPTY : str_from_offset(part, (size_t)equals + 1);

    return decode_part(arena, name, rules, &out->name) &&
           decode_part(arena, value, rules, &out->value);
}

/* Non-empty parts between '&': what the form holds, so that no more is allocated. */
static size_t count_parts(struct str text)
{
    struct str part;
    size_t count = 0;

    while (str_split(&text, '&', &part))
        count += part.len > 0;
    return count;
}

static enum status parse_pairs(struct arena *arena, struct str text, size_t max_pairs,
    const struct form_rules *rules, struct pairs *out)
{
    size_t count = count_parts(text), filled = 0;
    struct str part;

    if (count > max_pairs)
        return STATUS_BAD_REQUEST;
    struct pair *items = ARENA_ARRAY(arena, struct pair, count);
    while (str_split(&text, '&', &part)) {
        if (part.len == 0)
            continue;
        if (!decode_pair(arena, part, rules, &items[filled++]))
            return STATUS_BAD_REQUEST;
    }
    *out = (struct pairs){ items, filled };
    return STATUS_OK;
}

enum status url_parse_form(
    struct arena *arena, struct str text, size_t max_pairs, struct pairs *out)
{
    static const struct form_rules rules = { .plus_is_space = true, .is_text = true };

    return parse_pairs(arena, text, max_pairs, &rules, out);
}

enum status url_parse_query_raw(
    struct arena *arena, struct str text, size_t max_pairs, struct pairs *out)
{
    static const struct form_rules rules = { .plus_is_space = false, .is_text = false };

    return parse_pairs(arena, text, max_pairs, &rules, out);
}

struct str pairs_get(struct pairs pairs, struct str name, bool *out_found)
{
    for (size_t i = 0; i < pairs.count; i++) {
        if (str_equal(pairs.item[i].name, name)) {
            if (out_found)
                *out_found = true;
            return pairs.item[i].value;
        }
    }
    if (out_found)
        *out_found = false;
    return STR_EMPTY;
}

/* The length of the host at the front of an authority: up to the ':' of a port, or the end. */
static size_t host_length(struct str authority)
{
    ssize_t end;

    if (authority.len && authority.ptr[0] == '[') {
        end = str_index(authority, ']');
        return end < 0 ? authority.len : (size_t)end + 1;
    }
    end = str_index(authority, ':');
    return end < 0 ? authority.len : (size_t)end;
}

struct str url_host_without_port(struct str host)
{
    return str_head(host, host_length(host));
}

static bool is_ipv6_literal(struct str host)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;

    if (host.len < 4 || host.len - 2 >= sizeof text || host.ptr[host.len - 1] != ']')
        return false;
    memcpy(text, host.ptr + 1, host.len - 2);
    text[host.len - 2] = '\0';
    return strlen(text) == host.len - 2 && inet_pton(AF_INET6, text, &address) == 1;
}

/* Letters, digits and "-._": what DNS names and IPv4 addresses need; RFC 3986 allows more, nobody
 * has such a host. */
static bool is_reg_name(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char byte = host.ptr[i], letter = (char)(byte | 0x20);

        if (!(letter >= 'a' && letter <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-' &&
            byte != '.' && byte != '_')
            return false;
    }
    return host.len > 0 && host.len <= 253;
}

static bool is_host_name(struct str host)
{
    return host.len && host.ptr[0] == '[' ? is_ipv6_literal(host) : is_reg_name(host);
}

/* ":8080" or nothing; *out is left as it is for nothing. */
static bool parse_port(struct str text, int *out)
{
    uint64_t port;

    if (text.len == 0)
        return true;
    if (text.ptr[0] != ':' || !str_parse_u64(str_from_offset(text, 1), &port))
        return false;
    if (port < 1 || port > 65535)
        return false;
    *out = (int)port;
    return true;
}

bool url_is_host(struct str host)
{
    struct str name = url_host_without_port(host);
    int port;

    return is_host_name(name) && parse_port(str_from_offset(host, name.len), &port);
}

static struct str lower_copy(struct arena *arena, struct str s)
{
    char *copy = arena_c_string(arena, s);

    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] | 0x20);
    return str_from(copy, s.len);
}

/* Take "http://" or "https://" off the front and set scheme and its port. */
static bool take_scheme(struct str *rest, struct url *url)
{
    /* clang-format off */
    static const struct { struct str prefix, scheme; int port; } schemes[] = {
        { STR_INIT("http://"),  STR_INIT("http"),  80 },
        { STR_INIT("https://"), STR_INIT("https"), 443 },
    };
    /* clang-format on */

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (str_equal_nocase(str_head(*rest, schemes[i].prefix.len), schemes[i].prefix)) {
            *rest = str_from_offset(*rest, schemes[i].prefix.len);
            url->scheme = schemes[i].scheme;
            url->port = schemes[i].port;
            return true;
        }
    }
    return false;
}

/* Printable ASCII without what would begin a query or a fragment, or be read as a slash by some. */
static bool is_path(struct str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char byte = path.ptr[i];

        if (byte <= ' ' || byte > '~' || strchr("?#\\\"<>^`{|}", byte))
            return false;
    }
    return true;
}

enum status url_parse(struct arena *arena, struct str text, struct url *out)
{
    struct url url = { 0 };

    if (!take_scheme(&text, &url))
        return STATUS_INVALID;

    ssize_t slash = str_index(text, '/');
    struct str authority = slash < 0 ? text : str_head(text, (size_t)slash);
    struct str path = slash < 0 ? STR_EMPTY : str_from_offset(text, (size_t)slash);
    struct str host = url_host_without_port(authority);

    if (!is_host_name(host) || !is_path(path))
        return STATUS_INVALID;
    if (!parse_port(str_from_offset(authority, host.len), &url.port))
        return STATUS_INVALID;
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    url.host = lower_copy(arena, host);
    url.path = arena_copy(arena, path);
    *out = url;
    return STATUS_OK;
}

struct str url_host_header(struct arena *arena, const struct url *url)
{
    bool is_default = url->port == (str_equal(url->scheme, STR("https")) ? 443 : 80);

    if (is_default)
        return arena_copy(arena, url->host);
    return arena_printf(arena, "%.*s:%d", STR_ARG(url->host), url->port);
}

struct str url_origin(struct arena *arena, const struct url *url)
{
    return ARENA_JOIN(arena, url->scheme, STR("://"), url_host_header(arena, url));
}
