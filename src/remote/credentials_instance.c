/*
 * EC2's instance metadata service, version 2: a token for this session, the name of the role, its
 * keys. Version 1, which whoever can make us send a GET could use, is not spoken.
 *
 * From inside a container the token's answer needs one hop more than instances allow by default;
 * it is then dropped on the way, and no answer comes.
 */
#include "remote/credential_search.h"

enum { TIMEOUT_MS = 1000, ROLE_MAX_BYTES = 256 };

#define TOKEN_TTL STR("21600")

static const char WHO[] = "the instance metadata service";

static struct str make_url(const struct credential_search *search, struct str path)
{
    struct str base = search->options->metadata_endpoint;

    return ARENA_JOIN(
        search->arena, str_is_empty(base) ? STR("http://169.254.169.254") : base, path);
}

static bool is_header_value(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len > 0;
}

static enum credential_outcome fetch_token(struct credential_search *search, struct str *out)
{
    const struct pair ttl = { STR("X-aws-ec2-metadata-token-ttl-seconds"), TOKEN_TTL };
    const struct http_request request = {
        .method = STR("PUT"),
        .url = make_url(search, STR("/latest/api/token")),
        .headers = { &ttl, 1 },
        .timeout_ms = TIMEOUT_MS,
    };
    struct http_response response;
    enum credential_outcome outcome = credential_ask(search, WHO, &request, &response);

    if (outcome != CREDENTIAL_FOUND && response.failure == HTTP_FAILURE_TIMEOUT)
        return credential_failed(search,
            "%s did not answer in time: not on EC2, or a container "
            "whose instance allows one hop only",
            WHO);
    *out = str_trim(response.body);
    if (outcome == CREDENTIAL_FOUND && !is_header_value(*out))
        return credential_failed(search, "%s gave a token that is none", WHO);
    return outcome;
}

/* A 401 says that the token has died: once, a new one is asked for. */
static enum credential_outcome get(struct credential_search *search, struct str *token,
    struct str path, struct http_response *response)
{
    enum credential_outcome outcome = CREDENTIAL_FAILED;

    for (int i = 0; i < 2; i++) {
        const struct pair header = { STR("X-aws-ec2-metadata-token"), *token };
        const struct http_request request = {
            .method = STR("GET"),
            .url = make_url(search, path),
            .headers = { &header, 1 },
            .timeout_ms = TIMEOUT_MS,
        };

        outcome = credential_ask(search, WHO, &request, response);
        if (response->status != 401 || i > 0 || fetch_token(search, token) != CREDENTIAL_FOUND)
            break;
    }
    return outcome;
}

/* The first line of the answer; it becomes part of a path. */
static bool read_role(struct str body, struct str *out)
{
    struct str rest = body;

    if (!str_split(&rest, '\n', out))
        return false;
    *out = str_trim(*out);
    for (size_t i = 0; i < out->len; i++)
        if (!strchr("+=,.@_-", out->ptr[i]) && !(out->ptr[i] >= '0' && out->ptr[i] <= '9') &&
            !((out->ptr[i] | 32) >= 'a' && (out->ptr[i] | 32) <= 'z'))
            return false;
    return out->len > 0 && out->len <= ROLE_MAX_BYTES && !str_equal(*out, STR(".."));
}

enum credential_outcome credential_from_instance(struct credential_search *search)
{
    const struct str list = STR("/latest/meta-data/iam/security-credentials/");
    struct http_response response = { .status = 0 };
    enum credential_outcome outcome;
    struct str token = STR_EMPTY, role;

    if (search->options->metadata_disabled)
        return credential_absent(search, "AWS_EC2_METADATA_DISABLED is true");
    outcome = fetch_token(search, &token);
    if (outcome == CREDENTIAL_FOUND)
        outcome = get(search, &token, list, &response);
    if (response.status == 404)
        return credential_failed(search, "no role is attached to this instance");
    if (outcome != CREDENTIAL_FOUND)
        return outcome;
    if (!read_role(response.body, &role))
        return credential_failed(search, "%s gave a role name that is none", WHO);
    outcome = get(search, &token, ARENA_JOIN(search->arena, list, role), &response);
    if (outcome == CREDENTIAL_FOUND)
        outcome = credential_read_json(search, WHO, response.body);
    search->found.origin = ARENA_JOIN(search->arena, STR("role "), role);
    return outcome;
}
