/*
 * Address, sign, send. What is asked and what the answers mean is the services' own files'.
 */
#include "remote/aws_post.h"

#include "base/clock.h"
#include "base/escape.h"
#include "crypto/digest.h"
#include "sign/sigv4.h"

enum { OWN_HEADERS_MAX = 4 };

static struct str find_endpoint(const struct credential_search *search, const struct aws_post *post)
{
    struct str region = search->options->region;
    bool is_china = str_starts_with(region, STR("cn-"));

    if (!str_is_empty(post->endpoint))
        return post->endpoint;
    return arena_printf(search->arena, "https://%.*s.%.*s.amazonaws.com%s", STR_ARG(post->service),
        STR_ARG(region), is_china ? ".cn" : "");
}

static struct str hash_hex(struct arena *arena, struct str bytes)
{
    unsigned char digest[SHA256_BYTES];

    sha256(bytes, digest);
    return escape_hex(arena, str_from((const char *)digest, sizeof(digest)));
}

static enum status make_signature(struct credential_search *search, const struct aws_post *post,
    const struct url *url, struct str path, struct sigv4_headers *out)
{
    struct s3_credentials keys = { .access_key = post->signer->access_key,
        .session_token = post->signer->session_token };
    const struct sigv4_scope scope = { search->options->region, post->service };
    const struct sigv4_request request = {
        .method = STR("POST"),
        .scheme = url->scheme,
        .host = url_host_header(search->arena, url),
        .path = path,
        .headers = post->headers,
        .payload_hash = hash_hex(search->arena, post->body),
        .signed_at = clock_now_s(),
    };
    enum status status = secret_set(&keys.secret_key, post->signer->secret_key);

    if (status == STATUS_OK)
        status = sigv4_sign_headers(search->arena, &keys, &scope, &request, out, NULL);
    secret_clear(&keys.secret_key);
    return status;
}

static void add(struct pair *item, size_t *count, struct str name, struct str value)
{
    if (!str_is_empty(value))
        item[(*count)++] = (struct pair){ name, value };
}

enum credential_outcome aws_post(
    struct credential_search *search, const struct aws_post *post, struct http_response *response)
{
    struct pair headers[AWS_POST_HEADERS_MAX + OWN_HEADERS_MAX];
    struct http_source_memory memory;
    struct http_source source = http_source_from_memory(&memory, post->body);
    struct sigv4_headers own = { .authorization = STR_EMPTY };
    struct url url;
    struct str path;
    size_t count = 0;

    *response = (struct http_response){ .status = 0 };
    if (url_parse(search->arena, find_endpoint(search, post), &url) != STATUS_OK)
        return credential_failed(search, "the address of %s is none", post->who);
    path = ARENA_JOIN(search->arena, url.path, STR("/"));
    if (post->signer && make_signature(search, post, &url, path, &own) != STATUS_OK)
        return credential_failed(search, "the keys for %s cannot sign", post->who);
    for (size_t i = 0; i < post->headers.count; i++)
        add(headers, &count, post->headers.item[i].name, post->headers.item[i].value);
    add(headers, &count, STR("Authorization"), own.authorization);
    add(headers, &count, STR("x-amz-date"), own.amz_date);
    add(headers, &count, STR("x-amz-content-sha256"), own.content_sha256);
    add(headers, &count, STR("x-amz-security-token"), own.security_token);
    const struct http_request request = {
        .method = STR("POST"),
        .url = ARENA_JOIN(search->arena, url_origin(search->arena, &url), path),
        .headers = { headers, count },
        .source = &source,
    };
    enum credential_outcome outcome = credential_ask(search, post->who, &request, response);
    return response->failure == HTTP_FAILURE_NONE ? CREDENTIAL_FOUND : outcome;
}
