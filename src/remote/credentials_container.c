/*
 * The credential endpoint of a container's host: ECS tasks (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)
 * and EKS pod identities (AWS_CONTAINER_CREDENTIALS_FULL_URI with a bearer token).
 *
 * What it sends may be a bearer token and what it gets are keys: so plain http goes nowhere but to
 * this machine and to the three addresses that AWS gave to its agents ("Container credential
 * provider", AWS SDKs and Tools Reference Guide).
 */
#include "remote/credential_search.h"

#include "base/file.h"

#include <arpa/inet.h>

enum { TOKEN_MAX_BYTES = 16384, TIMEOUT_MS = 2000 };

static const char WHO[] = "the container endpoint";

static bool is_loopback(struct arena *arena, struct str host)
{
    struct in_addr v4;

    return str_equal(host, STR("localhost")) || str_equal(host, STR("[::1]")) ||
           (inet_pton(AF_INET, arena_c_string(arena, host), &v4) == 1 &&
               ntohl(v4.s_addr) >> 24 == 127);
}

static bool is_agent(struct str host)
{
    return str_equal(host, STR("169.254.170.2")) || str_equal(host, STR("169.254.170.23")) ||
           str_equal(host, STR("[fd00:ec2::23]"));
}

/* The URL with its query, which url_parse does not take: "?..." is kept as it was given. */
static bool is_allowed(struct arena *arena, struct str full)
{
    ssize_t query = str_index(full, '?');
    struct url url;

    if (str_index(full, '#') >= 0 ||
        url_parse(arena, query < 0 ? full : str_head(full, (size_t)query), &url) != STATUS_OK)
        return false;
    return str_equal(url.scheme, STR("https")) || is_agent(url.host) ||
           is_loopback(arena, url.host);
}

/* A relative one wins, as in the SDKs. */
static bool find_url(struct credential_search *search, struct str *out)
{
    const struct credential_options *options = search->options;

    if (str_is_empty(options->container_relative_uri)) {
        *out = options->container_full_uri;
        return is_allowed(search->arena, *out);
    }
    *out = ARENA_JOIN(search->arena, STR("http://169.254.170.2"), options->container_relative_uri);
    return options->container_relative_uri.ptr[0] == '/' && is_allowed(search->arena, *out);
}

/* The file wins over the variable and is read anew each time. Empty: no token is wanted. */
static enum credential_outcome find_token(struct credential_search *search, struct str *out)
{
    const struct credential_options *options = search->options;

    *out = options->container_token;
    if (!str_is_empty(options->container_token_file) &&
        file_read(search->arena, arena_c_string(search->arena, options->container_token_file),
            TOKEN_MAX_BYTES, out) != STATUS_OK)
        return credential_failed(search, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
    *out = str_trim(*out);
    if (str_index(*out, '\r') >= 0 || str_index(*out, '\n') >= 0 || str_index(*out, '\0') >= 0)
        return credential_failed(search, "the container authorization token has line breaks");
    return CREDENTIAL_FOUND;
}

enum credential_outcome credential_from_container(struct credential_search *search)
{
    const struct credential_options *options = search->options;
    struct pair headers[2] = { { STR("Accept"), STR("application/json") } };
    struct http_request request = {
        .method = STR("GET"), .headers = { headers, 1 }, .timeout_ms = TIMEOUT_MS
    };
    struct http_response response;
    enum credential_outcome outcome;
    struct str token;

    if (str_is_empty(options->container_relative_uri) && str_is_empty(options->container_full_uri))
        return credential_absent(search, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
                                         "AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
    if (!find_url(search, &request.url))
        return credential_failed(search,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http at this machine or at "
            "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
    outcome = find_token(search, &token);
    if (outcome != CREDENTIAL_FOUND)
        return outcome;
    if (!str_is_empty(token))
        headers[request.headers.count++] = (struct pair){ STR("Authorization"), token };
    outcome = credential_ask(search, WHO, &request, &response);
    if (outcome == CREDENTIAL_FOUND)
        outcome = credential_read_json(search, WHO, response.body);
    search->found.origin = STR("the container's credential endpoint");
    return outcome;
}
