/*
 * clock.c - the time and its four text forms, by arithmetic on the civil calendar: no time zone
 * database, no locale, no static buffers as in <time.h>.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

static atomic_bool is_frozen;
static _Atomic int64_t frozen_s;

static int64_t read_clock(clockid_t id, int64_t units_per_s)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * units_per_s + now.tv_nsec / (1000000000 / units_per_s);
}

int64_t clock_now_ms(void)
{
    return is_frozen ? frozen_s * 1000 : read_clock(CLOCK_REALTIME, 1000);
}

int64_t clock_now_s(void)
{
    return is_frozen ? frozen_s : read_clock(CLOCK_REALTIME, 1);
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000);
}

bool clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_us)
{
    const struct timespec until = { until_us / 1000000, (long)(until_us % 1000000) * 1000 };

    return pthread_cond_clockwait(condition, lock, CLOCK_MONOTONIC, &until) == 0;
}

void clock_freeze(int64_t now_s)
{
    frozen_s = now_s;
    is_frozen = true;
}

void clock_thaw(void)
{
    is_frozen = false;
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second;
    int weekday; /* 0 is Sunday; -1 when a text did not name it */
};

enum { DAY_S = 86400 };

/* 0000-03-01 is day 0 of a calendar whose leap day comes last in the year: then a month begins at
 * (153 * m + 2) / 5 days, and an era of 400 years has 146097. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int day = (int)(day_of_year - (153 * month + 2) / 5 + 1);

    month += month < 10 ? 3 : -9;
    return (
        struct civil){ .year = year_of_era + era * 400 + (month <= 2), .month = month, .day = day };
}

/* Years 0001 to 9999: what the text forms can hold. */
static int64_t clamp_s(int64_t at_s)
{
    const int64_t first = -62135596800, last = 253402300799;

    return at_s < first ? first : at_s > last ? last : at_s;
}

static struct civil civil_from_s(int64_t at_s)
{
    int64_t days = at_s / DAY_S, second = at_s % DAY_S;

    if (second < 0) {
        second += DAY_S;
        days--;
    }
    struct civil civil = civil_from_days(days);
    civil.hour = (int)(second / 3600);
    civil.minute = (int)(second / 60 % 60);
    civil.second = (int)(second % 60);
    civil.weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    return civil;
}

/* False for a date or time of day that does not exist, or another weekday than was named. */
static bool civil_to_s(const struct civil *civil, int64_t *out_s)
{
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    int64_t at_s = days * DAY_S + civil->hour * 3600 + civil->minute * 60 + civil->second;
    struct civil back = civil_from_s(at_s);

    if (civil->month < 1 || civil->month > 12 || civil->day < 1 || civil->hour > 23 ||
        civil->minute > 59 || civil->second > 59 || civil->year < 1)
        return false;
    if (back.month != civil->month || back.day != civil->day)
        return false;
    if (civil->weekday >= 0 && back.weekday != civil->weekday)
        return false;
    *out_s = at_s;
    return true;
}

/*
 * The text forms are written and read by the same patterns. After '%': Y year in four digits, y in
 * two, M D month and day, h m s, d day padded with a space, N month's name, W weekday, L its long
 * name. Other bytes stand for themselves.
 */
static const char ISO[] = "%Y-%M-%DT%h:%m:%s";
static const char AMZ[] = "%Y%M%DT%h%m%sZ";
static const char IMF[] = "%W, %D %N %Y %h:%m:%s GMT";
static const char RFC850[] = "%L, %D-%N-%y %h:%m:%s GMT";
static const char ASCTIME[] = "%W %N %d %h:%m:%s %Y";

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
    "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
    "Oct", "Nov", "Dec" };

enum { TEXT_MAX = 40 };

static char *put_digits(char *to, int64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + width;
}

static char *put_field(char *to, char field, const struct civil *civil)
{
    switch (field) {
    case 'Y':
        return put_digits(to, civil->year, 4);
    case 'M':
        return put_digits(to, civil->month, 2);
    case 'D':
        return put_digits(to, civil->day, 2);
    case 'h':
        return put_digits(to, civil->hour, 2);
    case 'm':
        return put_digits(to, civil->minute, 2);
    case 's':
        return put_digits(to, civil->second, 2);
    case 'N':
        return mempcpy(to, months[civil->month - 1], 3);
    default: /* 'W' */
        return mempcpy(to, weekdays[civil->weekday], 3);
    }
}

static size_t format(char text[TEXT_MAX], const char *pattern, int64_t at_s)
{
    struct civil civil = civil_from_s(clamp_s(at_s));
    char *to = text;

    for (; *pattern; pattern++) {
        if (*pattern == '%')
            to = put_field(to, *++pattern, &civil);
        else
            *to++ = *pattern;
    }
    return (size_t)(to - text);
}

static struct str format_str(struct arena *arena, const char *pattern, int64_t at_s)
{
    char text[TEXT_MAX];
    size_t len = format(text, pattern, at_s);

    return arena_copy(arena, str_from(text, len));
}

struct str clock_format_iso(struct arena *arena, int64_t at_s)
{
    char text[TEXT_MAX];
    size_t len = format(text, ISO, at_s);

