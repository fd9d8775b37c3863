/*
 * The files that AWS's tools share: ~/.aws/credentials and ~/.aws/config, and in them the profile
 * that AWS_PROFILE names.
 *
 * A profile has keys of its own, or a role: assumed with a web identity token (role_arn and
 * web_identity_token_file), or with the keys of another profile or provider (role_arn and
 * source_profile or credential_source). What needs a program to be started or a person to sign in
 * (credential_process, sso_*, mfa_serial) is refused by name: a server has neither.
 */
#include "remote/credential_search.h"
#include "remote/ini.h"
#include "remote/sts.h"

#include "base/file.h"

enum { FILE_MAX_BYTES = 1024 * 1024, CHAIN_MAX = 5, RECHECK_S = 300 };

struct shared_files {
    struct ini credentials;
    struct ini config;
    struct str credentials_path;
};

/* --- the two files
 * ------------------------------------------------------------------------------------------- */

static struct str find_path(
    struct credential_search *search, struct str setting, struct str fallback)
{
    struct str path = str_is_empty(setting) ? fallback : setting;

    if (str_starts_with(path, STR("~/")))
        path = ARENA_JOIN(search->arena, search->options->home, str_from_offset(path, 1));
    return path;
}

static enum credential_outcome read_shared_file(
    struct credential_search *search, struct str path, const char *what, struct ini *out)
{
    struct str text;
    enum status status =
        file_read(search->arena, arena_c_string(search->arena, path), FILE_MAX_BYTES, &text);
    int line;

    *out = (struct ini){ .count = 0 };
    if (status == STATUS_NOT_FOUND)
        return CREDENTIAL_ABSENT;
    if (status != STATUS_OK)
        return credential_failed(search, "the shared %s file cannot be read", what);
    if (ini_parse(search->arena, text, out, &line) != STATUS_OK)
        return credential_failed(
            search, "line %d of the shared %s file is not NAME = VALUE", line, what);
    return CREDENTIAL_FOUND;
}

/* ABSENT when there is neither. */
static enum credential_outcome read_shared_files(
    struct credential_search *search, struct shared_files *out)
{
    const struct credential_options *options = search->options;
    struct str config = find_path(search, options->config_file, STR("~/.aws/config"));
    enum credential_outcome first, second;

    out->credentials_path = find_path(search, options->credentials_file, STR("~/.aws/credentials"));
    first = read_shared_file(search, out->credentials_path, "credentials", &out->credentials);
    if (first == CREDENTIAL_FAILED)
        return first;
    second = read_shared_file(search, config, "config", &out->config);
    return second == CREDENTIAL_ABSENT ? first : second;
}

/* --- one profile
 * --------------------------------------------------------------------------------------------- */

/* "[profile work]"; the default one also without the word. */
static struct str config_section(
    struct credential_search *search, const struct shared_files *files, struct str profile)
{
    struct str section = ARENA_JOIN(search->arena, STR("profile "), profile);

    if (str_equal(profile, STR("default")) && !ini_has_section(&files->config, section))
        return profile;
    return section;
}

static bool has_profile(
    struct credential_search *search, const struct shared_files *files, struct str profile)
{
    return ini_has_section(&files->credentials, profile) ||
           ini_has_section(&files->config, config_section(search, files, profile));
}

static struct str get(struct credential_search *search, const struct shared_files *files,
    struct str profile, struct str name)
{
    struct str value = ini_get(&files->credentials, profile, name);

    if (!str_is_empty(value))
        return value;
    return ini_get(&files->config, config_section(search, files, profile), name);
}

/* Id, secret and token are of one section of one file: mixed ones would never fit together. */
static enum credential_outcome read_keys(
    struct credential_search *search, const struct shared_files *files, struct str profile)
{
    bool is_first = !str_is_empty(ini_get(&files->credentials, profile, STR("aws_access_key_id")));
    const struct ini *ini = is_first ? &files->credentials : &files->config;
    struct str section = is_first ? profile : config_section(search, files, profile);
    struct credential_found *found = &search->found;

    *found = (struct credential_found){
        .access_key = ini_get(ini, section, STR("aws_access_key_id")),
        .secret_key = ini_get(ini, section, STR("aws_secret_access_key")),
        .session_token = ini_get(ini, section, STR("aws_session_token")),
        .recheck_s = RECHECK_S,
    };
    if (str_is_empty(found->session_token))
        found->session_token = ini_get(ini, section, STR("aws_security_token"));
    if (str_is_empty(found->access_key))
        return credential_absent(search, "profile %.*s has no keys", STR_ARG(profile));
    if (str_is_empty(found->secret_key))
        return credential_failed(search,
            "profile %.*s has an aws_access_key_id and no aws_secret_access_key", STR_ARG(profile));
    return CREDENTIAL_FOUND;
}

