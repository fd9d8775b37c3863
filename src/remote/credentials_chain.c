/*
 * The order of the providers, and what they have in common. Each is in a file of its own; when the
 * chain is walked is the source's business (credentials.c).
 */
#include "remote/credential_search.h"

#include "base/clock.h"
#include "base/json.h"

enum {
    ACCESS_KEY_MAX_BYTES = 128,
    TOKEN_MAX_BYTES = 16384,
    ANSWER_MAX_BYTES = 65536,
    ANSWER_TIMEOUT_MS = 5000,
    TOLD_MAX_BYTES = 80 /* of an answer that we repeat */
};

static const struct {
    struct str name;
    credential_provider_fn *ask;
} providers[CREDENTIAL__COUNT] = {
    [CREDENTIAL_SETTINGS] = { STR_INIT("settings"), credential_from_settings },
    [CREDENTIAL_SECRET] = { STR_INIT("secrets-manager"), credential_from_secret },
    [CREDENTIAL_PROFILE] = { STR_INIT("profile"), credential_from_profile },
    [CREDENTIAL_WEB_IDENTITY] = { STR_INIT("web-identity"), credential_from_web_identity },
    [CREDENTIAL_CONTAINER] = { STR_INIT("container"), credential_from_container },
    [CREDENTIAL_INSTANCE] = { STR_INIT("instance"), credential_from_instance },
};

struct str credential_provider_name(enum credential_provider provider)
{
    return providers[provider].name;
}

enum credential_outcome credential_absent(struct credential_search *search, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    search->why = arena_vprintf(search->arena, format, args);
    va_end(args);
    return CREDENTIAL_ABSENT;
}

enum credential_outcome credential_failed(struct credential_search *search, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    search->why = arena_vprintf(search->arena, format, args);
    va_end(args);
    return CREDENTIAL_FAILED;
}

/* What a file or a stranger gave goes into headers: nothing but what can stand there. */
static bool is_sendable(struct str text, size_t max_bytes)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len <= max_bytes;
}

static enum credential_outcome check_found(struct credential_search *search)
{
    const struct credential_found *found = &search->found;

    if (str_is_empty(found->access_key) || !is_sendable(found->access_key, ACCESS_KEY_MAX_BYTES))
        return credential_failed(search, "the access key id is not one");
    if (str_is_empty(found->secret_key) || found->secret_key.len > SECRET_MAX_BYTES)
        return credential_failed(search, "the secret access key is not one");
    if (!is_sendable(found->session_token, TOKEN_MAX_BYTES))
        return credential_failed(search, "the session token is not one");
    if (found->expires_at != 0 && found->expires_at <= clock_now_s())
        return credential_failed(search, "gave keys that had expired already");
    return CREDENTIAL_FOUND;
}

enum credential_outcome credential_search_run(struct credential_search *search)
{
    enum credential_outcome outcome = CREDENTIAL_ABSENT;

    for (int i = 0; i < CREDENTIAL__COUNT && outcome == CREDENTIAL_ABSENT; i++) {
        if (search->options->is_only_settings && i != CREDENTIAL_SETTINGS)
            break;
        search->provider = (enum credential_provider)i;
        search->found = (struct credential_found){ .expires_at = 0 };
        search->why = STR_EMPTY;
        outcome = providers[i].ask(search);
        if (outcome == CREDENTIAL_FOUND)
            outcome = check_found(search);
        if (outcome != CREDENTIAL_FOUND)
            search->reason[i] = str_utf8_head(search->why, CREDENTIAL_REASON_MAX - 1);
    }
    return outcome;
}

enum credential_outcome credential_from_settings(struct credential_search *search)
{
    const struct credential_options *options = search->options;

    if (str_is_empty(options->access_key_id))
        return credential_absent(search, "S3_ACCESS_KEY_ID is not set");
    search->found = (struct credential_found){
        .access_key = options->access_key_id,
        .secret_key = options->secret_access_key,
        .session_token = options->session_token,
        .origin = STR("S3_ACCESS_KEY_ID"),
    };
    return CREDENTIAL_FOUND;
}

/* --- what providers ask
 * --------------------------------------------------------------------------------------- */

/* Without addresses: they are shown to everybody, at /health. */
static const char *const failure_words[] = {
    [HTTP_FAILURE_NONE] = "did not answer",
    [HTTP_FAILURE_CONNECT] = "cannot be reached",
    [HTTP_FAILURE_TIMEOUT] = "did not answer in time",
    [HTTP_FAILURE_BROKEN] = "broke off, or speaks no HTTP",
    [HTTP_FAILURE_TOO_LARGE] = "answered far too much",
    [HTTP_FAILURE_SOURCE] = "did not take the request",
    [HTTP_FAILURE_SINK] = "did not answer",
    [HTTP_FAILURE_CERTIFICATE] = "has a certificate that is not to be trusted",
};

enum credential_outcome credential_ask(struct credential_search *search, const char *who,
    const struct http_request *request, struct http_response *response)
{
    struct http_request bounded = *request;

    bounded.max_body_bytes = ANSWER_MAX_BYTES;
    if (bounded.timeout_ms == 0)
        bounded.timeout_ms = ANSWER_TIMEOUT_MS;
    if (http_perform(search->http, search->arena, &bounded, response) != STATUS_OK)
        return credential_failed(search, "%s %s", who, failure_words[response->failure]);
    if (response->status != 200)
        return credential_failed(search, "%s answered %d", who, response->status);
    return CREDENTIAL_FOUND;
}

/* Absent, null or of another type: empty. */
static struct str read_field(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? str_from(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

static enum credential_outcome read_fields(
    struct credential_search *search, const char *who, const json_t *object)
{
    struct credential_found *found = &search->found;
    struct str code = read_field(object, "Code"), expires = read_field(object, "Expiration");

    if (!str_is_empty(code) && !str_equal(code, STR("Success")))
        return credential_failed(search, "%s answered %.*s: %.*s", who,
            STR_ARG(str_utf8_head(code, TOLD_MAX_BYTES)),
            STR_ARG(str_utf8_head(read_field(object, "Message"), TOLD_MAX_BYTES)));
    found->access_key = arena_copy(search->arena, read_field(object, "AccessKeyId"));
    found->secret_key = arena_copy(search->arena, read_field(object, "SecretAccessKey"));
    found->session_token = arena_copy(search->arena, read_field(object, "Token"));
    if (str_is_empty(found->access_key) || str_is_empty(found->secret_key))
        return credential_failed(search, "%s answered without AccessKeyId or SecretAccessKey", who);
    if (!str_is_empty(expires) && !clock_parse_iso(expires, &found->expires_at))
        return credential_failed(search, "%s answered an Expiration that is no time", who);
    return CREDENTIAL_FOUND;
}

enum credential_outcome credential_read_json(
    struct credential_search *search, const char *who, struct str body)
{
    struct str error;
    json_t *object = json_parse(search->arena, body, &error);
    enum credential_outcome outcome;

    if (!json_is_object(object))
        outcome = credential_failed(search, "%s answered something that is no JSON object", who);
    else
        outcome = read_fields(search, who, object);
    json_decref(object);
    return outcome;
}
