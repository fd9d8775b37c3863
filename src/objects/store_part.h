/*
 * store_part.h - what the files of store_multipart.h share; nobody else includes it.
 */
#ifndef OBJECTS_STORE_PART_H
#define OBJECTS_STORE_PART_H

#include "objects/store_internal.h"
#include "objects/store_multipart.h"

/* "multipart/ID/NAME", "multipart/ID/NAME.NUMBER": below the root, NUL-terminated. */
const char *multipart_path(struct arena *arena, struct str id, const char *name);
const char *multipart_numbered_path(
    struct arena *arena, struct str id, const char *name, int number);

bool multipart_id_is_valid(struct str id);

/* Wait for the upload's lock. OK: it is held and the upload is there; unlock in every case. */
enum status multipart_lock(
    struct store *store, struct arena *arena, struct str id, int *out_fd) MUST_CHECK;
void multipart_unlock(int fd);

enum status multipart_read_part(struct store *store, struct arena *arena, struct str id, int number,
    struct store_part *out) MUST_CHECK;

/* Remove the record of a part, and in time its data when that is its own. */
void multipart_retire_part(struct store *store, struct arena *arena, struct str id, int number);

/* How large a place of the common data file is. `first_size`, above 0, makes it so when no part
 * came before. 0: not told yet. */
int64_t multipart_slot_bytes(
    struct store *store, struct arena *arena, struct str id, int64_t first_size);

/* How many places are taken, by whatever became of their writers. */
size_t multipart_count_slots(struct store *store, struct arena *arena, struct str id);

/* End the upload whose lock is held. */
enum status multipart_end(struct store *store, struct arena *arena, struct str id) MUST_CHECK;

#endif
