/* Settings about tokens: are secrets hard to guess, and does an external issuer make sense? */
#include "main/config_tokens.h"

#include "main/config_problem.h"
#include "remote/jwks.h"

static void check_secret(
    struct arena *arena, const char *name, struct str secret, struct config_problems *problems)
{
    struct str problem;

    if (!str_is_empty(secret) && !jwt_secret_is_strong(arena, secret, &problem))
        config_problem(arena, problems,
            "%s %.*s: whoever guesses it can sign in as anybody. Use the output of `openssl rand "
            "-base64 48`.",
            name, STR_ARG(problem));
}

static void check_issuer(
    struct arena *arena, const struct config_jwt *jwt, struct config_problems *problems)
{
    struct jwt_role roles[JWT_ROLES_MAX];
    struct str problem;
    size_t count;

    if (!config_read_roles(jwt->role_map, roles, &count))
        config_problem(arena, problems,
            "JWT_ROLE_MAP must be at most %d pairs such as staff=editor,it=admin; roles are "
            "viewer, editor and admin.",
            JWT_ROLES_MAX);
    if (str_is_empty(jwt->issuer_url))
        return;
    if (str_is_empty(jwt->audience))
        config_problem(arena, problems,
            "JWT_ISSUER_URL is set and JWT_AUDIENCE is not: without it, a token that the issuer "
            "made for any other service would be accepted here. Set it to this service's "
            "audience (client id) there.");
    if (!jwks_url_is_fine(jwt->jwks_url, jwt->jwks_private, &problem))
        config_problem(
            arena, problems, "JWT_JWKS_URL=%.*s %.*s.", STR_ARG(jwt->jwks_url), STR_ARG(problem));
}

struct str config_default_jwks_url(struct arena *arena, struct str issuer_url)
{
    while (str_ends_with(issuer_url, STR("/")))
        issuer_url.len--;
    return ARENA_JOIN(arena, issuer_url, STR("/.well-known/jwks.json"));
}

bool config_read_roles(struct str text, struct jwt_role roles[JWT_ROLES_MAX], size_t *out_count)
{
    struct str rest = text, pair;

    *out_count = 0;
    while (!str_is_empty(text) && str_split(&rest, ',', &pair)) {
        ssize_t equals = str_last_index(pair, '=');
        struct jwt_role *row = &roles[*out_count];
        if (*out_count == JWT_ROLES_MAX || equals < 1)
            return false;
        row->value = str_trim(str_head(pair, (size_t)equals));
        if (str_is_empty(row->value) ||
            !role_parse(str_trim(str_from_offset(pair, (size_t)equals + 1)), &row->role))
            return false;
        (*out_count)++;
    }
    return true;
}

void config_check_tokens(struct arena *arena, const struct config *config, enum config_need need,
    struct config_problems *problems)
{
    check_secret(arena, "JWT_SECRET", config->jwt.secret, problems);
    check_secret(arena, "JWT_SECRET_PREVIOUS", config->jwt.secret_previous, problems);
    if (str_is_empty(config->jwt.secret) && need == CONFIG_NEEDS_KEYS)
        config_problem(arena, problems,
            "JWT_SECRET is not set: run `vitrine init` once, which makes one in %.*s, or set it to "
            "the output of `openssl rand -base64 48`.",
            STR_ARG(config->settings_file));
    check_issuer(arena, &config->jwt, problems);
    if (!str_is_empty(config->open_dialects) && str_is_empty(config->open_dialects_account))
        config_problem(arena, problems,
            "OPEN_DIALECTS is set and OPEN_DIALECTS_ACCOUNT is not: name the account whose images "
            "everybody may then see, upload and delete; make one for it with `vitrine user add`.");
}
