/*
 * file.c - reading whole files and replacing them so that a crash leaves the old one or the new
 * one.
 *
 * errno survives every clean-up here, because callers put it into their log line.
 */
#include "base/file.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_quietly(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

/* Why a write failed, of errno. */
static enum status write_failure(void)
{
    return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
}

static enum status read_to_end(int fd, struct buf *out)
{
    char chunk[16 * 1024];

    for (;;) {
        ssize_t count = read(fd, chunk, sizeof chunk);

        if (count == 0)
            return STATUS_OK;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return STATUS_IO;
        buf_put(out, str_from(chunk, (size_t)count));
        if (buf_is_over(out))
            return STATUS_TOO_LARGE;
    }
}

enum status file_read(struct arena *arena, const char *path, size_t max_bytes, struct str *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf content;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    buf_init_arena(&content, arena, max_bytes);
    enum status status = read_to_end(fd, &content);
    close_quietly(fd);
    if (status == STATUS_OK)
        *out = buf_str(&content);
    return status;
}

enum status file_write_all(int fd, const void *bytes, size_t len)
{
    const char *from = bytes;

    while (len) {
        ssize_t count = write(fd, from, len);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return write_failure();
        from += count;
        len -= (size_t)count;
    }
    return STATUS_OK;
}

enum status file_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return STATUS_IO;
    enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    close_quietly(fd);
    return status;
}

/* The folder that `path` stands in. */
static const char *folder_of(struct arena *arena, const char *path)
{
    struct str whole = str_from_c(path);
    ssize_t slash = str_last_index(whole, '/');

    if (slash < 0)
        return ".";
    return slash == 0 ? "/" : arena_c_string(arena, str_head(whole, (size_t)slash));
}

/* Write and sync a new file; nothing is left of it on failure. */
static enum status write_new(const char *path, struct str content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    enum status status;

    if (fd < 0)
        return write_failure();
    status = file_write_all(fd, content.ptr, content.len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = write_failure();
    close_quietly(fd);
    return status;
}

static void remove_quietly(const char *path)
{
    int saved = errno;

    unlink(path);
    errno = saved;
}

enum status file_write_atomic(const char *path, struct str content, mode_t mode)
{
    struct arena arena;
    uint64_t random;

    /* A name that another writer of the same file does not use; no secret. */
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return STATUS_IO;
    arena_init(&arena);
    const char *temporary =
        arena_printf(&arena, "%s.%016llx", path, (unsigned long long)random).ptr;
    enum status status = write_new(temporary, content, mode);

    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = write_failure();
    if (status == STATUS_OK)
        status = file_sync_folder(folder_of(&arena, path));
    else
        remove_quietly(temporary);
    arena_clear(&arena);
    return status;
}

enum status file_make_folders(const char *path, mode_t mode)
{
    struct arena arena;
    enum status status = STATUS_OK;
    struct stat info;

    arena_init(&arena);
    char *text = arena_c_string(&arena, str_from_c(path));
    for (char *at = text + (*text == '/'); status == STATUS_OK; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (*text && mkdir(text, mode) != 0 && errno != EEXIST)
            status = write_failure();
        *at = kept;
        if (kept == '\0')
            break;
    }
    if (status == STATUS_OK && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
        status = STATUS_IO;
    arena_clear(&arena);
    return status;
}
