/*
 * AWS Secrets Manager: a secret whose JSON object holds settings (S3 keys, JWT_SECRET,
 * CLOUDFRONT_PRIVATE_KEY, ...), fetched with the chain's other keys.
 *
 * (AWS Secrets Manager API Reference, GetSecretValue: JSON 1.1 over POST, signed for the service
 * "secretsmanager".)
 */
#include "remote/credential_search.h"

#include "base/json.h"
#include "remote/aws_post.h"

enum { VALUES_MAX = 200, TOLD_MAX_BYTES = 80 };

static const char WHO[] = "Secrets Manager";

/* "com.amazonaws...#ResourceNotFoundException" without what is before the '#'. */
static enum credential_outcome explain(
    struct credential_search *search, const struct http_response *response)
{
    struct str error, type = STR_EMPTY;
    json_t *object = json_parse(search->arena, response->body, &error);
    const json_t *value = json_object_get(object, "__type");
    ssize_t hash;

    if (json_is_string(value))
        type = arena_copy(search->arena, str_from_c(json_string_value(value)));
    json_decref(object);
    hash = str_last_index(type, '#');
    if (hash >= 0)
        type = str_from_offset(type, (size_t)hash + 1);
    return credential_failed(search, "%s answered %d %.*s", WHO, response->status,
        STR_ARG(str_utf8_head(type, TOLD_MAX_BYTES)));
}

static enum credential_outcome call(struct credential_search *search,
    const struct credential_found *signer, struct http_response *response)
{
    const struct pair headers[] = {
        { STR("Content-Type"), STR("application/x-amz-json-1.1") },
        { STR("X-Amz-Target"), STR("secretsmanager.GetSecretValue") },
    };
    json_t *body = json_pack("{s:o}", "SecretId", json_from_str(search->options->secret_id));
    const struct aws_post post = {
        .who = WHO,
        .service = STR("secretsmanager"),
        .endpoint = search->options->secret_endpoint,
        .headers = { headers, COUNT_OF(headers) },
        .body = json_text(search->arena, body),
        .signer = signer,
    };
    enum credential_outcome outcome = aws_post(search, &post, response);

    json_decref(body);
    if (outcome == CREDENTIAL_FOUND && response->status != 200)
        return explain(search, response);
    return outcome;
}

/* The strings of a JSON object; numbers and booleans as they are written. */
static enum credential_outcome read_values(
    struct credential_search *search, struct str text, struct pairs *out)
{
    struct pair *item = ARENA_ARRAY(search->arena, struct pair, VALUES_MAX);
    struct str error;
    json_t *object = json_parse(search->arena, text, &error), *value;
    const char *name;
    size_t count = 0;

    if (!json_is_object(object) || json_object_size(object) > VALUES_MAX) {
        json_decref(object);
        return credential_failed(
            search, "the secret must be a JSON object of at most %d names", VALUES_MAX);
    }
    json_object_foreach(object, name, value)
    {
        struct str written = STR_EMPTY;

        if (json_is_string(value))
            written = arena_copy(
                search->arena, str_from(json_string_value(value), json_string_length(value)));
        else if (json_is_number(value) || json_is_boolean(value))
            written = json_text(search->arena, value);
        item[count++] = (struct pair){ arena_copy(search->arena, str_from_c(name)), written };
    }
    json_decref(object);
    *out = (struct pairs){ item, count };
    return CREDENTIAL_FOUND;
}

static enum credential_outcome read_answer(
    struct credential_search *search, struct str body, struct pairs *out)
{
    struct str error, text = STR_EMPTY;
    json_t *object = json_parse(search->arena, body, &error);
    const json_t *value = json_object_get(object, "SecretString");

    if (json_is_string(value))
        text = arena_copy(
            search->arena, str_from(json_string_value(value), json_string_length(value)));
    json_decref(object);
    if (str_is_empty(text))
        return credential_failed(search, "%s answered without a SecretString", WHO);
    return read_values(search, text, out);
}

/* The secret's names and values, by the keys of the rest of the chain. */
static enum credential_outcome read_secret(struct credential_search *search, struct pairs *out)
{
    struct credential_search inner = *search;
    struct http_response response;
    enum credential_outcome outcome;

    inner.without_secret = true;
    outcome = credential_search_run(&inner);
    if (outcome != CREDENTIAL_FOUND) {
        for (size_t i = 0; i < CREDENTIAL__COUNT; i++)
            search->reason[i] = inner.reason[i];
        return credential_failed(search, "there are no keys to ask %s with", WHO);
    }
    outcome = call(search, &inner.found, &response);
    return outcome == CREDENTIAL_FOUND ? read_answer(search, response.body, out) : outcome;
}

/* The first of these names that has a value. */
static struct str first_of(struct pairs values, const char *const *names, size_t count)
{
    struct str value = STR_EMPTY;

    for (size_t i = 0; i < count && str_is_empty(value); i++)
        value = pairs_get(values, str_from_c(names[i]), NULL);
    return value;
}

enum credential_outcome credential_from_secret(struct credential_search *search)
{
    static const char *const ids[] = { "S3_ACCESS_KEY_ID", "S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID" };
    static const char *const keys[] = { "S3_SECRET_ACCESS_KEY", "S3_SECRET_KEY",
        "AWS_SECRET_ACCESS_KEY" };
    static const char *const tokens[] = { "S3_SESSION_TOKEN", "AWS_SESSION_TOKEN" };
    struct pairs values;
    enum credential_outcome outcome;

    if (search->without_secret || str_is_empty(search->options->secret_id))
        return credential_absent(search, "SECRETS_MANAGER_SECRET_ID is not set");
    outcome = read_secret(search, &values);
    if (outcome != CREDENTIAL_FOUND)
        return outcome;
    search->found = (struct credential_found){
        .access_key = first_of(values, ids, COUNT_OF(ids)),
        .secret_key = first_of(values, keys, COUNT_OF(keys)),
        .session_token = first_of(values, tokens, COUNT_OF(tokens)),
        .recheck_s = search->options->secret_refresh_s,
        .origin = search->options->secret_id,
    };
    if (str_is_empty(search->found.access_key))
        return credential_absent(search, "the secret holds no S3_ACCESS_KEY_ID");
    if (str_is_empty(search->found.secret_key))
        return credential_failed(search, "the secret holds S3_ACCESS_KEY_ID without its secret");
    return CREDENTIAL_FOUND;
}

enum status credential_secret_read(struct arena *arena, const struct credential_options *options,
    struct pairs *out, struct str *out_problem)
{
    struct credential_search search = { .arena = arena, .options = options };
    enum credential_outcome outcome;

    *out = (struct pairs){ NULL, 0 };
    *out_problem = STR_EMPTY;
    if (str_is_empty(options->secret_id))
        return STATUS_NOT_FOUND;
    search.http = http_client_new(&(struct http_limits){ .ca_file = options->ca_file });
    outcome = read_secret(&search, out);
    http_client_free(search.http);
    *out_problem = search.why;
    return outcome == CREDENTIAL_FOUND ? STATUS_OK : STATUS_STORAGE;
}
