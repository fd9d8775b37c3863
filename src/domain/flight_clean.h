/*
 * flight_clean.h - what may stand in the flight record; inside domain/ only.
 *
 * The record is copied into tickets and mails. What clients and storage say is therefore cut down
 * to what can be no key, no signature and no address that opens anything.
 */
#ifndef DOMAIN_FLIGHT_CLEAN_H
#define DOMAIN_FLIGHT_CLEAN_H

#include "base/str.h"

enum { FLIGHT_ERROR_MAX_BYTES = 100, FLIGHT_ID_MAX_BYTES = 128 };

/* A request id: letters, digits and "+/=_.:-"; nothing when there is another byte in it, when it is
 * longer than FLIGHT_ID_MAX_BYTES or looks like a key. The result stands in `room`. */
struct str flight_clean_id(char room[FLIGHT_ID_MAX_BYTES], struct str id);

/*
 * A code or a few words, cut to FLIGHT_ERROR_MAX_BYTES; the result stands in `room`. Left out, with
 * "..." in their place: addresses, what holds "=" or is longer than 40 bytes, what begins as an
 * access key does, and what names a signature, credential, token, secret, password, cookie or
 * authorization, with the word after it. Control bytes become spaces; what is not UTF-8 is nothing.
 */
struct str flight_clean_words(char room[FLIGHT_ERROR_MAX_BYTES], struct str words);

#endif