    text[len] = 'Z';
    return arena_copy(arena, str_from(text, len + 1));
}

struct str clock_format_iso_ms(struct arena *arena, int64_t at_ms)
{
    char text[CLOCK_ISO_MS_LEN];

    clock_write_iso_ms(text, at_ms);
    return arena_copy(arena, str_from(text, sizeof text));
}

void clock_write_iso_ms(char text[CLOCK_ISO_MS_LEN], int64_t at_ms)
{
    int64_t ms = at_ms % 1000;
    char whole[TEXT_MAX];

    if (ms < 0)
        ms += 1000;
    size_t len = format(whole, ISO, (at_ms - ms) / 1000);
    char *to = mempcpy(text, whole, len);
    *to++ = '.';
    to = put_digits(to, ms, 3);
    *to = 'Z';
}

struct str clock_format_amz(struct arena *arena, int64_t at_s)
{
    return format_str(arena, AMZ, at_s);
}

struct str clock_format_http(struct arena *arena, int64_t at_s)
{
    return format_str(arena, IMF, at_s);
}

static bool take_digits(struct str *rest, size_t width, int64_t *out)
{
    int64_t number = 0;

    if (rest->len < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (rest->ptr[i] < '0' || rest->ptr[i] > '9')
            return false;
        number = number * 10 + (rest->ptr[i] - '0');
    }
    *rest = str_from_offset(*rest, width);
    *out = number;
    return true;
}

static bool take_int(struct str *rest, size_t width, int *out)
{
    int64_t number;

    if (!take_digits(rest, width, &number))
        return false;
    *out = (int)number;
    return true;
}

/* Take one of `names`, or its first `prefix_len` bytes when that is not 0. */
static bool take_name(
    struct str *rest, const char *const *names, int count, size_t prefix_len, int *out_index)
{
    for (int i = 0; i < count; i++) {
        struct str name = str_head(str_from_c(names[i]), prefix_len ? prefix_len : SIZE_MAX);

        if (str_starts_with(*rest, name)) {
            *rest = str_from_offset(*rest, name.len);
            *out_index = i;
            return true;
        }
    }
    return false;
}

/* RFC 9110, section 5.6.7: a year that seems more than 50 years ahead is of the past. */
static int64_t year_of_two_digits(int64_t two_digits)
{
    int64_t this_year = civil_from_s(clock_now_s()).year;
    int64_t year = this_year / 100 * 100 + two_digits;

    return year > this_year + 50 ? year - 100 : year;
}

static bool take_field(struct str *rest, char field, struct civil *civil)
{
    switch (field) {
    case 'Y':
        return take_digits(rest, 4, &civil->year);
    case 'y':
        if (!take_digits(rest, 2, &civil->year))
            return false;
        civil->year = year_of_two_digits(civil->year);
        return true;
    case 'M':
        return take_int(rest, 2, &civil->month);
    case 'D':
        return take_int(rest, 2, &civil->day);
    case 'd':
        if (rest->len && rest->ptr[0] == ' ') {
            *rest = str_from_offset(*rest, 1);
            return take_int(rest, 1, &civil->day);
        }
        return take_int(rest, 2, &civil->day);
    case 'h':
        return take_int(rest, 2, &civil->hour);
    case 'm':
        return take_int(rest, 2, &civil->minute);
    case 's':
        return take_int(rest, 2, &civil->second);
    case 'N':
        if (!take_name(rest, months, COUNT_OF(months), 0, &civil->month))
            return false;
        civil->month++;
        return true;
    default: /* 'W', 'L' */
        return take_name(rest, weekdays, COUNT_OF(weekdays), field == 'W' ? 3 : 0, &civil->weekday);
    }
}

static bool take_pattern(struct str *rest, const char *pattern, struct civil *civil)
{
    *civil = (struct civil){ .weekday = -1 };
    for (; *pattern; pattern++) {
        if (*pattern == '%') {
            if (!take_field(rest, *++pattern, civil))
                return false;
        } else {
            if (rest->len == 0 || rest->ptr[0] != *pattern)
                return false;
            *rest = str_from_offset(*rest, 1);
        }
    }
    return true;
}

static bool parse(struct str text, const char *pattern, int64_t *out_s)
{
    struct civil civil;

    return take_pattern(&text, pattern, &civil) && text.len == 0 && civil_to_s(&civil, out_s);
}

bool clock_parse_iso(struct str text, int64_t *out_s)
{
    struct civil civil;
    int64_t digit;

    if (!take_pattern(&text, ISO, &civil))
        return false;
    if (text.len && text.ptr[0] == '.') {
        text = str_from_offset(text, 1);
        if (!take_digits(&text, 1, &digit))
            return false;
        while (take_digits(&text, 1, &digit))
            ;
    }
    return str_equal(text, STR("Z")) && civil_to_s(&civil, out_s);
}

bool clock_parse_amz(struct str text, int64_t *out_s)
{
    return parse(text, AMZ, out_s);
}

bool clock_parse_http(struct str text, int64_t *out_s)
{
    return parse(text, IMF, out_s) || parse(text, RFC850, out_s) || parse(text, ASCTIME, out_s);
}
