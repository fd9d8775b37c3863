/*
 * image_model.h - an image as the templates and as the API want it.
 *
 * Each function hands a new JSON value over in *out, or returns why it could not be signed and
 * leaves *out alone.
 */
#ifndef WEB_IMAGE_MODEL_H
#define WEB_IMAGE_MODEL_H

#include "domain/duplicate.h"
#include "web/exchange.h"

/* Items of the grid (templates/README.md); `is_ticked`: their boxes. Each has a signed URL when the
 * grid shows its picture: when browsers can, its file is there, and it is not so large that it
 * would hold up the others. */
enum status image_items_model(struct exchange *exchange, const struct asset *assets, size_t count,
    bool is_ticked, json_t **out) MUST_CHECK;

/* The same and what the page of one image shows besides. */
enum status image_page_model(
    struct exchange *exchange, const struct asset *asset, json_t **out) MUST_CHECK;

/* The image of the JSON API, with a signed URL. */
enum status image_json(
    struct exchange *exchange, const struct asset *asset, json_t **out) MUST_CHECK;

/* The words of enum if_duplicate, for a PARAM_CHOICE. */
extern const char *const image_if_duplicate_words[];

/* The image that is there already, for the API: null when there is none. Its signed URL is null
 * when it is in the trash, or cannot be signed just now. */
json_t *image_duplicate_json(struct exchange *exchange, const struct duplicate *duplicate);

/* The same without the URL and its end: of an image in the trash. */
json_t *image_facts_json(struct exchange *exchange, const struct asset *asset);

/* What people call it: title, else file name, else "Untitled". */
struct str image_name(const struct asset *asset);

/* The tags as people type them: "boats, lake". */
struct str image_tags_text(struct arena *arena, const struct asset *asset);

#endif
