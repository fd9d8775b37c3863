/*
 * store_multipart.h - multipart uploads as files: parts in any order, from many clients at once.
 *
 * Knows no HTTP. A multipart upload is a folder that exists, for clients, exactly as long as its
 * file "meta":
 *
 *     multipart/ID/meta       the object to be, as for a whole one; its id is the upload's
 *     multipart/ID/part.N     one small file a part: size, ETag, checksum, its data file
 *     multipart/ID/slot.N     that part's place in the common data file is taken
 *     multipart/ID/layout     how large a place is: the size of the first part that came
 *     multipart/ID/closed     nobody may write into the common data file any more
 *     multipart/ID/lock       flock'd for each change of the folder
 *     data/ab/ID              the common data file
 *
 * Clients send parts of one size, but for the last. So a part is written where it will stand in the
 * object, in the common data file, and completing is a hard link instead of a copy. Whatever does
 * not fit (another size, a number sent twice with other bytes) has a data file of its own, and
 * completing then copies. A place is written by one writer and, once its part is there, never
 * again: a part that a client was told of cannot change under it.
 */
#ifndef OBJECTS_STORE_MULTIPART_H
#define OBJECTS_STORE_MULTIPART_H

#include "objects/store.h"

enum {
    MULTIPART_PARTS_MAX = 10000,               /* S3's limit */
    MULTIPART_PART_MIN_BYTES = 5 * 1024 * 1024 /* of all parts but the last; S3's limit */
};

/* S3's largest object. */
#define MULTIPART_OBJECT_MAX_BYTES ((int64_t)5 * 1024 * 1024 * 1024 * 1024)

struct store_multipart {
    struct str id;
    struct store_object object; /* as asked for; modified_at_ms: when the upload was created */
};

/* One part; strs in the caller's arena. */
struct store_part {
    int number; /* 1..MULTIPART_PARTS_MAX */
    int64_t size_bytes;
    int64_t modified_at_ms;
    struct str etag;     /* 32 hex digits, without quotes */
    struct str checksum; /* base64; of the upload's kind, empty: it has none */
    struct str data_id;  /* the upload's own: it stands in the common data file */
};

/* Begin. `object` holds bucket, key, headers and the checksum's name; *out_id is 32 hex digits.
 * NOT_FOUND: no such bucket; NO_SPACE, IO. */
enum status store_multipart_create(struct store *store, struct arena *arena,
    const struct store_object *object, struct str *out_id) MUST_CHECK;

/* The upload of that id, when it is of that bucket and key. NOT_FOUND, also for an id that is none.
 */
enum status store_multipart_find(struct store *store, struct arena *arena, struct str bucket,
    struct str key, struct str id, struct store_object *out) MUST_CHECK;

/* Every upload of a bucket whose key begins with `prefix`, by key, then by id: so a page can begin
 * behind an upload that has ended meanwhile. */
enum status store_multipart_list(struct store *store, struct arena *arena, struct str bucket,
    struct str prefix, struct store_multipart **out, size_t *out_count) MUST_CHECK;

/* The parts that are there, by number. NOT_FOUND when the upload is gone. */
enum status store_multipart_parts(struct store *store, struct arena *arena, struct str id,
    struct store_part **out, size_t *out_count) MUST_CHECK;

/* Gone for clients when it returns; its data follows. NOT_FOUND. */
enum status store_multipart_abort(
    struct store *store, struct arena *arena, struct str id) MUST_CHECK;

/* A part being written. Declare it as STORE_PART_UPLOAD_INIT; abort is legal in every state. */
struct store_part_upload {
    struct store_upload upload;
    struct str id; /* of the multipart upload; borrowed */
    int number;
    bool has_slot;
};
#define STORE_PART_UPLOAD_INIT                                                                     \
    {                                                                                              \
        STORE_UPLOAD_INIT, { "", 0 }, 0, false                                                     \
    }

/* Begin, for exactly `size_bytes`; write with store_upload_write(&out->upload, ...). NOT_FOUND when
 * the upload is gone, NO_SPACE, IO. */
enum status store_part_begin(struct store *store, struct arena *arena, struct str id, int number,
    int64_t size_bytes, struct store_part_upload *out) MUST_CHECK;

/* Sync, and take the place of an earlier part of that number. `part` holds all but the data_id.
 * When it returns OK the part survives a power cut. NOT_FOUND when the upload is gone. */
enum status store_part_commit(struct store_part_upload *upload, struct arena *arena,
    const struct store_part *part) MUST_CHECK;

/* Throw away what was not committed. */
void store_part_abort(struct store_part_upload *upload, struct arena *arena);

/*
 * Make the object of `parts` (of store_multipart_parts, in the order of the object) and end the
 * upload. `object` holds everything but id and size. As for store_upload_commit; NOT_FOUND also
 * when the upload is gone. On failure the upload is as it was.
 */
enum status store_multipart_complete(struct store *store, struct arena *arena, struct str id,
    const struct store_part *parts, size_t count, struct store_object *object,
    struct store_condition condition) MUST_CHECK;

/* Finish removing what an abort, a completion or a crash left; part of store_sweep. */
void store_multipart_sweep(struct store *store);

#endif
