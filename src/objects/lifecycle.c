/*
 * lifecycle.c - reading lifecycle rules, and whom they mean. What is done about it is in
 * lifecycle_run.c.
 */
#include "objects/lifecycle.h"

#include "base/clock.h"
#include "base/xml.h"

enum { DAY_S = 86400 };

struct parsing {
    struct arena *arena;
    struct lifecycle *out;
    struct str problem;
    bool is_unknown; /* it asks for what is not there */
};

static bool fail(struct parsing *parsing, struct str problem)
{
    parsing->problem = problem;
    return false;
}

static struct lifecycle_rule *last_rule(struct parsing *parsing)
{
    return &parsing->out->rules[parsing->out->count - 1];
}

static struct pair *last_tag(struct parsing *parsing)
{
    struct lifecycle_rule *rule = last_rule(parsing);
    return &rule->tags[rule->tag_count - 1];
}

/* --- the elements, by their place below Rule --- */

static bool take_status(struct parsing *parsing, struct str text)
{
    last_rule(parsing)->is_enabled = str_equal(text, STR("Enabled"));
    return last_rule(parsing)->is_enabled || str_equal(text, STR("Disabled")) ||
           fail(parsing, STR("Status must be Enabled or Disabled."));
}

static bool take_prefix(struct parsing *parsing, struct str text)
{
    last_rule(parsing)->prefix = arena_copy(parsing->arena, text);
    return true;
}

static bool take_tag_key(struct parsing *parsing, struct str text)
{
    last_tag(parsing)->name = arena_copy(parsing->arena, text);
    return true;
}

static bool take_tag_value(struct parsing *parsing, struct str text)
{
    last_tag(parsing)->value = arena_copy(parsing->arena, text);
    return true;
}

static bool take_larger(struct parsing *parsing, struct str text)
{
    return (str_parse_i64(text, &last_rule(parsing)->larger_than) &&
               last_rule(parsing)->larger_than >= 0) ||
           fail(parsing, STR("ObjectSizeGreaterThan must be a number of bytes."));
}

static bool take_smaller(struct parsing *parsing, struct str text)
{
    return (str_parse_i64(text, &last_rule(parsing)->smaller_than) &&
               last_rule(parsing)->smaller_than > 0) ||
           fail(parsing, STR("ObjectSizeLessThan must be a number of bytes."));
}

static bool take_days(struct parsing *parsing, struct str text)
{
    return (str_parse_i64(text, &last_rule(parsing)->expire_days) &&
               last_rule(parsing)->expire_days > 0) ||
           fail(parsing, STR("'Days' for Expiration action must be a positive integer"));
}

static bool take_date(struct parsing *parsing, struct str text)
{
    return (clock_parse_iso(text, &last_rule(parsing)->expire_at) &&
               last_rule(parsing)->expire_at % DAY_S == 0) ||
           fail(parsing, STR("'Date' must be at midnight GMT"));
}

static bool take_abort_days(struct parsing *parsing, struct str text)
{
    return (str_parse_i64(text, &last_rule(parsing)->abort_days) &&
               last_rule(parsing)->abort_days > 0) ||
           fail(parsing, STR("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must "
                             "be a positive integer"));
}

static bool take_nothing(struct parsing *parsing, struct str text)
{
    (void)parsing;
    (void)text;
    return true;
}

/* clang-format off */
static const struct {
    struct str path;
    bool (*take)(struct parsing *, struct str text);
} elements[] = {
    { STR_INIT("ID"),                                                 take_nothing },
    { STR_INIT("Status"),                                             take_status },
    { STR_INIT("Prefix"),                                             take_prefix },
    { STR_INIT("Filter"),                                             take_nothing },
    { STR_INIT("Filter/Prefix"),                                      take_prefix },
    { STR_INIT("Filter/Tag"),                                         take_nothing },
    { STR_INIT("Filter/Tag/Key"),                                     take_tag_key },
    { STR_INIT("Filter/Tag/Value"),                                   take_tag_value },
    { STR_INIT("Filter/ObjectSizeGreaterThan"),                       take_larger },
    { STR_INIT("Filter/ObjectSizeLessThan"),                          take_smaller },
    { STR_INIT("Filter/And"),                                         take_nothing },
    { STR_INIT("Filter/And/Prefix"),                                  take_prefix },
    { STR_INIT("Filter/And/Tag"),                                     take_nothing },
    { STR_INIT("Filter/And/Tag/Key"),                                 take_tag_key },
    { STR_INIT("Filter/And/Tag/Value"),                               take_tag_value },
    { STR_INIT("Filter/And/ObjectSizeGreaterThan"),                   take_larger },
    { STR_INIT("Filter/And/ObjectSizeLessThan"),                      take_smaller },
    { STR_INIT("Expiration"),                                         take_nothing },
    { STR_INIT("Expiration/Days"),                                    take_days },
    { STR_INIT("Expiration/Date"),                                    take_date },
    { STR_INIT("AbortIncompleteMultipartUpload"),                     take_nothing },
    { STR_INIT("AbortIncompleteMultipartUpload/DaysAfterInitiation"), take_abort_days },
};
/* clang-format on */

#define ROOT STR("LifecycleConfiguration")
#define RULE STR("LifecycleConfiguration/Rule")

