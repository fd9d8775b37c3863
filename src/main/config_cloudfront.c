/*
 * The settings of CloudFront that only make sense together: a distribution, the id of its key, and
 * the key itself, which is read and tried here so that a wrong one is told at start, not when the
 * first image is shown.
 */
#include "base/file.h"
#include "base/url.h"
#include "main/config_problem.h"
#include "main/setting.h"

#include <errno.h>

#define NO_KEY                                                                                     \
    "Neither CLOUDFRONT_PRIVATE_KEY nor CLOUDFRONT_PRIVATE_KEY_FILE is set: give the private key " \
    "whose public half CloudFront has."

/* As people gave it, or failed to; its field is empty in both of the latter cases. */
static const struct config_value *value_of(const struct config *config, size_t offset)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].offset == offset)
            return &config->values[i];
    return NULL;
}

#define VALUE_OF(config, field) value_of((config), offsetof(struct config, cloudfront.field))
#define IS_GIVEN(config, field) (!str_is_empty(VALUE_OF(config, field)->text))

static void check_key_text(struct arena *arena, const char *name, struct str source,
    struct str text, struct config *config, struct config_problems *problems)
{
    const char *problem;

    if (private_key_parse(text, &config->cloudfront.key, &problem) != STATUS_OK)
        config_problem(arena, problems, "%s (from %.*s) %s.", name, STR_ARG(source), problem);
}

static void read_key_file(
    struct arena *arena, struct config *config, struct config_problems *problems)
{
    struct str path = config->cloudfront.private_key_file, text;
    enum status status = file_read(arena, path.ptr, PRIVATE_KEY_TEXT_MAX_BYTES, &text);

    if (status == STATUS_OK) {
        check_key_text(arena, "CLOUDFRONT_PRIVATE_KEY_FILE", path, text, config, problems);
        return;
    }
    config_problem(arena, problems, "CLOUDFRONT_PRIVATE_KEY_FILE=%.*s cannot be read: %s.",
        STR_ARG(path),
        status == STATUS_NOT_FOUND   ? "there is no such file"
        : status == STATUS_TOO_LARGE ? "it is larger than any key"
        : errno == EACCES ? "its mode or that of a folder above keeps this user out; chown it to "
                            "the user of the service"
                          : strerror(errno));
}

static void check_key(struct arena *arena, struct config *config, struct config_problems *problems)
{
    bool has_text = IS_GIVEN(config, private_key), has_file = IS_GIVEN(config, private_key_file);

    if (has_text && has_file)
        config_problem(arena, problems,
            "CLOUDFRONT_PRIVATE_KEY and CLOUDFRONT_PRIVATE_KEY_FILE are both set: keep one.");
    else if (!has_text && !has_file)
        config_problem(arena, problems, NO_KEY);
    else if (!str_is_empty(config->cloudfront.private_key))
        check_key_text(arena, "CLOUDFRONT_PRIVATE_KEY", VALUE_OF(config, private_key)->source,
            config->cloudfront.private_key, config, problems);
    else if (!str_is_empty(config->cloudfront.private_key_file))
        read_key_file(arena, config, problems);
}

static struct str host_of(struct arena *arena, struct str origin)
{
    struct url url;

    return url_parse(arena, origin, &url) == STATUS_OK ? url.host : STR_EMPTY;
}

static bool is_below(struct arena *arena, struct str host, struct str domain)
{
    return str_equal(host, domain) || str_ends_with(host, ARENA_JOIN(arena, STR("."), domain));
}

/* A browser takes a cookie for a domain only from a host in it, and sends it only to hosts in it.
 */
static void check_cookie_domain(
    struct arena *arena, const struct config *config, struct config_problems *problems)
{
    struct str domain = config->cloudfront.cookie_domain;
    struct str ours = host_of(arena, config->public_url);
    struct str theirs = host_of(arena, config->cloudfront.origin);

    if (str_is_empty(domain))
        return;
    if (!str_is_empty(theirs) && !is_below(arena, theirs, domain))
        config_problem(arena, problems,
            "CLOUDFRONT_COOKIE_DOMAIN=%.*s does not hold %.*s: give the distribution a name of its "
            "own (CNAME) in that domain and set CLOUDFRONT_DOMAIN to it.",
            STR_ARG(domain), STR_ARG(theirs));
    if (str_is_empty(ours))
        config_problem(arena, problems,
            "CLOUDFRONT_COOKIE_DOMAIN needs PUBLIC_URL: only a host in that domain can set "
            "cookies for it.");
    else if (!is_below(arena, ours, domain))
        config_problem(arena, problems,
            "CLOUDFRONT_COOKIE_DOMAIN=%.*s does not hold %.*s of PUBLIC_URL: browsers would not "
            "take its cookies.",
            STR_ARG(domain), STR_ARG(ours));
}

static void check_together(
    struct arena *arena, const struct config *config, struct config_problems *problems)
{
    const struct config_cloudfront *cloudfront = &config->cloudfront;

    if (!IS_GIVEN(config, origin))
        config_problem(arena, problems,
            "CLOUDFRONT_DOMAIN is not set: give the distribution's domain, such as "
            "d111111abcdef8.cloudfront.net.");
    if (!IS_GIVEN(config, key_pair_id))
        config_problem(arena, problems,
            "CLOUDFRONT_KEY_PAIR_ID is not set: give the id that CloudFront shows for the public "
            "key, such as K2JCJMDEHXQW5F.");
    if (cloudfront->form == CLOUDFRONT_CANNED && !str_is_empty(cloudfront->source_ip))
        config_problem(arena, problems,
            "CLOUDFRONT_SOURCE_IP needs CLOUDFRONT_POLICY=custom: a canned policy holds an end and "
            "nothing else.");
    if (str_starts_with(config->public_url, STR("https://")) &&
        str_starts_with(cloudfront->origin, STR("http://")))
        config_problem(arena, problems,
            "PUBLIC_URL is https, so browsers must reach CLOUDFRONT_DOMAIN by https too.");
    check_cookie_domain(arena, config, problems);
}

void config_check_cloudfront(
    struct arena *arena, struct config *config, struct config_problems *problems)
{
    bool is_meant = IS_GIVEN(config, origin) || IS_GIVEN(config, key_pair_id) ||
                    IS_GIVEN(config, private_key) || IS_GIVEN(config, private_key_file);

    if (!is_meant)
        return;
    check_together(arena, config, problems);
    check_key(arena, config, problems);
}

void config_clear(struct config *config)
{
    private_key_free(config->cloudfront.key);
    config->cloudfront.key = NULL;
}

bool config_cookies_reach_cdn(struct arena *arena, const struct config *config)
{
    struct str theirs = host_of(arena, config->cloudfront.origin);

    return !str_is_empty(config->cloudfront.cookie_domain) ||
           (!str_is_empty(theirs) && str_equal(theirs, host_of(arena, config->public_url)));
}
