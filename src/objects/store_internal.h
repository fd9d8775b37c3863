/*
 * store_internal.h - what the store's own files share; nobody else includes it.
 */
#ifndef OBJECTS_STORE_INTERNAL_H
#define OBJECTS_STORE_INTERNAL_H

#include "base/buf.h"
#include "objects/folder_run.h"
#include "objects/store.h"

#include <dirent.h>
#include <pthread.h>

enum { STORE_LOCKS = 64, STORE_SWEEP_EVERY_S = 5 };

/* Excludes other threads by the mutex and other processes by flock on the descriptor. */
struct store_lock {
    pthread_mutex_t mutex;
    int fd;
};

struct store {
    char *root;      /* absolute; paths below are relative to root_fd */
    char *data_root; /* root + "/data" */
    int root_fd;
    struct store_lock locks[STORE_LOCKS];
    struct folder_runs runs; /* of listings */
    pthread_t sweeper;
    bool has_sweeper;
    pthread_mutex_t stop_mutex;
    pthread_cond_t stop_condition;
    bool is_stopping;
};

/* The status that an errno of a system call on a file means. */
enum status store_status_of_errno(int error);

/* Paths below the root, NUL-terminated, in `arena`. */
char *store_bucket_path(struct arena *arena, struct str bucket, const char *name);
char *store_object_path(struct arena *arena, struct str bucket, struct str key);
char *store_data_path(struct arena *arena, struct str id);
char *store_upload_path(struct arena *arena, struct str id);
char *store_retired_path(struct arena *arena, struct str id);

/* The lock of a key, waited for; and its release. */
struct store_lock *store_lock_key(struct store *store, struct str bucket, struct str key);
void store_unlock(struct store_lock *lock);

/* A new random id, with its NUL. */
void store_new_id(char out[STORE_ID_LEN + 1]);

/* The steps of a store_upload, for those whose data is somewhere else: only the ticket, the caller
 * sets data_fd; data and ticket written and synced; nothing left to abort, once the ticket was
 * renamed to what it was for. */
enum status store_upload_begin_ticket(struct store *store, struct store_upload *upload) MUST_CHECK;
enum status store_upload_prepare(
    struct store_upload *upload, struct arena *arena, const struct store_object *object) MUST_CHECK;
void store_upload_let_go(struct store_upload *upload);

/* Append `len` bytes of one file, from `offset`, to another. IO when it is shorter, NO_SPACE. */
enum status store_copy_bytes(int from, int64_t offset, int64_t len, int to) MUST_CHECK;

/* The folder at `path` below the root for readdir; closedir it. NULL: errno says why not. */
DIR *store_open_folder(struct store *store, const char *path);

/* fsync the folder at `path` below the root. A folder that is gone is no failure: then what was in
 * it is gone too. */
enum status store_sync_folder(struct store *store, const char *path) MUST_CHECK;

/* fsync the folder that `path` is in. */
enum status store_sync_parent(
    struct store *store, struct arena *arena, const char *path) MUST_CHECK;

/* A metadata file as text, and back (store_meta.c). False when it is not one that was written
 * whole. */
void store_meta_write(struct buf *out, const struct store_object *object);
bool store_meta_parse(struct arena *arena, struct str text, struct store_object *out) MUST_CHECK;

/* Read the metadata file at `path` below the root. NOT_FOUND or IO. */
enum status store_read_meta(struct store *store, struct arena *arena, const char *path,
    struct store_object *out) MUST_CHECK;

/* Remove the folders above `path`, below its bucket, that have become empty. */
void store_prune(struct store *store, struct arena *arena, const char *path);

/* Whether the object is the one that the condition names. */
bool store_is_wanted(const struct store_object *object, struct store_condition condition);

#endif