static bool begin_rule(struct parsing *parsing)
{
    struct lifecycle *out = parsing->out;
    if (out->count == LIFECYCLE_RULES_MAX)
        return fail(parsing, STR("A lifecycle configuration may have at most 1,000 rules."));
    out->rules[out->count++] = (struct lifecycle_rule){ .larger_than = -1, .smaller_than = -1 };
    return true;
}

static bool begin_tag(struct parsing *parsing)
{
    struct lifecycle_rule *rule = last_rule(parsing);
    if (rule->tag_count == STORE_TAGS_MAX)
        return fail(parsing, STR("A rule may have at most 10 tags."));
    rule->tags[rule->tag_count++] = (struct pair){ STR_EMPTY, STR_EMPTY };
    return true;
}

/* What we do not know would else be kept and never done. */
static bool on_element(void *context, struct str path)
{
    struct parsing *parsing = context;
    if (str_equal(path, RULE))
        return begin_rule(parsing);
    if (!str_starts_with(path, STR("LifecycleConfiguration/Rule/")))
        return str_equal(path, ROOT);
    struct str below = str_from_offset(path, RULE.len + 1);
    if (str_ends_with(below, STR("/Tag")) && !begin_tag(parsing))
        return false;
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_equal(below, elements[i].path))
            return true;
    parsing->is_unknown = true;
    return fail(parsing, arena_printf(parsing->arena,
                             "This endpoint's lifecycle rules know no %.*s: Expiration by Days or "
                             "Date and AbortIncompleteMultipartUpload are what they can do.",
                             STR_ARG(below)));
}

static bool on_value(void *context, struct str path, struct str text)
{
    struct parsing *parsing = context;
    if (path.len <= RULE.len)
        return true;
    struct str below = str_from_offset(path, RULE.len + 1);
    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_equal(below, elements[i].path))
            return elements[i].take(parsing, str_trim(text));
    return true;
}

static bool check(struct parsing *parsing)
{
    const struct lifecycle *out = parsing->out;
    for (size_t i = 0; i < out->count; i++) {
        const struct lifecycle_rule *rule = &out->rules[i];
        if (rule->expire_days == 0 && rule->expire_at == 0 && rule->abort_days == 0)
            return fail(parsing, STR("At least one action needs to be specified in a rule."));
        if (rule->abort_days > 0 && rule->tag_count > 0)
            return fail(
                parsing, STR("AbortIncompleteMultipartUpload cannot be specified with Tags."));
    }
    return out->count > 0;
}

enum status lifecycle_parse(
    struct arena *arena, struct str document, struct lifecycle *out, struct str *out_problem)
{
    struct parsing parsing = { .arena = arena, .out = out };
    struct xml_reader reader = { on_element, on_value, &parsing };
    *out = (struct lifecycle){ .rules =
                                   ARENA_ARRAY(arena, struct lifecycle_rule, LIFECYCLE_RULES_MAX) };
    bool is_read = xml_read(arena, document, &reader) == STATUS_OK && check(&parsing);
    *out_problem = parsing.problem;
    if (is_read)
        return STATUS_OK;
    return parsing.is_unknown ? STATUS_NOT_FOUND : STATUS_INVALID;
}

/* --- whom a rule means --- */

static bool has_tag(const struct store_object *object, const struct pair *wanted)
{
    for (size_t i = 0; i < object->tag_count; i++)
        if (str_equal(object->tags[i].name, wanted->name) &&
            str_equal(object->tags[i].value, wanted->value))
            return true;
    return false;
}

static bool means(const struct lifecycle_rule *rule, const struct store_object *object)
{
    if (!rule->is_enabled || !str_starts_with(object->key, rule->prefix) ||
        (rule->larger_than >= 0 && object->size_bytes <= rule->larger_than) ||
        (rule->smaller_than >= 0 && object->size_bytes >= rule->smaller_than))
        return false;
    for (size_t i = 0; i < rule->tag_count; i++)
        if (!has_tag(object, &rule->tags[i]))
            return false;
    return true;
}

/* The midnight at or after `days` past that instant. */
static int64_t midnight_after(int64_t at_ms, int64_t days)
{
    int64_t at_s = at_ms / 1000 + days * DAY_S;
    return (at_s + DAY_S - 1) / DAY_S * DAY_S;
}

bool lifecycle_is_expired(
    const struct lifecycle *lifecycle, const struct store_object *object, int64_t now_s)
{
    for (size_t i = 0; i < lifecycle->count; i++) {
        const struct lifecycle_rule *rule = &lifecycle->rules[i];
        if (!means(rule, object))
            continue;
        if (rule->expire_at > 0 && now_s >= rule->expire_at)
            return true;
        if (rule->expire_days > 0 &&
            now_s >= midnight_after(object->modified_at_ms, rule->expire_days))
            return true;
    }
    return false;
}

bool lifecycle_is_stale_upload(
    const struct lifecycle *lifecycle, struct str key, int64_t created_at_ms, int64_t now_s)
{
    for (size_t i = 0; i < lifecycle->count; i++) {
        const struct lifecycle_rule *rule = &lifecycle->rules[i];
        if (rule->is_enabled && rule->abort_days > 0 && str_starts_with(key, rule->prefix) &&
            now_s >= midnight_after(created_at_ms, rule->abort_days))
            return true;
    }
    return false;
}
