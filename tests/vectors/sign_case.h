/*
 * sign_case.h - a signing case read from JSON, for the vectors and for the comparison with
 * botocore.
 *
 *   sign           "header" | "query" | "presign-get" | "presign-put"
 *   method, scheme, host, path, query [[name, value]], payload_hash    (header, query)
 *   endpoint, bucket, path_style, key, response {...}                  (presign-*)
 *   headers [[name, value]], access_key, secret_key, session_token, region, service,
 *   signed_at (seconds), expires_s
 *
 * A string that JSON cannot hold is given as {"hex": "..."}.
 */
#ifndef TESTS_SIGN_CASE_H
#define TESTS_SIGN_CASE_H

#include "base/escape.h"
#include "base/json.h"
#include "sign/presign.h"

struct sign_case {
    struct str sign;
    struct s3_credentials credentials;
    struct sigv4_scope scope;
    struct sigv4_request request;
    struct s3_location location;
    struct str key;
    int64_t expires_s;
    struct presign_get_options get;
};

struct sign_result {
    enum status status;
    struct sigv4_trace trace;
    struct sigv4_headers headers;
    struct str url;
};

static inline struct str case_bytes(struct arena *arena, const json_t *value)
{
    struct str bytes = STR_EMPTY;
    const json_t *hex = json_object_get(value, "hex");
    if (json_is_string(value))
        return arena_copy(arena, str_from(json_string_value(value), json_string_length(value)));
    if (hex && !escape_hex_decode(arena, str_from_c(json_string_value(hex)), &bytes))
        abort();
    return bytes;
}

static inline struct str case_str(struct arena *arena, const json_t *json, const char *name)
{
    return case_bytes(arena, json_object_get(json, name));
}

static inline int64_t case_int(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static inline struct pairs case_pairs(struct arena *arena, const json_t *json, const char *name)
{
    const json_t *list = json_object_get(json, name);
    size_t count = json_array_size(list);
    struct pair *item = ARENA_ARRAY(arena, struct pair, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);
        item[i].name = case_bytes(arena, json_array_get(pair, 0));
        item[i].value = case_bytes(arena, json_array_get(pair, 1));
    }
    return (struct pairs){ item, count };
}

static inline void case_location(struct arena *arena, const json_t *json, struct sign_case *out)
{
    struct url endpoint;
    const json_t *response = json_object_get(json, "response");
    if (!json_object_get(json, "endpoint"))
        return;
    if (url_parse(arena, case_str(arena, json, "endpoint"), &endpoint) != STATUS_OK ||
        s3_location_init(&out->location, &endpoint,
            json_is_true(json_object_get(json, "path_style")), case_str(arena, json, "bucket"),
            case_str(arena, json, "region")) != STATUS_OK)
        abort();
    out->key = case_str(arena, json, "key");
    out->get = (struct presign_get_options){
        .signed_at = out->request.signed_at,
        .expires_s = out->expires_s,
        .response_content_type = case_str(arena, response, "content-type"),
        .response_content_disposition = case_str(arena, response, "content-disposition"),
        .response_cache_control = case_str(arena, response, "cache-control"),
    };
}

static inline void case_read(struct arena *arena, const json_t *json, struct sign_case *out)
{
    *out = (struct sign_case){
        .sign = case_str(arena, json, "sign"),
        .credentials = { .access_key = case_str(arena, json, "access_key"),
            .session_token = case_str(arena, json, "session_token") },
        .scope = { case_str(arena, json, "region"), case_str(arena, json, "service") },
        .request = {
            .method = case_str(arena, json, "method"),
            .scheme = case_str(arena, json, "scheme"),
            .host = case_str(arena, json, "host"),
            .path = case_str(arena, json, "path"),
            .query = case_pairs(arena, json, "query"),
            .headers = case_pairs(arena, json, "headers"),
            .payload_hash = case_str(arena, json, "payload_hash"),
            .signed_at = case_int(json, "signed_at"),
        },
        .expires_s = case_int(json, "expires_s"),
    };
    if (secret_set(&out->credentials.secret_key, case_str(arena, json, "secret_key")) != STATUS_OK)
        abort();
    case_location(arena, json, out);
}

static inline void case_sign(
    struct arena *arena, const struct sign_case *c, struct sign_result *out)
{
    const struct presign_put_options put = {
        .signed_at = c->request.signed_at, .expires_s = c->expires_s, .headers = c->request.headers
    };
    *out = (struct sign_result){ .status = STATUS_BAD_REQUEST };
    if (str_equal(c->sign, STR("header")))
        out->status = sigv4_sign_headers(
            arena, &c->credentials, &c->scope, &c->request, &out->headers, &out->trace);
    else if (str_equal(c->sign, STR("query")))
        out->status = sigv4_presign(
            arena, &c->credentials, &c->scope, &c->request, c->expires_s, &out->url, &out->trace);
    else if (str_equal(c->sign, STR("presign-get")))
        out->status = presign_get(arena, &c->location, &c->credentials, c->key, &c->get, &out->url);
    else if (str_equal(c->sign, STR("presign-put")))
        out->status = presign_put(arena, &c->location, &c->credentials, c->key, &put, &out->url);
}

#endif
