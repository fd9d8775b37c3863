/*
 * vitrine init: from an empty folder to a place where one can sign in. Every step looks first and
 * leaves what is there, so that it can be repeated at every start.
 */
#include "main/command.h"

#include "base/file.h"
#include "crypto/random.h"
#include "domain/account.h"
#include "main/password_input.h"
#include "main/wiring.h"
#include "store/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum {
    SETTINGS_MAX_BYTES = 64 * 1024,
    KEY_ID_LENGTH = 18,
    STORAGE_ATTEMPTS = 20,
    STORAGE_PAUSE_MS = 250,
    CORS_AGE_S = 3600,
    ORIGINS_MAX = 100
};

/* What was done, for the end's report. */
struct init_report {
    bool made_keys;
    bool made_secret;
    bool made_database;
    bool made_admin;
    struct account admin;
    struct password_input password; /* is_made: to be shown */
    bool has_storage;
    struct str cors_problem; /* empty: the rules are set */
};

static int make_folders(struct cli *cli)
{
    const struct config *config = &cli->config;
    struct str folders[] = {
        config->data,
        ARENA_JOIN(cli->arena, config->data, STR("/run")),
        ARENA_JOIN(cli->arena, config->data, STR("/log")),
        ARENA_JOIN(cli->arena, config->data, STR("/tmp")),
        config->objects_root,
    };
    size_t count = config->s3.is_embedded ? COUNT_OF(folders) : COUNT_OF(folders) - 1;

    for (size_t i = 0; i < count; i++)
        if (file_make_folders(folders[i].ptr, 0700) != STATUS_OK)
            return cli_fail("The folder %.*s cannot be made: %s. Choose another with DATA=folder, "
                            "or change the owner of the one above it.",
                STR_ARG(folders[i]), strerror(errno));
    return COMMAND_OK;
}

/* Append to settings.env, which nobody else may read. */
static int append_settings(struct cli *cli, struct str lines)
{
    struct config *config = &cli->config;
    struct str old = STR_EMPTY, text;
    enum status status;

    if (str_is_empty(lines))
        return COMMAND_OK;
    status = file_read(cli->arena, config->settings_file.ptr, SETTINGS_MAX_BYTES, &old);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return cli_fail("%.*s cannot be read.", STR_ARG(config->settings_file));
    text = arena_printf(cli->arena, "%.*s%s%.*s", STR_ARG(old),
        old.len > 0 && old.ptr[old.len - 1] != '\n' ? "\n" : "", STR_ARG(lines));
    if (file_write_atomic(config->settings_file.ptr, text, 0600) != STATUS_OK)
        return cli_fail(
            "%.*s cannot be written: %s.", STR_ARG(config->settings_file), strerror(errno));
    return COMMAND_OK;
}

/* The secrets that are not set yet: keys of the embedded endpoint, and what signs tokens. */
static int make_keys(struct cli *cli, struct init_report *report)
{
    const struct config *config = &cli->config;
    struct str keys = STR_EMPTY, secret = STR_EMPTY;

    report->made_keys = config->s3.is_embedded && str_is_empty(config->s3.access_key_id);
    report->made_secret = str_is_empty(config->jwt.secret);
    if (report->made_keys)
        keys = arena_printf(cli->arena,
            "# Keys of the embedded storage, made by `vitrine init`. Keep this file to yourself.\n"
            "S3_ACCESS_KEY_ID=VT%.*s\nS3_SECRET_ACCESS_KEY=%.*s\n",
            STR_ARG(random_base32(cli->arena, KEY_ID_LENGTH)), STR_ARG(random_token(cli->arena)));
    if (report->made_secret)
        secret = arena_printf(cli->arena,
            "# Signs the tokens of POST /auth/signin, made by `vitrine init`.\nJWT_SECRET=%.*s\n",
            STR_ARG(random_token(cli->arena)));
    return append_settings(cli, ARENA_JOIN(cli->arena, keys, secret));
}