/* What this profile would need that we do not do; NULL: nothing. */
static const char *find_unsupported(
    struct credential_search *search, const struct shared_files *files, struct str profile)
{
    static const char *const names[] = { "credential_process", "sso_session", "sso_start_url",
        "mfa_serial" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!str_is_empty(get(search, files, profile, str_from_c(names[i]))))
            return names[i];
    return NULL;
}

/* --- roles
 * ---------------------------------------------------------------------------------------------------
 */

static enum credential_outcome resolve(struct credential_search *search,
    const struct shared_files *files, struct str profile, int depth);

/* The keys that may assume the role: another profile's, or another provider's. */
static enum credential_outcome find_signer(struct credential_search *search,
    const struct shared_files *files, struct str profile, int depth)
{
    struct str from = get(search, files, profile, STR("source_profile"));
    struct str source = get(search, files, profile, STR("credential_source"));

    if (str_equal(from, profile))
        return read_keys(search, files, profile);
    if (!str_is_empty(from) && !has_profile(search, files, from))
        return credential_failed(search, "source_profile %.*s is in neither file", STR_ARG(from));
    if (!str_is_empty(from))
        return resolve(search, files, from, depth + 1);
    if (str_equal(source, STR("Ec2InstanceMetadata")))
        return credential_from_instance(search);
    if (str_equal(source, STR("EcsContainer")))
        return credential_from_container(search);
    return credential_failed(search,
        "profile %.*s has a role_arn and neither source_profile, web_identity_token_file nor a "
        "credential_source that is known",
        STR_ARG(profile));
}

static enum credential_outcome assume_role(struct credential_search *search,
    const struct shared_files *files, struct str profile, int depth)
{
    struct sts_role role = {
        .arn = get(search, files, profile, STR("role_arn")),
        .session_name = get(search, files, profile, STR("role_session_name")),
        .external_id = get(search, files, profile, STR("external_id")),
    };
    struct str token_file = get(search, files, profile, STR("web_identity_token_file"));
    struct str duration = get(search, files, profile, STR("duration_seconds"));
    struct credential_found signer;
    enum credential_outcome outcome;

    if (!str_is_empty(duration) && !str_parse_i64(duration, &role.duration_s))
        return credential_failed(
            search, "duration_seconds of profile %.*s is no number", STR_ARG(profile));
    if (!str_is_empty(token_file))
        return sts_web_identity(search, &role, token_file);
    outcome = find_signer(search, files, profile, depth);
    if (outcome == CREDENTIAL_ABSENT)
        outcome = CREDENTIAL_FAILED; /* its words stay */
    if (outcome != CREDENTIAL_FOUND)
        return outcome;
    signer = search->found;
    return sts_assume_role(search, &role, &signer);
}

static enum credential_outcome resolve(struct credential_search *search,
    const struct shared_files *files, struct str profile, int depth)
{
    enum credential_outcome outcome;
    const char *unsupported;

    if (depth > CHAIN_MAX)
        return credential_failed(search, "source_profile goes round in a circle");
    if (!str_is_empty(get(search, files, profile, STR("role_arn"))) &&
        str_is_empty(get(search, files, profile, STR("mfa_serial"))))
        return assume_role(search, files, profile, depth);
    outcome = read_keys(search, files, profile);
    unsupported = find_unsupported(search, files, profile);
    if (outcome == CREDENTIAL_ABSENT && unsupported)
        return credential_failed(search, "profile %.*s uses %s, which Vitrine does not do",
            STR_ARG(profile), unsupported);
    return outcome;
}

enum credential_outcome credential_from_profile(struct credential_search *search)
{
    const struct credential_options *options = search->options;
    bool is_named = !str_is_empty(options->profile);
    struct str profile = is_named ? options->profile : STR("default");
    struct shared_files files;
    enum credential_outcome outcome = read_shared_files(search, &files);

    if (outcome == CREDENTIAL_FAILED)
        return outcome;
    if (is_named && !has_profile(search, &files, profile))
        return credential_failed(search, "profile %.*s is in no shared file", STR_ARG(profile));
    if (outcome == CREDENTIAL_ABSENT)
        return credential_absent(search, "there are no shared files");
    outcome = resolve(search, &files, profile, 0);
    if (outcome == CREDENTIAL_FOUND)
        search->found.origin = ARENA_JOIN(search->arena, STR("profile "), profile);
    return outcome;
}
