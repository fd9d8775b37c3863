/* vitrine rebuild: rows made again from the bucket. */
#include "main/command.h"

#include "domain/rebuild.h"
#include "store/users.h"

/* What is printed of one object: not more than people read. */
enum { TOLD_MAX = 100 };

struct printed {
    bool is_silent;
    int count;
};

static void on_end(void *context, enum rebuild_end end, struct str key)
{
    static const char *const names[REBUILD__COUNT] = {
        [REBUILD_MADE] = "rebuilt",
        [REBUILD_NEW_ID] = "new id",
        [REBUILD_KNOWN] = "known",
        [REBUILD_OWNERLESS] = "no owner",
        [REBUILD_REFUSED] = "refused",
    };
    struct printed *printed = context;

    if (!printed->is_silent && printed->count++ < TOLD_MAX)
        cli_print("  %-9s %.*s\n", names[end], STR_ARG(key));
}

static int find_owner(struct cli *cli, int64_t *out_id)
{
    struct user_row user;
    enum status status;

    *out_id = 0;
    if (!cli->has_option[OPTION_OWNER])
        return COMMAND_OK;
    status = users_find_by_email(cli->domain.db, cli->arena, cli->option[OPTION_OWNER], &user);
    if (status != STATUS_OK)
        return cli_fail("There is no account %.*s. `vitrine user add` makes one.",
            STR_ARG(cli->option[OPTION_OWNER]));
    *out_id = user.id;
    return COMMAND_OK;
}

static void print_report(struct cli *cli, const struct rebuild_report *report)
{
    const int64_t *count = report->count;

    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli,
            json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "dry_run",
                cli->has_option[OPTION_DRY_RUN], "rebuilt", (json_int_t)count[REBUILD_MADE],
                "new_id", (json_int_t)count[REBUILD_NEW_ID], "known",
                (json_int_t)count[REBUILD_KNOWN], "ownerless", (json_int_t)count[REBUILD_OWNERLESS],
                "refused", (json_int_t)count[REBUILD_REFUSED], "foreign",
                (json_int_t)report->foreign_count));
    else
        cli_print(
            "%s%lld images made again, %lld of them with a new address; %lld were known; %lld "
            "have no owner%s, %lld are not what is accepted, %lld are others'.\n",
            cli->has_option[OPTION_DRY_RUN] ? "Would be: " : "",
            (long long)(count[REBUILD_MADE] + count[REBUILD_NEW_ID]),
            (long long)count[REBUILD_NEW_ID], (long long)count[REBUILD_KNOWN],
            (long long)count[REBUILD_OWNERLESS],
            count[REBUILD_OWNERLESS] > 0 ? " (name an account by --owner)" : "",
            (long long)count[REBUILD_REFUSED], (long long)report->foreign_count);
}

int command_rebuild(struct cli *cli)
{
    struct printed printed = { .is_silent = cli->has_option[OPTION_JSON] };
    struct rebuild_options options = {
        .is_dry_run = cli->has_option[OPTION_DRY_RUN], .tell = on_end, .tell_context = &printed
    };
    struct rebuild_report report = { 0 };
    enum status status;

    if (cli->domain_options.storage.is_off)
        return cli_fail("There is no storage: S3_ENABLED is off.");
    if (find_owner(cli, &options.owner_id) != COMMAND_OK)
        return COMMAND_FAILED;
    status = rebuild_run(&cli->task, &options, &report);
    print_report(cli, &report);
    return status == STATUS_OK ? COMMAND_OK : cli_fail_status(cli, status);
}
