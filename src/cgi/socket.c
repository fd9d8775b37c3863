/*
 * socket.c - bind and listen, with the care that a path on disk needs: stale files, live
 * neighbours.
 */
#include "cgi/socket.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(int fd, const char *path, const char *reason)
{
    log_event(LOG_ERROR, "cannot listen on %s: %s", path, reason);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
    bool is_alive = result == 0 || errno == EAGAIN; /* EAGAIN: its backlog is full */
    close(fd);
    return is_alive;
}

/* True when nothing stands at the path any more. */
static bool clear_path(const struct sockaddr_un *address)
{
    struct stat info;

    if (lstat(address->sun_path, &info) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(info.st_mode)) {
        errno = EEXIST;
        return false;
    }
    if (is_answered(address)) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(address->sun_path) == 0;
}

static int bind_private(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0117);
    int result = bind(fd, (const struct sockaddr *)address, sizeof *address);

    umask(before);
    return result;
}

int socket_listen(const char *path, struct socket_path *out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat info;

    if (strlen(path) >= sizeof address.sun_path)
        return fail(-1, path, "the path is too long for a unix socket (107 bytes)");
    strcpy(address.sun_path, path);
    if (!clear_path(&address))
        return fail(-1, path, strerror(errno));

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind_private(fd, &address) != 0 || listen(fd, SOCKET_BACKLOG) != 0 ||
        stat(path, &info) != 0)
        return fail(fd, path, strerror(errno));
    *out = (struct socket_path){ path, info.st_dev, info.st_ino };
    return fd;
}

void socket_remove(const struct socket_path *socket)
{
    struct stat info;

    if (stat(socket->path, &info) != 0)
        return;
    if (info.st_dev == socket->device && info.st_ino == socket->inode)
        unlink(socket->path);
}

int socket_inherited(void)
{
    int is_listening = 0;
    socklen_t size = sizeof is_listening;

    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0)
        return -1;
    if (!is_listening)
        return -1;
    /* Whoever made the socket chose a backlog; listening again only changes that number. */
    listen(STDIN_FILENO, SOCKET_BACKLOG);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    return STDIN_FILENO;
}
