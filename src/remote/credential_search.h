/*
 * credential_search.h - one walk through the chain of providers; private to remote/.
 *
 * A provider is one function in a file of its own. It looks at its settings, asks whom they name,
 * and either finds keys or says in a few words why not. It logs nothing, retries nothing and
 * remembers nothing: that is the source's work.
 */
#ifndef REMOTE_CREDENTIAL_SEARCH_H
#define REMOTE_CREDENTIAL_SEARCH_H

#include "remote/credentials.h"

enum credential_outcome {
    CREDENTIAL_ABSENT, /* not set up: ask the next */
    CREDENTIAL_FAILED, /* set up, but gave none: ask no other */
    CREDENTIAL_FOUND
};

struct credential_found {
    struct str access_key;
    struct str secret_key;
    struct str session_token;
    int64_t expires_at; /* 0: never */
    int64_t recheck_s;  /* look again after so long although they do not expire; 0: never */
    struct str origin;
};

struct credential_search {
    struct arena *arena;
    struct http_client *http;
    const struct credential_options *options;
    bool without_secret; /* for the keys that fetch the secret */
    struct credential_found found;
    struct str reason[CREDENTIAL__COUNT];
    struct str why; /* of the provider that is being asked */
    enum credential_provider provider;
};

typedef enum credential_outcome credential_provider_fn(struct credential_search *search);

credential_provider_fn credential_from_settings;
credential_provider_fn credential_from_secret;
credential_provider_fn credential_from_profile;
credential_provider_fn credential_from_web_identity;
credential_provider_fn credential_from_container;
credential_provider_fn credential_from_instance;

/* Ask them in order. On FOUND search->found and search->provider are set, and usable. */
enum credential_outcome credential_search_run(struct credential_search *search);

/* Set search->why (formatted) and return the outcome. */
enum credential_outcome credential_absent(struct credential_search *search, const char *format, ...)
    PRINTF_LIKE(2, 3);
enum credential_outcome credential_failed(struct credential_search *search, const char *format, ...)
    PRINTF_LIKE(2, 3);

/*
 * A GET (or what `request` says) whose answer is small and comes soon: CREDENTIAL_FOUND when it is
 * a 200. `who` names whom was asked in search->why: "the container endpoint".
 */
enum credential_outcome credential_ask(struct credential_search *search, const char *who,
    const struct http_request *request, struct http_response *response);

/*
 * The JSON of container and metadata endpoints into search->found: AccessKeyId, SecretAccessKey,
 * Token, Expiration, and Code when it is not "Success".
 */
enum credential_outcome credential_read_json(
    struct credential_search *search, const char *who, struct str body);

#endif
