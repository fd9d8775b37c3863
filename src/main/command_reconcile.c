/* vitrine sweep, reconcile and rebuild: bringing rows and objects together. */
#include "main/command.h"

#include "domain/asset_sweep.h"
#include "domain/rebuild.h"
#include "domain/reconcile.h"
#include "domain/session.h"
#include "store/users.h"

enum {
    SWEEP_DEFAULT = 1000,
    SWEEP_MAX = 1000000,
    KEYS_TOLD_MAX = 20,           /* of each class, in words and in JSON */
    RECONCILE_EVERY_S = 20 * 3600 /* a sweep walks the bucket too when nobody did for so long */
};

/* The first keys of each class, collected while something runs. */
struct told {
    struct arena *arena;
    const char *const *names;
    size_t class_count;
    json_t *keys; /* {"gone": ["images/..."]} */
};

static void told_begin(
    struct told *told, struct arena *arena, const char *const *names, size_t class_count)
{
    *told = (struct told){ arena, names, class_count, json_object() };
}

static void told_add(struct told *told, size_t class, struct str key)
{
    json_t *list;

    if (class >= told->class_count)
        return;
    list = json_object_get(told->keys, told->names[class]);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(told->keys, told->names[class], list);
    }
    if (json_array_size(list) < KEYS_TOLD_MAX)
        json_array_append_new(list, json_from_str(key));
}

static void told_print(const struct told *told)
{
    const char *name;
    json_t *list, *key;
    size_t i;

    json_object_foreach(told->keys, name, list) json_array_foreach(list, i, key)
        cli_print("  %-9s %s\n", name, json_string_value(key));
}

/* --- the bucket --- */

static const char *const finding_names[RECONCILE__COUNT] = {
    [RECONCILE_GONE] = "gone",
    [RECONCILE_CHANGED] = "changed",
    [RECONCILE_CLEARED] = "cleared",
    [RECONCILE_UNKNOWN] = "unknown",
    [RECONCILE_REMOVED] = "removed",
};

static void on_finding(void *context, const struct reconcile_finding *finding)
{
    told_add(context, finding->kind, finding->key);
}

static json_t *reconcile_json(const struct reconcile_report *report, struct told *told)
{
    json_t *json = json_pack("{s:b, s:I, s:I, s:I, s:o}", "finished", report->is_finished, "rows",
        (json_int_t)report->row_count, "objects", (json_int_t)report->object_count, "foreign",
        (json_int_t)report->foreign_count, "keys", told->keys);

    for (int i = 0; i < RECONCILE__COUNT; i++)
        json_object_set_new(json, finding_names[i], json_integer((json_int_t)report->count[i]));
    json_object_set_new(json, "manifest",
        str_is_empty(report->manifest) ? json_null() : json_from_str(report->manifest));
    return json;
}

static void print_reconcile(const struct reconcile_report *report, struct told *told)
{
    cli_print(
        "%lld rows and %lld objects compared: %lld gone, %lld changed, %lld right again; %lld "
        "objects without an image, %lld of them removed; %lld of others left alone.\n",
        (long long)report->row_count, (long long)report->object_count,
        (long long)report->count[RECONCILE_GONE], (long long)report->count[RECONCILE_CHANGED],
        (long long)report->count[RECONCILE_CLEARED], (long long)report->count[RECONCILE_UNKNOWN],
        (long long)report->count[RECONCILE_REMOVED], (long long)report->foreign_count);
    told_print(told);
    if (!str_is_empty(report->manifest))
        cli_print("What was removed: %.*s\n", STR_ARG(report->manifest));
    json_decref(told->keys);
}

static enum status run_pass(struct cli *cli, struct reconcile_report *report, struct told *told)
{
    const struct reconcile_options options = {
        .is_dry_run = cli->has_option[OPTION_DRY_RUN],
        .is_forced = cli->has_option[OPTION_FORCE],
        .tell = on_finding,
        .tell_context = told,
    };

    told_begin(told, cli->arena, finding_names, RECONCILE__COUNT);
    return reconcile_run(&cli->task, &options, report);
}

int command_reconcile(struct cli *cli)
{
    struct reconcile_report report = { 0 };
    struct told told;
    enum status status;

    if (cli->domain_options.storage.is_off)
        return cli_fail("There is no storage: S3_ENABLED is off.");
    status = run_pass(cli, &report, &told);
    if (cli->has_option[OPTION_JSON])
        cli_print_json(cli, reconcile_json(&report, &told));
    else
        print_reconcile(&report, &told);
    return status == STATUS_OK ? COMMAND_OK : cli_fail_status(cli, status);
}

/* --- the rows that wait --- */

static const char *const end_names[SWEEP__COUNT] = {
    [SWEEP_PURGE] = "purge",
    [SWEEP_ADOPT] = "adopt",
    [SWEEP_EXPIRE] = "expire",
    [SWEEP_REFUSE] = "refuse",
    [SWEEP_EMPTY] = "empty",
    [SWEEP_CLEAN] = "clean",
    [SWEEP_SETTLE] = "settle",
    [SWEEP_WAIT] = "wait",
};

