/*
 * cloudfront.c - how many CloudFront URLs one thread signs a second: new ones, and ones that were
 * signed before within their window.
 *
 * Usage: cloudfront KEY_FILE [seconds]. Prints one JSON object; run by bench/cloudfront.sh.
 */
#include "sign/cloudfront.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAGE = 100 /* images */, END = 1795600000 };

/* Processor time: what others do on this machine in the meantime does not count. */
static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
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

/* URLs a second. `different`: how many there are; the clock of the last is never seen again. */
static double measure(
    const struct cloudfront_signer *signer, int64_t different, double seconds, size_t *out_bytes)
{
    const struct cloudfront_policy policy = { .ends_at = END };
    struct arena arena;
    struct str url = STR_EMPTY;
    double start = now_s(), now = start;
    int64_t made = 0;

    arena_init(&arena);
    for (; now - start < seconds; now = now_s()) {
        for (int i = 0; i < PAGE; i++, made++) {
            char address[96];
            int len = snprintf(address, sizeof(address),
                "https://d111111abcdef8.cloudfront.net/images/2026/11/kq3vn5x7zj2m4t6w%010lld.jpg",
                (long long)(made % different));
            if (cloudfront_sign_url(&arena, signer, CLOUDFRONT_CUSTOM, &policy,
                    str_from(address, (size_t)len), &url) != STATUS_OK)
                abort();
        }
        *out_bytes = url.len;
        arena_reset(&arena);
    }
    arena_clear(&arena);
    return (double)made / (now - start);
}

int main(int argc, char **argv)
{
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 2, fresh, again;
    struct arena arena;
    struct cloudfront_signer signer = { .key_pair_id = STR("K2JCJMDEHXQW5F") };
    size_t bytes = 0;

    if (argc < 2)
        return 2;
    arena_init(&arena);
    signer.key = read_key(&arena, argv[1]);
    signer.hash = PRIVATE_KEY_SHA1;
    fresh = measure(&signer, INT64_MAX, seconds, &bytes);
    again = measure(&signer, PAGE, seconds, &bytes);
    printf("{\"fresh_per_s\": %.0f, \"again_per_s\": %.0f, \"url_bytes\": %zu}\n", fresh, again,
        bytes);
    private_key_free(signer.key);
    arena_clear(&arena);
    return 0;
}
