/* Finding and starting the command that was asked for. What a command does is in command_*.c. */
#include "main/command.h"

#include "main/version.h"
#include "main/wiring.h"

#include <stdio.h>
#include <stdlib.h>

/* --- output --- */

int cli_fail(const char *format, ...)
{
    va_list args;

    fputs("vitrine: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return COMMAND_FAILED;
}

int cli_fail_status(const struct cli *cli, enum status status)
{
    const struct failure *failure = &cli->task.failure;
    bool has_words = failure->status == status && !str_is_empty(failure->sentence);
    struct str sentence = has_words ? failure->sentence : status_sentence(status);

    cli_fail("%.*s", STR_ARG(sentence));
    if (has_words && !str_is_empty(failure->hint))
        fprintf(stderr, "  %.*s\n", STR_ARG(failure->hint));
    if (has_words && !str_is_empty(failure->storage_code))
        fprintf(stderr, "  Storage said: %.*s %.*s\n", STR_ARG(failure->storage_code),
            STR_ARG(failure->storage_message));
    return COMMAND_FAILED;
}

void cli_print_json(struct cli *cli, json_t *value)
{
    cli_print("%.*s\n", STR_ARG(json_text(cli->arena, value)));
    json_decref(value);
}

void cli_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

/* --- help --- */

/* The commands whose names begin with `prefix`, a line each; how many there are. */
static size_t print_commands(struct str prefix)
{
    char usage[64];
    size_t count = 0;

    for (size_t i = 0; i < command_count; i++)
        if (str_starts_with(str_from_c(command_table[i].name), prefix)) {
            snprintf(usage, sizeof(usage), "%-13s %s", command_table[i].name,
                command_table[i].arguments);
            cli_print("  %-33s %s\n", usage, command_table[i].doc);
            count++;
        }
    return count;
}

static int print_help(void)
{
    cli_print("Vitrine %s: private images in S3.\n\nusage: vitrine COMMAND [OPTIONS]\n\n",
        VITRINE_VERSION);
    print_commands(STR_EMPTY);
    cli_print(
        "\n`vitrine COMMAND --help` says more. Settings are environment variables, see `vitrine "
        "config`.\nExit codes: 0 done, 1 failed, 2 wrong usage or settings.\n");
    return COMMAND_OK;
}

static int print_command_help(const struct command *command)
{
    cli_print("usage: vitrine %s%s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
        command->arguments, command->options != 0 ? " [OPTIONS]" : "", command->doc);
    if (command->more != NULL)
        cli_print("%s\n", command->more);
    cli_print("\n");
    for (int i = 0; i < OPTION__COUNT; i++)
        if ((command->options & (1u << i)) != 0)
            cli_print("  %-16s %-8s %s\n", option_table[i].name,
                option_table[i].value == NULL ? "" : option_table[i].value, option_table[i].doc);
    return COMMAND_OK;
}

/* "user" of "user add", "user list", ...: false when no command begins with that word. */
static bool print_group(const char *word)
{
    char prefix[32];
    int len = snprintf(prefix, sizeof(prefix), "%s ", word);

    return len < (int)sizeof(prefix) && print_commands(str_from(prefix, (size_t)len)) > 0;
}

static int usage_error(const struct command *command, const char *what, const char *which)
{
    cli_fail("%s%s%s", what, which[0] != '\0' ? " " : "", which);
    if (command == NULL)
        fprintf(stderr, "`vitrine --help` lists the commands.\n");
    else
        fprintf(stderr, "usage: vitrine %s %s\n`vitrine %s --help` says more.\n", command->name,
            command->arguments, command->name);
    return COMMAND_USAGE;
}

/* --- what was asked for --- */

/* A command's name is one or two words, each an argument of its own. */
static bool is_named(const struct command *command, int argc, char **argv, int *out_words)
{
    struct str rest = str_from_c(command->name), word;
    int words = 0;

    while (str_split(&rest, ' ', &word)) {
        words++;
        if (words >= argc || !str_equal(str_from_c(argv[words]), word))
            return false;
    }
    *out_words = words;
    return true;
}

static const struct command *find_command(int argc, char **argv, int *out_words)
{
    for (size_t i = 0; i < command_count; i++)
        if (is_named(&command_table[i], argc, argv, out_words))
            return &command_table[i];
    return NULL;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int find_option(const struct command *command, struct str name)
{
    for (int i = 0; i < OPTION__COUNT; i++)
        if ((command->options & (1u << i)) != 0 &&
            str_equal(name, str_from_c(option_table[i].name)))
            return i;
    return -1;
}

/* "--role editor" and "--role=editor". Moves *index over a value that stands apart. */
static int read_option(
    struct cli *cli, const struct command *command, int argc, char **argv, int *index)
{
    struct str text = str_from_c(argv[*index]), name = text, value = STR_EMPTY;
    ssize_t equals = str_index(text, '=');
    int which;

    if (equals >= 0) {
        name = str_head(text, (size_t)equals);
        value = str_from_offset(text, (size_t)equals + 1);
    }
    which = find_option(command, name);
    if (which < 0)
        return usage_error(command, "There is no option", argv[*index]);
    if ((option_table[which].value == NULL) && equals >= 0)
        return usage_error(command, "This option takes no value:", option_table[which].name);
    if (option_table[which].value != NULL && equals < 0) {
        if (*index + 1 >= argc)
            return usage_error(command, "A value is missing after", option_table[which].name);
        value = str_from_c(argv[++*index]);
    }
    cli->has_option[which] = true;
    cli->option[which] = value;
    return COMMAND_OK;
}

static int read_arguments(
    struct cli *cli, const struct command *command, int argc, char **argv, int from)
{
    bool options_end = false;

    for (int i = from; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            int code = read_option(cli, command, argc, argv, &i);
            if (code != COMMAND_OK)
                return code;
        } else if (cli->argument_count == command->max_arguments) {
            return usage_error(command, "There is one argument too many:", argv[i]);
        } else {
            cli->argument[cli->argument_count++] = str_from_c(argv[i]);
        }
    }
    if (cli->argument_count < command->min_arguments)
        return usage_error(command, "An argument is missing.", "");
    return COMMAND_OK;
}

/* --- what a command needs --- */

static int load_settings(struct cli *cli, enum config_need need)
{
    struct config_problems problems;
    struct str problem = STR_EMPTY;
    enum status status =
        need == CONFIG_BEFORE_INIT
            ? config_load(cli->arena, cli->environment, need, &cli->config, &problems)
            : wiring_load_config(
                  cli->arena, cli->environment, need, &cli->config, &problems, &problem);

    if (!str_is_empty(problem))
        return cli_fail("%.*s", STR_ARG(problem));
    if (status != STATUS_OK) {
        config_print_problems(&problems);
        return COMMAND_USAGE;
    }
    log_set_level(cli->config.log_level < LOG_WARN ? LOG_WARN : cli->config.log_level);
    if (wiring_domain(cli->arena, &cli->config, &cli->domain_options, &problem) != STATUS_OK) {
        cli_fail("%.*s", STR_ARG(problem));
        return COMMAND_USAGE;
    }
    return COMMAND_OK;
}

enum status cli_open_domain(struct cli *cli)
{
    enum status status;

    shared_open(&cli->shared, cli->arena, &cli->config);
    cli->domain_options.storage.clock = &cli->shared.clock;
    status = domain_open(&cli->domain, &cli->domain_options);
    if (status != STATUS_OK)
        cli_fail("The database %.*s cannot be used (see above). Run `vitrine init` if there is "
                 "none yet, `vitrine migrate` if it is older than this program.",
            STR_ARG(cli->config.database));
    task_init(&cli->task, &cli->domain, cli->arena, ACTOR_SYSTEM, STR_EMPTY);
    return status;
}

static int prepare(struct cli *cli, enum command_need need)
{
    int code;

    if (need == NEEDS_NOTHING)
        return COMMAND_OK;
    code = load_settings(cli, need == NEEDS_SETTINGS ? CONFIG_BEFORE_INIT : CONFIG_NEEDS_KEYS);
    if (code == COMMAND_OK && need == NEEDS_DOMAIN && cli_open_domain(cli) != STATUS_OK)
        code = COMMAND_FAILED;
    return code;
}

static int run(const struct command *command, int argc, char **argv, int from, char **environment)
{
    struct arena arena;
    struct cli *cli = calloc(1, sizeof(*cli));
    int code;

    if (cli == NULL)
        return cli_fail("There is no memory.");
    arena_init(&arena);
    cli->arena = &arena;
    cli->environment = environment;
    code = read_arguments(cli, command, argc, argv, from);
    if (code == COMMAND_OK)
        code = prepare(cli, command->need);
    if (code == COMMAND_OK)
        code = command->run(cli);
    domain_close(&cli->domain);
    shared_close(&cli->shared);
    config_clear(&cli->config);
    credential_source_free(cli->domain_options.storage.credentials);
    free(cli);
    arena_clear(&arena);
    if (fflush(stdout) != 0 && code == COMMAND_OK)
        code = cli_fail("The output could not be written.");
    return code;
}

int command_main(int argc, char **argv, char **environment)
{
    int words = 0;
    const struct command *command = find_command(argc, argv, &words);

    if (argc < 2)
        return usage_error(NULL, "Say what to do.", "");
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        cli_print("vitrine %s\n", VITRINE_VERSION);
        return COMMAND_OK;
    }
    if (command == NULL && argc == 3 && is_help(argv[2]) && print_group(argv[1]))
        return COMMAND_OK;
    if (command == NULL)
        return usage_error(NULL, "There is no command", argv[1]);
    for (int i = words + 1; i < argc; i++)
        if (is_help(argv[i]))
            return print_command_help(command);
    return run(command, argc, argv, words + 1, environment);
}
