/*
 * The parsers that rows of the table name. Each judges one kind of text; none prints, none knows a
 * setting by its name.
 */
#include "main/setting.h"

#include "base/buf.h"
#include "base/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_length_ok(const struct setting *setting, struct str text)
{
    return text.len >= (size_t)setting->min && text.len <= (size_t)setting->max &&
           !str_has_control(text);
}

bool setting_text(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!is_length_ok(setting, text))
        return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

bool setting_path(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    char here[4096];

    if (!is_length_ok(setting, text))
        return false;
    while (text.len > 1 && text.ptr[text.len - 1] == '/')
        text.len--;
    if (text.ptr[0] == '/') {
        *(struct str *)out = arena_copy(arena, text);
        return true;
    }
    if (str_starts_with(text, STR("./")))
        text = str_from_offset(text, 2);
    if (getcwd(here, sizeof(here)) == NULL)
        return false;
    *(struct str *)out = arena_printf(arena, "%s/%.*s", here, STR_ARG(text));
    return true;
}

bool setting_number(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    int64_t number;

    (void)arena;
    if (!str_parse_i64(text, &number) || number < setting->min || number > setting->max)
        return false;
    *(int64_t *)out = number;
    return true;
}

bool setting_size(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    static const struct {
        struct str unit;
        int64_t factor;
    } units[] = {
        { STR_INIT("KiB"), 1024 },
        { STR_INIT("MiB"), 1024 * 1024 },
        { STR_INIT("GiB"), 1024 * 1024 * 1024 },
        { STR_INIT("KB"), 1000 },
        { STR_INIT("MB"), 1000 * 1000 },
        { STR_INIT("GB"), 1000 * 1000 * 1000 },
        { STR_INIT("TB"), 1000LL * 1000 * 1000 * 1000 },
    };
    int64_t factor = 1, number;

    (void)arena;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        size_t len = units[i].unit.len;
        if (text.len > len &&
            str_equal_nocase(str_from_offset(text, text.len - len), units[i].unit)) {
            text = str_trim(str_head(text, text.len - len));
            factor = units[i].factor;
            break;
        }
    }
    if (!str_parse_i64(text, &number) || number < 0 || number > setting->max / factor)
        return false;
    if (number * factor < setting->min)
        return false;
    *(int64_t *)out = number * factor;
    return true;
}

/* on, yes, true and 1 are one word to people who write settings; so are their opposites. */
static struct str without_synonym(struct str text)
{
    static const struct {
        struct str word, means;
    } synonyms[] = {
        { STR_INIT("yes"), STR_INIT("on") },
        { STR_INIT("true"), STR_INIT("on") },
        { STR_INIT("1"), STR_INIT("on") },
        { STR_INIT("no"), STR_INIT("off") },
        { STR_INIT("false"), STR_INIT("off") },
        { STR_INIT("0"), STR_INIT("off") },
    };

    for (size_t i = 0; i < COUNT_OF(synonyms); i++)
        if (str_equal_nocase(text, synonyms[i].word))
            return synonyms[i].means;
    return text;
}

static int choice_index(const struct setting *setting, struct str text)
{
    for (int i = 0; setting->choices[i] != NULL; i++)
        if (str_equal_nocase(without_synonym(text), str_from_c(setting->choices[i])))
            return i;
    return -1;
}

bool setting_choice(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    int index = choice_index(setting, text);

    (void)arena;
    if (index < 0)
        return false;
    /* every enum of struct config starts at 0 and has the size of an int */
    *(int *)out = index;
    return true;
}

bool setting_switch(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    int index = choice_index(setting, text);

    (void)arena;
    if (index < 0)
        return false;
    *(int64_t *)out = index;
    return true;
}

bool setting_bool(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct str word = without_synonym(text);

    (void)arena;
    (void)setting;
    if (!str_equal_nocase(word, STR("on")) && !str_equal_nocase(word, STR("off")))
        return false;
    *(bool *)out = str_equal_nocase(word, STR("on"));
    return true;
}

