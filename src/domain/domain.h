/*
 * domain.h - one thread's way to the rules: its database handle, its storage client, the settings.
 *
 * Not shared between threads. Order of use: fill struct domain_options (main/config does),
 * domain_open in each thread; for each request task_init, calls of account.h, session.h, asset.h,
 * ...; domain_close at the end. No HTTP comes in here and no SQL text stands here.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include "domain/access.h"
#include "domain/failure.h"
#include "domain/jwt_options.h"
#include "domain/login_memory.h"
#include "domain/policy.h"
#include "remote/s3.h"
#include "sign/cloudfront.h"

#include <stdatomic.h>

struct db;
struct flight_buffer;

/* What storage is asked to encrypt objects with. Off: the bucket's own default decides. */
enum storage_sse { STORAGE_SSE_OFF, STORAGE_SSE_AES256, STORAGE_SSE_KMS };

/* Where objects live, and what that provider can do. */
struct storage_options {
    bool is_off;                 /* there is none: addresses and keys mean nothing */
    struct s3_location internal; /* how we reach it */
    struct s3_location external; /* how browsers reach it */
    bool follows_host; /* embedded endpoint: browsers find it at the host they opened us at, so
                          task_init's public_host replaces that of `external` */
    bool has_conditional_put;    /* honours If-None-Match on PUT (Swift does not) */
    bool has_conditional_delete; /* honours If-Match on DELETE (Swift and older RGW do not) */
    bool has_metadata;    /* what a row is made of again goes with each object: asset_mirror.h */
    bool has_checksum;    /* honours x-amz-checksum-sha256 (Swift and RGW do not) */
    bool has_post_policy; /* takes signed forms (AWS, Ceph; neither Swift nor R2) */
    bool has_conditional_post; /* with a field if-none-match, so that a form writes once (ours) */
    enum storage_sse sse;      /* said with every PUT, ours and those of grants */
    struct str sse_kms_key;    /* of STORAGE_SSE_KMS; empty: the account's default key */
    bool has_sse_bucket_key;   /* of STORAGE_SSE_KMS: fewer calls to KMS, by a key of the bucket */
    struct credential_source *credentials; /* of all threads */
    struct s3_clock *clock;                /* shared by all; NULL: ours is taken as right */
    const struct http_limits *limits;      /* NULL: http.h's defaults */
};

/* A CloudFront distribution in front of the bucket, that images are shown through. */
struct cdn_options {
    struct str origin; /* "https://d111.cloudfront.net"; empty: none, S3's own URLs are given out */
    struct cloudfront_signer signer;
    enum cloudfront_form form;
    bool binds_visitor;       /* a URL works from the address only that it was given to */
    struct str source_ip;     /* or from this range only; empty: from anywhere */
    bool forwards_query;      /* passes response-* of the query on to S3 */
    bool has_cookies;         /* signed cookies of our host reach the distribution */
    struct str cookie_domain; /* their Domain; empty where both have the same host */
    int64_t cookie_ttl_s;     /* 1..604800 */
};

/* How much one account may store; 0: any number. */
struct quota {
    int64_t max_bytes;
    int64_t max_files;
};

/* Uploads in parts: multipart.h. */
struct multipart_options {
    int64_t threshold; /* our pages upload files in parts that are larger than this */
    int64_t part_size; /* MULTIPART_PART_MIN_BYTES..MULTIPART_PART_MAX_BYTES; grows where needed */
    int64_t ttl_s;     /* one that nobody goes on with for so long is given up */
};

/* Everything that is configured. Borrowed: must outlive every domain opened with it. */
struct domain_options {
    const char
        *manifest_folder;      /* $DATA/manifests: what reconciliation removed; made when missing */
    bool removes_unknown;      /* UNKNOWN_OBJECTS=delete */
    int64_t unknown_age_s;     /* ... that are at least so old */
    const char *database_path; /* $DATA/vitrine.db */
    const char *spool_folder;  /* $DATA/tmp: form uploads pass through it; made when missing */
    struct storage_options storage;
    struct cdn_options cdn;
    struct policy policy;
    enum library library;
    struct quota quota;  /* of accounts without one of their own */
    int64_t pending_max; /* unfinished uploads of one account; 0: any number */
    struct multipart_options multipart;
    int64_t trash_s;       /* how long the trash keeps what was deleted; 0: there is none */
    int64_t cleanup_s;     /* age at which uploads of API 004 are deleted; 0: never */
    int64_t grant_ttl_s;   /* presigned PUTs: 1..604800 */
    int64_t display_ttl_s; /* presigned GETs: 2..604800 */
    int64_t session_idle_s;
    int64_t session_max_s;
    struct jwt_options jwt;
};

/* Fill in every default; database, spool, storage addresses and keys stay to be set. */
void domain_options_init(struct domain_options *options);

struct domain {
    const struct domain_options *options;
    struct db *db;
    struct http_client *http;
    struct credential_lease keys; /* of this thread */
    struct s3_client s3;
    struct login_memory logins;    /* tokens of this thread's last requests */
    struct flight_buffer *flights; /* attempts that are not written yet: flight.h */
};

/*
 * Open the database (it must be migrated: store/migrate.h) and prepare the storage client; no
 * storage request is made. CONFLICT when the database is newer or older than this program, else
 * what db_open says; each logged with the reason.
 */
enum status domain_open(struct domain *domain, const struct domain_options *options) MUST_CHECK;

/* Harmless on a zeroed one. */
void domain_close(struct domain *domain);

/* One caller's turn: who asks, where results live, and why it failed. */
struct task {
    struct domain *domain;
    struct arena *arena; /* everything that is returned lives here */
    struct actor actor;
    struct s3_location external; /* where this person's browser reaches the storage */
    struct failure failure;      /* of the last call that did not return STATUS_OK */
    const atomic_bool *stop;     /* of what runs long: true when it should end; NULL: never */
};

/* Whether what takes long should end its step and return: the process ends, or its time is over. */
static inline bool task_must_stop(const struct task *task)
{
    return task->stop != NULL && atomic_load_explicit(task->stop, memory_order_relaxed);
}

/* `public_host` is the host that the person opened, without port (url_host_without_port); used only
 * where the storage follows it; empty is allowed. */
void task_init(struct task *task, struct domain *domain, struct arena *arena, struct actor actor,
    struct str public_host);

/* The origin that browsers upload to, for CSP's connect-src: "http://localhost:8081", or
 * "https://bucket.s3.amazonaws.com"; empty without storage. */
struct str domain_storage_origin(struct task *task);

/* The address of an object for browsers, not signed: a name for it that opens nothing by itself. */
struct str domain_object_url(struct task *task, struct str key);

/* The origins that browsers load images from, for CSP's img-src: that of the storage and, where
 * there is one, that of the CDN, with a space between. */
struct str domain_image_origins(struct task *task);

#endif
