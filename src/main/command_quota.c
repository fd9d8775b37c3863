/* vitrine user quota: how much an account has, and may have. */
#include "main/command.h"

#include "domain/account.h"
#include "domain/policy.h"
#include "domain/quota.h"
#include "main/setting.h"

#include <inttypes.h>

static struct str images_text(struct cli *cli, int64_t count)
{
    return arena_printf(cli->arena, "%" PRId64 " image%s", count, count == 1 ? "" : "s");
}

/* "has no limit", "may have 10 GB and 1000 images", "may have 10 GB and any number of images". */
static struct str limit_text(struct cli *cli, struct quota limit)
{
    struct str files =
        limit.max_files == 0 ? STR("any number of images") : images_text(cli, limit.max_files);

    if (limit.max_bytes == 0 && limit.max_files == 0)
        return STR("has no limit");
    if (limit.max_bytes == 0)
        return ARENA_JOIN(cli->arena, STR("may have "), files);
    return ARENA_JOIN(cli->arena, STR("may have "), policy_format_size(cli->arena, limit.max_bytes),
        STR(" and "), files);
}

static json_t *limit_json(int64_t limit)
{
    return limit == 0 ? json_null() : json_integer(limit);
}

static void print_json(struct cli *cli, const struct account *account, const struct quota_state *it)
{
    cli_print_json(
        cli, json_pack("{s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:I}", "email",
                 json_from_str(account->email), "is_own", it->is_own, "max_bytes",
                 limit_json(it->limit.max_bytes), "max_files", limit_json(it->limit.max_files),
                 "files", (json_int_t)it->files, "bytes", (json_int_t)it->size_bytes, "unfinished",
                 (json_int_t)it->pending, "reserved_bytes", (json_int_t)it->reserved_bytes));
}

static void print_text(struct cli *cli, const struct account *account, const struct quota_state *it)
{
    cli_print("%.*s %.*s.\n", STR_ARG(account->email), STR_ARG(limit_text(cli, it->limit)));
    cli_print("It has %.*s in %.*s", STR_ARG(policy_format_size(cli->arena, it->size_bytes)),
        STR_ARG(images_text(cli, it->files)));
    if (it->pending > 0)
        cli_print("; %" PRId64 " unfinished upload%s %.*s", it->pending,
            it->pending == 1 ? " holds" : "s hold",
            STR_ARG(policy_format_size(cli->arena, it->reserved_bytes)));
    cli_print(".%s\n", it->is_own ? "" : " The limits are those of the settings.");
}

static int show(struct cli *cli, const struct account *account)
{
    struct quota_state state;
    enum status status = quota_look(&cli->task, account->id, &state);

    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (cli->has_option[OPTION_JSON])
        print_json(cli, account, &state);
    else
        print_text(cli, account, &state);
    return COMMAND_OK;
}

static int parse(struct cli *cli, struct quota *out)
{
    static const struct setting bytes = { .min = 1, .max = 1000000000000000 };
    static const struct setting files = { .min = 1, .max = 1000000000 };

    if (cli->argument_count == 3 &&
        setting_size_or_off(cli->arena, &bytes, cli->argument[1], &out->max_bytes) &&
        setting_number_or_off(cli->arena, &files, cli->argument[2], &out->max_files))
        return COMMAND_OK;
    cli_fail("Say how much and how many: \"10GB 1000\", \"10GB off\"; or \"default\" for what the "
             "settings say.");
    return COMMAND_USAGE;
}

int command_user_quota(struct cli *cli)
{
    bool is_default = cli->argument_count == 2 && str_equal(cli->argument[1], STR("default"));
    struct quota quota = { 0, 0 };
    struct account account;
    enum status status;

    if (cli->argument_count > 1 && !is_default && parse(cli, &quota) != COMMAND_OK)
        return COMMAND_USAGE;
    status = account_find_by_email(&cli->task, cli->argument[0], &account);
    if (status == STATUS_NOT_FOUND)
        return cli_fail("There is no account \"%.*s\".", STR_ARG(cli->argument[0]));
    if (status == STATUS_OK && cli->argument_count > 1)
        status = quota_set(&cli->task, account.id, is_default ? NULL : &quota);
    return status == STATUS_OK ? show(cli, &account) : cli_fail_status(cli, status);
}
