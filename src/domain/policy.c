/*
 * policy.c - the decision of policy.h, one step a function: name, size, type, bytes.
 */
#include "domain/policy.h"

#include "base/buf.h"
#include "domain/file_name.h"
#include "domain/file_types.h"

enum { DEFAULT_MAX_SIZE_BYTES = 50 * 1000 * 1000, TYPE_MAX_BYTES = 127 };

void policy_init_default(struct policy *policy)
{
    static const struct str types[] = { STR_INIT("image/jpeg"), STR_INIT("image/png"),
        STR_INIT("image/gif"), STR_INIT("image/webp"), STR_INIT("image/avif"),
        STR_INIT("image/heic") };

    *policy =
        (struct policy){ .max_size_bytes = DEFAULT_MAX_SIZE_BYTES, .type_count = COUNT_OF(types) };
    memcpy(policy->types, types, sizeof(types));
}

/* RFC 6838, section 4.2: two names around one slash. */
static bool is_media_type(struct str text)
{
    ssize_t slash = str_index(text, '/');

    if (slash <= 0 || (size_t)slash + 1 == text.len || text.len > TYPE_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool is_name = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                       (byte != '\0' && strchr("!#$&-^_.+", byte));

        if (!is_name && i != (size_t)slash) {
            return false;
        }
    }
    return true;
}

static bool allows_type(const struct policy *policy, struct str content_type)
{
    for (size_t i = 0; i < policy->type_count; i++) {
        if (str_equal(policy->types[i], content_type)) {
            return true;
        }
    }
    return false;
}

enum status policy_parse_types(
    struct policy *policy, struct arena *arena, struct str text, struct failure *failure)
{
    struct str part;

    policy->type_count = 0;
    while (str_split(&text, ',', &part)) {
        struct str type = file_type_normalise(arena, part);

        if (str_is_empty(type) || allows_type(policy, type)) {
            continue;
        }
        if (!is_media_type(type)) {
            return failure_format(failure, arena, STATUS_INVALID, STR_EMPTY,
                "\"%.*s\" is no media type; write for instance image/jpeg.",
                STR_ARG(str_head(type, 60)));
        }
        if (policy->type_count == POLICY_TYPES_MAX) {
            return failure_format(failure, arena, STATUS_INVALID, STR_EMPTY,
                "At most %d types can be listed.", POLICY_TYPES_MAX);
        }
        policy->types[policy->type_count++] = type;
    }
    if (policy->type_count == 0) {
        return failure_set(failure, STATUS_INVALID, STR_EMPTY,
            STR("At least one media type must be allowed, for instance image/jpeg."));
    }
    return STATUS_OK;
}

void policy_keep_images(struct policy *policy)
{
    size_t kept = 0;

    for (size_t i = 0; i < policy->type_count; i++) {
        if (str_starts_with(policy->types[i], STR("image/"))) {
            policy->types[kept++] = policy->types[i];
        }
    }
    policy->type_count = kept;
}

bool policy_is_inline(struct str content_type)
{
    const struct file_type *type = file_type_find(content_type);

    return type && type->is_inline;
}

static struct str label_of(struct str content_type)
{
    const struct file_type *type = file_type_find(content_type);

    return type ? type->label : content_type;
}

struct str policy_format_types(const struct policy *policy, struct arena *arena)
{
    struct buf out;

    buf_init_arena(&out, arena, POLICY_TYPES_MAX * (TYPE_MAX_BYTES + 5));
    for (size_t i = 0; i < policy->type_count; i++) {
        if (i > 0) {
            buf_put(&out, i + 1 == policy->type_count ? STR(" and ") : STR(", "));
        }
        buf_put(&out, label_of(policy->types[i]));
    }
    return buf_str(&out);
}

struct str policy_format_size(struct arena *arena, int64_t size_bytes)
{
    static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB" };
    double amount = (double)size_bytes / 1000;
    size_t unit = 0;
    int tenths;

    if (size_bytes < 1000) {
        return arena_printf(
            arena, "%lld %s", (long long)size_bytes, size_bytes == 1 ? "byte" : "bytes");
    }
    while (amount >= 999.5 && unit + 1 < COUNT_OF(units)) { /* it would be printed as 1000 */
        amount /= 1000;
        unit++;
    }
    tenths = (int)(amount * 10 + 0.5);
    if (tenths >= 1000 || tenths % 10 == 0) {
        return arena_printf(arena, "%.0f %s", amount, units[unit]);
    }
    return arena_printf(arena, "%d.%d %s", tenths / 10, tenths % 10, units[unit]);
}

