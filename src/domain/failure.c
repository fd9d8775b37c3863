/*
 * failure.c - filling in why something failed.
 */
#include "domain/failure.h"

enum status failure_set(
    struct failure *failure, enum status status, struct str field, struct str sentence)
{
    *failure = (struct failure){
        .status = status,
        .field = field,
        .sentence = str_is_empty(sentence) ? status_sentence(status) : sentence,
    };
    return status;
}

enum status failure_format(struct failure *failure, struct arena *arena, enum status status,
    struct str field, const char *format, ...)
{
    struct str sentence;
    va_list args;

    va_start(args, format);
    sentence = arena_vprintf(arena, format, args);
    va_end(args);
    return failure_set(failure, status, field, sentence);
}

struct failure failure_copy(struct arena *arena, const struct failure *failure)
{
    return (struct failure){
        .status = failure->status,
        .field = arena_copy(arena, failure->field),
        .sentence = arena_copy(arena, failure->sentence),
        .hint = arena_copy(arena, failure->hint),
        .retry_after_s = failure->retry_after_s,
        .storage_code = arena_copy(arena, failure->storage_code),
        .storage_message = arena_copy(arena, failure->storage_message),
        .storage_request_id = arena_copy(arena, failure->storage_request_id),
    };
}
