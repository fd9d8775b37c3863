/* From a form to a stored file. What a form is, is form_file.c's; what a good file is, domain's. */
#include "web/form_upload.h"

#include "web/form_file.h"
#include "web/upload_turn.h"

/* More than any client puts around its file: names, boundaries, a few fields. */
enum { FRAME_MAX_BYTES = 256 * 1024 };

static int64_t limit_of(const struct exchange *exchange, const struct asset_store_request *how)
{
    int64_t most = exchange->thread->domain.options->policy.max_size_bytes;

    return how->max_size_bytes > 0 && how->max_size_bytes < most ? how->max_size_bytes : most;
}

static enum status check_length(struct exchange *exchange, int64_t limit)
{
    struct arena *arena = exchange->arena;

    if (exchange->request->content_length <= limit + FRAME_MAX_BYTES)
        return STATUS_OK;
    return failure_format(&exchange->task.failure, arena, STATUS_TOO_LARGE, STR("size"),
        "This file is larger than the limit of %.*s. Nothing was saved.",
        STR_ARG(policy_format_size(arena, limit)));
}

static enum status receive(struct exchange *exchange, const char *field,
    const struct asset_store_request *how, struct asset *out)
{
    struct form_file *file = arena_alloc(exchange->arena, sizeof(*file));
    struct asset_store_request request = *how;
    enum status status = form_file_open(exchange, field, file);

    if (status == STATUS_OK) {
        request.filename = file->filename;
        request.content_type = file->content_type;
        status = asset_store_stream(&exchange->task, &request, file->source, out);
    }
    if (file->failure.status == STATUS_OK)
        return status;
    exchange->task.failure = file->failure; /* the domain knows only that no more came */
    return file->failure.status;
}

enum status form_upload(struct exchange *exchange, const char *field,
    const struct asset_store_request *how, struct asset *out)
{
    enum status status = check_length(exchange, limit_of(exchange, how));

    if (status == STATUS_OK)
        status = upload_turn_take(exchange);
    if (status != STATUS_OK)
        return status;
    status = receive(exchange, field, how, out);
    upload_turn_give(exchange);
    return status;
}
