/*
 * fuzz_query.c - raw query strings: what was decoded can be encoded and decoded again to the same.
 */
#include "fuzz.h"

#include "base/escape.h"
#include "base/url.h"

static struct str encode(struct arena *arena, struct pairs pairs)
{
    struct buf out;

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    for (size_t i = 0; i < pairs.count; i++) {
        if (i > 0)
            buf_put_byte(&out, '&');
        escape_url(&out, pairs.item[i].name);
        buf_put_byte(&out, '=');
        escape_url(&out, pairs.item[i].value);
    }
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pairs pairs, again;
    struct arena arena;

    arena_init(&arena);
    if (url_parse_query_raw(&arena, fuzz_str(data, size), URL_PAIRS_MAX, &pairs) == STATUS_OK) {
        FUZZ_CHECK(pairs.count <= URL_PAIRS_MAX);
        struct str text = encode(&arena, pairs);
        FUZZ_CHECK(url_parse_query_raw(&arena, text, URL_PAIRS_MAX, &again) == STATUS_OK);
        FUZZ_CHECK(pairs.count == again.count);
        for (size_t i = 0; i < pairs.count; i++) {
            FUZZ_CHECK(str_equal(pairs.item[i].name, again.item[i].name));
            FUZZ_CHECK(str_equal(pairs.item[i].value, again.item[i].value));
        }
    }
    arena_clear(&arena);
    return 0;
}
