/* vitrine credentials: whose keys sign, until when, and why others were not taken. */
#include "main/command.h"

#include "base/clock.h"

static json_t *reasons_json(const struct credential_report *report)
{
    json_t *object = json_object();

    for (size_t i = 0; i < CREDENTIAL__COUNT; i++)
        if (!str_is_empty(report->reason[i]))
            json_object_set_new(object, credential_provider_name((enum credential_provider)i).ptr,
                json_from_str(report->reason[i]));
    return object;
}

static json_t *expiry_json(struct cli *cli, const struct credential_report *report)
{
    return report->expires_at == 0
               ? json_null()
               : json_from_str(clock_format_iso(cli->arena, report->expires_at));
}

static void print_json(struct cli *cli, const struct credential_report *report)
{
    struct str provider = report->has_keys ? credential_provider_name(report->provider) : STR_EMPTY;

    cli_print_json(cli, json_pack("{s:b, s:o, s:o, s:o, s:b, s:o, s:o}", "ok", report->has_keys,
                            "provider", report->has_keys ? json_from_str(provider) : json_null(),
                            "key_id", json_from_str(report->key_id), "origin",
                            json_from_str(report->origin), "temporary", report->is_temporary,
                            "expires_at", expiry_json(cli, report), "tried", reasons_json(report)));
}

static void print_text(struct cli *cli, const struct credential_report *report)
{
    struct str expires =
        report->expires_at == 0 ? STR("never") : clock_format_iso(cli->arena, report->expires_at);

    if (report->has_keys)
        cli_print("provider  %.*s\nkey id    %.*s%s\nfrom      %.*s\nexpires   %.*s\n",
            STR_ARG(credential_provider_name(report->provider)), STR_ARG(report->key_id),
            report->is_temporary ? ", temporary" : "", STR_ARG(report->origin), STR_ARG(expires));
    else
        cli_print("There are no credentials for the storage.\n");
    for (size_t i = 0; i < CREDENTIAL__COUNT; i++)
        if (!str_is_empty(report->reason[i]))
            cli_print("  %-16s %.*s\n", credential_provider_name((enum credential_provider)i).ptr,
                STR_ARG(report->reason[i]));
}

int command_credentials(struct cli *cli)
{
    struct credential_report report;

    credential_source_report(cli->domain_options.storage.credentials, cli->arena, &report);
    if (cli->has_option[OPTION_JSON])
        print_json(cli, &report);
    else
        print_text(cli, &report);
    return report.has_keys ? COMMAND_OK : COMMAND_FAILED;
}
