/*
 * multipart.c - the parser: a state for every place in the grammar of RFC 2046, section 5.1.1.
 *
 * The delimiter begins with a CR, and no other byte of it can be one. So after a mismatch nothing
 * that was matched can be the start of another match: a search needs no table, and a match that the
 * end of a push has cut is remembered as one number.
 */
#include "cgi/multipart.h"

#include "cgi/header_params.h"
#include "cgi/multipart_headers.h"

enum state {
    PREAMBLE,
    AFTER_DELIMITER, /* "--boundary" was read: padding, "--" or CRLF may follow */
    AFTER_DASH,
    PADDING,
    AFTER_CR,
    HEADERS,
    CONTENT,
    TOO_LONG, /* the part's limit was reached and there is more */
    CLOSED,   /* the closing boundary was read, its event not given yet */
    EPILOGUE,
    FAILED,
};

/* --- beginning --- */

/* RFC 2046, section 5.1.1: bchars, and no space at the end. */
static bool is_boundary(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char byte = s.ptr[i], letter = (char)(byte | 0x20);

        if (!(letter >= 'a' && letter <= 'z') && !(byte >= '0' && byte <= '9') &&
            (byte == '\0' || !strchr("'()+_,-./:=? ", byte)))
            return false;
    }
    return s.len >= 1 && s.len <= MULTIPART_BOUNDARY_MAX && s.ptr[s.len - 1] != ' ';
}

static bool find_boundary(struct str params, struct str *out)
{
    struct header_param param;
    bool found = false;
    int result;

    while ((result = header_params_next(&params, &param)) > 0) {
        if (!str_equal_nocase(param.name, STR("boundary")))
            continue;
        if (found) /* two: whichever is taken, somebody else takes the other */
            return false;
        found = true;
        *out = param.value;
    }
    return result == 0 && found && is_boundary(*out);
}

enum status multipart_init(
    struct multipart *parser, struct str content_type, const struct multipart_limits *limits)
{
    struct str boundary = STR_EMPTY;

    if (!str_equal_nocase(header_params_begin(&content_type), STR("multipart/form-data")))
        return STATUS_UNSUPPORTED_TYPE;
    if (!find_boundary(content_type, &boundary))
        return STATUS_BAD_REQUEST;

    memset(parser, 0, offsetof(struct multipart, line));
    parser->line_len = parser->header_bytes = 0;
    parser->has_disposition = false;
    parser->limits = *limits;
    parser->state = PREAMBLE;
    memcpy(parser->delimiter, "\r\n--", 4);
    memcpy(parser->delimiter + 4, boundary.ptr, boundary.len);
    parser->delimiter_len = boundary.len + 4;
    parser->matched = 2; /* the first delimiter needs no line end before it */
    return STATUS_OK;
}

void multipart_push(struct multipart *parser, struct str bytes)
{
    parser->input = bytes;
}

/* --- content and delimiters --- */

static void consume(struct multipart *parser, size_t len)
{
    parser->input = str_from_offset(parser->input, len);
}

/* How many bytes of the delimiter, from its byte `from`, stand at the front of `s`. */
static size_t match_length(const struct multipart *parser, struct str s, size_t from)
{
    size_t len = 0;

    while (len < s.len && from + len < parser->delimiter_len &&
           s.ptr[len] == parser->delimiter[from + len])
        len++;
    return len;
}

/* The bytes of the input before the delimiter, or before what may become it with the next push. */
static size_t plain_length(const struct multipart *parser)
{
    struct str rest = parser->input;

    for (;;) {
        ssize_t cr = str_index(rest, '\r');

        if (cr < 0)
            return parser->input.len;
        rest = str_from_offset(rest, (size_t)cr);
        size_t len = match_length(parser, rest, 0);
        if (len == parser->delimiter_len || len == rest.len)
            return parser->input.len - rest.len;
        rest = str_from_offset(rest, 1);
    }
}

enum scan { SCAN_BYTES, SCAN_DELIMITER, SCAN_NEED_MORE };

/* Take what comes next: bytes that are no delimiter, or a whole delimiter. */
static enum scan scan(struct multipart *parser, struct str *out_bytes)
{
    if (parser->input.len == 0)
        return SCAN_NEED_MORE;
    if (parser->matched == 0) {
        size_t len = plain_length(parser);

        *out_bytes = str_head(parser->input, len);
        consume(parser, len);
        if (len > 0)
            return SCAN_BYTES;
    }
    size_t len = match_length(parser, parser->input, parser->matched);
    parser->matched += len;
    consume(parser, len);
    if (parser->matched == parser->delimiter_len) {
        parser->matched = 0;
        return SCAN_DELIMITER;
    }
    if (parser->input.len == 0)
        return SCAN_NEED_MORE;
    *out_bytes = str_from(parser->delimiter, parser->matched); /* it was content after all */
    parser->matched = 0;
    return SCAN_BYTES;
}

/* Returns the event, or MULTIPART_NEED_MORE when the input is used up or the state has changed. */
static enum multipart_event read_preamble(struct multipart *parser)
{
    struct str ignored;
    enum scan result;

    while ((result = scan(parser, &ignored)) == SCAN_BYTES)
        ;
    if (result == SCAN_DELIMITER)
        parser->state = AFTER_DELIMITER;
    return MULTIPART_NEED_MORE;
}

static enum multipart_event fail_too_long(struct multipart *parser)
{
    return multipart_fail(parser, STATUS_TOO_LARGE,
        parser->part.has_filename ? STR("A file is larger than what is accepted here.")
                                  : STR("A field of the form is longer than what is accepted."));
}

/* Bytes up to the limit are handed out before the one that passes it is an error, so that the
 * events do not depend on how the body was cut. */
