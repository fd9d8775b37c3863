/*
 * A token that somebody else issued (a Kubernetes service account's, on EKS) for a role's keys:
 * AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME.
 */
#include "remote/credential_search.h"
#include "remote/sts.h"

enum credential_outcome credential_from_web_identity(struct credential_search *search)
{
    const struct credential_options *options = search->options;
    const struct sts_role role = { .arn = options->role_arn,
        .session_name = options->session_name };
    enum credential_outcome outcome;

    if (str_is_empty(options->token_file))
        return credential_absent(search, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    outcome = sts_web_identity(search, &role, options->token_file);
    search->found.origin = options->role_arn;
    return outcome;
}
