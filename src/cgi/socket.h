/*
 * socket.h - the listening unix socket of a worker: made at a path, or inherited as descriptor 0.
 *
 * Used by worker.c alone. FCGX_OpenSocket is not used because it ends the process when it fails.
 * The socket is for the web server only: whoever can write to it can say who they are and can abort
 * libfcgi 2.4.2, hence mode 0660.
 */
#ifndef CGI_SOCKET_H
#define CGI_SOCKET_H

#include "base/base.h"

/* More pending connections than any burst that was measured: 128 gave 97 % errors at 300 clients.
 */
enum { SOCKET_BACKLOG = 1024 };

/* A socket file that this process made. */
struct socket_path {
    const char *path;
    dev_t device;
    ino_t inode;
};

/*
 * Listen at `path`, non-blocking, mode 0660. What a dead process left there is replaced; a socket
 * on which somebody answers is not. Returns the descriptor, or -1, logged with the reason. Changes
 * the umask for a moment: call it before threads start. `path` is borrowed.
 */
int socket_listen(const char *path, struct socket_path *out) MUST_CHECK;

/* Remove the file, unless another process has put its own in that place. */
void socket_remove(const struct socket_path *socket);

/* Descriptor 0 when it is a listening socket, made non-blocking and its backlog set; else -1. */
int socket_inherited(void);

#endif
