/* vitrine token ...: API tokens. */
#include "main/command.h"

#include "base/clock.h"
#include "domain/token.h"

static const int64_t LIFETIME_MAX_S = 3650LL * 86400;

static json_t *time_json(struct arena *arena, int64_t at_s)
{
    return at_s == 0 ? json_null() : json_from_str(clock_format_iso(arena, at_s));
}

static json_t *token_json(struct arena *arena, const struct api_token *token)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)token->id,
        "email", json_from_str(token->user_email), "name", json_from_str(token->name), "scope",
        json_from_str(scopes_format(arena, token->scopes)), "created_at",
        time_json(arena, token->created_at), "expires_at", time_json(arena, token->expires_at),
        "last_used_at", time_json(arena, token->last_used_at), "revoked_at",
        time_json(arena, token->revoked_at));
}

static enum status find_user(struct cli *cli, struct account *out)
{
    enum status status = account_find_by_email(&cli->task, cli->argument[0], out);

    if (status == STATUS_NOT_FOUND)
        cli_fail("There is no account \"%.*s\".", STR_ARG(cli->argument[0]));
    else if (status != STATUS_OK)
        cli_fail_status(cli, status);
    return status;
}

/* "90d", "12h", "30m", "45s" or a number of seconds. */
static bool parse_lifetime(struct str text, int64_t *out_s)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    int64_t factor = 1, number;

    for (size_t i = 0; i < COUNT_OF(units) && text.len > 0; i++)
        if (text.ptr[text.len - 1] == units[i].unit) {
            factor = units[i].seconds;
            text.len--;
            break;
        }
    if (!str_parse_i64(text, &number) || number < 1 || number > LIFETIME_MAX_S / factor)
        return false;
    *out_s = number * factor;
    return true;
}

/* What --name, --scope and --expires say. */
static int read_wanted(const struct cli *cli, struct api_token_new *out)
{
    struct str scope = cli->option[OPTION_SCOPE], expires = cli->option[OPTION_EXPIRES];

    out->name = cli->has_option[OPTION_NAME] ? cli->option[OPTION_NAME] : STR("command line");
    if (cli->has_option[OPTION_SCOPE] && !scopes_parse(scope, &out->scopes)) {
        cli_fail("--scope %.*s: name one or more of read, upload, delete and admin, with commas.",
            STR_ARG(scope));
        return COMMAND_USAGE;
    }
    if (cli->has_option[OPTION_EXPIRES] && !parse_lifetime(expires, &out->lifetime_s)) {
        cli_fail("--expires %.*s: give a time such as 90d, 12h or 3600 (seconds), at most 3650d.",
            STR_ARG(expires));
        return COMMAND_USAGE;
    }
    return COMMAND_OK;
}

int command_token_add(struct cli *cli)
{
    struct account account;
    struct api_token token;
    struct api_token_new wanted = { .lifetime_s = 0 };
    struct str text;
    json_t *json;
    enum status status;
    int code = read_wanted(cli, &wanted);

    if (code != COMMAND_OK)
        return code;
    if (find_user(cli, &account) != STATUS_OK)
        return COMMAND_FAILED;
    wanted.user_id = account.id;
    status = api_token_create(&cli->task, &wanted, &text, &token);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (!cli->has_option[OPTION_JSON]) {
        cli_print("%.*s\n", STR_ARG(text));
        return COMMAND_OK;
    }
    json = token_json(cli->arena, &token);
    json_object_set_new(json, "token", json_from_str(text));
    cli_print_json(cli, json);
    return COMMAND_OK;
}

static struct str expiry_text(struct arena *arena, int64_t expires_at)
{
    if (expires_at == 0)
        return STR_EMPTY;
    return ARENA_JOIN(arena, clock_now_s() < expires_at ? STR("  until ") : STR("  expired "),
        clock_format_iso(arena, expires_at));
}

static void print_token(const struct cli *cli, const struct api_token *token)
{
    struct str expiry = expiry_text(cli->arena, token->expires_at);
    struct str used = token->last_used_at == 0 ? STR("never used")
                                               : clock_format_iso(cli->arena, token->last_used_at);

    cli_print("%lld  %.*s  %.*s  %.*s  %.*s%.*s%s\n", (long long)token->id,
        STR_ARG(token->user_email), STR_ARG(token->name),
        STR_ARG(scopes_format(cli->arena, token->scopes)), STR_ARG(used), STR_ARG(expiry),
        token->revoked_at != 0 ? "  revoked" : "");
}

int command_token_list(struct cli *cli)
{
    struct account account = { .id = 0 };
    struct api_token_list tokens;
    json_t *list;
    enum status status;

    if (cli->argument_count == 1 && find_user(cli, &account) != STATUS_OK)
        return COMMAND_FAILED;
    status = api_token_list(&cli->task, account.id, &tokens);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    list = json_array();
    for (size_t i = 0; i < tokens.count; i++) {
        json_array_append_new(list, token_json(cli->arena, &tokens.item[i]));
        if (!cli->has_option[OPTION_JSON])
            print_token(cli, &tokens.item[i]);
    }
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, list);
    else
        json_decref(list);
    return COMMAND_OK;
}

int command_token_revoke(struct cli *cli)
{
    int64_t id;
    enum status status;

    if (!str_parse_i64(cli->argument[0], &id) || id < 1) {
        cli_fail("\"%.*s\" is no id: see `vitrine token list`.", STR_ARG(cli->argument[0]));
        return COMMAND_USAGE;
    }
    status = api_token_revoke(&cli->task, id);
    if (status == STATUS_NOT_FOUND)
        return cli_fail("There is no token %lld.", (long long)id);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, json_pack("{s:I, s:b}", "id", (json_int_t)id, "revoked", 1));
    return COMMAND_OK;
}
