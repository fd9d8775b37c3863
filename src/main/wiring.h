/*
 * wiring.h - from the settings to the options of the layers below: the only place that knows both.
 */
#ifndef MAIN_WIRING_H
#define MAIN_WIRING_H

#include "domain/domain.h"
#include "main/config.h"
#include "web/app.h"

/*
 * What domain_open and app_open want. Everything points into `config` and `arena`, but the source
 * of credentials, which the caller starts (in a process that lives on) and frees at the end:
 * credential_source_start and _free of storage.credentials. INVALID when two
 * settings that are each right do not fit together (a bucket name that cannot be a host name, ...):
 * *out_problem is the sentence for the operator.
 */
enum status wiring_domain(struct arena *arena, const struct config *config,
    struct domain_options *out, struct str *out_problem) MUST_CHECK;
enum status wiring_app(struct arena *arena, const struct config *config, struct app_options *out,
    struct str *out_problem) MUST_CHECK;

/* Free the keys that wiring_app made, and end the thread that fetches those of an issuer. Harmless
 * on a zeroed one. *options may not have moved in between. */
void wiring_clear(struct app_options *options);

/*
 * Where keys come from, of these settings; points into `config`. For wiring_domain, and for the
 * secret that holds further settings, which must be read before.
 */
void wiring_credentials(const struct config *config, struct credential_options *out);

/*
 * config_load, and when SECRETS_MANAGER_SECRET_ID names a secret, once more with what it holds.
 * STORAGE when the secret cannot be read: *out_problem is the sentence for the operator.
 */
enum status wiring_load_config(struct arena *arena, char **environment, enum config_need need,
    struct config *out, struct config_problems *out_problems, struct str *out_problem) MUST_CHECK;

/*
 * wiring_load_config for a program that serves: sets the log's level, and tells what is wrong. The
 * exit code to end with: 0 go on; 1 it may be there later, when a supervisor starts another; 2
 * settings are wrong.
 */
int wiring_begin(struct arena *arena, char **environment, struct config *out) MUST_CHECK;

/*
 * What pages print after ?v= of a static file: changes with the release and with the newest file
 * under the folder, because browsers keep such an address for ever.
 */
struct str wiring_asset_version(struct arena *arena, struct str static_folder);

#endif
