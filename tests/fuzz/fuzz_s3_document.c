/*
 * fuzz_s3_document.c - the documents that clients send to the embedded endpoint: XML of every kind,
 * preflights against it, and the JSON of a form's policy.
 *
 * The first line is an Origin, the second the requested headers, the rest the document.
 */
#include "fuzz.h"

#include "base/escape.h"
#include "base/xml.h"
#include "objects/cors.h"
#include "objects/lifecycle.h"
#include "objects/post_policy.h"
#include "objects/tags.h"

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

static void check_tags(struct arena *arena, struct str xml, struct str header)
{
    struct store_object object = { 0 };
    struct str problem;
    struct buf out;

    if (tags_parse_header(arena, header, &object, &problem) == STATUS_OK)
        FUZZ_CHECK(object.tag_count <= STORE_TAGS_MAX);
    if (tags_parse_document(arena, xml, &object, &problem) != STATUS_OK)
        return;
    buf_init_arena(&out, arena, 64 * 1024);
    tags_write(&out, &object);
    struct store_object again = { 0 };
    FUZZ_CHECK(tags_parse_document(arena, buf_str(&out), &again, &problem) == STATUS_OK &&
               again.tag_count == object.tag_count);
}

static void check_lifecycle(struct arena *arena, struct str xml, struct str key)
{
    struct lifecycle rules;
    struct str problem;
    struct store_object object = { .key = key };

    if (lifecycle_parse(arena, xml, &rules, &problem) != STATUS_OK)
        return;
    FUZZ_CHECK(rules.count >= 1 && rules.count <= LIFECYCLE_RULES_MAX);
    (void)lifecycle_is_expired(&rules, &object, 1795242720);
    (void)lifecycle_is_stale_upload(&rules, key, 0, 1795242720);
}

static void check_policy(struct arena *arena, struct str json, struct str key)
{
    struct pair fields[] = { { STR("key"), key }, { STR("policy"), escape_base64(arena, json) } };
    struct post_range range;
    struct str message;
    enum s3_error error = post_policy_judge(
        arena, STR("b"), (struct pairs){ fields, COUNT_OF(fields) }, 0, &range, &message);

    FUZZ_CHECK((error == S3_OK) == str_is_empty(message));
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
    check_tags(&arena, document, headers);
    check_lifecycle(&arena, document, origin);
    check_policy(&arena, document, origin);
    FUZZ_CHECK(cors_matches(STR("*"), origin));
    arena_clear(&arena);
    return 0;
}
