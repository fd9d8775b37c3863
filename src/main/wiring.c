/* Translating settings into options. No decision is made here that a setting does not name. */
#include "main/wiring.h"

#include "base/log.h"
#include "main/config_tokens.h"
#include "main/version.h"

#include <ftw.h>

enum { WALK_DEPTH = 16 };

static struct url endpoint(struct arena *arena, struct str text)
{
    struct url url = { .port = 0 };

    /* the setting's parser has accepted it before */
    if (url_parse(arena, text, &url) != STATUS_OK)
        url.host = STR("localhost");
    return url;
}

/* Where browsers reach the storage. Our own, unless told, is at the host that the person opened. */
static struct str public_endpoint(
    struct arena *arena, const struct config *config, bool *out_follows_host)
{
    const struct config_storage *s3 = &config->s3;

    *out_follows_host = s3->is_embedded && str_is_empty(s3->public_endpoint_url);
    if (!str_is_empty(s3->public_endpoint_url))
        return s3->public_endpoint_url;
    if (*out_follows_host)
        return arena_printf(arena, "http://localhost:%d", (int)config->objects_port);
    return s3->endpoint_url;
}

static enum status location(
    struct arena *arena, const struct config_storage *s3, struct str text, struct s3_location *out)
{
    struct url url = endpoint(arena, text);

    return s3_location_init(out, &url, s3->path_style, s3->bucket, s3->region);
}

void wiring_credentials(const struct config *config, struct credential_options *out)
{
    const struct config_storage *s3 = &config->s3;
    const struct config_chain *chain = &config->chain;

    *out = (struct credential_options){
        .access_key_id = s3->access_key_id,
        .secret_access_key = s3->secret_access_key,
        .session_token = s3->session_token,
        .is_only_settings = s3->is_embedded || !s3->is_enabled,
        .secret_id = chain->secret_id,
        .secret_endpoint = chain->secret_endpoint,
        .secret_refresh_s = chain->secret_refresh_s,
        .home = chain->home,
        .profile = chain->profile,
        .credentials_file = chain->credentials_file,
        .config_file = chain->config_file,
        .region = s3->region,
        .sts_endpoint = chain->sts_endpoint,
        .token_file = chain->token_file,
        .role_arn = chain->role_arn,
        .session_name = chain->session_name,
        .container_relative_uri = chain->container_relative_uri,
        .container_full_uri = chain->container_full_uri,
        .container_token = chain->container_token,
        .container_token_file = chain->container_token_file,
        .metadata_endpoint = chain->metadata_endpoint,
        .metadata_disabled = chain->metadata_disabled,
    };
}

enum status wiring_load_config(struct arena *arena, char **environment, enum config_need need,
    struct config *out, struct config_problems *out_problems, struct str *out_problem)
{
    struct credential_options options;
    struct pairs secret = { NULL, 0 };
    struct str why;
    enum status status = config_load(arena, environment, CONFIG_BEFORE_INIT, out, out_problems);

    *out_problem = STR_EMPTY;
    if (status != STATUS_OK)
        return status;
    wiring_credentials(out, &options);
    if (!options.is_only_settings &&
        credential_secret_read(arena, &options, &secret, &why) == STATUS_STORAGE) {
        *out_problem = arena_printf(arena,
            "The settings in SECRETS_MANAGER_SECRET_ID=%.*s cannot be read: %.*s.",
            STR_ARG(options.secret_id), STR_ARG(why));
        return STATUS_STORAGE;
    }
    config_clear(out);
    return config_load_with_secret(arena, environment, need, secret, out, out_problems);
}

int wiring_begin(struct arena *arena, char **environment, struct config *out)
{
    struct config_problems problems;
    struct str problem;

    if (wiring_load_config(arena, environment, CONFIG_NEEDS_KEYS, out, &problems, &problem) ==
        STATUS_OK) {
        log_set_level(out->log_level);
        return 0;
    }
    if (str_is_empty(problem)) {
        config_print_problems(&problems);
        return 2;
    }
    log_event(LOG_ERROR, "%.*s", STR_ARG(problem));
    return 1;
}

static enum status wire_storage(struct arena *arena, const struct config *config,
    struct storage_options *out, struct str *out_problem)
{
    const struct config_storage *s3 = &config->s3;
    struct credential_options *chain = ARENA_NEW(arena, struct credential_options);
    struct str external = public_endpoint(arena, config, &out->follows_host);

