/*
 * asset_mirror.c - writing and reading x-amz-meta-vitrine.
 */
#include "domain/asset_mirror.h"

#include "base/escape.h"
#include "crypto/digest.h"
#include "domain/file_name.h"
#include "store/users.h"

struct str asset_mirror_owner(struct arena *arena, struct str email)
{
    char *lower = arena_alloc(arena, email.len + 1);
    char hex[2 * SHA256_BYTES];

    for (size_t i = 0; i < email.len; i++) {
        char c = email.ptr[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    sha256_hex(str_from(lower, email.len), hex);
    return arena_copy(arena, str_from(hex, MIRROR_OWNER_DIGITS));
}

struct str asset_mirror_format(struct task *task, const struct asset_row *row)
{
    struct user_row user;

    if (users_find(task->domain->db, task->arena, row->owner_id, &user) != STATUS_OK) {
        return STR_EMPTY;
    }
    return arena_printf(task->arena, "v=1&id=%lld&owner=%.*s&created=%lld&name=%.*s",
        (long long)row->id, STR_ARG(asset_mirror_owner(task->arena, user.email)),
        (long long)row->created_at, STR_ARG(escape_url_str(task->arena, row->filename)));
}

static bool is_owner(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_hex = (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
                      (text.ptr[i] >= 'a' && text.ptr[i] <= 'f');

        if (!is_hex) {
            return false;
        }
    }
    return text.len == MIRROR_OWNER_DIGITS;
}

static void take(struct arena *arena, struct str name, struct str value, struct asset_mirror *out)
{
    int64_t number = 0;
    struct str text;
    bool is_number = str_parse_i64(value, &number) && number > 0;

    if (str_equal(name, STR("id")) && is_number) {
        out->id = number;
    } else if (str_equal(name, STR("created")) && is_number) {
        out->created_at = number;
    } else if (str_equal(name, STR("owner")) && is_owner(value)) {
        out->owner = value;
    } else if (str_equal(name, STR("name")) && escape_url_decode(arena, value, false, &text) &&
               str_is_utf8(text)) {
        out->filename = file_name_clean(arena, text, POLICY_NAME_MAX_BYTES);
    }
}

void asset_mirror_parse(struct arena *arena, struct str value, struct asset_mirror *out)
{
    struct str rest = value, pair;

    *out = (struct asset_mirror){ 0 };
    if (!str_starts_with(value, STR("v=1&"))) {
        return; /* none, or of a later version */
    }
    while (str_split(&rest, '&', &pair)) {
        ssize_t equals = str_index(pair, '=');

        if (equals > 0) {
            take(arena, str_head(pair, (size_t)equals), str_from_offset(pair, (size_t)equals + 1),
                out);
        }
    }
}
