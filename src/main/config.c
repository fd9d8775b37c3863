/*
 * Loading the settings: find the text of each row, parse it, complete what depends on other
 * settings. What a setting is stands in setting_table.c; how it is printed in config_describe.c.
 */
#include "main/config.h"

#include "base/url.h"
#include "main/config_file.h"
#include "main/config_problem.h"
#include "main/config_tokens.h"
#include "main/setting.h"
#include "web/routes.h"

#include <stdio.h>

/* The places where values are looked for. */
struct sources {
    char **environment;
    struct pairs dotenv;
    struct pairs settings_env;
    struct pairs secret;    /* of Secrets Manager */
    bool use_settings_keys; /* the keys in settings.env belong to the storage that is used */
    bool use_aws_names;     /* AWS_* in the environment speak of other storage than our own */
};

void config_problem(struct arena *arena, struct config_problems *problems, const char *format, ...)
{
    va_list args;

    if (problems->count == CONFIG_PROBLEMS_MAX)
        return;
    va_start(args, format);
    problems->item[problems->count++] = arena_vprintf(arena, format, args);
    va_end(args);
}

static struct str environment_get(char **environment, struct str name)
{
    for (; *environment != NULL; environment++) {
        struct str entry = str_from_c(*environment);
        if (str_starts_with(entry, name) && entry.len > name.len && entry.ptr[name.len] == '=')
            return str_from_offset(entry, name.len + 1);
    }
    return STR_EMPTY;
}

/* A file may set a name twice; as in a shell, the last one counts. */
static struct str file_get(struct pairs pairs, struct str name)
{
    for (size_t i = pairs.count; i > 0; i--)
        if (str_equal(pairs.item[i - 1].name, name))
            return pairs.item[i - 1].value;
    return STR_EMPTY;
}

/* One name in all places, the strongest first. An empty value counts as not set. */
static struct config_value find_name(const struct sources *sources, struct str name, bool is_key)
{
    struct config_value value = { STR_EMPTY, STR_EMPTY };

    if (is_key && !sources->use_aws_names && str_starts_with(name, STR("AWS_")))
        return value;
    value =
        (struct config_value){ environment_get(sources->environment, name), STR("environment") };
    if (str_is_empty(value.text))
        value = (struct config_value){ file_get(sources->dotenv, name), STR(".env") };
    if (str_is_empty(value.text) && (!is_key || sources->use_settings_keys))
        value = (struct config_value){ file_get(sources->settings_env, name), STR("settings.env") };
    if (str_is_empty(value.text) && !is_key)
        value = (struct config_value){ file_get(sources->secret, name), STR("secret") };
    return value;
}

/* What says whose storage is meant. The chain renews keys that it takes from a secret, so they are
 * no settings. */
static bool is_key_setting(const struct setting *setting)
{
    size_t chain = offsetof(struct config, chain);

    return (setting->offset >= chain && setting->offset < chain + sizeof(struct config_chain)) ||
           setting->offset == offsetof(struct config, s3.access_key_id) ||
           setting->offset == offsetof(struct config, s3.secret_access_key) ||
           setting->offset == offsetof(struct config, s3.session_token) ||
           setting->offset == offsetof(struct config, s3.region);
}

/* The value of a setting by its name, else by its aliases, else its default. */
static struct config_value find_setting(
    const struct sources *sources, const struct setting *setting)
{
    bool is_key = is_key_setting(setting);
    struct config_value value = find_name(sources, str_from_c(setting->name), is_key);

    for (size_t i = 0; i < SETTING_ALIASES_MAX && str_is_empty(value.text); i++)
        if (setting->aliases[i] != NULL)
            value = find_name(sources, str_from_c(setting->aliases[i]), is_key);
    if (str_is_empty(value.text))
        value = (struct config_value){ str_from_c(setting->fallback), STR("default") };
    return value;
}

static void load_setting(struct arena *arena, const struct sources *sources,
    const struct setting *setting, struct config *config, struct config_problems *problems)
{
    struct config_value *value = &config->values[setting - setting_table];

    *value = find_setting(sources, setting);
    if (str_is_empty(value->text))
        return;
    if (setting->parse(arena, setting, value->text, (char *)config + setting->offset))
        return;
    if (setting->is_secret)
        config_problem(arena, problems, "%s (from %.*s) must be %s.", setting->name,
            STR_ARG(value->source), setting->expects);
    else
        config_problem(arena, problems, "%s=%.*s (from %.*s) must be %s.", setting->name,
            STR_ARG(str_utf8_head(value->text, 80)), STR_ARG(value->source), setting->expects);
}

static const struct setting *setting_at(size_t offset)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].offset == offset)
            return &setting_table[i];
    return NULL;
}