bool setting_url(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct url url;

    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    if (!is_length_ok(setting, text) || url_parse(arena, text, &url) != STATUS_OK)
        return false;
    *(struct str *)out = ARENA_JOIN(arena, url_origin(arena, &url), url.path);
    return true;
}

bool setting_origin(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct url url;
    struct str normal;

    if (!setting_url(arena, setting, text, &normal) ||
        url_parse(arena, normal, &url) != STATUS_OK || !str_is_empty(url.path))
        return false;
    *(struct str *)out = normal;
    return true;
}

bool setting_origins(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct buf list;
    struct str rest = text, part, origin;

    if (str_equal(text, STR("*"))) {
        *(struct str *)out = STR("*");
        return true;
    }
    buf_init_arena(&list, arena, (size_t)setting->max + 1);
    while (str_split(&rest, ',', &part)) {
        if (!setting_origin(arena, setting, str_trim(part), &origin))
            return false;
        if (list.len > 0)
            buf_put_byte(&list, ',');
        buf_put(&list, origin);
    }
    *(struct str *)out = arena_copy(arena, buf_str(&list));
    return !buf_is_over(&list);
}

static bool is_plain_segment(struct str segment)
{
    for (size_t i = 0; i < segment.len; i++)
        if (!isalnum((unsigned char)segment.ptr[i]) && strchr("-._~", segment.ptr[i]) == NULL)
            return false;
    return segment.len > 0 && segment.ptr[0] != '.';
}

bool setting_prefix(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct str rest, segment;

    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    if (!is_length_ok(setting, text) || text.ptr[0] != '/')
        return false;
    rest = str_from_offset(text, 1);
    while (str_split(&rest, '/', &segment))
        if (!is_plain_segment(segment))
            return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

bool setting_bucket(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    if (!is_length_ok(setting, text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!islower((unsigned char)c) && !isdigit((unsigned char)c) && c != '.' && c != '-')
            return false;
    }
    if (!isalnum((unsigned char)text.ptr[0]) || !isalnum((unsigned char)text.ptr[text.len - 1]) ||
        str_find(text, STR("..")) >= 0)
        return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

/* type "/" subtype, both tokens (RFC 9110, section 8.3.1); parameters are not accepted. */
static bool is_content_type(struct str type)
{
    ssize_t slash = str_index(type, '/');

    if (slash <= 0 || (size_t)slash + 1 == type.len)
        return false;
    for (size_t i = 0; i < type.len; i++)
        if (!isalnum((unsigned char)type.ptr[i]) && strchr("/+.-_", type.ptr[i]) == NULL)
            return false;
    return str_index(str_from_offset(type, (size_t)slash + 1), '/') < 0;
}

bool setting_types(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct buf list;
    struct str rest = text, part;

    if (!is_length_ok(setting, text))
        return false;
    buf_init_arena(&list, arena, (size_t)setting->max + 1);
    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (!is_content_type(part))
            return false;
        if (list.len > 0)
            buf_put_byte(&list, ',');
        for (size_t i = 0; i < part.len; i++)
            buf_put_byte(&list, (char)tolower((unsigned char)part.ptr[i]));
    }
    *(struct str *)out = arena_copy(arena, buf_str(&list));
    return true;
}

bool setting_email(struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    ssize_t at = str_index(text, '@');

    if (!is_length_ok(setting, text) || at <= 0 || at != str_last_index(text, '@') ||
        (size_t)at + 1 == text.len || str_index(text, ' ') >= 0)
        return false;
    *(struct str *)out = arena_copy(arena, text);
    return true;
}

bool setting_dialects(
    struct arena *arena, const struct setting *setting, struct str text, void *out)
{
    struct str rest = text, name;

    if (!is_length_ok(setting, text))
        return false;
    while (str_split(&rest, ',', &name)) {
        name = str_trim(name);
        if (!str_equal(name, STR("003")) && !str_equal(name, STR("004")))
            return false;
    }
    *(struct str *)out = arena_copy(arena, text);
    return true;
}
