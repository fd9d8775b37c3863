/*
 * log.c - writing one line of JSON without allocating, so that a failing process can still say why.
 *
 * Control bytes (C0, DEL and the C1 block, which terminals obey) and malformed UTF-8 are escaped: a
 * value that came from outside cannot forge a line or move a cursor.
 */
#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static const struct str level_names[] = {
    [LOG_DEBUG] = STR_INIT("debug"),
    [LOG_INFO] = STR_INIT("info"),
    [LOG_WARN] = STR_INIT("warn"),
    [LOG_ERROR] = STR_INIT("error"),
};

static atomic_int lowest = LOG_INFO;
static atomic_int log_fd = STDERR_FILENO;
static _Thread_local struct str request_id;

/* Kept free at the end: the quote of a cut value, the brace and the newline. */
enum { TAIL_BYTES = 3, TEXT_END = LOG_LINE_MAX - TAIL_BYTES };

void log_set_level(enum log_level level)
{
    lowest = (int)level;
}

void log_set_request_id(struct str id)
{
    request_id = id;
}

void log_set_fd(int fd)
{
    log_fd = fd;
}

/* All of `piece` or nothing: a line is never cut inside an escape. */
static bool put(struct log_line *line, struct str piece)
{
    if (line->len + piece.len > TEXT_END)
        return false;
    memcpy(line->text + line->len, piece.ptr, piece.len);
    line->len += piece.len;
    return true;
}

/* What stands in a JSON string for the code point, or the byte that is no UTF-8, at the front of
 * *rest. `scratch` holds it when it is not the input itself. */
static struct str next_piece(struct str *rest, char scratch[8])
{
    struct str whole = *rest;
    uint32_t point;

    if (!str_utf8_next(rest, &point))
        return str_from(scratch,
            (size_t)snprintf(scratch, 8, "\\\\x%02x", (unsigned)(unsigned char)whole.ptr[0]));
    if (point == '"')
        return STR("\\\"");
    if (point == '\\')
        return STR("\\\\");
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
        return str_from(scratch, (size_t)snprintf(scratch, 8, "\\u%04x", point & 0xffu));
    return str_head(whole, whole.len - rest->len);
}

/* How many bytes at the front of `value` stand in a JSON string as they are, each by itself. */
static size_t plain_length(struct str value)
{
    size_t len = 0;

    while (len < value.len && value.ptr[len] >= ' ' && value.ptr[len] <= '~' &&
           value.ptr[len] != '"' && value.ptr[len] != '\\')
        len++;
    return len;
}

/* Runs of plain text at once, which is nearly all there is; the rest, and what has to be cut, piece
 * by piece. */
static void put_value(struct log_line *line, struct str value)
{
    char scratch[8];

    while (value.len) {
        struct str plain = str_head(value, plain_length(value));

        if (plain.len && put(line, plain))
            value = str_from_offset(value, plain.len);
        else if (!put(line, next_piece(&value, scratch)))
            return;
    }
}

/* The key with what surrounds it. Without room for it the field is left out. */
static bool put_key(struct log_line *line, const char *key)
{
    struct str name = str_from_c(key);

    if (line->is_off || line->len + name.len + 32 > TEXT_END)
        return false;
    put(line, line->len == 1 ? STR("\"") : STR(",\""));
    put_value(line, name);
    put(line, STR("\":"));
    return true;
}

void log_begin(struct log_line *line, enum log_level level, const char *message)
{
    char now[CLOCK_ISO_MS_LEN];

    line->is_off = (int)level < lowest;
    if (line->is_off)
        return;
    line->text[0] = '{';
    line->len = 1;
    clock_write_iso_ms(now, clock_now_ms());
    log_str(line, "ts", str_from(now, sizeof now));
    log_str(line, "level", level_names[level]);
    log_str(line, "msg", str_from_c(message));
    if (request_id.len)
        log_str(line, "rid", request_id);
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    if (!put_key(line, key))
        return;
    put(line, STR("\""));
    put_value(line, value);
    line->text[line->len++] = '"'; /* TAIL_BYTES keeps room for it */
}

void log_int(struct log_line *line, const char *key, int64_t value)
{
    char digits[STR_I64_MAX];

    if (!put_key(line, key))
        return;
    put(line, str_from_i64(digits, value));
}

void log_end(struct log_line *line)
{
    if (line->is_off)
        return;
    line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
    while (write(log_fd, line->text, line->len) < 0 && errno == EINTR)
        ;
}

void log_event(enum log_level level, const char *format, ...)
{
    struct log_line line;
    char message[2048];
    va_list args;

    if ((int)level < lowest)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    log_begin(&line, level, message);
    log_end(&line);
}
