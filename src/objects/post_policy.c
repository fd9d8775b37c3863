/*
 * post_policy.c - see post_policy.h.
 */
#include "objects/post_policy.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"

enum { POLICY_MAX_BYTES = 20 * 1024, CONDITIONS_MAX = 100, NAME_MAX_BYTES = 128 };

/* One form being judged. */
struct judgement {
    struct arena *arena;
    struct str bucket;
    struct pairs fields;
    struct str covered[CONDITIONS_MAX]; /* names of fields that a condition speaks of */
    size_t covered_count;
    struct post_range range;
    struct str message;
};

/* Never judged: they carry the judgement, or come after it. */
static const struct str exempt[] = { STR_INIT("policy"), STR_INIT("x-amz-signature"),
    STR_INIT("file") };

static enum s3_error fail(struct judgement *judgement, enum s3_error error, struct str message)
{
    judgement->message = message;
    return error;
}

static enum s3_error malformed(struct judgement *judgement, const char *what)
{
    return fail(judgement, S3_INVALID_POLICY_DOCUMENT,
        arena_printf(judgement->arena, "Invalid Policy: %s", what));
}

static struct str field(const struct judgement *judgement, struct str name)
{
    if (str_equal_nocase(name, STR("bucket")))
        return judgement->bucket;
    for (size_t i = 0; i < judgement->fields.count; i++)
        if (str_equal_nocase(judgement->fields.item[i].name, name))
            return judgement->fields.item[i].value;
    return STR_EMPTY;
}

static enum s3_error compare(
    struct judgement *judgement, struct str operator, struct str name, struct str value)
{
    struct str found = field(judgement, name);
    bool is_prefix = str_equal(operator, STR("starts-with"));
    if (judgement->covered_count == CONDITIONS_MAX)
        return malformed(judgement, "too many conditions.");
    judgement->covered[judgement->covered_count++] = name;
    if (is_prefix ? str_starts_with(found, value) : str_equal(found, value))
        return S3_OK;
    return fail(judgement, S3_ACCESS_DENIED,
        arena_printf(judgement->arena,
            "Invalid according to Policy: Policy Condition failed: [\"%.*s\", \"$%.*s\", \"%.*s\"]",
            STR_ARG(operator), STR_ARG(name), STR_ARG(value)));
}

static struct str text_of(const json_t *value)
{
    return str_from(json_string_value(value), json_string_length(value));
}

/* {"acl": "private"} */
static enum s3_error judge_object(struct judgement *judgement, json_t *condition)
{
    const char *name;
    json_t *value;
    enum s3_error error = S3_OK;
    json_object_foreach(condition, name, value)
    {
        if (!json_is_string(value))
            return malformed(judgement, "a condition's value must be a string.");
        if (error == S3_OK)
            error = compare(judgement, STR("eq"), arena_copy(judgement->arena, str_from_c(name)),
                arena_copy(judgement->arena, text_of(value)));
    }
    return error;
}

/* A number, or one in quotes, as some SDKs write it. */
static bool read_number(const json_t *value, int64_t *out)
{
    if (json_is_string(value))
        return str_parse_i64(text_of(value), out) && *out >= 0;
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0;
}

/* ["eq", "$key", "a"], ["starts-with", "$key", "a/"], ["content-length-range", 1, 100] */
static enum s3_error judge_array(struct judgement *judgement, json_t *condition)
{
    const json_t *first = json_array_get(condition, 0);
    const json_t *second = json_array_get(condition, 1);
    const json_t *third = json_array_get(condition, 2);
    struct str operator= json_is_string(first) ? text_of(first) : STR_EMPTY;
    if (json_array_size(condition) != 3)
        return malformed(judgement, "a condition must have three parts.");
    if (str_equal_nocase(operator, STR("content-length-range"))) {
        bool is_range = read_number(second, &judgement->range.min_bytes) &&
                        read_number(third, &judgement->range.max_bytes);
        return is_range ? S3_OK : malformed(judgement, "content-length-range wants two numbers.");
    }
    bool is_prefix = str_equal_nocase(operator, STR("starts-with"));
    if ((!is_prefix && !str_equal_nocase(operator, STR("eq"))) || !json_is_string(second) ||
        !json_is_string(third) || !str_starts_with(text_of(second), STR("$")))
        return malformed(judgement, "a condition must be eq, starts-with or content-length-range.");
    return compare(judgement, is_prefix ? STR("starts-with") : STR("eq"),
        arena_copy(judgement->arena, str_from_offset(text_of(second), 1)),
        arena_copy(judgement->arena, text_of(third)));
}

static enum s3_error judge_conditions(struct judgement *judgement, const json_t *conditions)
{
    enum s3_error error = S3_OK;
    if (!json_is_array(conditions))
        return malformed(judgement, "conditions must be a list.");
    for (size_t i = 0; i < json_array_size(conditions) && error == S3_OK; i++) {
        json_t *condition = json_array_get(conditions, i);
        if (json_is_object(condition))
            error = judge_object(judgement, condition);
        else
            error = judge_array(judgement, condition);
    }
    return error;
}

static bool is_covered(const struct judgement *judgement, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(exempt); i++)
        if (str_equal_nocase(name, exempt[i]))
            return true;
    for (size_t i = 0; i < judgement->covered_count; i++)
        if (str_equal_nocase(name, judgement->covered[i]))
            return true;
    return str_starts_with(name, STR("x-ignore-"));
}

/* Whoever was given a form must not be able to add to its meaning. */
static enum s3_error judge_extra_fields(struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->fields.count; i++)
        if (!is_covered(judgement, judgement->fields.item[i].name))
            return fail(judgement, S3_ACCESS_DENIED,
                arena_printf(judgement->arena,
                    "Invalid according to Policy: Extra input fields: %.*s",
                    STR_ARG(judgement->fields.item[i].name)));
    return S3_OK;
}

static enum s3_error judge(struct judgement *judgement, const json_t *policy, int64_t now_s)
{
    const json_t *expiration = json_object_get(policy, "expiration");
    int64_t expires_at;
    if (!json_is_string(expiration) || !clock_parse_iso(text_of(expiration), &expires_at))
        return malformed(judgement, "expiration must be a time like 2026-11-22T12:00:00Z.");
    if (now_s > expires_at)
        return fail(
            judgement, S3_ACCESS_DENIED, STR("Invalid according to Policy: Policy expired."));
    enum s3_error error = judge_conditions(judgement, json_object_get(policy, "conditions"));
    return error == S3_OK ? judge_extra_fields(judgement) : error;
}

enum s3_error post_policy_judge(struct arena *arena, struct str bucket, struct pairs fields,
    int64_t now_s, struct post_range *out, struct str *out_message)
{
    struct judgement judgement = {
        .arena = arena, .bucket = bucket, .fields = fields, .range = { 0, INT64_MAX }
    };
    struct str text, why;
    json_t *policy = NULL;
    enum s3_error error = S3_OK;
    if (!escape_base64_decode(arena, field(&judgement, STR("policy")), &text) ||
        text.len > POLICY_MAX_BYTES || (policy = json_parse(arena, text, &why)) == NULL)
        error = malformed(&judgement, "it must be a JSON document in base64.");
    if (error == S3_OK)
        error = judge(&judgement, policy, now_s);
    json_decref(policy);
    *out = judgement.range;
    *out_message = judgement.message;
    return error;
}
