/* vitrine migrate, backup and health: looking after what is kept. */
#include "main/command.h"

#include "domain/health.h"
#include "store/db.h"
#include "store/migrate.h"

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

int command_backup(struct cli *cli)
{
    const char *path = arena_c_string(cli->arena, cli->argument[0]);
    enum status status = db_backup(cli->domain.db, path);

    if (status == STATUS_CONFLICT)
        return cli_fail("%s is there already: choose another name. Nothing was changed.", path);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, json_pack("{s:s}", "file", path));
    else
        cli_print("The database is in %s, as it was a moment ago.\n", path);
    return COMMAND_OK;
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
