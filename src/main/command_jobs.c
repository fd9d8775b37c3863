/* vitrine jobs ...: what the workers have to do, and what they could not. */
#include "main/command.h"

#include "base/clock.h"
#include "domain/job.h"

enum { LIST_DEFAULT = 1000, LIST_MAX = 1000000 };

static json_t *time_json(struct arena *arena, int64_t at_s)
{
    return at_s == 0 ? json_null() : json_from_str(clock_format_iso(arena, at_s));
}

static json_t *text_json(struct str text)
{
    return str_is_empty(text) ? json_null() : json_from_str(text);
}

static json_t *job_json(struct arena *arena, const struct job *job)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}",
        "id", (json_int_t)job->id, "kind", json_from_str(job->kind), "key", text_json(job->key),
        "state", json_from_str(job_state_name(job->state)), "periodic", job->is_periodic,
        "attempts", (json_int_t)job->attempts, "max_attempts", (json_int_t)job->max_attempts,
        "due_at", time_json(arena, job->due_at), "created_at", time_json(arena, job->created_at),
        "started_at", time_json(arena, job->started_at), "failed_at",
        time_json(arena, job->failed_at), "done_at", time_json(arena, job->done_at), "done_ms",
        (json_int_t)job->done_ms, "note", text_json(job->note), "last_error",
        text_json(job->last_error));
}

static void print_job(const struct cli *cli, const struct job *job)
{
    static const char *const when[JOB_STATE_COUNT] = {
        [JOB_QUEUED] = "due",
        [JOB_RUNNING] = "since",
        [JOB_DEAD] = "failed",
    };
    int64_t at_s = job->state == JOB_RUNNING ? job->started_at
                   : job->state == JOB_DEAD  ? job->failed_at
                                             : job->due_at;

    cli_print("%lld  %.*s%s%.*s  %.*s  %s %.*s  tried %lld of %lld\n", (long long)job->id,
        STR_ARG(job->kind), str_is_empty(job->key) ? "" : " ", STR_ARG(job->key),
        STR_ARG(job_state_name(job->state)), when[job->state],
        STR_ARG(clock_format_iso(cli->arena, at_s)), (long long)job->attempts,
        (long long)job->max_attempts);
    if (!str_is_empty(job->last_error))
        cli_print("    %.*s\n", STR_ARG(job->last_error));
    else if (!str_is_empty(job->note))
        cli_print("    done %.*s: %.*s\n", STR_ARG(clock_format_iso(cli->arena, job->done_at)),
            STR_ARG(job->note));
}

static void print_trouble(const struct job_counts *counts)
{
    if (!counts->has_schedule)
        cli_print("No worker has run on this database yet: start vitrine-worker.\n");
    else if (counts->overdue_s >= JOB_OVERDUE_S)
        cli_print("The first that is due has been waiting for %lld minutes: is a vitrine-worker "
                  "running?\n",
            (long long)(counts->overdue_s / 60));
}

/* Those that need somebody first, then what runs, then what waits. */
static enum status print_all(struct cli *cli, int64_t limit, json_t *list)
{
    static const enum job_state order[] = { JOB_DEAD, JOB_RUNNING, JOB_QUEUED };
    enum status status = STATUS_OK;
    struct jobs jobs;

    for (size_t i = 0; i < COUNT_OF(order) && status == STATUS_OK; i++) {
        status = job_list(&cli->task, order[i], (size_t)limit, &jobs);
        for (size_t n = 0; status == STATUS_OK && n < jobs.count; n++) {
            json_array_append_new(list, job_json(cli->arena, &jobs.item[n]));
            if (!cli->has_option[OPTION_JSON])
                print_job(cli, &jobs.item[n]);
        }
    }
    return status;
}

int command_jobs_list(struct cli *cli)
{
    int64_t limit = LIST_DEFAULT;
    struct job_counts counts;
    json_t *list;
    enum status status;

    if (cli->has_option[OPTION_LIMIT] &&
        (!str_parse_i64(cli->option[OPTION_LIMIT], &limit) || limit < 1 || limit > LIST_MAX)) {
        cli_fail("--limit takes a number from 1 to %d.", LIST_MAX);
        return COMMAND_USAGE;
    }
    list = json_array();
    status = job_count(&cli->task, &counts);
    if (status == STATUS_OK)
        status = print_all(cli, limit, list);
    if (status == STATUS_OK && cli->has_option[OPTION_JSON])
        cli_print_json(cli,
            json_pack("{s:O, s:I, s:I, s:I, s:I, s:b}", "jobs", list, "queued",
                (json_int_t)counts.count[JOB_QUEUED], "running",
                (json_int_t)counts.count[JOB_RUNNING], "dead", (json_int_t)counts.count[JOB_DEAD],
                "overdue_s", (json_int_t)counts.overdue_s, "has_schedule", counts.has_schedule));
    else if (status == STATUS_OK)
        print_trouble(&counts);
    json_decref(list);
    return status == STATUS_OK ? COMMAND_OK : cli_fail_status(cli, status);
}

static int on_one(
    struct cli *cli, enum status (*act)(struct task *task, int64_t id), const char *done)
{
    enum status status;
    int64_t id;

    if (!str_parse_i64(cli->argument[0], &id) || id < 1) {
        cli_fail("\"%.*s\" is not the number of a job: `vitrine jobs list` shows them.",
            STR_ARG(cli->argument[0]));
        return COMMAND_USAGE;
    }
    status = act(&cli->task, id);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, json_pack("{s:I}", "id", (json_int_t)id));
    else
        cli_print("Job %lld %s.\n", (long long)id, done);
    return COMMAND_OK;
}

int command_jobs_retry(struct cli *cli)
{
    return on_one(cli, job_retry, "is due now");
}

int command_jobs_discard(struct cli *cli)
{
    return on_one(cli, job_discard, "is discarded");
}

int command_jobs_run(struct cli *cli)
{
    int64_t id = 0;
    enum status status = job_run_kind(&cli->task, cli->argument[0], &id);

    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, json_pack("{s:I}", "id", (json_int_t)id));
    else
        cli_print(
            "Job %lld is due now; a worker takes it, or `vitrine-worker --once`.\n", (long long)id);
    return COMMAND_OK;
}
