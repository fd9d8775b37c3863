/* Values as text for people. What is not a page (logs, JSON) has no use for these. */
#include "web/text.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

enum { NUMBER_MAX_BYTES = 32 };

struct str text_moment(struct arena *arena, int64_t at_s)
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
        "Sep", "Oct", "Nov", "Dec" };
    time_t at = (time_t)at_s;
    struct tm tm = { 0 };

    gmtime_r(&at, &tm);
    return arena_printf(arena, "%d %s %d, %02d:%02d UTC", tm.tm_mday, months[tm.tm_mon],
        tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}

struct str text_clock(struct arena *arena, int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm tm = { 0 };

    gmtime_r(&at, &tm);
    return arena_printf(arena, "%02d:%02d UTC", tm.tm_hour, tm.tm_min);
}

struct str text_number(struct arena *arena, int64_t number)
{
    struct str digits = arena_printf(arena, "%lld", (long long)llabs(number));
    struct buf out;

    buf_init_arena(&out, arena, NUMBER_MAX_BYTES);
    if (number < 0)
        buf_put_byte(&out, '-');
    for (size_t i = 0; i < digits.len; i++) {
        if (i > 0 && (digits.len - i) % 3 == 0)
            buf_put_byte(&out, ',');
        buf_put_byte(&out, digits.ptr[i]);
    }
    return buf_str(&out);
}

struct str text_count(struct arena *arena, int64_t count, const char *one, const char *many)
{
    return arena_printf(
        arena, "%.*s %s", STR_ARG(text_number(arena, count)), count == 1 ? one : many);
}

struct str text_role(enum role role)
{
    static const struct str names[] = {
        [ROLE_VIEWER] = STR_INIT("Viewer"),
        [ROLE_EDITOR] = STR_INIT("Editor"),
        [ROLE_ADMIN] = STR_INIT("Administrator"),
    };

    return names[role];
}

/* The first code point of a word of valid UTF-8. */
static struct str first_letter(struct str word)
{
    size_t len = word.len > 0;

    while (len < word.len && ((unsigned char)word.ptr[len] & 0xc0) == 0x80)
        len++;
    return str_head(word, len);
}

static void put_upper(struct buf *out, struct str letter)
{
    for (size_t i = 0; i < letter.len; i++)
        buf_put_byte(
            out, (char)(letter.len == 1 ? toupper((unsigned char)letter.ptr[i]) : letter.ptr[i]));
}

struct str text_initials(struct arena *arena, struct str name)
{
    struct str first = STR_EMPTY, last = STR_EMPTY, word;
    struct buf out;

    while (str_split(&name, ' ', &word)) {
        if (str_is_empty(word))
            continue;
        last = str_is_empty(first) ? STR_EMPTY : first_letter(word);
        if (str_is_empty(first))
            first = first_letter(word);
    }
    buf_init_arena(&out, arena, NUMBER_MAX_BYTES);
    put_upper(&out, str_is_empty(first) ? STR("?") : first);
    put_upper(&out, last);
    return buf_str(&out);
}

/* A word of the header and what it means; the first that is found counts, so the order matters:
 * Edge and Opera say Chrome as well, and Chrome says Safari. */
struct agent_word {
    struct str word, name;
};

static struct str find_word(struct str agent, const struct agent_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_find(agent, words[i].word) >= 0)
            return words[i].name;
    return STR_EMPTY;
}

struct str text_device(struct arena *arena, struct str user_agent)
{
    static const struct agent_word browsers[] = {
        { STR_INIT("Edg/"), STR_INIT("Edge") },
        { STR_INIT("OPR/"), STR_INIT("Opera") },
        { STR_INIT("Firefox/"), STR_INIT("Firefox") },
        { STR_INIT("FxiOS/"), STR_INIT("Firefox") },
        { STR_INIT("CriOS/"), STR_INIT("Chrome") },
        { STR_INIT("Chrome/"), STR_INIT("Chrome") },
        { STR_INIT("Safari/"), STR_INIT("Safari") },
        { STR_INIT("curl/"), STR_INIT("curl") },
    };
    static const struct agent_word systems[] = {
        { STR_INIT("iPhone"), STR_INIT("iPhone") },
        { STR_INIT("iPad"), STR_INIT("iPad") },
        { STR_INIT("Android"), STR_INIT("Android") },
        { STR_INIT("Windows"), STR_INIT("Windows") },
        { STR_INIT("Mac OS X"), STR_INIT("macOS") },
        { STR_INIT("CrOS"), STR_INIT("ChromeOS") },
        { STR_INIT("Linux"), STR_INIT("Linux") },
    };
    struct str browser = find_word(user_agent, browsers, COUNT_OF(browsers));
    struct str system = find_word(user_agent, systems, COUNT_OF(systems));

    if (str_is_empty(browser))
        browser = STR("An unknown browser");
    if (str_is_empty(system))
        return browser;
    return ARENA_JOIN(arena, browser, STR(" on "), system);
}
