/*
 * shared_memory.h - memory that all threads and processes of one Vitrine see: a small file that
 * everyone maps.
 *
 * For what may be forgotten: counters, rate limits. Nothing in it is promised to survive a reboot,
 * a change of its layout, or the removal of the file; what must not be lost is in the database.
 *
 * Who uses it follows one rule: a process can be killed between any two instructions, so each word
 * must be right by itself. Only _Atomic objects that are lock-free (up to 8 bytes), each changed by
 * one atomic operation; no locks, no pointers (every process maps it elsewhere), no two words that
 * are only right together.
 *
 * Order of use: shared_memory_open once in a process, before its threads; shared_memory_close after
 * them. One file for each purpose, so that a change of one layout does not forget the others'.
 */
#ifndef BASE_SHARED_MEMORY_H
#define BASE_SHARED_MEMORY_H

#include "base/status.h"

enum { SHARED_MEMORY_SEED_BYTES = 32, SHARED_MEMORY_LAYOUT_MAX = 100 };

struct shared_memory {
    void *content;      /* `size_bytes` bytes, aligned to 64 */
    size_t size_bytes;  /* as asked for */
    bool is_private;    /* the file could not be used: this process has the memory for itself */
    const void *mapped; /* the whole mapping, with its header */
    size_t mapped_bytes;
};

/*
 * Map the file `folder`/`name` (made with mode 0600, the folder with 0700 when it is missing).
 *
 * The content is zero when it is made, and is made anew when there is none, when it was made for
 * another `layout` or size, or before this machine's last boot (so that times of the monotonic
 * clock in it mean the same for everyone). `layout` is any text up to SHARED_MEMORY_LAYOUT_MAX
 * bytes: change it with the meaning of the bytes. Processes that run with the old layout keep the
 * old file, until they end.
 *
 * Always gives memory: when the file cannot be made (logged, with the reason), it is this process's
 * own, and is_private. Aborts when the machine has no memory, as arenas do.
 */
void shared_memory_open(struct shared_memory *memory, struct str folder, struct str name,
    struct str layout, size_t size_bytes);

/* The same without a file: for tests, and for one process by itself. */
void shared_memory_open_private(struct shared_memory *memory, size_t size_bytes);

/* Random bytes that were made with the content, the same for all who share it: to key hashes. */
const unsigned char *shared_memory_seed(const struct shared_memory *memory);

/* Unmap; the file stays. Harmless on a zeroed one. */
void shared_memory_close(struct shared_memory *memory);

#endif
