/*
 * fcgi_client.h - a small FastCGI client for tests: one request a connection, over a unix socket.
 *
 * Order of use: fcgi_begin, fcgi_send_body, fcgi_read_reply.
 */
#ifndef TESTS_FCGI_CLIENT_H
#define TESTS_FCGI_CLIENT_H

#include "unit.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A connection, or -1. */
static inline int fcgi_connect(const char *socket_path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, socket_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

enum fcgi_type { FCGI_BEGIN = 1, FCGI_END = 3, FCGI_PARAMS = 4, FCGI_STDIN = 5, FCGI_STDOUT = 6 };

static inline void fcgi_put_record(struct buf *out, int type, struct str content)
{
    char header[8] = { 1, (char)type, 0, 1, (char)(content.len >> 8), (char)content.len, 0, 0 };

    buf_put(out, str_from(header, sizeof header));
    buf_put(out, content);
}

static inline void fcgi_put_param(struct buf *out, const char *name, const char *value)
{
    buf_put_byte(out, (char)strlen(name));
    buf_put_byte(out, (char)strlen(value));
    buf_put_c(out, name);
    buf_put_c(out, value);
}

/* Send everything but the end of the body. */
static inline int fcgi_begin(
    const char *path, struct arena *arena, const char *method, const char *uri, const char *length)
{
    struct buf params, out;
    int fd = fcgi_connect(path);

    assert_true(fd >= 0);
    buf_init_arena(&params, arena, 65535);
    fcgi_put_param(&params, "REQUEST_METHOD", method);
    fcgi_put_param(&params, "REQUEST_URI", uri);
    fcgi_put_param(&params, "CONTENT_LENGTH", length);
    buf_init_arena(&out, arena, 1 << 20);
    fcgi_put_record(&out, FCGI_BEGIN, STR("\0\1\0\0\0\0\0\0"));
    fcgi_put_record(&out, FCGI_PARAMS, buf_str(&params));
    fcgi_put_record(&out, FCGI_PARAMS, STR_EMPTY);
    assert_int_equal(write(fd, out.ptr, out.len), out.len);
    return fd;
}

static inline void fcgi_send_body(struct arena *arena, int fd, struct str body)
{
    struct buf out;

    buf_init_arena(&out, arena, body.len + 16);
    fcgi_put_record(&out, FCGI_STDIN, body);
    if (body.len)
        fcgi_put_record(&out, FCGI_STDIN, STR_EMPTY);
    assert_int_equal(write(fd, out.ptr, out.len), out.len);
}

static inline bool fcgi_read_exactly(int fd, void *bytes, size_t len)
{
    while (len) {
        ssize_t count = read(fd, bytes, len);

        if (count <= 0)
            return false;
        bytes = (char *)bytes + count;
        len -= (size_t)count;
    }
    return true;
}

/* What the worker wrote to its stdout; the empty str when the answer was cut. Closes fd. */
static inline struct str fcgi_read_reply(struct arena *arena, int fd)
{
    unsigned char header[8];
    char content[65536 + 256];
    bool is_complete = false;
    struct buf out;

    buf_init_arena(&out, arena, 1 << 20);
    while (!is_complete && fcgi_read_exactly(fd, header, sizeof header)) {
        size_t len = (size_t)header[4] << 8 | header[5];

        if (!fcgi_read_exactly(fd, content, len + header[6]))
            break;
        if (header[1] == FCGI_STDOUT)
            buf_put(&out, str_from(content, len));
        is_complete = header[1] == FCGI_END;
    }
    close(fd);
    return is_complete ? buf_str(&out) : STR_EMPTY;
}

#endif
