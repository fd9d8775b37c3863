/* vitrine cloudfront ...: signed URLs and cookies, made here without asking anyone. */
#include "main/command.h"

#include "base/clock.h"
#include "base/escape.h"

enum { LIFE_DEFAULT_S = 300, LIFE_MAX_S = 604800, URL_MAX_BYTES = 8000 };

static int check_configured(const struct cli *cli)
{
    if (str_is_empty(cli->domain_options.cdn.origin))
        return cli_fail("There is no CloudFront distribution in the settings: see "
                        "docs/cloudfront.md.");
    return COMMAND_OK;
}

static bool read_seconds(const struct cli *cli, enum option option, int64_t *out)
{
    return !cli->has_option[option] ||
           (str_parse_i64(cli->option[option], out) && *out >= 1 && *out <= LIFE_MAX_S);
}

/* The limits that the options and settings name. */
static int read_policy(const struct cli *cli, struct cloudfront_policy *out)
{
    int64_t life_s = LIFE_DEFAULT_S, delay_s = 0;

    if (!read_seconds(cli, OPTION_EXPIRES, &life_s)) {
        cli_fail("--expires takes seconds from 1 to %d (7 days).", LIFE_MAX_S);
        return COMMAND_USAGE;
    }
    if (!read_seconds(cli, OPTION_STARTS, &delay_s) || delay_s >= life_s) {
        cli_fail("--starts takes seconds from now, fewer than --expires.");
        return COMMAND_USAGE;
    }
    if (cli->has_option[OPTION_SOURCE_IP] && !cloudfront_is_ipv4(cli->option[OPTION_SOURCE_IP])) {
        cli_fail("--source-ip takes an IPv4 address or range such as 203.0.113.0/24.");
        return COMMAND_USAGE;
    }
    out->ends_at = clock_now_s() + life_s;
    out->starts_at = delay_s > 0 ? clock_now_s() + delay_s : 0;
    out->source_ip = cli->has_option[OPTION_SOURCE_IP] ? cli->option[OPTION_SOURCE_IP]
                                                       : cli->domain_options.cdn.source_ip;
    return COMMAND_OK;
}

static struct str address_of(struct cli *cli, struct str key, struct str end)
{
    return ARENA_JOIN(cli->arena, cli->domain_options.cdn.origin, STR("/"),
        escape_url_path_str(cli->arena, key), end);
}

static json_t *iso_json(struct cli *cli, int64_t at)
{
    return json_from_str(clock_format_iso(cli->arena, at));
}

int command_cloudfront_url(struct cli *cli)
{
    const struct cdn_options *cdn = &cli->domain_options.cdn;
    struct cloudfront_policy policy = { .ends_at = 0 };
    enum cloudfront_form form = cdn->form;
    struct str url;
    int code = check_configured(cli);

    if (code == COMMAND_OK)
        code = read_policy(cli, &policy);
    if (code != COMMAND_OK)
        return code;
    if (policy.starts_at != 0 || !str_is_empty(policy.source_ip))
        form = CLOUDFRONT_CUSTOM; /* a canned policy cannot say it */
    if (cloudfront_sign_url(cli->arena, &cdn->signer, form, &policy,
            address_of(cli, cli->argument[0], STR_EMPTY), &url) != STATUS_OK)
        return cli_fail("This key cannot be signed: it must have 1 to 1024 bytes.");
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, json_pack("{s:o, s:o}", "url", json_from_str(url), "expires_at",
                                iso_json(cli, policy.ends_at)));
    else
        cli_print("%.*s\n", STR_ARG(url));
    return COMMAND_OK;
}

/* "users/7/images/": a wildcard opens all that lies below, and only there that is one user's. */
static bool is_user_folder(struct str folder)
{
    struct str middle;
    uint64_t id;

    if (!str_starts_with(folder, STR("users/")) || !str_ends_with(folder, STR("/images/")) ||
        folder.len < sizeof("users//images/"))
        return false;
    middle = str_from(folder.ptr + 6, folder.len - 6 - 8);
    return str_parse_u64(middle, &id) && id > 0;
}

static void print_cookies(struct cli *cli, const struct cloudfront_cookies *cookies,
    const struct cloudfront_policy *policy)
{
    json_t *values = json_object();

    for (size_t i = 0; i < cookies->count; i++)
        json_object_set_new(values, arena_c_string(cli->arena, cookies->item[i].name),
            json_from_str(cookies->item[i].value));
    cli_print_json(cli, json_pack("{s:o, s:o, s:o}", "resource", json_from_str(policy->resource),
                            "expires_at", iso_json(cli, policy->ends_at), "cookies", values));
}

int command_cloudfront_cookies(struct cli *cli)
{
    const struct cdn_options *cdn = &cli->domain_options.cdn;
    struct cloudfront_policy policy = { .ends_at = 0 };
    struct cloudfront_cookies cookies;
    int code = check_configured(cli);

    if (code == COMMAND_OK)
        code = read_policy(cli, &policy);
    if (code != COMMAND_OK)
        return code;
    if (!is_user_folder(cli->argument[0])) {
        cli_fail("Cookies open a whole folder, so they are made only for one that holds the images "
                 "of one user: users/ID/images/ (vitrine user list --json shows the ids).");
        return COMMAND_USAGE;
    }
    policy.resource = address_of(cli, cli->argument[0], STR("*"));
    if (cloudfront_sign_cookies(cli->arena, &cdn->signer, CLOUDFRONT_CUSTOM, &policy, &cookies) !=
        STATUS_OK)
        return cli_fail("The cookies could not be signed.");
    if (cli->has_option[OPTION_JSON]) {
        print_cookies(cli, &cookies, &policy);
        return COMMAND_OK;
    }
    for (size_t i = 0; i < cookies.count; i++)
        cli_print("%s%.*s=%.*s", i > 0 ? "; " : "", STR_ARG(cookies.item[i].name),
            STR_ARG(cookies.item[i].value));
    cli_print("\n");
    return COMMAND_OK;
}

int command_cloudfront_key(struct cli *cli)
{
    const struct cloudfront_signer *signer = &cli->domain_options.cdn.signer;
    struct str pem;
    int code = check_configured(cli);

    if (code != COMMAND_OK)
        return code;
    pem = private_key_public_pem(cli->arena, signer->key);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(
            cli, json_pack("{s:o, s:s, s:o}", "key_pair_id", json_from_str(signer->key_pair_id),
                     "kind", private_key_kind(signer->key) == PRIVATE_KEY_RSA ? "RSA" : "P-256",
                     "public_key", json_from_str(pem)));
    else
        cli_print("%.*s", STR_ARG(pem));
    return COMMAND_OK;
}
