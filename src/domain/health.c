/*
 * health.c - asking the database and the storage whether they are there.
 */
#include "domain/health.h"

#include "base/clock.h"
#include "domain/job.h"
#include "domain/task.h"
#include "store/assets.h"
#include "store/db.h"

enum { STORAGE_DEADLINE_MS = 3000 };

static int64_t elapsed_ms(int64_t since_us)
{
    return (clock_monotonic_us() - since_us) / 1000;
}

static void check_database(struct task *task, struct health_check *out)
{
    int64_t start_us = clock_monotonic_us();

    out->is_ok = db_ping(task->domain->db);
    out->duration_ms = elapsed_ms(start_us);
    out->error = out->is_ok ? STR_EMPTY : STR("The database does not answer.");
}

static struct str storage_error(
    struct task *task, enum status status, const struct s3_result *result)
{
    struct credential_report credentials;

    if (status == STATUS_NOT_FOUND) {
        return STR("The bucket does not exist.");
    }
    if (str_equal(result->error_code, STR("NoCredentials"))) {
        credential_source_report(
            task->domain->options->storage.credentials, task->arena, &credentials);
        return ARENA_JOIN(task->arena, STR("There are no credentials for the storage. "),
            credential_report_reasons(task->arena, &credentials));
    }
    if (result->http_status == 403) {
        return STR("The storage refuses these keys.");
    }
    return arena_copy(task->arena, status_sentence(status));
}

static void check_storage(struct task *task, struct health_check *out)
{
    struct s3_client hurried = task->domain->s3; /* one short attempt, on the same connection */
    int64_t start_us = clock_monotonic_us();
    struct s3_result result = { 0 };
    enum status status;

    hurried.retry.max_attempts = 1;
    hurried.retry.deadline_ms = STORAGE_DEADLINE_MS;
    status = s3_head_bucket(&hurried, task->arena, &result);
    out->is_ok = status == STATUS_OK;
    out->duration_ms = elapsed_ms(start_us);
    out->error = out->is_ok ? STR_EMPTY : storage_error(task, status, &result);
}

/* The errors are static. */
static void check_worker(struct task *task, struct health_check *out)
{
    struct job_counts counts;

    if (job_count(task, &counts) != STATUS_OK) {
        out->error = STR("The database does not answer.");
    } else if (!counts.has_schedule) {
        out->error = STR("No worker has run yet.");
    } else if (counts.overdue_s >= JOB_OVERDUE_S) {
        out->error = STR("What is due has not been taken for more than 15 minutes.");
    }
    out->is_ok = str_is_empty(out->error);
}

void health_check(struct task *task, struct health *out)
{
    *out = (struct health){ 0 };
    check_database(task, &out->database);
    check_worker(task, &out->worker);
    if (task->domain->options->storage.is_off) {
        out->storage.error = status_sentence(STATUS_STORAGE_OFF);
        out->is_ok = out->database.is_ok;
        return;
    }
    check_storage(task, &out->storage);
    out->is_ok = out->database.is_ok && out->storage.is_ok;
}

int64_t health_clock_offset_s(const struct task *task)
{
    return s3_clock_offset_s(task->domain->s3.clock);
}

void health_keys(const struct task *task, struct health_keys *out)
{
    struct credential_source *source = task->domain->options->storage.credentials;

    *out = (struct health_keys){ .has_keys = false };
    if (source) {
        out->has_keys = credential_source_has_keys(source);
        out->expires_in_s = credential_source_expires_in_s(source);
    }
}

enum status health_count(struct task *task, struct health_counts *out)
{
    struct db *db = task->domain->db;
    enum status status;

    task_begin(task);
    *out = (struct health_counts){ 0 };
    status = assets_usage(db, 0, &out->images, &out->image_bytes);
    if (status == STATUS_OK) {
        status = assets_count_pending(db, clock_now_s(), &out->pending, &out->pending_lapsed);
    }
    return task_fail(task, status);
}