static enum multipart_event give_data(
    struct multipart *parser, struct str bytes, struct str *out_bytes)
{
    struct multipart_part *part = &parser->part;
    int64_t max =
        part->has_filename ? parser->limits.max_file_bytes : parser->limits.max_field_bytes;
    size_t room = (size_t)(max - part->size_bytes);

    if (bytes.len > room)
        parser->state = TOO_LONG;
    *out_bytes = str_head(bytes, room);
    part->size_bytes += (int64_t)out_bytes->len;
    return out_bytes->len ? MULTIPART_DATA : fail_too_long(parser);
}

static enum multipart_event read_content(struct multipart *parser, struct str *out_bytes)
{
    struct str bytes;

    switch (scan(parser, &bytes)) {
    case SCAN_BYTES:
        return give_data(parser, bytes, out_bytes);
    case SCAN_DELIMITER:
        parser->state = AFTER_DELIMITER;
        return MULTIPART_PART_END;
    default:
        return MULTIPART_NEED_MORE;
    }
}

/* --- after a delimiter --- */

/* What may follow a delimiter, byte by byte: state, byte, next state. Anything else is malformed.
 */
/* clang-format off */
static const struct {
    enum state state;
    char byte;
    enum state next;
} transitions[] = {
    { AFTER_DELIMITER, '-',  AFTER_DASH },
    { AFTER_DELIMITER, ' ',  PADDING },
    { AFTER_DELIMITER, '\t', PADDING },
    { AFTER_DELIMITER, '\r', AFTER_CR },
    { AFTER_DASH,      '-',  CLOSED },
    { PADDING,         ' ',  PADDING },
    { PADDING,         '\t', PADDING },
    { PADDING,         '\r', AFTER_CR },
    { AFTER_CR,        '\n', HEADERS },
};
/* clang-format on */

static enum multipart_event begin_headers(struct multipart *parser)
{
    if (parser->part_count == parser->limits.max_parts)
        return multipart_fail(parser, STATUS_TOO_LARGE, STR("The form has too many parts."));
    parser->part_count++;
    parser->part = (struct multipart_part){ 0 };
    parser->line_len = parser->header_bytes = 0;
    parser->has_disposition = false;
    return MULTIPART_NEED_MORE;
}

static enum multipart_event read_after_delimiter(struct multipart *parser)
{
    char byte = parser->input.ptr[0];

    consume(parser, 1);
    for (size_t i = 0; i < COUNT_OF(transitions); i++) {
        if (transitions[i].state != (enum state)parser->state || transitions[i].byte != byte)
            continue;
        parser->state = transitions[i].next;
        return parser->state == HEADERS ? begin_headers(parser) : MULTIPART_NEED_MORE;
    }
    return multipart_fail(
        parser, STATUS_BAD_REQUEST, STR("The form's parts are not separated as announced."));
}

/* --- headers of a part --- */

static enum multipart_event end_headers(struct multipart *parser)
{
    if (!parser->part.name.ptr)
        return multipart_fail(parser, STATUS_BAD_REQUEST, STR("A part of the form has no name."));
    parser->state = CONTENT;
    return MULTIPART_PART;
}

/* Gather a line up to its CRLF, then read it. */
static enum multipart_event read_headers(struct multipart *parser)
{
    while (parser->input.len) {
        char byte = parser->input.ptr[0];

        consume(parser, 1);
        if (++parser->header_bytes > MULTIPART_HEADERS_MAX)
            return multipart_fail(
                parser, STATUS_TOO_LARGE, STR("The headers of a part are too long."));
        if (byte != '\n') {
            parser->line[parser->line_len++] = byte;
            continue;
        }
        if (parser->line_len == 0 || parser->line[parser->line_len - 1] != '\r')
            return multipart_fail(
                parser, STATUS_BAD_REQUEST, STR("A header of a part does not end as it should."));
        struct str line = str_from(parser->line, parser->line_len - 1);
        parser->line_len = 0;
        return line.len ? multipart_read_header(parser, line) : end_headers(parser);
    }
    return MULTIPART_NEED_MORE;
}

/* --- the machine --- */

enum multipart_event multipart_fail(
    struct multipart *parser, enum status status, struct str sentence)
{
    parser->state = FAILED;
    parser->status = status;
    parser->sentence = sentence;
    return MULTIPART_ERROR;
}

static enum multipart_event step(struct multipart *parser, struct str *out_bytes)
{
    switch ((enum state)parser->state) {
    case PREAMBLE:
        return read_preamble(parser);
    case HEADERS:
        return read_headers(parser);
    case CONTENT:
        return read_content(parser, out_bytes);
    case TOO_LONG:
        return fail_too_long(parser);
    case CLOSED:
        parser->state = EPILOGUE;
        return MULTIPART_END;
    case EPILOGUE:
        parser->input = STR_EMPTY;
        return MULTIPART_NEED_MORE;
    case FAILED:
        return MULTIPART_ERROR;
    default:
        return read_after_delimiter(parser);
    }
}

/* These give their event without another byte of input. */
static bool is_pending(const struct multipart *parser)
{
    return parser->state == TOO_LONG || parser->state == CLOSED || parser->state == FAILED;
}

enum multipart_event multipart_next(struct multipart *parser, struct str *out_bytes)
{
    enum multipart_event event = MULTIPART_NEED_MORE;

    while (event == MULTIPART_NEED_MORE && (parser->input.len || is_pending(parser)))
        event = step(parser, out_bytes);
    return event;
}

bool multipart_finish(struct multipart *parser)
{
    if (parser->state == EPILOGUE || parser->state == CLOSED)
        return true;
    if (parser->state != FAILED)
        (void)multipart_fail(
            parser, STATUS_BAD_REQUEST, STR("The form was cut off before its end."));
    return false;
}
