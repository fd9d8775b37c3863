/*
 * file.h - whole files and durable writes; the one place that knows the fsync dance.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/status.h"

/* The whole file, at most `max_bytes`. NOT_FOUND, TOO_LARGE or IO (errno kept). */
enum status file_read(
    struct arena *arena, const char *path, size_t max_bytes, struct str *out) MUST_CHECK;

/*
 * Replace the file so that after a crash either the old or the new content is there: temporary file
 * beside it, write, fsync, rename, fsync of the folder. `mode` as for open(2). NO_SPACE or IO.
 */
enum status file_write_atomic(const char *path, struct str content, mode_t mode) MUST_CHECK;

/* write(2) until all is written or it fails; NO_SPACE on ENOSPC and EDQUOT. */
enum status file_write_all(int fd, const void *bytes, size_t len) MUST_CHECK;

/* fsync the folder `path` itself, so that names in it survive a crash. */
enum status file_sync_folder(const char *path) MUST_CHECK;

/* Like mkdir -p with `mode` for those it makes. */
enum status file_make_folders(const char *path, mode_t mode) MUST_CHECK;

#endif
