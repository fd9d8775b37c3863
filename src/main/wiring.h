/*
 * wiring.h - from the settings to the options of the layers below: the only place that knows both.
 */
#ifndef MAIN_WIRING_H
#define MAIN_WIRING_H

#include "domain/domain.h"
#include "main/config.h"
#include "web/app.h"

/*
 * What domain_open and app_open want. Everything points into `config` and `arena`. INVALID when two
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
 * What pages print after ?v= of a static file: changes with the release and with the newest file
 * under the folder, because browsers keep such an address for ever.
 */
struct str wiring_asset_version(struct arena *arena, struct str static_folder);

#endif