/*
 * DATA says where settings.env is, so it is known first; then whether storage is our own, because
 * that decides whose keys are meant: those in settings.env were made for the storage that
 * settings.env names (our own when it names none), and AWS_* variables of a developer's shell never
 * mean our own.
 */
static void load_sources(struct arena *arena, char **environment, struct config *config,
    struct sources *sources, struct config_problems *problems)
{
    const struct setting *endpoint = setting_at(offsetof(struct config, s3.endpoint_url));
    const struct setting *embedded = setting_at(offsetof(struct config, s3_embedded_switch));
    const struct setting *enabled = setting_at(offsetof(struct config, s3.is_enabled));
    struct config_problems again = { .count = 0 };

    sources->environment = environment;
    config->chain.home = environment_get(environment, STR("HOME"));
    config->dotenv_file = STR(".env");
    config_file_read(arena, STR(".env"), CONFIG_FILE_ANY_MODE, &sources->dotenv, problems);
    load_setting(arena, sources, setting_at(offsetof(struct config, data)), config, &again);
    if (str_is_empty(config->data))
        return;
    config->settings_file = arena_printf(arena, "%.*s/settings.env", STR_ARG(config->data));
    config->database = arena_printf(arena, "%.*s/vitrine.db", STR_ARG(config->data));
    config_file_read(
        arena, config->settings_file, CONFIG_FILE_ONLY_OWNER, &sources->settings_env, problems);

    load_setting(arena, sources, enabled, config, &again);
    load_setting(arena, sources, endpoint, config, &again);
    load_setting(arena, sources, embedded, config, &again);
    config->s3.is_embedded =
        config->s3.is_enabled &&
        (config->s3_embedded_switch == CONFIG_ON ||
            (config->s3_embedded_switch == CONFIG_AUTO && str_is_empty(config->s3.endpoint_url)));
    sources->use_aws_names = !config->s3.is_embedded;
    sources->use_settings_keys =
        config->s3.is_embedded ||
        str_equal(config->values[endpoint - setting_table].source, STR("settings.env")) ||
        str_equal(config->values[embedded - setting_table].source, STR("settings.env"));
}

/* 0.0.0.0 and :: are every address, also the loopback one; any other is the only one. */
static struct str loopback_of(struct arena *arena, struct str bind)
{
    if (str_equal(bind, STR("0.0.0.0")))
        return STR("127.0.0.1");
    if (str_equal(bind, STR("::")) || str_equal(bind, STR("[::]")))
        return STR("[::1]");
    if (str_index(bind, ':') >= 0 && bind.ptr[0] != '[')
        return arena_printf(arena, "[%.*s]", STR_ARG(bind));
    return bind;
}

static void complete_storage(struct arena *arena, struct config *config)
{
    struct config_storage *s3 = &config->s3;
    bool is_aws = false;

    if (str_is_empty(s3->endpoint_url) && s3->is_embedded) {
        s3->endpoint_url = arena_printf(arena, "http://%.*s:%d",
            STR_ARG(loopback_of(arena, config->bind)), (int)config->objects_port);
    } else if (str_is_empty(s3->endpoint_url)) {
        s3->endpoint_url =
            arena_printf(arena, "https://s3.%.*s.amazonaws.com", STR_ARG(s3->region));
    }
    is_aws = str_ends_with(s3->endpoint_url, STR(".amazonaws.com"));
    s3->path_style =
        config->s3_path_switch == CONFIG_AUTO ? !is_aws : config->s3_path_switch == CONFIG_ON;
    s3->conditional_delete = config->s3_conditional_delete_switch == CONFIG_AUTO
                                 ? is_aws || s3->is_embedded
                                 : config->s3_conditional_delete_switch == CONFIG_ON;
    s3->post_policy = config->s3_post_switch == CONFIG_AUTO ? is_aws || s3->is_embedded
                                                            : config->s3_post_switch == CONFIG_ON;
}

/* Minutes count where nobody gave seconds. */
static void complete_upload_ttl(struct config *config)
{
    const struct setting *seconds = setting_at(offsetof(struct config, upload_ttl_s));

    if (config->upload_ttl_minutes > 0 &&
        str_equal(config->values[seconds - setting_table].source, STR("default")))
        config->upload_ttl_s = config->upload_ttl_minutes * 60;
}

/* The defaults that depend on other settings. */
static void complete(struct arena *arena, struct config *config)
{
    if (config->objects_port == 0)
        config->objects_port = config->port + 1;
    if (str_is_empty(config->objects_root))
        config->objects_root = arena_printf(arena, "%.*s/objects", STR_ARG(config->data));
    if (!str_is_empty(config->jwt.issuer_url) && str_is_empty(config->jwt.jwks_url))
        config->jwt.jwks_url = config_default_jwks_url(arena, config->jwt.issuer_url);
    complete_upload_ttl(config);
    complete_storage(arena, config);
}