    out->is_off = !s3->is_enabled;
    out->has_conditional_put = s3->conditional_put;
    out->has_conditional_delete = s3->conditional_delete;
    out->has_metadata = s3->metadata;
    out->has_checksum = s3->checksum;
    out->has_post_policy = s3->post_policy;
    out->has_conditional_post = s3->is_embedded;
    out->sse = s3->sse;
    out->sse_kms_key = s3->sse_kms_key;
    out->has_sse_bucket_key = s3->sse_bucket_key;
    wiring_credentials(config, chain);
    if (out->is_off) {
        out->credentials = credential_source_new(chain);
        return STATUS_OK;
    }
    *out_problem = arena_printf(arena,
        "S3_BUCKET=%.*s, S3_REGION=%.*s and the endpoints %.*s and %.*s do not make an address: "
        "check their spelling, and set S3_PATH_STYLE=on when an endpoint is an IP address.",
        STR_ARG(s3->bucket), STR_ARG(s3->region), STR_ARG(s3->endpoint_url), STR_ARG(external));
    if (location(arena, s3, s3->endpoint_url, &out->internal) != STATUS_OK ||
        location(arena, s3, external, &out->external) != STATUS_OK)
        return STATUS_INVALID;
    out->credentials = credential_source_new(chain);
    return STATUS_OK;
}

static void wire_cdn(struct arena *arena, const struct config *config, struct cdn_options *out)
{
    const struct config_cloudfront *cloudfront = &config->cloudfront;
    bool binds_visitor = str_equal_nocase(cloudfront->source_ip, STR("visitor"));

    *out = (struct cdn_options){
        .origin = cloudfront->key != NULL ? cloudfront->origin : STR_EMPTY,
        .signer = { cloudfront->key_pair_id, cloudfront->key, cloudfront->hash },
        .form = cloudfront->form,
        .binds_visitor = binds_visitor,
        .source_ip = binds_visitor ? STR_EMPTY : cloudfront->source_ip,
        .forwards_query = cloudfront->forwards_query,
        .has_cookies = config_cookies_reach_cdn(arena, config),
        .cookie_domain = cloudfront->cookie_domain,
        .cookie_ttl_s = cloudfront->cookie_ttl_s,
    };
}

enum status wiring_domain(struct arena *arena, const struct config *config,
    struct domain_options *out, struct str *out_problem)
{
    struct failure failure = { .status = STATUS_OK };
    enum status status;

    domain_options_init(out);
    out->database_path = config->database.ptr;
    out->manifest_folder = arena_printf(arena, "%.*s/manifests", STR_ARG(config->data)).ptr;
    out->removes_unknown = config->unknown_objects == CONFIG_UNKNOWN_DELETE;
    out->unknown_age_s = config->unknown_objects_days * 86400;
    out->spool_folder = arena_printf(arena, "%.*s/tmp", STR_ARG(config->data)).ptr;
    out->policy.max_size_bytes = config->max_file_bytes;
    out->library = config->library;
    out->quota = (struct quota){ config->quota_bytes, config->quota_files };
    out->pending_max = config->pending_max;
    out->multipart = (struct multipart_options){
        .threshold = config->multipart_threshold,
        .part_size = config->multipart_part_size,
        .ttl_s = config->multipart_hours * 3600,
    };
    out->trash_s = config->trash_days * 24 * 3600;
    out->cleanup_s = config->cleanup_days * 24 * 3600;
    out->grant_ttl_s = config->upload_ttl_s;
    out->display_ttl_s = config->display_ttl_s;
    out->session_idle_s = config->session_idle_minutes * 60;
    out->session_max_s = config->session_max_hours * 3600;
    wire_cdn(arena, config, &out->cdn);
    status = policy_parse_types(&out->policy, arena, config->allowed_types, &failure);
    if (status != STATUS_OK) {
        *out_problem = ARENA_JOIN(arena, STR("ALLOWED_FILE_TYPES: "), failure.sentence);
        return status;
    }
    return wire_storage(arena, config, &out->storage, out_problem);
}

static void wire_issuer(const struct config_jwt *config, struct issuer_options *out)
{
    jwks_options_init(&out->keys, config->jwks_url);
    out->keys.may_be_private = config->jwks_private;
    out->keys.refresh_s = config->jwks_refresh_s;
    if (out->keys.unknown_s > config->jwks_refresh_s)
        out->keys.unknown_s = config->jwks_refresh_s;
    out->issuer = config->issuer_url;
    out->audience = config->audience;
    out->account_claim = config->account_claim;
    out->role_claim = config->role_claim;
    out->provisions = config->provision;
    (void)!config_read_roles(config->role_map, out->roles, &out->role_count); /* checked before */
}

