/* The tables of the command line: every option, every command; read across. */
#include "main/command.h"

const struct option_text option_table[OPTION__COUNT] = {
    [OPTION_JSON] = { "--json", NULL, "print JSON, for scripts" },
    [OPTION_STORAGE] = { "--storage", NULL, "make bucket and CORS rules too; storage must run" },
    [OPTION_NAME] = { "--name", "NAME", "what others see, or what a token is for" },
    [OPTION_ROLE] = { "--role", "ROLE", "viewer, editor (default) or admin" },
    [OPTION_PASSWORD_STDIN] = { "--password-stdin", NULL, "read the password from stdin" },
    [OPTION_EXPIRES] = { "--expires", "TIME",
        "life of a URL in seconds (1 to 604800), of a token: 90d, 12h" },
    [OPTION_TYPE] = { "--type", "TYPE", "content type that the PUT is bound to" },
    [OPTION_LIMIT] = { "--limit", "COUNT", "most rows of each kind (default 1000)" },
    [OPTION_SCOPE] = { "--scope", "SCOPES",
        "read,upload,delete (default) or fewer of them; or admin" },
    [OPTION_STARTS] = { "--starts", "SECONDS", "works only from so long from now" },
    [OPTION_SOURCE_IP] = { "--source-ip", "RANGE", "works only from this IPv4 address or range" },
    [OPTION_DRY_RUN] = { "--dry-run", NULL, "tell what would be done, and change nothing" },
    [OPTION_FORCE] = { "--force", NULL, "flag images as gone however many they are" },
    [OPTION_OWNER] = { "--owner", "EMAIL", "account for what nobody known owns" },
};

#define JSON     (1u << OPTION_JSON)
#define STORAGE  (1u << OPTION_STORAGE)
#define NAME     (1u << OPTION_NAME)
#define ROLE     (1u << OPTION_ROLE)
#define PASSWORD (1u << OPTION_PASSWORD_STDIN)
#define EXPIRES  (1u << OPTION_EXPIRES)
#define TYPE     (1u << OPTION_TYPE)
#define LIMIT    (1u << OPTION_LIMIT)
#define SCOPE    (1u << OPTION_SCOPE)
#define DRY_RUN  (1u << OPTION_DRY_RUN)
#define FORCE    (1u << OPTION_FORCE)
#define OWNER    (1u << OPTION_OWNER)
#define LIMITS   (EXPIRES | 1u << OPTION_STARTS | 1u << OPTION_SOURCE_IP)

