/*
 * config.h - the settings: one table, read once at start, every problem told at once with its fix.
 *
 * A setting is an environment variable. $DATA/settings.env is read first, then ./.env, then the
 * environment itself; a later one wins. The table (setting_table.c) is the reference: `vitrine
 * config` and the reference page are printed from it.
 *
 * Order of use: config_load once with an arena that lives as long as the process; when it says
 * STATUS_INVALID, config_print_problems and exit 2.
 */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "base/url.h"
#include "cgi/proxy.h"
#include "domain/domain.h"
#include "domain/rate.h"
#include "sign/cloudfront.h"

enum { CONFIG_SETTINGS_MAX = 128, CONFIG_PROBLEMS_MAX = 64 };

/* How the web server sends a file that we name: X-Sendfile, X-Accel-Redirect, or not at all. */
enum config_sendfile { CONFIG_SENDFILE_OFF, CONFIG_SENDFILE_X_SENDFILE, CONFIG_SENDFILE_X_ACCEL };

/* What becomes of objects that no row knows. */
enum config_unknown { CONFIG_UNKNOWN_KEEP, CONFIG_UNKNOWN_DELETE };

/* A switch that may be left to us. */
enum config_switch { CONFIG_OFF, CONFIG_ON, CONFIG_AUTO };

/* Where pictures are kept. Strs end in a NUL that is not counted. */
struct config_storage {
    bool is_enabled;                /* false: there is no storage, and nothing that needs it */
    bool is_embedded;               /* our own objects.fcgi beside the application */
    struct str endpoint_url;        /* what this process talks to; always set after config_load */
    struct str public_endpoint_url; /* what browsers talk to; empty: follows the Host that a person
                                      opened when embedded, else endpoint_url */
    struct str bucket;
    struct str region;
    struct str access_key_id;
    struct str secret_access_key;
    struct str session_token; /* empty: none */
    bool path_style;
    bool conditional_put;    /* sign if-none-match: * */
    bool conditional_delete; /* say If-Match when deleting; always set after config_load */
    bool post_policy;        /* takes signed forms of browsers */
    bool metadata;           /* x-amz-meta-vitrine with each upload */
    bool checksum;           /* sign x-amz-checksum-sha256 when the hash is known */
    enum storage_sse sse;
    struct str sse_kms_key; /* empty: the account's default key */
    bool sse_bucket_key;
};

/* Tokens of programs that sign in. */
struct config_jwt {
    struct str secret;          /* signs, HS256 */
    struct str secret_previous; /* still accepted; empty: none */
    int64_t lifetime_s;
    int64_t refresh_days;

    struct str issuer_url; /* of an external issuer; empty: none */
    struct str jwks_url;   /* always set after config_load when issuer_url is */
    bool jwks_private;     /* keys may come from an address of our own network */
    int64_t jwks_refresh_s;
    struct str audience;
    struct str account_claim;
    struct str role_claim;
    struct str role_map; /* "VALUE=ROLE,..." */
    bool provision;
};

/* The distribution that images are shown through; all empty when there is none. */
struct config_cloudfront {
    struct str origin; /* "https://d111.cloudfront.net" */
    struct str key_pair_id;
    struct str private_key;      /* as given: PEM in some form, or base64 */
    struct str private_key_file; /* or the name of a file that holds it */
    struct private_key *key;     /* what was read of either; owned, see config_clear */
    enum cloudfront_form form;
    enum private_key_hash hash;
    struct str source_ip; /* "visitor", an IPv4 address or range, or empty */
    bool forwards_query;
    struct str cookie_domain;
    int64_t cookie_ttl_s;
};

/* Where keys come from when S3_ACCESS_KEY_ID is not set: remote/credentials.h. */
struct config_chain {
    struct str secret_id;
    struct str secret_endpoint;
    int64_t secret_refresh_s;
    struct str home; /* HOME: no setting of ours */
    struct str profile;
    struct str credentials_file;
    struct str config_file;
    struct str token_file;
    struct str role_arn;
    struct str session_name;
    struct str sts_endpoint;
    struct str container_relative_uri;
    struct str container_full_uri;
    struct str container_token;
    struct str container_token_file;
    struct str metadata_endpoint;
    bool metadata_disabled;
};

/* All settings, checked and completed. Strs point into the arena and end in an uncounted NUL. */
struct config {
    struct str data;          /* folder; database, generated secrets, objects, sockets */
    struct str database;      /* $DATA/vitrine.db */
    struct str settings_file; /* $DATA/settings.env */
    struct str templates;     /* folder */
    struct str static_files;  /* folder */

