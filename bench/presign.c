/*
 * presign.c - how many presigned GET URLs one thread makes a second, against the least that OpenSSL
 * asks for them: one SHA-256 of the canonical request and one HMAC with a key already set.
 *
 * Usage: presign [seconds]. Prints one JSON object. Every URL differs from the one before (another
 * key, a later second), as on a page of images; run by bench/signing.sh.
 */
#include "sign/presign.h"
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 1000, ROUNDS = 20 };

static const struct s3_location location = {
    .scheme = STR_INIT("https"),
    .host = STR_INIT("s3.eu-central-1.amazonaws.com"),
    .bucket = STR_INIT("vitrine-images"),
    .region = STR_INIT("eu-central-1"),
};

/* Processor time: what others do on this machine in the meantime does not count. */
static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void make_key(char key[64], int64_t number)
{
    snprintf(
        key, 64, "images/2026/11/kq3vn5x7zj2m4t6w%010lld.jpg", (long long)(number % 10000000000));
}

/* URLs a second over `duration_us`. */
static double measure_presign(const struct s3_credentials *credentials, int64_t duration_us)
{
    struct arena arena;
    struct str url;
    char key[64];
    int64_t made = 0, start = now_us(), now = start;

    arena_init(&arena);
    for (; now - start < duration_us; now = now_us()) {
        make_key(key, made);
        for (int i = 0; i < BATCH; i++, made++) {
            key[30 + made % 8] = (char)('a' + made / 8 % 26);
            struct presign_get_options options = {
                .signed_at = 1795600000 + made % 40000,
                .expires_s = 300,
                .response_content_type = STR("image/jpeg"),
                .response_content_disposition = STR("inline"),
            };
            if (presign_get(&arena, &location, credentials, str_from_c(key), &options, &url) !=
                STATUS_OK)
                abort();
            arena_reset(&arena);
        }
    }
    arena_clear(&arena);
    return (double)made * 1e6 / (double)(now - start);
}

/* The sizes that the two hashes have for the URL above. */
static void measure_sizes(
    const struct s3_credentials *credentials, size_t *canonical, size_t *to_sign)
{
    struct arena arena;
    struct str url;
    struct sigv4_trace trace;
    struct pair query[] = { { STR("response-content-type"), STR("image/jpeg") },
        { STR("response-content-disposition"), STR("inline") } };
    char key[64];
    make_key(key, 0);

    arena_init(&arena);
    struct sigv4_scope scope = { location.region, STR("s3") };
    struct sigv4_request request = {
        .method = STR("GET"),
        .scheme = location.scheme,
        .host = s3_location_host(&arena, &location),
        .path = s3_location_path(&arena, &location, str_from_c(key)),
        .query = { query, COUNT_OF(query) },
        .signed_at = 1795600000,
    };
    if (sigv4_presign(&arena, credentials, &scope, &request, 300, &url, &trace) != STATUS_OK)
        abort();
    *canonical = trace.canonical_request.len;
    *to_sign = trace.string_to_sign.len;
    arena_clear(&arena);
}

/* Pairs of hashes a second, by OpenSSL alone, in the fastest way of its supported API. */
static double measure_limit(size_t canonical, size_t to_sign, int64_t duration_us)
{
    unsigned char text[4096] = "AWS4-HMAC-SHA256", key[32] = "a day's key", out[32];
    EVP_MD *sha = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MD_CTX *sha_context = EVP_MD_CTX_new();
    EVP_MAC_CTX *hmac_context = EVP_MAC_CTX_new(hmac);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
        OSSL_PARAM_construct_end(),
    };
    if (!EVP_MAC_init(hmac_context, key, sizeof(key), parameters))
        abort();

    int64_t made = 0, start = now_us(), now = start;
    for (; now - start < duration_us; now = now_us())
        for (int i = 0; i < BATCH; i++, made++) {
            size_t len;
            memcpy(text, &made, sizeof(made));
            EVP_DigestInit_ex2(sha_context, sha, NULL);
            EVP_DigestUpdate(sha_context, text, canonical);
            EVP_DigestFinal_ex(sha_context, out, NULL);
            memcpy(text, out, sizeof(out));
            EVP_MAC_init(hmac_context, NULL, 0, NULL);
            EVP_MAC_update(hmac_context, text, to_sign);
            EVP_MAC_final(hmac_context, out, &len, sizeof(out));
        }
    EVP_MAC_CTX_free(hmac_context);
    EVP_MD_CTX_free(sha_context);
    EVP_MAC_free(hmac);
    EVP_MD_free(sha);
    return (double)made * 1e6 / (double)(now - start);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
    int64_t slice_us = (int64_t)(seconds * 1e6 / (2 * ROUNDS));
    size_t canonical, to_sign;
    double presign = 0, limit = 0;
    struct s3_credentials credentials = { .access_key = STR("AKIAIOSFODNN7EXAMPLE") };

    if (secret_set(&credentials.secret_key, STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")) !=
        STATUS_OK)
        return 1;
    measure_sizes(&credentials, &canonical, &to_sign);
    /* In turns, and the best of each: neighbours also take caches and clock rate. */
    for (int i = 0; i < ROUNDS; i++) {
        double one = measure_presign(&credentials, slice_us);
        presign = one > presign ? one : presign;
        one = measure_limit(canonical, to_sign, slice_us);
        limit = one > limit ? one : limit;
    }
    printf("{\"presign_per_s\": %.0f, \"limit_per_s\": %.0f, \"canonical_bytes\": %zu, "
           "\"string_to_sign_bytes\": %zu}\n",
        presign, limit, canonical, to_sign);
    secret_clear(&credentials.secret_key);
    return 0;
}
