/*
 * fuzz_form.c - urlencoded forms: whatever is accepted is text, and is what the raw reader sees
 * too.
 */
#include "fuzz.h"

#include "base/url.h"

static bool is_text(struct str s)
{
    return str_is_utf8(s) && str_index(s, '\0') < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX_PAIRS = 50 };
    struct pairs pairs, raw;
    struct arena arena;

    arena_init(&arena);
    if (url_parse_form(&arena, fuzz_str(data, size), MAX_PAIRS, &pairs) == STATUS_OK) {
        FUZZ_CHECK(pairs.count <= MAX_PAIRS);
        FUZZ_CHECK(url_parse_query_raw(&arena, fuzz_str(data, size), MAX_PAIRS, &raw) == STATUS_OK);
        FUZZ_CHECK(pairs.count == raw.count);
        for (size_t i = 0; i < pairs.count; i++) {
            FUZZ_CHECK(is_text(pairs.item[i].name) && is_text(pairs.item[i].value));
            FUZZ_CHECK(pairs.item[i].value.len == raw.item[i].value.len); /* but for '+' */
        }
    }
    arena_clear(&arena);
    return 0;
}
