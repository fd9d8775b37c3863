/* Counting the forms that are being received; app->options->upload_forms_max is the most. */
#include "web/upload_turn.h"

enum { RETRY_AFTER_S = 2 };

enum status upload_turn_take(struct exchange *exchange)
{
    struct app *app = exchange->thread->app;
    int most = app->options->upload_forms_max;

    if (atomic_fetch_add(&app->upload_forms, 1) < most || most == 0)
        return STATUS_OK;
    upload_turn_give(exchange);
    failure_set(&exchange->task.failure, STATUS_BUSY, STR_EMPTY,
        STR("Many files are being received just now. Try again in a moment."));
    exchange->task.failure.retry_after_s = RETRY_AFTER_S;
    return STATUS_BUSY;
}

void upload_turn_give(struct exchange *exchange)
{
    atomic_fetch_sub(&exchange->thread->app->upload_forms, 1);
}
