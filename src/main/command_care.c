/* vitrine migrate, sweep and health: looking after what is kept. */
#include "main/command.h"

#include "domain/asset.h"
#include "domain/asset_sweep.h"
#include "domain/health.h"
#include "domain/session.h"
#include "store/migrate.h"

enum { SWEEP_DEFAULT = 1000, SWEEP_MAX = 1000000 };

int command_migrate(struct cli *cli)
{
    struct migration_report report;
    enum status status = migrate_database(cli->arena, cli->config.database.ptr, &report);

    if (status != STATUS_OK)
        return cli_fail("%.*s",
            STR_ARG(str_is_empty(report.problem) ? status_sentence(status) : report.problem));
    if (cli->has_option[OPTION_JSON])
        cli_print_json(
            cli, json_pack("{s:i, s:i}", "from", report.from_version, "to", report.to_version));
    else if (report.from_version == report.to_version)
        cli_print("The database is at version %d already.\n", report.to_version);
    else
        cli_print(
            "The database went from version %d to %d.\n", report.from_version, report.to_version);
    return COMMAND_OK;
}

static int read_limit(const struct cli *cli, int64_t *out)
{
    *out = SWEEP_DEFAULT;
    if (!cli->has_option[OPTION_LIMIT] ||
        (str_parse_i64(cli->option[OPTION_LIMIT], out) && *out >= 1 && *out <= SWEEP_MAX))
        return COMMAND_OK;
    cli_fail("--limit takes a number from 1 to %d.", SWEEP_MAX);
    return COMMAND_USAGE;
}

static void print_sweep(struct cli *cli, const struct sweep_report *report, int64_t sessions)
{
    if (cli->has_option[OPTION_JSON])
        cli_print_json(
            cli, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "emptied",
                     (json_int_t)report->emptied, "cleaned", (json_int_t)report->cleaned, "purged",
                     (json_int_t)report->purged, "adopted", (json_int_t)report->adopted, "expired",
                     (json_int_t)report->expired, "refused", (json_int_t)report->refused, "settled",
                     (json_int_t)report->settled, "aborted", (json_int_t)report->aborted, "waiting",
                     (json_int_t)report->waiting, "sessions", (json_int_t)sessions));
    else
        cli_print("%lld taken from the trash, %lld too old to keep; "
                  "%lld deleted, %lld adopted, %lld expired, %lld refused, %lld looked at for the "
                  "last time, the parts of %lld given up, %lld left for the next time; %lld old "
                  "sessions forgotten.\n",
            (long long)report->emptied, (long long)report->cleaned, (long long)report->purged,
            (long long)report->adopted, (long long)report->expired, (long long)report->refused,
            (long long)report->settled, (long long)report->aborted, (long long)report->waiting,
            (long long)sessions);
}

/* What storage does not speak about fails the command, after everything else was done and told. */
int command_sweep(struct cli *cli)
{
    struct sweep_report report = { 0 };
    struct failure failure = { .status = STATUS_OK };
    int64_t limit, sessions = 0;
    enum status swept = STATUS_OK, status;

    if (read_limit(cli, &limit) != COMMAND_OK)
        return COMMAND_USAGE;
    if (!cli->domain_options.storage.is_off)
        swept = asset_sweep(&cli->task, limit, &report);
    failure = cli->task.failure;
    status = session_prune(&cli->task, &sessions);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    print_sweep(cli, &report, sessions);
    cli->task.failure = failure;
    return swept == STATUS_OK ? COMMAND_OK : cli_fail_status(cli, swept);
}

static json_t *check_json(const struct health_check *check)
{
    return json_pack("{s:b, s:I, s:o}", "ok", check->is_ok, "ms", (json_int_t)check->duration_ms,
        "error", check->is_ok ? json_null() : json_from_str(check->error));
}

static void print_check(const char *name, const struct health_check *check)
{
    cli_print("%-9s %s  %lld ms  %.*s\n", name, check->is_ok ? "ok    " : "failed",
        (long long)check->duration_ms, STR_ARG(check->error));
}

int command_health(struct cli *cli)
{
    struct health health;

    health_check(&cli->task, &health);
    if (cli->has_option[OPTION_JSON]) {
        cli_print_json(cli, json_pack("{s:b, s:o, s:o, s:o, s:I}", "ok", health.is_ok, "database",
                                check_json(&health.database), "storage",
                                check_json(&health.storage), "worker", check_json(&health.worker),
                                "clock_offset_s", (json_int_t)health_clock_offset_s(&cli->task)));
    } else {
        print_check("database", &health.database);
        print_check("storage", &health.storage);
        cli_print("%-9s %s  %.*s\n", "worker", health.worker.is_ok ? "ok    " : "absent",
            STR_ARG(health.worker.error));
        if (health_clock_offset_s(&cli->task) != 0)
            cli_print("%-9s storage's is %lld s off ours\n", "clock",
                (long long)health_clock_offset_s(&cli->task));
    }
    return health.is_ok ? COMMAND_OK : COMMAND_FAILED;
}
