/*
 * log.h - one JSON object a line to stderr, each line one write(2).
 *
 * Order of use: log_begin, any number of log_str / log_int, log_end. Nothing is written (and little
 * is computed) below the level that log_set_level chose. Every line has ts (ISO 8601, ms), level,
 * msg; and rid when log_set_request_id was called in this thread.
 *
 * Never pass secrets, tokens, cookies or signatures: values are written as they are, but for
 * control bytes and invalid UTF-8, which are escaped. A line is cut at LOG_LINE_MAX bytes, still
 * valid JSON.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum { LOG_LINE_MAX = 8192 };

struct log_line {
    bool is_off; /* below the level: nothing is collected */
    size_t len;
    char text[LOG_LINE_MAX];
};

/* Lines below `level` are dropped. The default is LOG_INFO. Process-wide; call before threads
 * start. */
void log_set_level(enum log_level level);

/* The id that this thread's lines carry from now on; the bytes are borrowed. Empty: none. */
void log_set_request_id(struct str id);

/* Where lines go: a file descriptor, 2 by default; for tests. */
void log_set_fd(int fd);

void log_begin(struct log_line *line, enum log_level level, const char *message);
void log_str(struct log_line *line, const char *key, struct str value);
void log_int(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);

/* A whole line in one call, the message formatted. */
void log_event(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