/* clang-format off */
const struct command command_table[] = {
    /* name            arguments        min max  needs            options                 function              what it does */
    { "init",          "",              0,  0,   NEEDS_SETTINGS,  JSON | STORAGE,         command_init,
      "Make the data folder, its keys, the database and the first admin.",
      "Safe to repeat: what is there stays. The admin is ADMIN_EMAIL; the password is ADMIN_PASSWORD or a\n"
      "random one, which is shown once." },
    { "user add",      "EMAIL",         1,  1,   NEEDS_DOMAIN,    JSON | NAME | ROLE | PASSWORD, command_user_add,
      "Add an account.",
      "Without --password-stdin a password is made and shown once." },
    { "user list",     "",              0,  0,   NEEDS_DOMAIN,    JSON,                   command_user_list,
      "List the accounts.", NULL },
    { "user passwd",   "EMAIL",         1,  1,   NEEDS_DOMAIN,    JSON | PASSWORD,        command_user_passwd,
      "Set an account's password; ends its sessions.",
      "Without --password-stdin a password is made and shown once." },
    { "user role",     "EMAIL ROLE",    2,  2,   NEEDS_DOMAIN,    JSON,                   command_user_role,
      "Change an account's role: viewer, editor or admin.", NULL },
    { "user quota",    "EMAIL [BYTES FILES]", 1, 3, NEEDS_DOMAIN, JSON,                   command_user_quota,
      "Show how much an account stores and may store, or set that.",
      "10GB 1000, 10GB off, or default for what QUOTA_BYTES and QUOTA_FILES say." },
    { "user disable",  "EMAIL",         1,  1,   NEEDS_DOMAIN,    JSON,                   command_user_disable,
      "Keep an account from signing in; ends its sessions.", NULL },
    { "user enable",   "EMAIL",         1,  1,   NEEDS_DOMAIN,    JSON,                   command_user_enable,
      "Let a disabled account sign in again.", NULL },
    { "token add",     "EMAIL",         1,  1,   NEEDS_DOMAIN,    JSON | NAME | SCOPE | EXPIRES, command_token_add,
      "Make an API token that acts as this account; shown once.",
      "It may do what its scopes say, and never more than its account. Without --expires it works until it is\n"
      "revoked." },
    { "token list",    "[EMAIL]",       0,  1,   NEEDS_DOMAIN,    JSON,                   command_token_list,
      "List API tokens, of one account or of all.", NULL },
    { "token revoke",  "ID",            1,  1,   NEEDS_DOMAIN,    JSON,                   command_token_revoke,
      "End an API token.", NULL },
    { "presign get",   "KEY",           1,  1,   NEEDS_KEYS,      JSON | EXPIRES,         command_presign_get,
      "Print a URL that reads an object.",
      "Whoever has the URL can use it until it expires (default 300 seconds)." },
    { "presign put",   "KEY",           1,  1,   NEEDS_KEYS,      JSON | EXPIRES | TYPE,  command_presign_put,
      "Print a URL that writes an object.",
      "Whoever has the URL can use it until it expires (default 300 seconds)." },
    { "cloudfront url", "KEY",          1,  1,   NEEDS_KEYS,      JSON | LIMITS,          command_cloudfront_url,
      "Print a CloudFront signed URL of an object.",
      "Whoever has the URL can use it until it expires (default 300 seconds)." },
    { "cloudfront cookies", "FOLDER",   1,  1,   NEEDS_KEYS,      JSON | LIMITS,          command_cloudfront_cookies,
      "Print CloudFront cookies that show every image of users/ID/images/.",
      "As a Cookie header. Whoever has them can use them until they expire (default 300 seconds)." },
    { "cloudfront key", "",             0,  0,   NEEDS_KEYS,      JSON,                   command_cloudfront_key,
      "Print the public half of the CloudFront key, as it is uploaded to AWS.", NULL },
    { "credentials",   "",              0,  0,   NEEDS_SETTINGS,  JSON,                   command_credentials,
      "Tell where the keys of the storage come from and when they expire; exit code 1 without.",
      "Asks as the application does at its start; the keys are not shown." },
    { "config",        "",              0,  0,   NEEDS_SETTINGS,  JSON,                   command_config,
      "Print every setting, where it comes from and its value; secrets are not shown.", NULL },
    { "routes",        "",              0,  0,   NEEDS_NOTHING,   JSON,                   command_routes,
      "Print every address, who may use it and how.", NULL },
    { "jobs list",     "",              0,  0,   NEEDS_DOMAIN,    JSON | LIMIT,           command_jobs_list,
      "List the jobs: what was given up, what runs, what waits.", NULL },
    { "jobs run",      "KIND",          1,  1,   NEEDS_DOMAIN,    JSON,                   command_jobs_run,
      "Make a job of the schedule due now, such as sweep.", NULL },
    { "jobs retry",    "ID",            1,  1,   NEEDS_DOMAIN,    JSON,                   command_jobs_retry,
      "Make a job due now, with all its attempts before it.", NULL },
    { "jobs discard",  "ID",            1,  1,   NEEDS_DOMAIN,    JSON,                   command_jobs_discard,
      "Forget a job that nobody runs.", NULL },
    { "migrate",       "",              0,  0,   NEEDS_SETTINGS,  JSON,                   command_migrate,
      "Bring the database to the version of this program.", NULL },
    { "backup",        "FILE",          1,  1,   NEEDS_DOMAIN,    JSON,                   command_backup,
      "Copy the database to a new file, while it is in use.",
      "The file holds everything but the objects and settings.env; only its owner may read it." },
    { "sweep",         "",              0,  0,   NEEDS_DOMAIN,    JSON | LIMIT | DRY_RUN, command_sweep,
      "Finish deletions, adopt or drop unfinished uploads, forget old sessions; once a day, reconcile.",
      "What vitrine-worker does every hour, at once and in words. --dry-run tells of the bucket too." },
    { "reconcile",     "",              0,  0,   NEEDS_DOMAIN,    JSON | DRY_RUN | FORCE, command_reconcile,
      "Compare the whole bucket with the images: what is gone, changed, or known to nobody.",
      "Goes on where it was interrupted. Objects without an image are kept unless UNKNOWN_OBJECTS=delete." },
    { "rebuild",       "",              0,  0,   NEEDS_DOMAIN,    JSON | DRY_RUN | OWNER, command_rebuild,
      "Make the images' rows again from the bucket, when the database was lost.",
      "Make the accounts first (`vitrine user add`). Rows that are there are never touched; safe to repeat." },
    { "health",        "",              0,  0,   NEEDS_DOMAIN,    JSON,                   command_health,
      "Tell whether database and storage answer; exit code 1 when not.", NULL },
};
/* clang-format on */

const size_t command_count = COUNT_OF(command_table);
