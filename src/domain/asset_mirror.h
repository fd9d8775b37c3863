/*
 * asset_mirror.h - what is kept of a row with its object, so that the row can be made again from it
 * (rebuild.h); inside domain/ only.
 *
 * One header, x-amz-meta-vitrine (S3_META_HEADER): "v=1&id=42&owner=HASH&created=1795242720&name=
 * caf%C3%A9.jpg", percent-encoded US-ASCII of less than 900 bytes. Whoever gets the object by a
 * signed URL sees it: so the owner is the beginning of the SHA-256 of the e-mail address, in lower
 * case, which tells nobody who it is that does not know the address; it is no secret either.
 */
#ifndef DOMAIN_ASSET_MIRROR_H
#define DOMAIN_ASSET_MIRROR_H

#include "domain/domain.h"
#include "store/assets.h"

enum { MIRROR_OWNER_DIGITS = 32 };

struct asset_mirror {
    int64_t id;          /* 0: not said */
    struct str owner;    /* MIRROR_OWNER_DIGITS hex digits; empty: not said */
    int64_t created_at;  /* 0: not said */
    struct str filename; /* empty: not said */
};

/* How an owner is written there. In `arena`. */
struct str asset_mirror_owner(struct arena *arena, struct str email);

/* The header's value for a row that has its id. Empty where its owner cannot be read. */
struct str asset_mirror_format(struct task *task, const struct asset_row *row);

/* What a value says; anything that is not well-formed is not said. In `arena`. */
void asset_mirror_parse(struct arena *arena, struct str value, struct asset_mirror *out);

#endif
