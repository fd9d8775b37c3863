/*
 * fuzz_s3_document.c - the XML that clients send to the embedded endpoint, and preflights against
 * it.
 *
 * The first line is an Origin, the second the requested headers, the rest the document.
 */
#include "fuzz.h"

#include "objects/cors.h"
#include "objects/xml.h"

struct seen {
    size_t opened, closed;
};

static bool on_begin(void *context, struct str path)
{
    struct seen *seen = context;

    FUZZ_CHECK(str_is_utf8(path));
    seen->opened++;
    return true;
}

static bool on_text(void *context, struct str path, struct str text)
{
    struct seen *seen = context;

    FUZZ_CHECK(str_is_utf8(path) && text.len <= XML_TEXT_MAX && str_is_utf8(text));
    seen->closed++;
    return true;
}

static void check_cors(struct arena *arena, struct str xml, struct str origin, struct str headers)
{
    struct str problem = STR_EMPTY;
    struct cors_config config;
    bool any_origin;

    if (cors_parse(arena, xml, &config, &problem) != STATUS_OK)
        return;
    FUZZ_CHECK(config.count <= CORS_RULES_MAX);
    const struct cors_rule *rule = cors_find(&config, origin, STR("GET"), headers, &any_origin);
    if (rule)
        FUZZ_CHECK(cors_join(arena, rule->methods).len >= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str document = fuzz_str(data, size);
    struct seen seen = { 0, 0 };
    struct xml_reader reader = { on_begin, on_text, &seen };
    struct arena arena;

    arena_init(&arena);
    struct str origin = fuzz_line(&document);
    struct str headers = fuzz_line(&document);
    if (xml_read(&arena, document, &reader) == STATUS_OK)
        FUZZ_CHECK(seen.opened == seen.closed && seen.opened > 0);
    check_cors(&arena, document, origin, headers);
    FUZZ_CHECK(cors_matches(STR("*"), origin));
    arena_clear(&arena);
    return 0;
}
