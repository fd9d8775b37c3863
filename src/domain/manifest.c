/*
 * manifest.c - lines of JSON, appended and synced.
 */
#include "domain/manifest.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum status cannot(const char *doing)
{
    log_event(
        LOG_ERROR, "the manifest of removed objects cannot be %s: %s", doing, strerror(errno));
    return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
}

enum status manifest_open(struct manifest *manifest, struct str folder, struct str path)
{
    manifest->fd = -1;
    if (file_make_folders(folder.ptr, 0700) != STATUS_OK) {
        return cannot("made");
    }
    manifest->fd = open(path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (manifest->fd < 0) {
        return cannot("opened");
    }
    return file_sync_folder(folder.ptr) == STATUS_OK ? STATUS_OK : cannot("made");
}

enum status manifest_put(struct manifest *manifest, struct arena *arena, json_t *line)
{
    struct str text = ARENA_JOIN(arena, json_text(arena, line), STR("\n"));

    json_decref(line);
    return file_write_all(manifest->fd, text.ptr, text.len) == STATUS_OK ? STATUS_OK
                                                                         : cannot("written");
}

enum status manifest_sync(struct manifest *manifest)
{
    return fsync(manifest->fd) == 0 ? STATUS_OK : cannot("written");
}

void manifest_close(struct manifest *manifest)
{
    if (manifest->fd >= 0) {
        close(manifest->fd);
    }
    manifest->fd = -1;
}
