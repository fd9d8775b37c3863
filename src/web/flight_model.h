/*
 * flight_model.h - models of the flight record: for the image page of admins, and for the pages of
 * failed uploads.
 */
#ifndef WEB_FLIGHT_MODEL_H
#define WEB_FLIGHT_MODEL_H

#include "domain/flight.h"
#include "web/exchange.h"

/* The record of one asset as templates/README.md says ("flight"), and what it is about. What
 * flight_find says. */
enum status flight_model(struct exchange *exchange, int64_t asset_id, struct flight_row *out_flight,
    json_t **out) MUST_CHECK;

/* The same for a page that shows it to admins besides other things: null for everyone else, and
 * where nothing was noted. */
enum status flight_model_or_null(
    struct exchange *exchange, int64_t asset_id, json_t **out) MUST_CHECK;

/* One line of the list of failed uploads. */
json_t *flight_item_model(struct arena *arena, const struct flight_row *flight);

#endif