/* The settings again, now with the keys that were just made. */
static int reload_settings(struct cli *cli)
{
    struct config_problems problems;
    struct str problem;

    config_clear(&cli->config);
    if (config_load(cli->arena, cli->environment, CONFIG_NEEDS_KEYS, &cli->config, &problems) !=
        STATUS_OK) {
        config_print_problems(&problems);
        return COMMAND_USAGE;
    }
    credential_source_free(cli->domain_options.storage.credentials);
    cli->domain_options.storage.credentials = NULL;
    if (wiring_domain(cli->arena, &cli->config, &cli->domain_options, &problem) != STATUS_OK)
        return cli_fail("%.*s", STR_ARG(problem));
    return COMMAND_OK;
}

static int make_database(struct cli *cli, struct init_report *report)
{
    struct migration_report migration;
    enum status status = migrate_database(cli->arena, cli->config.database.ptr, &migration);

    if (status != STATUS_OK)
        return cli_fail("%.*s",
            STR_ARG(str_is_empty(migration.problem) ? status_sentence(status) : migration.problem));
    report->made_database = migration.from_version == 0;
    return cli_open_domain(cli) == STATUS_OK ? COMMAND_OK : COMMAND_FAILED;
}

/* Only where there is no account at all: who deleted or renamed the admin meant it. */
static int make_admin(struct cli *cli, struct init_report *report)
{
    struct account_new wanted = { .email = cli->config.admin_email, .role = ROLE_ADMIN };
    struct account_list accounts;
    enum status status = account_list(&cli->task, &accounts);

    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    if (accounts.count > 0)
        return COMMAND_OK;
    report->password.text = cli->config.admin_password;
    if (str_is_empty(report->password.text) &&
        password_input_get(cli->arena, false, &report->password) != STATUS_OK)
        return cli_fail("No password could be made.");
    wanted.password = report->password.text;
    status = account_create(&cli->task, &wanted, &report->admin);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status);
    report->made_admin = true;
    return COMMAND_OK;
}

/* --- storage --- */

static void pause_ms(int ms)
{
    struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };

    nanosleep(&pause, NULL);
}

/* Storage that was started a moment ago may need another one. */
static enum status make_bucket(struct cli *cli, struct s3_result *result)
{
    enum status status = STATUS_STORAGE;

    for (int i = 0; i < STORAGE_ATTEMPTS; i++) {
        status = s3_head_bucket(&cli->domain.s3, cli->arena, result);
        if (status == STATUS_NOT_FOUND)
            status = s3_create_bucket(&cli->domain.s3, cli->arena, result);
        if (status != STATUS_STORAGE && status != STATUS_STORAGE_TIMEOUT)
            break;
        pause_ms(STORAGE_PAUSE_MS);
    }
    return status;
}

/* The origins whose pages may reach storage: ours and those of CORS_ORIGINS. Any, unless PUBLIC_URL
 * says which ours is: CORS protects nothing here, what gives access is the signature in the URL. */
static size_t list_origins(const struct config *config, struct str *out)
{
    struct str rest = config->cors_origins;
    size_t count = 0;

    out[count++] = config->public_url;
    if (str_is_empty(config->public_url) || str_equal(rest, STR("*")))
        out[0] = STR("*");
    else if (!str_is_empty(rest))
        while (count < ORIGINS_MAX && str_split(&rest, ',', &out[count]))
            count++;
    return count;
}

/* Browsers PUT to the storage and read from it across origins. */
static enum status set_cors(struct cli *cli, struct s3_result *result)
{
    static const struct str methods[] = { STR_INIT("GET"), STR_INIT("HEAD"), STR_INIT("PUT") };
    static const struct str all = STR_INIT("*");
    static const struct str exposed[] = { STR_INIT("ETag"), STR_INIT("x-amz-request-id"),
        STR_INIT("x-amz-id-2") }; /* for parts, and for the flight record */
    struct str origins[ORIGINS_MAX];
    size_t count = list_origins(&cli->config, origins);
    struct s3_cors cors = { origins, count, methods, COUNT_OF(methods), &all, 1, exposed,
        COUNT_OF(exposed), CORS_AGE_S };

