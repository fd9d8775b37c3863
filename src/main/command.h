/*
 * command.h - the command line `vitrine`: one table of commands, one of options.
 *
 * A command returns its exit code: COMMAND_OK, COMMAND_FAILED after it said why on stderr, or
 * COMMAND_USAGE. What scripts read goes to stdout and, with --json, is one JSON value.
 */
#ifndef MAIN_COMMAND_H
#define MAIN_COMMAND_H

#include "base/json.h"
#include "domain/domain.h"
#include "main/config.h"
#include "main/shared.h"

enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

enum { COMMAND_ARGUMENTS_MAX = 4 };

/* Every option that any command has. */
enum option {
    OPTION_JSON,
    OPTION_STORAGE,
    OPTION_NAME,
    OPTION_ROLE,
    OPTION_PASSWORD_STDIN,
    OPTION_EXPIRES,
    OPTION_TYPE,
    OPTION_LIMIT,
    OPTION_SCOPE,
    OPTION_STARTS,
    OPTION_SOURCE_IP,
    OPTION_DRY_RUN,
    OPTION_FORCE,
    OPTION_OWNER,
    OPTION__COUNT
};

/* What one invocation came with, and what was opened for it. */
struct cli {
    struct arena *arena;
    char **environment;
    struct str argument[COMMAND_ARGUMENTS_MAX];
    size_t argument_count;
    bool has_option[OPTION__COUNT];
    struct str option[OPTION__COUNT]; /* the values of those that take one */
    struct config config;
    struct shared shared;
    struct domain_options domain_options;
    struct domain domain;
    struct task task; /* acts as the system */
};

/* What has to be there before a command runs. */
enum command_need {
    NEEDS_NOTHING,
    NEEDS_SETTINGS, /* keys may be missing */
    NEEDS_KEYS,     /* settings with keys */
    NEEDS_DOMAIN    /* and the database, open and current */
};

typedef int command_fn(struct cli *cli);

struct command {
    const char *name; /* "user add" */
    const char *arguments;
    size_t min_arguments, max_arguments;
    enum command_need need;
    unsigned options; /* bits 1u << OPTION_... */
    command_fn *run;
    const char *doc;
    const char *more; /* for --help of this command; NULL: nothing more to say */
};

struct option_text {
    const char *name;
    const char *value; /* NULL: takes none */
    const char *doc;
};

/* command_table.c */
extern const struct option_text option_table[OPTION__COUNT];
extern const struct command command_table[];
extern const size_t command_count;

/* Run the command that argv names. Returns the exit code of the process. */
int command_main(int argc, char **argv, char **environment);

/* --- for the commands --- */

command_fn command_init;
command_fn command_user_add;
command_fn command_user_list;
command_fn command_user_passwd;
command_fn command_user_role;
command_fn command_user_quota;
command_fn command_user_disable;
command_fn command_user_enable;
command_fn command_token_add;
command_fn command_token_list;
command_fn command_token_revoke;
command_fn command_presign_get;
command_fn command_presign_put;
command_fn command_backup;
command_fn command_cloudfront_url;
command_fn command_cloudfront_cookies;
command_fn command_cloudfront_key;
command_fn command_config;
command_fn command_credentials;
command_fn command_routes;
command_fn command_jobs_discard;
command_fn command_jobs_list;
command_fn command_jobs_retry;
command_fn command_jobs_run;
command_fn command_migrate;
command_fn command_rebuild;
command_fn command_reconcile;
command_fn command_sweep;
command_fn command_health;

/* "vitrine: " and a sentence to stderr. Returns COMMAND_FAILED, for `return cli_fail(...)`. */
int cli_fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same from task.failure, or the status's own sentence. */
int cli_fail_status(const struct cli *cli, enum status status);

/* Print `value` as one line of JSON and release it. */
void cli_print_json(struct cli *cli, json_t *value);

/* Text to stdout. */
void cli_print(const char *format, ...) PRINTF_LIKE(1, 2);

/* Open the database and storage client of cli->config; said why when it fails. */
enum status cli_open_domain(struct cli *cli) MUST_CHECK;

#endif