static void on_end(void *context, enum sweep_end end, struct str key)
{
    told_add(context, end, key);
}

static int read_limit(const struct cli *cli, int64_t *out)
{
    *out = SWEEP_DEFAULT;
    if (!cli->has_option[OPTION_LIMIT] ||
        (str_parse_i64(cli->option[OPTION_LIMIT], out) && *out >= 1 && *out <= SWEEP_MAX))
        return COMMAND_OK;
    cli_fail("--limit takes a number from 1 to %d.", SWEEP_MAX);
    return COMMAND_USAGE;
}

static json_t *sweep_json(const struct sweep_report *report, int64_t sessions)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "emptied",
        (json_int_t)report->emptied, "cleaned", (json_int_t)report->cleaned, "purged",
        (json_int_t)report->purged, "adopted", (json_int_t)report->adopted, "expired",
        (json_int_t)report->expired, "refused", (json_int_t)report->refused, "settled",
        (json_int_t)report->settled, "aborted", (json_int_t)report->aborted, "waiting",
        (json_int_t)report->waiting, "sessions", (json_int_t)sessions);
}

static void print_sweep(const struct sweep_report *report, int64_t sessions)
{
    cli_print(
        "%lld taken from the trash, %lld too old to keep; %lld deleted, %lld adopted, %lld "
        "expired, %lld refused, %lld looked at for the last time, the parts of %lld given up, "
        "%lld left for the next time; %lld old sessions forgotten.\n",
        (long long)report->emptied, (long long)report->cleaned, (long long)report->purged,
        (long long)report->adopted, (long long)report->expired, (long long)report->refused,
        (long long)report->settled, (long long)report->aborted, (long long)report->waiting,
        (long long)sessions);
}

/* Whether a sweep walks the bucket too: a dry run always, else once a day, for those who run no
 * worker. */
static bool is_pass_due(struct cli *cli)
{
    int64_t age_s = -1;

    if (cli->has_option[OPTION_DRY_RUN])
        return true;
    return reconcile_age(&cli->task, &age_s) == STATUS_OK &&
           (age_s < 0 || age_s >= RECONCILE_EVERY_S);
}

/* What one run of `vitrine sweep` did, in both of its halves. */
struct whole_sweep {
    struct sweep_report rows;
    struct told rows_told;
    struct reconcile_report bucket;
    struct told bucket_told;
    bool has_bucket;
    int64_t sessions;
    struct failure failure; /* the first one */
};

static void note(struct cli *cli, struct whole_sweep *sweep, enum status status)
{
    if (status != STATUS_OK && sweep->failure.status == STATUS_OK) {
        sweep->failure = cli->task.failure;
        sweep->failure.status = status;
    }
}

static void sweep_storage(struct cli *cli, int64_t limit, struct whole_sweep *sweep)
{
    const struct sweep_listener listener = { on_end, &sweep->rows_told };
    enum status status = asset_sweep_dry(
        &cli->task, limit, cli->has_option[OPTION_DRY_RUN] ? &listener : NULL, &sweep->rows);

    note(cli, sweep, status);
    sweep->has_bucket = status == STATUS_OK && is_pass_due(cli);
    if (sweep->has_bucket)
        note(cli, sweep, run_pass(cli, &sweep->bucket, &sweep->bucket_told));
}

static void print_whole(struct cli *cli, struct whole_sweep *sweep)
{
    if (cli->has_option[OPTION_JSON]) {
        json_t *json = sweep_json(&sweep->rows, sweep->sessions);

        json_object_set_new(json, "dry_run", json_boolean(cli->has_option[OPTION_DRY_RUN]));
        json_object_set_new(json, "keys", sweep->rows_told.keys);
        json_object_set_new(json, "bucket",
            sweep->has_bucket ? reconcile_json(&sweep->bucket, &sweep->bucket_told) : json_null());
        cli_print_json(cli, json);
        return;
    }
    if (cli->has_option[OPTION_DRY_RUN])
        cli_print("What would be done; nothing was changed.\n");
    print_sweep(&sweep->rows, sweep->sessions);
    told_print(&sweep->rows_told);
    json_decref(sweep->rows_told.keys);
    if (sweep->has_bucket)
        print_reconcile(&sweep->bucket, &sweep->bucket_told);
}

/* What storage does not speak about fails the command, after everything else was done and told. */
int command_sweep(struct cli *cli)
{
    struct whole_sweep sweep = { 0 };
    int64_t limit;

    if (read_limit(cli, &limit) != COMMAND_OK)
        return COMMAND_USAGE;
    told_begin(&sweep.rows_told, cli->arena, end_names, SWEEP__COUNT);
    if (!cli->domain_options.storage.is_off)
        sweep_storage(cli, limit, &sweep);
    if (!cli->has_option[OPTION_DRY_RUN])
        note(cli, &sweep, session_prune(&cli->task, &sweep.sessions));
    print_whole(cli, &sweep);
    cli->task.failure = sweep.failure;
    return sweep.failure.status == STATUS_OK ? COMMAND_OK
                                             : cli_fail_status(cli, sweep.failure.status);
}
