/* The parsers that only rows of CloudFront name. */
#include "main/setting.h"

#include "base/url.h"

#include <ctype.h>

static bool is_length_ok(const struct setting *setting, struct str text)
{
    return text.len >= (size_t)setting->min && text.len <= (size_t)setting->max;
}

bool setting_cdn(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (str_find(text, STR("://")) < 0)
        text = ARENA_JOIN(arena, STR("https://"), text);
    return setting_origin(arena, setting, text, out);
}

bool setting_cookie_domain(
    struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct str domain = str_starts_with(text, STR(".")) ? str_from_offset(text, 1) : text;
    ssize_t dot = str_index(domain, '.');

    if (!is_length_ok(setting, domain) || dot <= 0 || str_find(domain, STR("..")) >= 0 ||
        domain.ptr[domain.len - 1] == '.')
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        unsigned char c = (unsigned char)domain.ptr[i];
        if (!islower(c) && !isdigit(c) && c != '.' && c != '-')
            return false;
    }
    *(struct str *)out = arena_copy(arena, domain);
    return true;
}

bool setting_id(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!is_length_ok(setting, text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]))
            return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

bool setting_source_ip(
    struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!is_length_ok(setting, text) ||
        (!str_equal_nocase(text, STR("visitor")) && !cloudfront_is_ipv4(text)))
        return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

bool setting_lines(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!is_length_ok(setting, text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' && strchr("\t\r\n", text.ptr[i]) == NULL)
            return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}