/* The keys live as long as the process that serves with them. */
static enum status wire_tokens(const struct config *config, struct jwt_options *out)
{
    struct str secrets[] = { config->jwt.secret, config->jwt.secret_previous };

    out->lifetime_s = config->jwt.lifetime_s;
    out->refresh_s = config->jwt.refresh_days * 24 * 3600;
    if (!str_is_empty(config->public_url))
        out->issuer = config->public_url;
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        if (str_is_empty(secrets[i]))
            continue;
        out->ring[out->ring_count] = jwt_key_from_secret(secrets[i]);
        if (out->ring[out->ring_count] == NULL)
            return STATUS_INTERNAL;
        out->ring_count++;
    }
    if (!str_is_empty(config->jwt.issuer_url)) {
        wire_issuer(&config->jwt, &out->external);
        out->jwks = jwks_new(&out->external.keys);
    }
    return STATUS_OK;
}

void wiring_clear(struct app_options *options)
{
    struct jwt_options *jwt = &options->domain.jwt;

    jwks_free(jwt->jwks);
    jwt->jwks = NULL;
    while (jwt->ring_count > 0)
        jwt_key_free(jwt->ring[--jwt->ring_count]);
}

static void wire_open_dialects(const struct config *config, struct open_options *out)
{
    out->is_files = str_find(config->open_dialects, STR("003")) >= 0;
    out->is_storage_v1 = str_find(config->open_dialects, STR("004")) >= 0;
    out->account = config->open_dialects_account;
    if (out->is_files || out->is_storage_v1)
        log_event(LOG_WARN,
            "OPEN_DIALECTS=%.*s: everybody who reaches this address may upload, list, read and "
            "delete as %.*s, without a token",
            STR_ARG(config->open_dialects), STR_ARG(out->account));
}

/* Forms with files come as slowly as their senders send; a quarter of the threads, at least one, is
 * never theirs. */
static int most_forms(int threads)
{
    int kept = threads >= 8 ? threads / 4 : 1;

    return threads > kept ? threads - kept : 1;
}

enum status wiring_app(struct arena *arena, const struct config *config, struct app_options *out,
    struct str *out_problem)
{
    enum status status;

    memset(out, 0, sizeof(*out));
    out->templates_folder = config->templates;
    out->public_url = config->public_url;
    out->path_prefix = config->path_prefix;
    out->cors = (struct cors_options){ config->cors_origins, config->cors_credentials };
    out->proxies = config->trusted_proxies;
    out->proxies.header = config->proxy_header;
    out->limits = (struct limits_options){
        .rates = {
            [RATE_SIGN_IN] = config->rate_sign_in,
            [RATE_PRESIGN] = config->rate_presign,
            [RATE_WRITE] = config->rate_write,
            [RATE_READ] = config->rate_read,
        },
        .folder = arena_printf(arena, "%.*s/run", STR_ARG(config->data)),
    };
    out->version = STR(VITRINE_VERSION);
    out->metrics_token = config->metrics_token;
    out->asset_version = wiring_asset_version(arena, config->static_files);
    out->upload_forms_max = most_forms((int)config->threads);
    status = wiring_domain(arena, config, &out->domain, out_problem);
    wire_open_dialects(config, &out->open);
    return status == STATUS_OK ? wire_tokens(config, &out->domain.jwt) : status;
}

/* --- the version of static files --- */

/* nftw has no context argument; this runs once, before threads start. */
static int64_t newest_ms;

static int note_newest(const char *path, const struct stat *stat_of, int type, struct FTW *walk)
{
    int64_t ms = (int64_t)stat_of->st_mtim.tv_sec * 1000 + stat_of->st_mtim.tv_nsec / 1000000;

    (void)path;
    (void)walk;
    if (type == FTW_F && ms > newest_ms)
        newest_ms = ms;
    return 0;
}

struct str wiring_asset_version(struct arena *arena, struct str static_folder)
{
    newest_ms = 0;
    if (nftw(static_folder.ptr, note_newest, WALK_DEPTH, FTW_PHYS) != 0)
        newest_ms = 0; /* no such folder: the web server has its own idea of it */
    return arena_printf(arena, "%s-%llx", VITRINE_VERSION, (unsigned long long)newest_ms);
}
