/*
 * flight_read.c - the flight record from outside: what clients report, and what admins read.
 */
#include "domain/flight.h"

#include "base/buf.h"
#include "base/clock.h"
#include "domain/task.h"
#include "store/assets.h"

enum { PRUNE_BATCH = 1000, TEXT_MAX_BYTES = 128 * 1024 };

/* --- reports */

/* What a client's clock says may be anything. */
static int64_t believable(int64_t at, const struct asset_row *row)
{
    int64_t now_s = clock_now_s();

    return at >= row->created_at && at <= now_s ? at : now_s;
}

static enum status take_report(
    struct task *task, const struct flight_report *report, size_t *out_count)
{
    struct flight_entry entry = report->entry;
    struct asset_row row;
    enum status status = assets_find_by_key(task->domain->db, task->arena, report->key, &row);

    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && !access_can_edit(&task->actor, row.owner_id))) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        entry.asset_id = row.id;
        entry.is_by_client = true;
        entry.at = believable(entry.at, &row);
        flight_note(task, &entry);
        *out_count += 1;
    }
    return status;
}

enum status flight_report(
    struct task *task, const struct flight_report *reports, size_t count, size_t *out_count)
{
    enum status status = STATUS_OK;

    task_begin(task);
    *out_count = 0;
    if (count == 0 || count > FLIGHT_REPORTS_MAX) {
        return task_refuse(
            task, STATUS_INVALID, STR("attempts"), STR("Report 1 to 100 attempts at once."));
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = take_report(task, &reports[i], out_count);
    }
    return task_fail(task, status);
}

/* --- reading */

static enum status check_reader(struct task *task)
{
    return access_can_read_flights(&task->actor)
               ? STATUS_OK
               : task_refuse(task, STATUS_FORBIDDEN, STR_EMPTY,
                     STR("Only admins may read the flight record of uploads."));
}

enum status flight_find(struct task *task, int64_t asset_id, struct flight_row *out_flight,
    struct attempt_rows *out_attempts)
{
    struct db *db = task->domain->db;
    enum status status;

    task_begin(task);
    status = check_reader(task);
    if (status == STATUS_OK) {
        status = flights_find(db, task->arena, asset_id, out_flight);
    }
    if (status == STATUS_OK) {
        status = flights_list_attempts(db, task->arena, asset_id, out_attempts);
    }
    return task_fail(task, status);
}

enum status flight_list(
    struct task *task, struct flight_bound after, size_t limit, struct flight_rows *out)
{
    enum status status;

    task_begin(task);
    status = check_reader(task);
    if (after.asset_id == 0) {
        after = (struct flight_bound){ INT64_MAX, INT64_MAX };
    }
    if (status == STATUS_OK) {
        status = flights_list_failed(task->domain->db, task->arena, after, limit + 1, out);
    }
    return task_fail(task, status);
}

enum status flight_prune(struct task *task, int64_t *out_count)
{
    struct db *db = task->domain->db;
    int64_t before = clock_now_s() - FLIGHT_KEEP_S, count = PRUNE_BATCH;
    enum status status = STATUS_OK;

    task_begin(task);
    *out_count = 0;
    while (count == PRUNE_BATCH && status == STATUS_OK) {
        status = db_begin(db);
        if (status == STATUS_OK) {
            status = db_end_soon(db, flights_prune(db, before, PRUNE_BATCH, &count));
        }
        *out_count += status == STATUS_OK ? count : 0;
    }
    return task_fail(task, status);
}

/* --- as text */

static void put_known(struct buf *buf, const char *name, struct str value)
{
    if (!str_is_empty(value)) {
        buf_printf(buf, "  %s=%.*s", name, STR_ARG(value));
    }
}

static void put_attempt(struct buf *buf, struct arena *arena, const struct attempt_row *attempt)
{
    buf_printf(buf, "%3lld  %.*s  %-6.*s  %-8.*s  ", (long long)attempt->number,
        STR_ARG(clock_format_iso(arena, attempt->at)), STR_ARG(attempt->seen_by),
        STR_ARG(attempt->stage));
    if (attempt->http_status > 0) {
        buf_printf(buf, "HTTP %lld", (long long)attempt->http_status);
    } else {
        buf_put(buf, STR("no answer"));
    }
    buf_printf(buf, "  %lld ms", (long long)attempt->duration_ms);
    if (attempt->size_bytes >= 0) {
        buf_printf(buf, "  %lld bytes", (long long)attempt->size_bytes);
    }
    if (attempt->tries > 1) {
        buf_printf(buf, "  %lld tries", (long long)attempt->tries);
    }
    put_known(buf, "error", attempt->error);
    put_known(buf, "x-amz-request-id", attempt->request_id);
    put_known(buf, "x-amz-id-2", attempt->id2);
    buf_put_byte(buf, '\n');
}

struct str flight_text(
    struct arena *arena, const struct flight_row *flight, const struct attempt_rows *attempts)
{
    struct buf buf;

    buf_init_arena(&buf, arena, TEXT_MAX_BYTES);
    buf_printf(&buf, "Upload %lld  %.*s\nkey    %.*s\nstate  %.*s\nbegun  %.*s\n\n",
        (long long)flight->asset_id, STR_ARG(flight->filename), STR_ARG(flight->key),
        STR_ARG(flight->state), STR_ARG(clock_format_iso(arena, flight->begun_at)));
    if (flight->attempt_count > (int64_t)attempts->count) {
        buf_printf(&buf, "The %lld oldest attempts are not kept.\n",
            (long long)(flight->attempt_count - (int64_t)attempts->count));
    }
    for (size_t i = 0; i < attempts->count; i++) {
        put_attempt(&buf, arena, &attempts->item[i]);
    }
    return buf_str(&buf);
}
