/*
 * image_trashed.h - what stands at an image's address while it is in the trash.
 */
#ifndef WEB_IMAGE_TRASHED_H
#define WEB_IMAGE_TRASHED_H

#include "web/exchange.h"

/* The page that says so and offers to restore it. NOT_FOUND for who may not. */
enum status image_trashed_page(struct exchange *exchange, int64_t id) MUST_CHECK;

#endif
