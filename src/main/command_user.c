/* vitrine user ...: accounts. */
#include "main/command.h"

#include "base/clock.h"
#include "domain/account.h"
#include "main/password_input.h"

static json_t *time_json(struct arena *arena, int64_t at_s)
{
    return at_s == 0 ? json_null() : json_from_str(clock_format_iso(arena, at_s));
}

static json_t *account_json(struct arena *arena, const struct account *account)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:b, s:o, s:o}", "id", (json_int_t)account->id, "email",
        json_from_str(account->email), "name", json_from_str(account->name), "role",
        json_from_str(role_name(account->role)), "disabled", account->disabled_at != 0,
        "created_at", time_json(arena, account->created_at), "last_sign_in_at",
        time_json(arena, account->last_sign_in_at));
}

static void print_account(struct cli *cli, const struct account *account)
{
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, account_json(cli->arena, account));
    else
        cli_print("%lld  %.*s  %.*s%s\n", (long long)account->id, STR_ARG(account->email),
            STR_ARG(role_name(account->role)), account->disabled_at != 0 ? "  disabled" : "");
}

/* A password that was made is shown with the account, this once; one that was given is not. */
static void print_account_with_password(
    struct cli *cli, const struct account *account, const struct password_input *password)
{
    json_t *json;

    if (!cli->has_option[OPTION_JSON]) {
        print_account(cli, account);
        if (password->is_made)
            cli_print("Password (shown once): %.*s\n", STR_ARG(password->text));
        return;
    }
    json = account_json(cli->arena, account);
    if (password->is_made)
        json_object_set_new(json, "password", json_from_str(password->text));
    cli_print_json(cli, json);
}

static int role_option(const struct cli *cli, struct str name, enum role *out)
{
    (void)cli;
    if (role_parse(name, out))
        return COMMAND_OK;
    cli_fail("\"%.*s\" is no role: viewer, editor or admin.", STR_ARG(name));
    return COMMAND_USAGE;
}

int command_user_add(struct cli *cli)
{
    struct account_new wanted = {
        .email = cli->argument[0], .name = cli->option[OPTION_NAME], .role = ROLE_EDITOR
    };
    struct password_input password;
    struct account account;
    enum status status;

    if (cli->has_option[OPTION_ROLE] &&
        role_option(cli, cli->option[OPTION_ROLE], &wanted.role) != COMMAND_OK)
        return COMMAND_USAGE;
    if (password_input_get(cli->arena, cli->has_option[OPTION_PASSWORD_STDIN], &password) !=
        STATUS_OK)
        return cli_fail("There is no password on stdin.");
    wanted.password = password.text;
    status = account_create(&cli->task, &wanted, &account);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    print_account_with_password(cli, &account, &password);
    return COMMAND_OK;
}

int command_user_list(struct cli *cli)
{
    struct account_list accounts;
    json_t *list;
    enum status status = account_list(&cli->task, &accounts);

    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    list = json_array();
    for (size_t i = 0; i < accounts.count; i++) {
        if (cli->has_option[OPTION_JSON])
            json_array_append_new(list, account_json(cli->arena, &accounts.item[i]));
        else
            print_account(cli, &accounts.item[i]);
    }
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, list);
    else
        json_decref(list);
    return COMMAND_OK;
}

/* The account that the first argument names. */
static int find(struct cli *cli, struct account *out)
{
    enum status status = account_find_by_email(&cli->task, cli->argument[0], out);

    if (status == STATUS_NOT_FOUND)
        return cli_fail("There is no account \"%.*s\".", STR_ARG(cli->argument[0]));
    return status == STATUS_OK ? COMMAND_OK : cli_fail_status(cli, status);
}

/* After a change: the account as it is now. */
static int finish(struct cli *cli, enum status status)
{
    struct account account;

    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (find(cli, &account) != COMMAND_OK)
        return COMMAND_FAILED;
    print_account(cli, &account);
    return COMMAND_OK;
}

int command_user_passwd(struct cli *cli)
{
    struct password_input password;
    struct account account;
    enum status status;

    if (find(cli, &account) != COMMAND_OK)
        return COMMAND_FAILED;
    if (password_input_get(cli->arena, cli->has_option[OPTION_PASSWORD_STDIN], &password) !=
        STATUS_OK)
        return cli_fail("There is no password on stdin.");
    status = account_set_password(&cli->task, account.id, password.text);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    print_account_with_password(cli, &account, &password);
    return COMMAND_OK;
}

int command_user_role(struct cli *cli)
{
    struct account account;
    enum role role;

    if (role_option(cli, cli->argument[1], &role) != COMMAND_OK)
        return COMMAND_USAGE;
    if (find(cli, &account) != COMMAND_OK)
        return COMMAND_FAILED;
    return finish(cli, account_set_role(&cli->task, account.id, role));
}

static int set_disabled(struct cli *cli, bool is_disabled)
{
    struct account account;

    if (find(cli, &account) != COMMAND_OK)
        return COMMAND_FAILED;
    return finish(cli, account_set_disabled(&cli->task, account.id, is_disabled));
}

int command_user_disable(struct cli *cli)
{
    return set_disabled(cli, true);
}

int command_user_enable(struct cli *cli)
{
    return set_disabled(cli, false);
}
