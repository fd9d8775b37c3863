/*
 * job_care.c - the kinds that look after what is kept: sweep, reconcile and prune, as jobs. What
 * they do is said where it is done.
 */
#include "domain/job_kinds.h"

#include "domain/asset.h"
#include "domain/asset_sweep.h"
#include "domain/flight.h"
#include "domain/reconcile.h"
#include "domain/session.h"

#include <inttypes.h>

/* Rows of each kind in one run. */
enum { SWEEP_LIMIT = 100000 };

enum status job_sweep(struct task *task, struct job_run *run)
{
    struct sweep_report report;
    enum status status = asset_sweep(task, SWEEP_LIMIT, &report);

    run->note = arena_printf(task->arena,
        "%" PRId64 " deleted, %" PRId64 " adopted, %" PRId64 " expired, %" PRId64
        " refused, %" PRId64 " looked at for the last time, the parts of %" PRId64
        " given up, %" PRId64 " left for the next time",
        report.purged, report.adopted, report.expired, report.refused, report.settled,
        report.aborted, report.waiting);
    return status;
}

enum status job_reconcile(struct task *task, struct job_run *run)
{
    const struct reconcile_options options = { 0 };
    struct reconcile_report report;
    enum status status = reconcile_run(task, &options, &report);

    run->note = arena_printf(task->arena,
        "%" PRId64 " rows and %" PRId64 " objects compared: %" PRId64 " gone, %" PRId64
        " changed, %" PRId64 " right again, %" PRId64 " unknown, %" PRId64 " of these removed",
        report.row_count, report.object_count, report.count[RECONCILE_GONE],
        report.count[RECONCILE_CHANGED], report.count[RECONCILE_CLEARED],
        report.count[RECONCILE_UNKNOWN], report.count[RECONCILE_REMOVED]);
    return status;
}

enum status job_prune(struct task *task, struct job_run *run)
{
    int64_t count = 0, flight_count = 0;
    enum status status = session_prune(task, &count);

    if (status == STATUS_OK) {
        status = flight_prune(task, &flight_count);
    }
    run->note = arena_printf(task->arena,
        "%" PRId64 " sessions and sign-ins and the records of %" PRId64 " uploads forgotten", count,
        flight_count);
    return status;
}
