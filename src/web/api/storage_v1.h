/*
 * storage_v1.h - what the two files of API 004 share; inside api/ only.
 */
#ifndef WEB_API_STORAGE_V1_H
#define WEB_API_STORAGE_V1_H

#include "web/exchange.h"

/* Say a failure in the words that are documented for this API, and that its clients may look for;
 * ours become the hint. Returns `status`. */
enum status storage_v1_words(struct exchange *exchange, enum status status);

#endif