static enum status check_size(
    const struct policy *policy, struct arena *arena, int64_t size_bytes, struct failure *failure)
{
    if (size_bytes == 0) {
        return failure_set(
            failure, STATUS_INVALID, STR("size"), STR("This file is empty. Nothing was saved."));
    }
    if (size_bytes < -1) {
        return failure_set(failure, STATUS_INVALID, STR("size"),
            STR("Give the file's size in bytes, a whole number from 1."));
    }
    if (size_bytes > policy->max_size_bytes) {
        return failure_format(failure, arena, STATUS_TOO_LARGE, STR("size"),
            "This file is %.*s and the limit is %.*s. Nothing was saved.",
            STR_ARG(policy_format_size(arena, size_bytes)),
            STR_ARG(policy_format_size(arena, policy->max_size_bytes)));
    }
    return STATUS_OK;
}

/* What the client says the type is, or what the extension says when the client does not know. */
static enum status check_type(const struct policy *policy, struct arena *arena,
    const struct file_claim *claim, struct str *out_type, struct failure *failure)
{
    /* Of the whole name, before it is cut for display. */
    struct str name = file_name_clean(arena, claim->filename, claim->filename.len);
    struct str extension = file_extension(name);
    const struct file_type *by_name = file_type_of_extension(extension);
    struct str declared = file_type_normalise(arena, claim->content_type);

    if (str_is_empty(declared) || str_equal(declared, STR("application/octet-stream"))) {
        if (!by_name) {
            return failure_format(failure, arena, STATUS_TYPE_NOT_ALLOWED, STR("filetype"),
                "Neither the file's name nor its media type tells what it is; %.*s files are "
                "accepted. "
                "Nothing was saved.",
                STR_ARG(policy_format_types(policy, arena)));
        }
        declared = by_name->media_type;
    }
    if (!is_media_type(declared)) {
        return failure_set(failure, STATUS_INVALID, STR("filetype"),
            STR("Give the file's media type, for instance image/jpeg."));
    }
    if (!allows_type(policy, declared)) {
        return failure_format(failure, arena, STATUS_TYPE_NOT_ALLOWED, STR("filetype"),
            "%.*s files are not accepted here; %.*s are. Nothing was saved.",
            STR_ARG(str_head(label_of(declared), 60)), STR_ARG(policy_format_types(policy, arena)));
    }
    if (by_name && !str_equal(by_name->media_type, declared)) {
        return failure_format(failure, arena, STATUS_TYPE_NOT_ALLOWED, STR("filetype"),
            "The name of this file ends in %.*s, but it was announced as %.*s. Nothing was saved.",
            STR_ARG(extension), STR_ARG(label_of(declared)));
    }
    *out_type = declared;
    return STATUS_OK;
}

/* Do the bytes agree? A type without a mark of its own is taken on trust, but never when the bytes
 * are something that a browser would run. */
static enum status check_bytes(struct arena *arena, struct str content_type,
    const struct sniff *sniff, struct failure *failure)
{
    const struct file_type *type = file_type_find(content_type);
    enum sniff_type expected = type ? type->sniffed : SNIFF_UNKNOWN;

    if (expected == SNIFF_UNKNOWN ? !sniff_is_active(sniff->type) : sniff->type == expected) {
        return STATUS_OK;
    }
    return failure_format(failure, arena, STATUS_MISMATCH, STR("filetype"),
        "This file is called %.*s, but its content is %.*s. Nothing was saved.",
        STR_ARG(label_of(content_type)), STR_ARG(sniff_description(sniff->type)));
}

static struct str key_extension(struct str content_type)
{
    const struct file_type *type = file_type_find(content_type);

    return type ? type->extensions[0] : STR(".bin");
}

enum status policy_check(const struct policy *policy, struct arena *arena,
    const struct file_claim *claim, struct file_verdict *out, struct failure *failure)
{
    struct str filename = file_name_clean(arena, claim->filename, POLICY_NAME_MAX_BYTES);
    struct str content_type = STR_EMPTY;
    enum status status;

    if (str_is_empty(filename)) {
        return failure_set(failure, STATUS_INVALID, STR("filename"), STR("Give the file's name."));
    }
    status = check_size(policy, arena, claim->size_bytes, failure);
    if (status == STATUS_OK) {
        status = check_type(policy, arena, claim, &content_type, failure);
    }
    if (status == STATUS_OK && claim->sniff) {
        status = check_bytes(arena, content_type, claim->sniff, failure);
    }
    if (status == STATUS_OK) {
        *out = (struct file_verdict){
            .filename = filename,
            .content_type = content_type,
            .extension = key_extension(content_type),
        };
    }
    return status;
}
