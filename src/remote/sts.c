/*
 * A form out, an XML document back. When roles are assumed is for the providers to say.
 */
#include "remote/sts.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/xml.h"
#include "remote/aws_post.h"

enum { TOKEN_FILE_MAX_BYTES = 65536, TOLD_MAX_BYTES = 80 };

/* --- the answer
 * ------------------------------------------------------------------------------------------ */

struct answer {
    struct arena *arena;
    struct str access_key, secret_key, session_token, expires;
    struct str code;
};

static bool read_element(void *context, struct str path, struct str text)
{
    struct answer *answer = context;
    const struct {
        struct str end;
        struct str *out;
    } elements[] = {
        { STR("Result/Credentials/AccessKeyId"), &answer->access_key },
        { STR("Result/Credentials/SecretAccessKey"), &answer->secret_key },
        { STR("Result/Credentials/SessionToken"), &answer->session_token },
        { STR("Result/Credentials/Expiration"), &answer->expires },
        { STR("/Error/Code"), &answer->code },
    };

    for (size_t i = 0; i < COUNT_OF(elements); i++)
        if (str_ends_with(path, elements[i].end))
            *elements[i].out = arena_copy(answer->arena, str_trim(text));
    return true;
}

/* Not the message: it may repeat the token, or the role and account. */
static enum credential_outcome explain(
    struct credential_search *search, const struct answer *answer, int status)
{
    if (str_is_empty(answer->code))
        return credential_failed(search, "STS answered %d", status);
    return credential_failed(search, "STS answered %d %.*s", status,
        STR_ARG(str_utf8_head(answer->code, TOLD_MAX_BYTES)));
}

static enum credential_outcome read_answer(
    struct credential_search *search, const struct http_response *response)
{
    struct answer answer = { .arena = search->arena };
    const struct xml_reader reader = { .text = read_element, .context = &answer };
    struct credential_found *found = &search->found;
    bool is_xml = xml_read(search->arena, response->body, &reader) == STATUS_OK;

    if (response->status != 200)
        return explain(search, &answer, response->status);
    if (!is_xml)
        return credential_failed(search, "STS answered something that is no XML");
    *found = (struct credential_found){
        .access_key = answer.access_key,
        .secret_key = answer.secret_key,
        .session_token = answer.session_token,
    };
    if (str_is_empty(found->access_key) || str_is_empty(found->secret_key) ||
        str_is_empty(found->session_token) || !clock_parse_iso(answer.expires, &found->expires_at))
        return credential_failed(search, "STS answered without whole credentials");
    return CREDENTIAL_FOUND;
}

/* --- the request
 * ----------------------------------------------------------------------------------------- */

static struct str encode_form(struct arena *arena, const struct pair *fields, size_t count)
{
    struct str form = STR_EMPTY;

    for (size_t i = 0; i < count; i++)
        if (!str_is_empty(fields[i].value))
            form = ARENA_JOIN(arena, form, str_is_empty(form) ? STR_EMPTY : STR("&"),
                fields[i].name, STR("="), escape_url_str(arena, fields[i].value));
    return form;
}

/* `signer` NULL: unsigned. */
static enum credential_outcome post_form(
    struct credential_search *search, struct str form, const struct credential_found *signer)
{
    const struct pair type = { STR("Content-Type"),
        STR("application/x-www-form-urlencoded; charset=utf-8") };
    const struct aws_post post = {
        .who = "STS",
        .service = STR("sts"),
        .endpoint = search->options->sts_endpoint,
        .headers = { &type, 1 },
        .body = form,
        .signer = signer,
    };
    struct http_response response;
    enum credential_outcome outcome = aws_post(search, &post, &response);

    return outcome == CREDENTIAL_FOUND ? read_answer(search, &response) : outcome;
}

static struct str session_name(struct credential_search *search, const struct sts_role *role)
{
    if (!str_is_empty(role->session_name))
        return role->session_name;
    return arena_printf(search->arena, "vitrine-%lld", (long long)clock_now_s());
}

static struct str duration(struct credential_search *search, const struct sts_role *role)
{
    return role->duration_s == 0 ? STR_EMPTY
                                 : arena_printf(search->arena, "%lld", (long long)role->duration_s);
}

enum credential_outcome sts_web_identity(
    struct credential_search *search, const struct sts_role *role, struct str token_file)
{
    struct str token;

    if (str_is_empty(role->arn))
        return credential_failed(search, "there is a web identity token, and no role ARN");
    if (file_read(search->arena, arena_c_string(search->arena, token_file), TOKEN_FILE_MAX_BYTES,
            &token) != STATUS_OK)
        return credential_failed(search, "the web identity token file cannot be read");
    token = str_trim(token);
    if (str_is_empty(token))
        return credential_failed(search, "the web identity token file is empty");
    const struct pair fields[] = {
        { STR("Action"), STR("AssumeRoleWithWebIdentity") },
        { STR("Version"), STR("2011-06-15") },
        { STR("RoleArn"), role->arn },
        { STR("RoleSessionName"), session_name(search, role) },
        { STR("WebIdentityToken"), token },
        { STR("DurationSeconds"), duration(search, role) },
    };
    return post_form(search, encode_form(search->arena, fields, COUNT_OF(fields)), NULL);
}

enum credential_outcome sts_assume_role(struct credential_search *search,
    const struct sts_role *role, const struct credential_found *signer)
{
    const struct pair fields[] = {
        { STR("Action"), STR("AssumeRole") },
        { STR("Version"), STR("2011-06-15") },
        { STR("RoleArn"), role->arn },
        { STR("RoleSessionName"), session_name(search, role) },
        { STR("ExternalId"), role->external_id },
        { STR("DurationSeconds"), duration(search, role) },
    };

    return post_form(search, encode_form(search->arena, fields, COUNT_OF(fields)), signer);
}
