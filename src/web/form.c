/* Forms that come back. */
#include "web/form.h"

bool form_failed(struct exchange *exchange, enum status status)
{
    const struct failure *failure = &exchange->task.failure;
    bool is_typed = status == STATUS_INVALID || status == STATUS_BAD_CREDENTIALS ||
                    status == STATUS_TOO_MANY || status == STATUS_CONFLICT;

    if (is_typed)
        field_errors_add(&exchange->errors,
            str_is_empty(failure->field) ? STR("form") : failure->field,
            str_is_empty(failure->sentence) ? status_sentence(status) : failure->sentence);
    return is_typed;
}

int form_status(enum status status)
{
    if (status == STATUS_CONFLICT || status == STATUS_TOO_MANY)
        return status_http(status);
    return 422;
}