    struct str bind;
    int64_t port;
    int64_t objects_port;
    struct str objects_root; /* folder of the embedded S3 endpoint */
    struct str public_url;   /* browser-facing origin; empty: follows the Host header */
    struct str path_prefix;  /* "/prod"; empty: none */
    struct str cors_origins; /* comma-separated origins, or "*"; empty: none */
    bool cors_credentials;
    struct proxy_trust trusted_proxies;
    enum proxy_header proxy_header;
    struct rate_policy rate_sign_in, rate_presign, rate_write, rate_read;
    int64_t upload_timeout_s;
    int64_t quota_bytes; /* 0: no limit */
    int64_t quota_files; /* 0: no limit */
    int64_t pending_max; /* 0: no limit */
    int64_t multipart_threshold;
    int64_t multipart_part_size;
    int64_t multipart_hours;
    int64_t trash_days;
    enum config_unknown unknown_objects;
    int64_t unknown_objects_days;
    int64_t cleanup_days; /* 0: never */
    int64_t threads;
    int64_t worker_threads;
    enum log_level log_level;
    struct str metrics_token; /* empty: none */
    enum config_sendfile sendfile;

    struct config_storage s3;
    struct config_cloudfront cloudfront;
    struct config_chain chain;

    int64_t upload_ttl_s;
    int64_t
        upload_ttl_minutes; /* 0: not given; else upload_ttl_s says the same after config_load */
    int64_t display_ttl_s;
    int64_t max_file_bytes;
    struct str allowed_types; /* comma-separated content types, lower case */
    int64_t session_idle_minutes;
    int64_t session_max_hours;
    enum library library;

    struct config_jwt jwt;

    struct str open_dialects;         /* "003,004" or fewer; empty: none */
    struct str open_dialects_account; /* who such requests act as */

    struct str admin_email;    /* for `vitrine init` */
    struct str admin_password; /* for `vitrine init`; empty: one is made */

    /* Where each value came from, in the order of the table; for `vitrine config`. */
    struct config_value {
        struct str text;   /* as given; the default's text when it was not given */
        struct str source; /* "default", "secret", "settings.env", ".env" or
                              "environment" */
    } values[CONFIG_SETTINGS_MAX];

    /* The files that were read, for messages; empty when absent. */
    struct str dotenv_file;
    int64_t s3_embedded_switch; /* enum config_switch: S3_EMBEDDED as given */
    int64_t s3_post_switch;     /* enum config_switch: S3_POST_POLICY as given */
    int64_t s3_path_switch;     /* enum config_switch: S3_PATH_STYLE as given */
    int64_t s3_conditional_delete_switch;
};

/* What is wrong with a setting, and what to write instead; one sentence each. */
struct config_problems {
    struct str item[CONFIG_PROBLEMS_MAX];
    size_t count;
};

/* Which keys must be there: those of S3 and JWT_SECRET; of S3 alone, for the embedded endpoint;
 * none for `vitrine init`, which makes them. */
enum config_need { CONFIG_NEEDS_KEYS, CONFIG_NEEDS_STORAGE_KEYS, CONFIG_BEFORE_INIT };

/*
 * Read the settings. `environment` is an array of "NAME=value" ended by NULL, borrowed for as long
 * as the config is used.
 *
 * STATUS_INVALID when anything is wrong: every problem is in *out_problems, and *out is not to be
 * used. Problems are: a value that its parser refuses, two aliases that disagree, a settings file
 * that others can read (its secrets are then burnt: mode 0600 is required), a line that is no
 * NAME=value, missing keys, a CloudFront key that is none. Call config_clear in the end, whatever
 * it returned.
 */
enum status config_load(struct arena *arena, char **environment, enum config_need need,
    struct config *out, struct config_problems *out_problems) MUST_CHECK;

/*
 * The same with one more place, weaker than the others: names and values of a secret that is kept
 * elsewhere, as SECRETS_MANAGER_SECRET_ID says. Borrowed. Names that are no settings are left out.
 */
enum status config_load_with_secret(struct arena *arena, char **environment, enum config_need need,
    struct pairs secret, struct config *out, struct config_problems *out_problems) MUST_CHECK;

/* Let go of what the arena does not hold: private keys. Harmless on a zeroed config. */
void config_clear(struct config *config);

/* Whether a signed cookie that PUBLIC_URL's host sets is sent to the distribution. */
bool config_cookies_reach_cdn(struct arena *arena, const struct config *config);

/* One line a problem to stderr, after one that says how many. */
void config_print_problems(const struct config_problems *problems);

/* Every setting as text, secrets masked: a table for people, or one JSON object. In `arena`. */
struct str config_describe(struct arena *arena, const struct config *config);
struct str config_describe_json(struct arena *arena, const struct config *config);

#endif
