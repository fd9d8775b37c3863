/* vitrine presign ...: URLs for one object, made here without asking anyone. */
#include "main/command.h"

#include "base/clock.h"
#include "sign/presign.h"

#include <stdio.h>

enum { EXPIRES_DEFAULT_S = 300, EXPIRES_MAX_S = 604800 };

static int read_expires(const struct cli *cli, int64_t *out)
{
    *out = EXPIRES_DEFAULT_S;
    if (!cli->has_option[OPTION_EXPIRES])
        return COMMAND_OK;
    if (str_parse_i64(cli->option[OPTION_EXPIRES], out) && *out >= 1 && *out <= EXPIRES_MAX_S)
        return COMMAND_OK;
    cli_fail("--expires takes seconds from 1 to %d (7 days).", EXPIRES_MAX_S);
    return COMMAND_USAGE;
}

static enum status sign_get(
    struct cli *cli, const struct s3_credentials *keys, int64_t expires_s, struct str *out_url)
{
    const struct storage_options *storage = &cli->domain_options.storage;
    struct presign_get_options options = { .signed_at = clock_now_s(), .expires_s = expires_s };

    return presign_get(cli->arena, &storage->external, keys, cli->argument[0], &options, out_url);
}

static enum status sign_put(
    struct cli *cli, const struct s3_credentials *keys, int64_t expires_s, struct str *out_url)
{
    const struct storage_options *storage = &cli->domain_options.storage;
    struct pair type = { STR("content-type"), cli->option[OPTION_TYPE] };
    struct presign_put_options options = { .signed_at = clock_now_s(),
        .expires_s = expires_s,
        .headers = { &type, cli->has_option[OPTION_TYPE] } };

    return presign_put(cli->arena, &storage->external, keys, cli->argument[0], &options, out_url);
}

typedef enum status sign_fn(
    struct cli *cli, const struct s3_credentials *keys, int64_t expires_s, struct str *out_url);

static int print_url(struct cli *cli, const char *method, struct str url, int64_t expires_s)
{
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli,
            json_pack("{s:s, s:o, s:o}", "method", method, "url", json_from_str(url), "expires_at",
                json_from_str(clock_format_iso(cli->arena, clock_now_s() + expires_s))));
    else
        cli_print("%.*s\n", STR_ARG(url));
    return COMMAND_OK;
}

/* The URL dies with its keys: then it is said. */
static int presign_with(struct cli *cli, const struct s3_credentials *keys, const char *method,
    int64_t wanted_s, sign_fn *sign)
{
    int64_t expires_s = credentials_clamp_expiry(keys, clock_now_s(), wanted_s);
    struct str url;

    if (expires_s == 0)
        return cli_fail("There are no credentials for the storage: `vitrine credentials` tells "
                        "what was tried.");
    if (expires_s < wanted_s)
        fprintf(stderr, "vitrine: the keys expire before that: the URL lives %lld seconds.\n",
            (long long)expires_s);
    if (sign(cli, keys, expires_s, &url) != STATUS_OK)
        return cli_fail("This key cannot be signed: it must have 1 to 1024 bytes.");
    return print_url(cli, method, url, expires_s);
}

static int presign(struct cli *cli, const char *method, sign_fn *sign)
{
    struct credential_lease lease;
    int64_t wanted_s;
    int code;

    if (read_expires(cli, &wanted_s) != COMMAND_OK)
        return COMMAND_USAGE;
    if (cli->domain_options.storage.is_off)
        return cli_fail_status(cli, STATUS_STORAGE_OFF);
    credential_lease_open(&lease, cli->domain_options.storage.credentials);
    code = presign_with(cli, credential_lease_turn(&lease), method, wanted_s, sign);
    credential_lease_close(&lease);
    return code;
}

int command_presign_get(struct cli *cli)
{
    return presign(cli, "GET", sign_get);
}

int command_presign_put(struct cli *cli)
{
    return presign(cli, "PUT", sign_put);
}
