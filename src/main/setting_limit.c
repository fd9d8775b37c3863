/* Parsers of the settings that say how much is allowed, and to whom. See setting.c for the others.
 */
#include "main/setting.h"

bool setting_address(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct str bare = text;
    struct address address;

    if (str_starts_with(text, STR("[")) && str_ends_with(text, STR("]")))
        bare = str_from(text.ptr + 1, text.len - 2);
    return address_parse(bare, &address) && setting_text(arena, setting, text, out);
}

bool setting_proxies(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    return text.len <= (size_t)setting->max && proxy_trust_parse(arena, text, out);
}

static bool find_window(struct str unit, int64_t *out_s)
{
    static const struct {
        struct str name;
        int64_t seconds;
    } units[] = {
        { STR_INIT("s"), 1 },
        { STR_INIT("sec"), 1 },
        { STR_INIT("second"), 1 },
        { STR_INIT("min"), 60 },
        { STR_INIT("minute"), 60 },
        { STR_INIT("h"), 3600 },
        { STR_INIT("hour"), 3600 },
        { STR_INIT("day"), 86400 },
    };

    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (str_equal_nocase(unit, units[i].name)) {
            *out_s = units[i].seconds;
            return true;
        }
    return false;
}

bool setting_rate(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct rate_policy policy = { 0, 0 };
    struct str rest = text, count;

    (void)arena;
    (void)setting;
    if (!str_equal_nocase(text, STR("off")) &&
        (!str_split(&rest, '/', &count) || !str_parse_i64(str_trim(count), &policy.count) ||
            policy.count < 1 || policy.count > RATE_COUNT_MAX ||
            !find_window(str_trim(rest), &policy.window_s)))
        return false;
    *(struct rate_policy *)out = policy;
    return true;
}

bool setting_size_or_off(
    struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!str_equal_nocase(text, STR("off")))
        return setting_size(arena, setting, text, out);
    *(int64_t *)out = 0;
    return true;
}

bool setting_number_or_off(
    struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!str_equal_nocase(text, STR("off")))
        return setting_number(arena, setting, text, out);
    *(int64_t *)out = 0;
    return true;
}
