/*
 * cloudfront.c - signs URLs and cookies for CloudFront as it is asked, one JSON object a line, for
 * compare_cloudfront.py.
 *
 *     cloudfront KEY_FILE...
 *
 * {key: number of the file, hash, form, url, resource, ends_at, starts_at, source_ip} is answered
 * with {status, url, cookies}; without `url` there are only cookies.
 */
#include "sign/cloudfront.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 8 };

static struct str text_of(const json_t *json, const char *name)
{
    return str_from_c(json_string_value(json_object_get(json, name)));
}

static int64_t number_of(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static json_t *cookies_json(struct arena *arena, const struct cloudfront_cookies *cookies)
{
    json_t *values = json_object();

    for (size_t i = 0; i < cookies->count; i++)
        json_object_set_new(values, arena_c_string(arena, cookies->item[i].name),
            json_from_str(cookies->item[i].value));
    return values;
}

static json_t *answer(struct arena *arena, const json_t *json, struct private_key *const *keys)
{
    const struct cloudfront_signer signer = {
        STR("K2JCJMDEHXQW5F"),
        keys[number_of(json, "key")],
        str_equal(text_of(json, "hash"), STR("SHA256")) ? PRIVATE_KEY_SHA256 : PRIVATE_KEY_SHA1,
    };
    enum cloudfront_form form =
        str_equal(text_of(json, "form"), STR("canned")) ? CLOUDFRONT_CANNED : CLOUDFRONT_CUSTOM;
    struct cloudfront_policy policy = { text_of(json, "resource"), number_of(json, "ends_at"),
        number_of(json, "starts_at"), text_of(json, "source_ip") };
    struct cloudfront_cookies cookies = { .count = 0 };
    struct str url = STR_EMPTY;
    enum status status = STATUS_OK;

    if (!str_is_empty(text_of(json, "url")))
        status = cloudfront_sign_url(arena, &signer, form, &policy, text_of(json, "url"), &url);
    else
        status = cloudfront_sign_cookies(arena, &signer, form, &policy, &cookies);
    return json_pack("{s:o, s:o, s:o}", "status", json_from_str(status_code(status)), "url",
        json_from_str(url), "cookies", cookies_json(arena, &cookies));
}

static struct private_key *read_key(struct arena *arena, const char *path)
{
    struct private_key *key = NULL;
    struct str text;
    const char *problem = "cannot be read";

    if (file_read(arena, path, PRIVATE_KEY_TEXT_MAX_BYTES, &text) != STATUS_OK ||
        private_key_parse(text, &key, &problem) != STATUS_OK) {
        fprintf(stderr, "cloudfront: %s %s\n", path, problem);
        exit(1);
    }
    return key;
}

int main(int argc, char **argv)
{
    struct private_key *keys[KEYS_MAX] = { NULL };
    struct arena arena;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    arena_init(&arena);
    for (int i = 1; i < argc && i <= KEYS_MAX; i++)
        keys[i - 1] = read_key(&arena, argv[i]);
    while ((len = getline(&line, &size, stdin)) > 0) {
        struct str error;
        json_t *json = json_parse(&arena, str_from(line, (size_t)len), &error), *result;
        if (!json) {
            fprintf(stderr, "cloudfront: %.*s\n", STR_ARG(error));
            return 1;
        }
        result = answer(&arena, json, keys);
        printf("%.*s\n", STR_ARG(json_text(&arena, result)));
        json_decref(result);
        json_decref(json);
        arena_reset(&arena);
    }
    free(line);
    arena_clear(&arena);
    for (int i = 0; i < KEYS_MAX; i++)
        private_key_free(keys[i]);
    return 0;
}
