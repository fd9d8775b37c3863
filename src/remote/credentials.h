/*
 * credentials.h - where the keys that sign storage requests come from, for all threads of a
 * process.
 *
 * A source asks the providers of the chain in their order (credentials_chain.c) and takes the keys
 * of the first that is set up. One that is set up and fails ends the search: the keys of somebody
 * else, the machine's instead of the pod's, would be worse than none. Keys that expire are fetched
 * again before they do, by a thread of the source's own and one request for all threads; while that
 * fails it is tried again with growing pauses, and the last good keys stay until they expire.
 *
 * A thread holds a lease. What a lease gives is immutable and stays what it is until the same
 * thread begins another turn or renews, whatever other threads do.
 *
 * Order of use: credential_source_new, credential_source_start in a process that lives on (a
 * one-shot command leaves it out), credential_lease_open in each thread, credential_lease_turn at
 * the begin of each request, credential_lease_close, credential_source_free when all leases are
 * closed.
 *
 * Logged: each fetch, with provider, masked key id and expiry; each failure with what was tried.
 * Never a secret key, a session token or a bearer token.
 */
#ifndef REMOTE_CREDENTIALS_H
#define REMOTE_CREDENTIALS_H

#include "remote/http.h"
#include "sign/credentials.h"

/* In the order in which they are asked. */
enum credential_provider {
    CREDENTIAL_SETTINGS,     /* S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY */
    CREDENTIAL_SECRET,       /* the same two names in a secret of AWS Secrets Manager */
    CREDENTIAL_PROFILE,      /* the shared files ~/.aws/credentials and ~/.aws/config */
    CREDENTIAL_WEB_IDENTITY, /* STS AssumeRoleWithWebIdentity: EKS service accounts */
    CREDENTIAL_CONTAINER,    /* the endpoint of ECS tasks and EKS pod identities */
    CREDENTIAL_INSTANCE,     /* EC2's instance metadata, version 2 */
    CREDENTIAL__COUNT
};

/* "settings", "secrets-manager", "profile", "web-identity", "container", "instance". */
struct str credential_provider_name(enum credential_provider provider);

/* What the chain looks at; each str is the setting of that name, empty when that is not set. */
struct credential_options {
    struct str access_key_id;
    struct str secret_access_key;
    struct str session_token;
    bool is_only_settings; /* the embedded endpoint's keys: nothing else is asked */

    struct str secret_id;        /* SECRETS_MANAGER_SECRET_ID */
    struct str secret_endpoint;  /* AWS_ENDPOINT_URL_SECRETS_MANAGER */
    int64_t secret_refresh_s;    /* SECRETS_MANAGER_REFRESH */
    struct str home;             /* HOME, where ~/.aws is */
    struct str profile;          /* AWS_PROFILE */
    struct str credentials_file; /* AWS_SHARED_CREDENTIALS_FILE */
    struct str config_file;      /* AWS_CONFIG_FILE */
    struct str region;
    struct str sts_endpoint; /* AWS_ENDPOINT_URL_STS */
    struct str token_file;   /* AWS_WEB_IDENTITY_TOKEN_FILE */
    struct str role_arn;     /* AWS_ROLE_ARN */
    struct str session_name; /* AWS_ROLE_SESSION_NAME */
    struct str container_relative_uri;
    struct str container_full_uri;
    struct str container_token;
    struct str container_token_file;
    struct str metadata_endpoint; /* AWS_EC2_METADATA_SERVICE_ENDPOINT */
    bool metadata_disabled;

    const char *ca_file; /* of STS, Secrets Manager, https containers; NULL: the system's */
    int retry_pause_ms;  /* the first pause after a failure; 0: 1000 */
    int again_pause_ms;  /* the least between two fetches that succeed; 0: 10000 */
};

struct credential_source;

/* Nothing is asked yet. `options` and what it points to must outlive the source. */
struct credential_source *credential_source_new(const struct credential_options *options);

/* A source of these keys and no others, copied; for tests. */
struct credential_source *credential_source_new_fixed(const struct s3_credentials *keys);

/* Start the thread that fetches keys before they expire; all signals are blocked in it. Once.
 * Without need of one (keys from settings) nothing is started. */
void credential_source_start(struct credential_source *source);

/* Stop the thread, which may take until its request ends (seconds), and wipe. NULL is legal. */
void credential_source_free(struct credential_source *source);

/* --- a thread's view --- */

struct credential_snapshot;

struct credential_lease {
    const struct s3_credentials *keys; /* never NULL; an empty access_key when there are none */
    struct credential_source *source;  /* NULL: `keys` are the caller's and never change */
    struct credential_snapshot *snapshot;
    unsigned generation;
};

/* A lease on nothing but these keys. */
#define CREDENTIAL_LEASE_FIXED(the_keys)                                                           \
    {                                                                                              \
        .keys = (the_keys)                                                                         \
    }

void credential_lease_open(struct credential_lease *lease, struct credential_source *source);

/* Harmless on a zeroed one, and twice. */
void credential_lease_close(struct credential_lease *lease);

/*
 * Take the newest keys, and return them. When there are none, or less than a minute of their life
 * is left, this waits for a fetch, at most some seconds, unless one has just failed.
 */
const struct s3_credentials *credential_lease_turn(struct credential_lease *lease);

/*
 * Storage says that these keys are expired or unknown. True when there are others now: sign again.
 * Asks at most twice a minute (three again_pause_ms).
 */
bool credential_lease_renew(struct credential_lease *lease);

/* --- how long --- */

/* Less than this is not worth handing out. */
enum { CREDENTIAL_LIFE_MIN_S = 10 };

/*
 * How long a URL that is signed at `now_s` lives when `wanted_s` are asked for: it dies with its
 * keys. 0 when there are no keys, or they live shorter than CREDENTIAL_LIFE_MIN_S and wanted_s.
 */
int64_t credentials_clamp_expiry(
    const struct s3_credentials *keys, int64_t now_s, int64_t wanted_s);

/* --- what is known, for people and metrics --- */

enum { CREDENTIAL_REASON_MAX = 240 };

struct credential_report {
    bool has_keys;
    enum credential_provider provider;    /* of the keys */
    struct str key_id;                    /* masked: "ASIA...WXYZ" */
    struct str origin;                    /* "profile default in /home/ada/.aws/credentials" */
    bool is_temporary;                    /* has a session token */
    int64_t expires_at;                   /* 0: never */
    int64_t fetched_at;                   /* 0: never was */
    int64_t failures;                     /* in a row, since the last success */
    struct str reason[CREDENTIAL__COUNT]; /* why that provider gave none; empty: was not asked */
};

/* As of the last fetch, which is made when there was none yet. In `arena`. */
void credential_source_report(
    struct credential_source *source, struct arena *arena, struct credential_report *out);

/* The reasons on one line, for /health and logs: "profile: ...; web-identity: ...". */
struct str credential_report_reasons(struct arena *arena, const struct credential_report *report);

/* Whether there are keys that have not expired, as far as is known. Asks nobody. */
bool credential_source_has_keys(struct credential_source *source);

/* Seconds until the keys expire; 0 when they do not, or there are none. Asks nobody. */
int64_t credential_source_expires_in_s(struct credential_source *source);

/*
 * The names and values of the secret `options->secret_id` of AWS Secrets Manager, a JSON object of
 * strings, fetched with the chain's other keys; for settings that are read at start. NOT_FOUND when
 * secret_id is empty; otherwise a failure has the sentence for the operator in *out_problem.
 */
enum status credential_secret_read(struct arena *arena, const struct credential_options *options,
    struct pairs *out, struct str *out_problem) MUST_CHECK;

#endif
