/*
 * images.h - what the two ways to save an image answer alike.
 */
#ifndef WEB_API_IMAGES_H
#define WEB_API_IMAGES_H

#include "domain/asset.h"
#include "web/exchange.h"

/* The image, and the one that was there already; 201 with its address when it `is_new`. */
enum status images_answer_saved(
    struct exchange *exchange, const struct asset *asset, bool is_new) MUST_CHECK;

#endif
