/*
 * asset_text.h - the words that people put on images: what is acceptable. Inside domain/ only.
 */
#ifndef DOMAIN_ASSET_TEXT_H
#define DOMAIN_ASSET_TEXT_H

#include "domain/asset.h"

/* Trimmed; INVALID with field "title" or "alt" when too long, no UTF-8, or with control characters
 * (line ends are allowed in an alt). */
enum status asset_check_title(struct task *task, struct str text, struct str *out) MUST_CHECK;
enum status asset_check_alt(struct task *task, struct str text, struct str *out) MUST_CHECK;

/*
 * Trimmed, each once (in whatever case), sorted without regard to case; *out_list has them one a
 * line. INVALID with field "tags" when there are too many, or one is empty, too long, or holds a
 * comma or control characters.
 */
enum status asset_check_tags(struct task *task, const struct str *tags, size_t count,
    struct str **out_tags, size_t *out_count, struct str *out_list) MUST_CHECK;

#endif
