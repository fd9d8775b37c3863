/*
 * fuzz_multipart.c - forms with files: the events are the same however the body is cut.
 *
 * The first byte chooses the cut: pieces of that many bytes, 0 for pieces that grow.
 */
#include "fuzz.h"

#include "cgi/multipart.h"

static const struct multipart_limits limits = {
    .max_parts = 5, .max_field_bytes = 40, .max_file_bytes = 80
};

/* Append what happened, but for how content was cut. False: it is over. */
static bool take_events(struct multipart *parser, struct buf *out)
{
    enum multipart_event event;
    struct str bytes = STR_EMPTY;

    while ((event = multipart_next(parser, &bytes)) > MULTIPART_NEED_MORE) {
        const struct multipart_part *part = &parser->part;

        if (event == MULTIPART_DATA) {
            FUZZ_CHECK(bytes.len > 0);
            buf_put(out, bytes);
            continue;
        }
        buf_printf(out, "<%d>", (int)event);
        if (event == MULTIPART_PART) {
            FUZZ_CHECK(str_is_utf8(part->name) && !str_has_control(part->name));
            FUZZ_CHECK(str_is_utf8(part->filename) && !str_has_control(part->filename));
            FUZZ_CHECK(part->name.len <= MULTIPART_NAME_MAX);
            buf_printf(out, "%.*s|%d%.*s|%.*s|", STR_ARG(part->name), part->has_filename,
                STR_ARG(part->filename), STR_ARG(part->content_type));
        }
    }
    FUZZ_CHECK(event == MULTIPART_ERROR || parser->input.len == 0);
    return event != MULTIPART_ERROR;
}

/* piece 0: pieces of 1, 2, 3 ... bytes. */
static struct str parse(struct arena *arena, struct str body, size_t piece)
{
    struct multipart parser;
    size_t len = piece ? piece : 1;
    bool goes_on = true;
    struct buf out;

    buf_init_arena(&out, arena, SIZE_MAX / 2);
    FUZZ_CHECK(
        multipart_init(&parser, STR("multipart/form-data; boundary=XX"), &limits) == STATUS_OK);
    while (goes_on && body.len) {
        multipart_push(&parser, str_head(body, len));
        goes_on = take_events(&parser, &out);
        body = str_from_offset(body, len);
        len += piece == 0;
    }
    bool is_whole = multipart_finish(&parser);
    FUZZ_CHECK(is_whole || parser.sentence.len > 0);
    buf_printf(&out, "<%s>%.*s", is_whole ? "whole" : "bad",
        STR_ARG(is_whole ? STR_EMPTY : parser.sentence));
    return buf_str(&out);
}

static void try_content_type(struct str text)
{
    struct multipart parser;

    if (multipart_init(&parser, text, &limits) == STATUS_OK)
        FUZZ_CHECK(parser.delimiter_len >= 5 && parser.delimiter_len <= sizeof parser.delimiter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;

    if (size < 1)
        return 0;
    arena_init(&arena);
    struct str body = fuzz_str(data + 1, size - 1);
    struct str whole = parse(&arena, body, SIZE_MAX);
    FUZZ_CHECK(str_equal(whole, parse(&arena, body, data[0])));
    FUZZ_CHECK(str_equal(whole, parse(&arena, body, 1)));
    try_content_type(ARENA_JOIN(&arena, STR("multipart/form-data;"), body));
    try_content_type(body);
    arena_clear(&arena);
    return 0;
}
