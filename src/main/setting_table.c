/*
 * The table of settings: one row each, read across. The order is the order of `vitrine config`.
 *
 * A default that depends on other settings (S3_ENDPOINT_URL, OBJECTS_PORT, ...) has no fallback
 * text here; config_complete() in config.c fills it, and `doc` says how.
 */
#include "main/setting.h"

static const char *const level_words[] = { "debug", "info", "warn", "error", NULL };
static const char *const sendfile_words[] = { "off", "x-sendfile", "x-accel-redirect", NULL };
static const char *const library_words[] = { "private", "shared", NULL };
static const char *const proxy_words[] = { "x-forwarded", "forwarded", NULL };
static const char *const policy_words[] = { "custom", "canned", NULL };
static const char *const hash_words[] = { "sha1", "sha256", NULL };
static const char *const sse_words[] = { "off", "AES256", "aws:kms", NULL };
static const char *const switch_words[] = { "off", "on", "auto", NULL };

#define DEFAULT_TYPES "image/jpeg,image/png,image/gif,image/webp,image/avif,image/heic"

#define EXPECTS_RATE "a number a s, min, h or day, such as 600/min, or off"

#define AT(field) offsetof(struct config, field)
#define KB        1000LL
#define GB        (KB * KB * KB)

/* clang-format off */
const struct setting setting_table[] = {
    /* name              aliases                                           default        parser           field                    min  max       choices         secret  must be ... */
    { "DATA",            { NULL },                                          "var",         setting_path,    AT(data),                1,   4000,     NULL,           false,
      "a folder", "Folder of everything that is kept: database, generated secrets, the embedded endpoint's objects." },
    { "BIND",            { NULL },                                          "127.0.0.1",   setting_text,    AT(bind),                1,   255,      NULL,           false,
      "an IP address", "Address that the web server listens on." },
    { "PORT",            { NULL },                                          "8080",        setting_number,  AT(port),                1,   65534,    NULL,           false,
      "a port number from 1 to 65534", "Port of the application." },
    { "OBJECTS_PORT",    { NULL },                                          NULL,          setting_number,  AT(objects_port),        1,   65535,    NULL,           false,
      "a port number from 1 to 65535", "Port of the embedded S3 endpoint; PORT + 1 when not set." },
    { "PUBLIC_URL",      { NULL },                                          NULL,          setting_origin,  AT(public_url),          1,   500,      NULL,           false,
      "an origin such as https://images.example.org", "Address that people open; follows the Host header when not set." },
    { "PATH_PREFIX",     { NULL },                                          NULL,          setting_prefix,  AT(path_prefix),         2,   100,      NULL,           false,
      "a path such as /prod", "Path under which the APIs answer as well, as behind an API gateway's stage." },
    { "CORS_ORIGINS",    { NULL },                                          NULL,          setting_origins, AT(cors_origins),        1,   4000,     NULL,           false,
      "origins such as https://app.example.org separated by commas, or *", "Other origins whose pages may call the APIs from a browser." },
    { "CORS_CREDENTIALS", { NULL },                                         "off",         setting_bool,    AT(cors_credentials),    0,   0,        NULL,           false,
      "on or off", "Whether pages of CORS_ORIGINS may read with the session cookie; they change nothing with it." },
    { "TRUSTED_PROXIES", { NULL },                                          NULL,          setting_proxies, AT(trusted_proxies),     1,   4000,     NULL,           false,
      "addresses and ranges such as 10.0.0.0/8, 2001:db8::/32 or unix, separated by commas", "Proxies before the web server that may say whose request they pass on." },
    { "PROXY_HEADER",    { NULL },                                          "x-forwarded", setting_choice,  AT(proxy_header),        0,   0,        proxy_words,    false,
      "x-forwarded (X-Forwarded-For, -Proto, -Host) or forwarded (RFC 7239)", "Header in which TRUSTED_PROXIES say it; the other one is not looked at." },
    { "THREADS",         { NULL },                                          "8",           setting_number,  AT(threads),             1,   256,      NULL,           false,
      "a number of threads from 1 to 256", "Requests that are answered at the same time." },
    { "METRICS_TOKEN",   { NULL },                                          NULL,          setting_text,    AT(metrics_token),       16,  256,      NULL,           true,
      "16 characters or more", "Bearer token that may read /metrics and nothing else, for Prometheus; admins may in any case." },
    { "LOG_LEVEL",       { NULL },                                          "info",        setting_choice,  AT(log_level),           0,   0,        level_words,    false,
      "debug, info, warn or error", "Least important line that is logged." },
    { "TEMPLATES",       { NULL },                                          "templates",   setting_path,    AT(templates),           1,   4000,     NULL,           false,
      "a folder", "Folder of the page templates." },
    { "STATIC",          { NULL },                                          "static",      setting_path,    AT(static_files),        1,   4000,     NULL,           false,
      "a folder", "Folder that the web server serves under /static/." },
    { "SENDFILE",        { NULL },                                          "off",         setting_choice,  AT(sendfile),            0,   0,        sendfile_words, false,
      "off, x-sendfile (lighttpd) or x-accel-redirect (nginx)", "Header by which the web server sends a stored file for us." },

    { "S3_ENABLED",      { NULL },                                          "on",          setting_bool,    AT(s3.is_enabled),       0,   0,        NULL,           false,
      "on or off", "Whether there is storage; off: everything that needs it answers 503." },
    { "S3_EMBEDDED",     { NULL },                                          "auto",        setting_switch,  AT(s3_embedded_switch),  0,   0,        switch_words,   false,
      "on, off or auto", "Whether our own S3 endpoint keeps the images; auto: when S3_ENDPOINT_URL is not set." },
    { "S3_ENDPOINT_URL", { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL" },     NULL,          setting_url,     AT(s3.endpoint_url),     1,   500,      NULL,           false,
      "a URL such as https://s3.example.org or http://127.0.0.1:9000", "Storage as this process reaches it; not set: the embedded endpoint, or AWS when S3_EMBEDDED=off." },
    { "S3_PUBLIC_ENDPOINT_URL", { NULL },                                   NULL,          setting_url,     AT(s3.public_endpoint_url), 1, 500,     NULL,           false,
      "a URL such as https://s3.example.org", "Storage as browsers reach it, when that is another address; the embedded endpoint follows the Host header." },
    { "S3_BUCKET",       { "S3_BUCKET_NAME", "AWS_S3_BUCKET" },             "vitrine",     setting_bucket,  AT(s3.bucket),           3,   63,       NULL,           false,
      "a bucket name: 3 to 63 of a-z, 0-9, dot and hyphen", "Bucket that holds the images." },
    { "S3_REGION",       { "AWS_REGION", "AWS_DEFAULT_REGION" },            "us-east-1",   setting_text,    AT(s3.region),           1,   64,       NULL,           false,
      "a region such as eu-central-1", "Region that requests are signed for." },
    { "S3_ACCESS_KEY_ID", { "S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID" },         NULL,          setting_text,    AT(s3.access_key_id),    1,   256,      NULL,           false,
      "the id of an access key", "Access key; `vitrine init` makes one for the embedded endpoint." },
    { "S3_SECRET_ACCESS_KEY", { "S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY" }, NULL,          setting_text,    AT(s3.secret_access_key), 8,  256,      NULL,           true,
      "the secret of the access key, 8 bytes or more", "Secret of the access key." },
    { "S3_SESSION_TOKEN", { "AWS_SESSION_TOKEN" },                          NULL,          setting_text,    AT(s3.session_token),    1,   8192,     NULL,           true,
      "the token that came with temporary keys", "Session token of temporary keys." },
    { "S3_PATH_STYLE",   { NULL },                                          "auto",        setting_switch,  AT(s3_path_switch),      0,   0,        switch_words,   false,
      "on, off or auto", "Bucket in the path rather than in the host name; auto: when the endpoint is not AWS." },
    { "S3_CONDITIONAL_PUT", { NULL },                                       "on",          setting_bool,    AT(s3.conditional_put),  0,   0,        NULL,           false,
      "on or off", "Sign If-None-Match: * so that a grant writes once; off for OpenStack Swift." },
    { "S3_CHECKSUM",     { NULL },                                          "on",          setting_bool,    AT(s3.checksum),         0,   0,        NULL,           false,
      "on or off", "Sign x-amz-checksum-sha256 so that storage compares the content; off where it is not understood." },
    { "S3_SSE",          { NULL },                                          "off",         setting_choice,  AT(s3.sse),              0,   0,        sse_words,      false,
      "off, AES256 or aws:kms", "Encryption that every upload asks storage for, signed; off: the bucket's default, and clients need no header." },
    { "S3_SSE_KMS_KEY_ID", { NULL },                                        NULL,          setting_text,    AT(s3.sse_kms_key),      1,   2048,     NULL,           false,
      "the id, alias or ARN of a KMS key", "Key for S3_SSE=aws:kms; the account's default key when not set." },
    { "S3_SSE_BUCKET_KEY", { NULL },                                        "off",         setting_bool,    AT(s3.sse_bucket_key),   0,   0,        NULL,           false,
      "on or off", "With S3_SSE=aws:kms: an S3 bucket key, so that KMS is asked less often." },
    { "OBJECTS_ROOT",    { NULL },                                          NULL,          setting_path,    AT(objects_root),        1,   4000,     NULL,           false,
      "a folder", "Folder of the embedded endpoint; $DATA/objects when not set." },

    { "RATE_SIGN_IN",    { NULL },                                          "300/min",     setting_rate,    AT(rate_sign_in),        0,   0,        NULL,           false,
      EXPECTS_RATE, "How often one network may try to sign in." },
    { "RATE_PRESIGN",    { NULL },                                          "3000/min",    setting_rate,    AT(rate_presign),        0,   0,        NULL,           false,
      EXPECTS_RATE, "How often one account or API token may ask for uploads." },
    { "RATE_WRITE",      { NULL },                                          "3000/min",    setting_rate,    AT(rate_write),          0,   0,        NULL,           false,
      EXPECTS_RATE, "How often one account or API token may commit, change and delete." },
    { "RATE_READ",       { NULL },                                          "6000/min",    setting_rate,    AT(rate_read),           0,   0,        NULL,           false,
      EXPECTS_RATE, "How often one account or API token may read." },
    { "QUOTA_BYTES",     { NULL },                                          "off",         setting_size_or_off, AT(quota_bytes),     1,   1000000 * GB, NULL,       false,
      "bytes, or a number with KB, MB, GB or TB, or off", "How much one account may store, unless `vitrine user quota` says otherwise." },
    { "QUOTA_FILES",     { NULL },                                          "off",         setting_number_or_off, AT(quota_files),   1,   1000000000, NULL,         false,
      "a number, or off", "How many images one account may have, unless `vitrine user quota` says otherwise." },
    { "MAX_PENDING_UPLOADS", { NULL },                                      "10000",       setting_number_or_off, AT(pending_max),   1,   1000000000, NULL,         false,
      "a number, or off", "How many uploads of one account may be granted and not finished." },

    { "CLOUDFRONT_DOMAIN", { NULL },                                        NULL,          setting_cdn,     AT(cloudfront.origin),   1,   500,      NULL,           false,
      "a domain such as d111111abcdef8.cloudfront.net", "CloudFront distribution in front of the bucket, through which images are shown; not set: by S3's own URLs." },
    { "CLOUDFRONT_KEY_PAIR_ID", { NULL },                                   NULL,          setting_id,      AT(cloudfront.key_pair_id), 1, 128,     NULL,           false,
      "the id of a public key in CloudFront, letters and digits", "Which key of the distribution's key group CloudFront verifies with." },
    { "CLOUDFRONT_PRIVATE_KEY", { NULL },                                   NULL,          setting_lines,   AT(cloudfront.private_key), 1, 16384,   NULL,           true,
      "a private key as PEM (line ends may be written \\n) or base64", "Private half of that key, RSA or EC P-256." },
    { "CLOUDFRONT_PRIVATE_KEY_FILE", { "CLOUDFRONT_PRIVATE_KEY_PATH" },     NULL,          setting_path,    AT(cloudfront.private_key_file), 1, 4000, NULL,         false,
      "the name of a file", "File that holds it instead: PEM, DER or base64." },
    { "CLOUDFRONT_POLICY", { NULL },                                        "custom",      setting_choice,  AT(cloudfront.form),     0,   0,        policy_words,   false,
      "custom or canned", "custom: URLs carry Policy, Signature, Key-Pair-Id; canned: Expires, Signature, Key-Pair-Id, which is shorter." },
    { "CLOUDFRONT_HASH", { NULL },                                          "sha1",        setting_choice,  AT(cloudfront.hash),     0,   0,        hash_words,     false,
      "sha1 or sha256", "Hash of the signature; sha1 is what every distribution takes, sha256 adds Hash-Algorithm=SHA256." },
    { "CLOUDFRONT_SOURCE_IP", { NULL },                                     NULL,          setting_source_ip, AT(cloudfront.source_ip), 1, 18,      NULL,           false,
      "visitor, or an IPv4 address or range such as 203.0.113.0/24", "From where signed URLs work: the visitor's address alone, or a range; not set: from anywhere." },
    { "CLOUDFRONT_FORWARDS_QUERY", { NULL },                                "off",         setting_bool,    AT(cloudfront.forwards_query), 0, 0,      NULL,           false,
      "on or off", "The distribution passes response-* of the query on to S3, so that downloads can go through it too; off: they go by S3's own URLs." },
    { "CLOUDFRONT_COOKIE_DOMAIN", { NULL },                                 NULL,          setting_cookie_domain, AT(cloudfront.cookie_domain), 3, 253, NULL,        false,
      "a domain such as example.org", "Domain of signed cookies, which PUBLIC_URL and CLOUDFRONT_DOMAIN must both be in; not needed where they have the same host." },
    { "CLOUDFRONT_COOKIE_EXPIRATION", { NULL },                             "3600",        setting_number,  AT(cloudfront.cookie_ttl_s), 60, 604800, NULL,           false,
      "seconds from 60 to 604800 (7 days)", "Life of signed cookies, in seconds." },

    { "PRESIGNED_URL_EXPIRATION", { NULL },                                 "900",         setting_number,  AT(upload_ttl_s),        1,   604800,   NULL,           false,
      "seconds from 1 to 604800 (7 days)", "Life of an upload grant, in seconds." },
    { "DISPLAY_URL_EXPIRATION", { NULL },                                   "300",         setting_number,  AT(display_ttl_s),       2,   604800,   NULL,           false,
      "seconds from 2 to 604800 (7 days)", "Life of a display URL, in seconds." },
    { "MAX_FILE_SIZE",   { NULL },                                          "50MB",        setting_size,    AT(max_file_bytes),      1,   5 * GB,   NULL,           false,
      "bytes, or a number with KB, MB or GB, up to 5GB", "Largest file that is accepted." },
    { "ALLOWED_FILE_TYPES", { NULL },                                       DEFAULT_TYPES, setting_types,   AT(allowed_types),       3,   2000,     NULL,           false,
      "content types separated by commas", "Content types that are accepted." },
    { "LIBRARY",         { NULL },                                          "private",     setting_choice,  AT(library),             0,   0,        library_words,  false,
      "private or shared", "private: everyone sees their own images, admins all; shared: everyone signed in sees all." },
    { "SESSION_IDLE_MINUTES", { NULL },                                     "720",         setting_number,  AT(session_idle_minutes), 1,  525600,   NULL,           false,
      "minutes from 1 to 525600", "A session that is not used for so long ends." },
    { "SESSION_MAX_HOURS", { NULL },                                        "336",         setting_number,  AT(session_max_hours),   1,   8760,     NULL,           false,
      "hours from 1 to 8760", "A session ends after so long, used or not." },
    { "JWT_SECRET",      { NULL },                                          NULL,          setting_text,    AT(jwt.secret),          1,   512,      NULL,           true,
      "32 to 512 random characters", "Signs the tokens of POST /auth/signin; `vitrine init` makes one." },
    { "JWT_SECRET_PREVIOUS", { NULL },                                      NULL,          setting_text,    AT(jwt.secret_previous), 1,   512,      NULL,           true,
      "the JWT_SECRET that was used before", "Tokens that were signed with it are still accepted, for the time of a change." },
    { "JWT_LIFETIME",    { "JWT_EXPIRES_IN" },                              "3600",        setting_number,  AT(jwt.lifetime_s),      60,  86400,    NULL,           false,
      "seconds from 60 to 86400 (a day)", "Life of such a token, in seconds." },
    { "JWT_REFRESH_DAYS", { NULL },                                         "30",          setting_number,  AT(jwt.refresh_days),    1,   365,      NULL,           false,
      "days from 1 to 365", "For so long after signing in, refresh tokens give new tokens." },
    { "JWT_ISSUER_URL",  { NULL },                                          NULL,          setting_text,    AT(jwt.issuer_url),      1,   500,      NULL,           false,
      "the iss claim of its tokens, such as https://login.example.org/", "An identity provider whose RS256 and ES256 tokens are accepted too; none when not set." },
    { "JWT_JWKS_URL",    { NULL },                                          NULL,          setting_url,     AT(jwt.jwks_url),        1,   500,      NULL,           false,
      "a URL such as https://login.example.org/.well-known/jwks.json", "Where its public keys are; JWT_ISSUER_URL and /.well-known/jwks.json when not set." },
    { "JWT_JWKS_PRIVATE", { NULL },                                         "off",         setting_bool,    AT(jwt.jwks_private),    0,   0,        NULL,           false,
      "on or off", "Whether the keys may come from a private or loopback address; from the latter without TLS." },
    { "JWT_JWKS_REFRESH", { NULL },                                         "3600",        setting_number,  AT(jwt.jwks_refresh_s),  1,   86400,    NULL,           false,
      "seconds from 1 to 86400 (a day)", "The keys are fetched again after so long, and at most once a minute for a key that is not known." },
    { "JWT_AUDIENCE",    { NULL },                                          NULL,          setting_text,    AT(jwt.audience),        1,   500,      NULL,           false,
      "the aud claim that its tokens have for this service", "Tokens of the issuer that are meant for another audience are refused." },
    { "JWT_ACCOUNT_CLAIM", { NULL },                                        "email",       setting_text,    AT(jwt.account_claim),   1,   200,      NULL,           false,
      "the name of a claim", "Claim that holds the e-mail address of the account." },
    { "JWT_ROLE_CLAIM",  { NULL },                                          "roles",       setting_text,    AT(jwt.role_claim),      1,   200,      NULL,           false,
      "the name of a claim, or names with dots between them", "Claim that JWT_ROLE_MAP is about, for instance realm_access.roles." },
    { "JWT_ROLE_MAP",    { NULL },                                          NULL,          setting_text,    AT(jwt.role_map),        1,   2000,     NULL,           false,
      "VALUE=ROLE pairs separated by commas, such as staff=editor,it=admin", "Role of whom the claim names so, instead of the account's own; who has none of them is refused." },
    { "JWT_PROVISION",   { NULL },                                          "off",         setting_bool,    AT(jwt.provision),       0,   0,        NULL,           false,
      "on or off", "Whether an account is made for whom the issuer knows and we do not: a viewer, or as JWT_ROLE_MAP says." },
    { "OPEN_DIALECTS",   { NULL },                                          NULL,          setting_dialects, AT(open_dialects),      1,   20,       NULL,           false,
      "003, 004, or both with a comma between", "APIs that everybody may call without a token who reaches this address; none when not set." },
    { "OPEN_DIALECTS_ACCOUNT", { NULL },                                    NULL,          setting_email,   AT(open_dialects_account), 3, 254,      NULL,           false,
      "the e-mail address of an account", "Account that such requests act as, at most as an editor." },
    { "ADMIN_EMAIL",     { NULL },                                          "admin@localhost", setting_email, AT(admin_email),       3,   254,      NULL,           false,
      "an e-mail address", "Account that `vitrine init` makes." },
    { "ADMIN_PASSWORD",  { NULL },                                          NULL,          setting_text,    AT(admin_password),      10,  1024,     NULL,           true,
      "10 characters or more", "Password for that account; a random one is made and shown once when not set." },
};
/* clang-format on */

const size_t setting_count = COUNT_OF(setting_table);

_Static_assert(COUNT_OF(setting_table) <= CONFIG_SETTINGS_MAX, "config.h: CONFIG_SETTINGS_MAX");