    return s3_put_bucket_cors(&cli->domain.s3, cli->arena, &cors, result);
}

static int storage_failed(const struct cli *cli, enum status status, const struct s3_result *result)
{
    cli_fail("The bucket \"%.*s\" at %.*s cannot be used: %.*s", STR_ARG(cli->config.s3.bucket),
        STR_ARG(cli->config.s3.endpoint_url), STR_ARG(status_sentence(status)));
    if (!str_is_empty(result->error_code))
        fprintf(stderr, "  Storage said: %.*s %.*s\n", STR_ARG(result->error_code),
            STR_ARG(result->error_message));
    return COMMAND_FAILED;
}

static int make_storage(struct cli *cli, struct init_report *report)
{
    struct s3_result result = { .http_status = 0 };
    enum status status;

    if (!cli->has_option[OPTION_STORAGE] || cli->domain_options.storage.is_off)
        return COMMAND_OK;
    status = make_bucket(cli, &result);
    if (status != STATUS_OK)
        return storage_failed(cli, status, &result);
    report->has_storage = true;
    if (set_cors(cli, &result) != STATUS_OK)
        report->cors_problem = arena_printf(cli->arena,
            "The bucket is there, but its CORS rules could not be set (%.*s): browsers can upload "
            "only when they allow PUT from the address of these pages; see the README.",
            STR_ARG(str_is_empty(result.error_code) ? STR("no reason given") : result.error_code));
    return COMMAND_OK;
}

/* --- report --- */

static void print_report_json(struct cli *cli, const struct init_report *report)
{
    json_t *admin = json_null();

    if (report->made_admin)
        admin = json_pack("{s:o, s:o}", "email", json_from_str(report->admin.email), "password",
            report->password.is_made ? json_from_str(report->password.text) : json_null());
    cli_print_json(
        cli, json_pack("{s:o, s:b, s:b, s:b, s:o}", "data", json_from_str(cli->config.data),
                 "made_keys", report->made_keys, "made_database", report->made_database,
                 "has_storage", report->has_storage, "admin", admin));
}

static void print_report(struct cli *cli, const struct init_report *report)
{
    if (report->made_database)
        cli_print("Made the database %.*s\n", STR_ARG(cli->config.database));
    if (report->made_keys)
        cli_print(
            "Made keys for the embedded storage in %.*s\n", STR_ARG(cli->config.settings_file));
    if (report->made_secret)
        cli_print("Made JWT_SECRET in %.*s\n", STR_ARG(cli->config.settings_file));
    if (!report->made_admin)
        return;
    cli_print("\nSign in with\n\n    e-mail    %.*s\n", STR_ARG(report->admin.email));
    if (report->password.is_made)
        cli_print("    password  %.*s\n\nThe password is shown this once. Change it on the "
                  "Account page, or with\n`vitrine user passwd %.*s`.\n",
            STR_ARG(report->password.text), STR_ARG(report->admin.email));
    else
        cli_print("    password  the one in ADMIN_PASSWORD\n");
}

int command_init(struct cli *cli)
{
    static int (*const steps[])(
        struct cli *, struct init_report *) = { make_database, make_admin, make_storage };
    struct init_report report = { .made_keys = false };
    int code = make_folders(cli);

    if (code == COMMAND_OK)
        code = make_keys(cli, &report);
    if (code == COMMAND_OK)
        code = reload_settings(cli);
    for (size_t i = 0; i < COUNT_OF(steps) && code == COMMAND_OK; i++)
        code = steps[i](cli, &report);
    if (code != COMMAND_OK)
        return code;
    if (!str_is_empty(report.cors_problem))
        cli_fail("%.*s", STR_ARG(report.cors_problem));
    if (cli->has_option[OPTION_JSON])
        print_report_json(cli, &report);
    else
        print_report(cli, &report);
    return COMMAND_OK;
}
