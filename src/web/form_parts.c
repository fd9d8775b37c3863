/* Pulling parts out of a request's body. The grammar is multipart.c's. */
#include "web/form_parts.h"

enum status form_parts_init(
    struct form_parts *parts, struct request *request, const struct multipart_limits *limits)
{
    memset(parts, 0, offsetof(struct form_parts, chunk));
    parts->request = request;
    return multipart_init(&parts->parser, request->content_type, limits);
}

static enum multipart_event fail(struct form_parts *parts, enum status status)
{
    parts->is_over = true;
    parts->is_in_part = false;
    parts->status = status;
    return MULTIPART_ERROR;
}

/* Give the parser more of the body; after its end nothing can follow but the form's own end. */
static enum multipart_event refill(struct form_parts *parts)
{
    ssize_t count = request_read_body(parts->request, parts->chunk, sizeof(parts->chunk));

    if (count < 0)
        return fail(parts, STATUS_BAD_REQUEST);
    if (count == 0)
        return multipart_finish(&parts->parser) ? MULTIPART_END : fail(parts, parts->parser.status);
    multipart_push(&parts->parser, str_from(parts->chunk, (size_t)count));
    return MULTIPART_NEED_MORE;
}

static enum multipart_event next_event(struct form_parts *parts, struct str *bytes)
{
    enum multipart_event event = multipart_next(&parts->parser, bytes);

    while (event == MULTIPART_NEED_MORE) {
        event = refill(parts);
        if (event == MULTIPART_NEED_MORE)
            event = multipart_next(&parts->parser, bytes);
    }
    if (event == MULTIPART_ERROR && !parts->is_over)
        fail(parts, parts->parser.status);
    return event;
}

bool form_parts_next(struct form_parts *parts)
{
    struct str skipped;
    enum multipart_event event;

    parts->pending = STR_EMPTY;
    while (!parts->is_over) {
        event = next_event(parts, &skipped);
        parts->is_in_part = event == MULTIPART_PART;
        if (event == MULTIPART_PART)
            return true;
        if (event == MULTIPART_END)
            parts->is_over = true;
    }
    return false;
}

ssize_t form_parts_read(void *context, void *buffer, size_t len)
{
    struct form_parts *parts = context;

    if (str_is_empty(parts->pending) && parts->is_in_part)
        parts->is_in_part = next_event(parts, &parts->pending) == MULTIPART_DATA;
    if (parts->status != STATUS_OK)
        return -1;
    if (str_is_empty(parts->pending))
        return 0;
    if (len > parts->pending.len)
        len = parts->pending.len;
    memcpy(buffer, parts->pending.ptr, len);
    parts->pending = str_from_offset(parts->pending, len);
    return (ssize_t)len;
}
