/*
 * duplicate.h - has this person uploaded these bytes before?
 *
 * Bytes are the same when their SHA-256 is, or, of two uploads in equal parts, the checksum of
 * their parts (asset's `checksum`; known only once they are there: duplicate_of). Known is what was
 * proven (storage told it, or all of the bytes were seen), and else what the client said when it
 * asked for the grant: storages that keep no checksum prove nothing of files above 64 KiB. A false
 * claim makes a false answer for the person who claimed it, and for nobody else: only the actor's
 * own images are ever looked at, an administrator's questions included.
 *
 * An image whose object is gone or changed (its flag) is never told of: who skipped a file because
 * of it could lose the last copy.
 *
 * An answer is advice, no lock: two grants of the same bytes at the same time are both given, and
 * the later of the two commits tells of the earlier one (duplicate_of).
 */
#ifndef DOMAIN_DUPLICATE_H
#define DOMAIN_DUPLICATE_H

#include "domain/asset.h"

struct duplicate {
    struct asset asset; /* the image that is there; the oldest when there are several */
    bool is_in_trash;   /* it can be restored; only told of when no other has these bytes */
    bool is_proven;     /* by its SHA-256, or those of its parts; else the client said so */
};

struct duplicate_query {
    struct str sha256_hex; /* lower case; empty: nothing is found */
    int64_t size_bytes;    /* another size is another file, whatever was claimed; 0 or less: any */
};

/* Before a grant: *out, in the task's arena, or NULL when the actor has no image with these bytes.
 * With DUPLICATE_ASK, DUPLICATE when there is one, with the words and
 * failure.duplicate; then nothing is to be reserved. */
enum status duplicate_check(struct task *task, const struct duplicate_query *query,
    enum if_duplicate if_duplicate, const struct duplicate **out) MUST_CHECK;

/* Another image of the actor's with the same bytes as this one of the actor's; NULL: there is none,
 * or the database could not be asked (what was saved is saved all the same). */
const struct duplicate *duplicate_of(struct task *task, const struct asset *asset);

#endif