/* "/images" is no place for a prefix: "/images/7" is an address already. */
static bool is_prefix_free(struct str prefix)
{
    if (str_equal(prefix, STR("/static")))
        return false;
    for (size_t i = 0; i < route_count && !str_is_empty(prefix); i++) {
        struct str path = str_from_c(route_table[i].path);
        if (str_starts_with(path, prefix) &&
            (path.len == prefix.len || path.ptr[prefix.len] == '/'))
            return false;
    }
    return true;
}

static void check_together(struct arena *arena, const struct config *config, enum config_need need,
    struct config_problems *problems)
{
    bool has_id = !str_is_empty(config->s3.access_key_id);
    bool has_secret = !str_is_empty(config->s3.secret_access_key);

    if (config->objects_port == config->port)
        config_problem(arena, problems,
            "OBJECTS_PORT and PORT are both %d: give the embedded endpoint a port of its own, it "
            "must be another origin.",
            (int)config->port);
    if (config->s3.is_embedded && str_is_empty(config->s3.public_endpoint_url) &&
        str_starts_with(config->public_url, STR("https://")))
        config_problem(arena, problems,
            "PUBLIC_URL is https, so browsers must reach the embedded storage by https too: set "
            "S3_PUBLIC_ENDPOINT_URL to its address there, or S3_ENDPOINT_URL to other storage.");
    if (config->s3.is_embedded && config->s3.sse != STORAGE_SSE_OFF)
        config_problem(arena, problems,
            "S3_SSE is set, and the embedded storage does not encrypt: set S3_SSE=off and keep "
            "DATA "
            "on an encrypted disk, or use other storage.");
    if (config->s3.sse != STORAGE_SSE_KMS &&
        (!str_is_empty(config->s3.sse_kms_key) || config->s3.sse_bucket_key))
        config_problem(arena, problems,
            "%s works only with S3_SSE=aws:kms: set that too, or leave it out.",
            config->s3.sse_bucket_key ? "S3_SSE_BUCKET_KEY" : "S3_SSE_KMS_KEY_ID");
    if (!is_prefix_free(config->path_prefix))
        config_problem(arena, problems,
            "PATH_PREFIX=%.*s is an address of Vitrine's own: choose another.",
            STR_ARG(config->path_prefix));
    if (config->cors_credentials &&
        (str_is_empty(config->cors_origins) || str_equal(config->cors_origins, STR("*"))))
        config_problem(arena, problems,
            "CORS_CREDENTIALS=on needs CORS_ORIGINS to list the origins that it is for: a cookie "
            "is not for the pages of everyone.");
    if (has_id != has_secret)
        config_problem(arena, problems, "%s is set and %s is not: set both or neither.",
            has_id ? "S3_ACCESS_KEY_ID" : "S3_SECRET_ACCESS_KEY",
            has_id ? "S3_SECRET_ACCESS_KEY" : "S3_ACCESS_KEY_ID");
    else if (!has_id && need != CONFIG_BEFORE_INIT && config->s3.is_embedded)
        config_problem(arena, problems,
            "There are no keys for the embedded storage in %.*s: run `vitrine init` once.",
            STR_ARG(config->settings_file));
}

/* The first of two loads: what is missing may stand in the secret. */
static bool is_secret_to_come(
    const struct config *config, enum config_need need, struct pairs secret)
{
    return need == CONFIG_BEFORE_INIT && secret.count == 0 &&
           !str_is_empty(config->chain.secret_id);
}

enum status config_load_with_secret(struct arena *arena, char **environment, enum config_need need,
    struct pairs secret, struct config *out, struct config_problems *out_problems)
{
    struct sources sources = { .secret = secret };

    memset(out, 0, sizeof(*out));
    out_problems->count = 0;
    load_sources(arena, environment, out, &sources, out_problems);
    for (size_t i = 0; i < setting_count; i++)
        load_setting(arena, &sources, &setting_table[i], out, out_problems);
    if (!is_secret_to_come(out, need, secret))
        config_check_cloudfront(arena, out, out_problems);
    complete(arena, out);
    if (out_problems->count == 0)
        check_together(arena, out, need, out_problems);
    config_check_tokens(arena, out, need, out_problems);
    return out_problems->count == 0 ? STATUS_OK : STATUS_INVALID;
}

enum status config_load(struct arena *arena, char **environment, enum config_need need,
    struct config *out, struct config_problems *out_problems)
{
    const struct pairs none = { NULL, 0 };

    return config_load_with_secret(arena, environment, need, none, out, out_problems);
}

void config_print_problems(const struct config_problems *problems)
{
    fprintf(stderr,
        problems->count == 1 ? "vitrine: 1 setting needs a change:\n"
                             : "vitrine: %zu settings need a change:\n",
        problems->count);
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "  %.*s\n", STR_ARG(problems->item[i]));
}
