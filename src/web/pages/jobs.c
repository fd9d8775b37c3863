/* What the workers do and what they could not do, for administrators; run again, discard. */
#include "web/handlers.h"

#include "base/clock.h"
#include "domain/job.h"
#include "web/model.h"
#include "web/response.h"
#include "web/text.h"

/* Of each list; how many more there are is told. */
enum { SHOWN_MAX = 50 };

/* "Failed once" of one that is tried again, "Attempt 3 of 5" of one that runs. */
static json_t *attempts_model(struct exchange *exchange, const struct job *job)
{
    if (job->state == JOB_RUNNING)
        return model_format(exchange->arena, "Attempt %lld of %lld", (long long)job->attempts,
            (long long)job->max_attempts);
    if (job->state == JOB_DEAD || job->attempts > 0)
        return model_format(exchange->arena, "Tried %.*s",
            STR_ARG(text_count(exchange->arena, job->attempts, "time", "times")));
    return json_null();
}

static json_t *job_model(struct exchange *exchange, const struct job *job)
{
    struct arena *arena = exchange->arena;
    bool is_due = job->state == JOB_QUEUED && job->due_at <= clock_now_s();
    json_t *model =
        json_pack("{s:I, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:o, s:o, "
                  "s:o, s:o, s:o}",
            "id", (json_int_t)job->id, "kind", json_from_str(job->kind), "doc_text",
            model_text_or_null(job->doc), "key", model_text_or_null(job->key), "is_running",
            job->state == JOB_RUNNING, "is_due", is_due, "is_waiting",
            job->state == JOB_QUEUED && !is_due, "is_failing", job->is_failing, "has_failed",
            job->failed_at != 0, "has_done", job->done_at != 0, "can_discard", !job->is_periodic,
            "run_text", job->is_failing && !job->is_periodic ? "Run again" : "Run now", "error",
            model_text_or_null(job->last_error), "note", model_text_or_null(job->note),
            "attempts_text", attempts_model(exchange, job), "retry_url",
            model_format(arena, "/admin/jobs/%lld/retry", (long long)job->id), "discard_url",
            model_format(arena, "/admin/jobs/%lld/discard", (long long)job->id));

    model_set_time(model, arena, "due", job->due_at);
    model_set_time(model, arena, "started", job->started_at);
    model_set_time(model, arena, "failed", job->failed_at);
    model_set_time(model, arena, "done", job->done_at);
    return model;
}

static json_t *list_model(struct exchange *exchange, const struct jobs *jobs)
{
    json_t *list = json_array();

    for (size_t i = 0; i < jobs->count; i++)
        json_array_append_new(list, job_model(exchange, &jobs->item[i]));
    return list;
}

/* Those that are not of the schedule, which has a list of its own. */
static void append_singles(struct exchange *exchange, json_t *list, const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (!jobs->item[i].is_periodic)
            json_array_append_new(list, job_model(exchange, &jobs->item[i]));
}

static json_t *more_model(struct exchange *exchange, int64_t count, size_t shown)
{
    int64_t more = count - (int64_t)shown;

    if (more <= 0)
        return json_null();
    return model_format(
        exchange->arena, "and %.*s more", STR_ARG(text_number(exchange->arena, more)));
}

/* Why what is due stays undone; null: it does not. */
static json_t *trouble_model(struct exchange *exchange, const struct job_counts *counts)
{
    if (!counts->has_schedule)
        return json_string("No worker has ever run here: nothing on this page happens by itself. "
                           "Whoever runs Vitrine starts it as vitrine-worker.");
    if (counts->overdue_s < JOB_OVERDUE_S)
        return json_null();
    return model_format(exchange->arena,
        "What is due has been waiting for %.*s: no worker runs, or they do not keep up. The log of "
        "vitrine-worker says more.",
        STR_ARG(text_count(exchange->arena, counts->overdue_s / 60, "minute", "minutes")));
}

/* Everything that the page shows. */
struct view {
    struct job_counts counts;
    struct jobs dead, schedule, running, queued;
};

static enum status load(struct task *task, struct view *out)
{
    enum status status = job_count(task, &out->counts);

    if (status == STATUS_OK)
        status = job_list(task, JOB_DEAD, SHOWN_MAX, &out->dead);
    if (status == STATUS_OK)
        status = job_schedule(task, &out->schedule);
    if (status == STATUS_OK)
        status = job_list(task, JOB_RUNNING, SHOWN_MAX, &out->running);
    if (status == STATUS_OK)
        status = job_list(task, JOB_QUEUED, SHOWN_MAX, &out->queued);
    return status;
}

static json_t *view_model(struct exchange *exchange, const struct view *view)
{
    json_t *dead = list_model(exchange, &view->dead);
    json_t *schedule = list_model(exchange, &view->schedule);
    json_t *single = json_array();
    int64_t waiting = view->counts.count[JOB_QUEUED] + view->counts.count[JOB_RUNNING] -
                      (int64_t)view->schedule.count;

    append_singles(exchange, single, &view->running);
    append_singles(exchange, single, &view->queued);
    return json_pack("{s:o, s:b, s:o, s:o, s:b, s:o, s:b, s:o, s:o}", "trouble",
        trouble_model(exchange, &view->counts), "has_dead", json_array_size(dead) > 0, "dead", dead,
        "dead_more", more_model(exchange, view->counts.count[JOB_DEAD], view->dead.count),
        "has_schedule", json_array_size(schedule) > 0, "schedule", schedule, "has_single",
        json_array_size(single) > 0, "single", single, "single_more",
        more_model(exchange, waiting, json_array_size(single)));
}

enum status jobs_get(struct exchange *exchange)
{
    struct view view;
    json_t *model;
    enum status status = load(&exchange->task, &view);

    if (status != STATUS_OK)
        return status;
    model = model_page(exchange, "jobs", STR("Jobs"));
    json_object_set_new(model, "jobs", view_model(exchange, &view));
    return response_page(exchange, 200, "jobs", model);
}

/* Back to the list, with a word on what became of it: it may have been done, or begun, while the
 * page was looked at. */
static enum status back(struct exchange *exchange, enum status status, enum flash done)
{
    if (status == STATUS_NOT_FOUND)
        done = FLASH_JOB_GONE;
    else if (status == STATUS_CONFLICT)
        done = FLASH_JOB_RUNS;
    else if (status != STATUS_OK)
        return status;
    return response_see_other(exchange, STR("/admin/jobs"), done);
}

enum status job_retry_post(struct exchange *exchange)
{
    return back(exchange, job_retry(&exchange->task, exchange->id), FLASH_JOB_QUEUED);
}

enum status job_discard_post(struct exchange *exchange)
{
    return back(exchange, job_discard(&exchange->task, exchange->id), FLASH_JOB_DISCARDED);
}
