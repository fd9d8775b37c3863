/*
 * tiny_server.h - an HTTP server for tests: one thread on a free port of 127.0.0.1 that gives
 * prepared answers, one a request, and remembers what it was asked.
 */
#ifndef TESTS_TINY_SERVER_H
#define TESTS_TINY_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TINY_REQUESTS = 16, TINY_REQUEST_BYTES = 65536 };

struct tiny_answer {
    struct str text;    /* the whole answer, head and all */
    bool closes;        /* the connection ends after it */
    bool hangs;         /* nothing more comes until the client leaves */
    size_t repeat_last; /* send the last 1024 bytes of text so often again */
};

struct tiny_server {
    int listen_fd;
    int stop[2]; /* a pipe: closed to stop */
    int port;
    pthread_t thread;
    const struct tiny_answer *answers;
    size_t answer_count;
    size_t request_count; /* read them after tiny_stop */
    int connection_count;
    struct str requests[TINY_REQUESTS];
};

/* False when it is time to stop. */
static inline bool tiny_wait(struct tiny_server *server, int fd)
{
    struct pollfd fds[] = { { fd, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
    return poll(fds, 2, 20000) > 0 && !fds[1].revents;
}

/* The length of a whole request in `text`, or 0 when more has to come. */
static inline size_t tiny_request_length(struct str text)
{
    uint64_t body = 0;
    ssize_t head = str_find(text, STR("\r\n\r\n"));
    ssize_t at = str_find(text, STR("Content-Length: "));
    if (head < 0)
        return 0;
    if (at >= 0 && at < head) {
        struct str number = str_from_offset(text, (size_t)at + 16);
        number = str_head(number, (size_t)str_index(number, '\r'));
        if (!str_parse_u64(number, &body))
            return 0;
    }
    size_t length = (size_t)head + 4 + body;
    return text.len >= length ? length : 0;
}

static inline bool tiny_read_request(struct tiny_server *server, int fd)
{
    char *bytes = malloc(TINY_REQUEST_BYTES);
    size_t len = 0;
    while (tiny_wait(server, fd)) {
        ssize_t got = recv(fd, bytes + len, TINY_REQUEST_BYTES - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        if (tiny_request_length(str_from(bytes, len)) > 0) {
            server->requests[server->request_count++] = str_from(bytes, len);
            return true;
        }
    }
    free(bytes);
    return false;
}

/* False when the connection is at its end. */
static inline bool tiny_answer(struct tiny_server *server, int fd)
{
    const struct tiny_answer *answer =
        &server->answers[(server->request_count - 1) % server->answer_count];
    struct str last = answer->text.len > 1024
                          ? str_from_offset(answer->text, answer->text.len - 1024)
                          : answer->text;
    bool is_sent = send(fd, answer->text.ptr, answer->text.len, MSG_NOSIGNAL) >= 0;
    for (size_t i = 0; i < answer->repeat_last && is_sent; i++)
        is_sent = send(fd, last.ptr, last.len, MSG_NOSIGNAL) >= 0;
    char byte;
    while (answer->hangs && tiny_wait(server, fd) && recv(fd, &byte, 1, 0) > 0)
        ;
    return is_sent && !answer->closes && !answer->hangs;
}

static inline void *tiny_serve(void *context)
{
    struct tiny_server *server = context;
    while (server->request_count < TINY_REQUESTS && tiny_wait(server, server->listen_fd)) {
        int fd = accept(server->listen_fd, NULL, NULL);
        if (fd < 0)
            break;
        server->connection_count++;
        while (server->request_count < TINY_REQUESTS && tiny_read_request(server, fd) &&
               tiny_answer(server, fd))
            ;
        close(fd);
    }
    return NULL;
}

/* Answers are given in order and then from the start again. */
static inline void tiny_start(
    struct tiny_server *server, const struct tiny_answer *answers, size_t count)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *server = (struct tiny_server){ .answers = answers, .answer_count = count };
    server->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listen_fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listen_fd, 8), 0);
    assert_int_equal(getsockname(server->listen_fd, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, tiny_serve, server), 0);
}

static inline void tiny_stop(struct tiny_server *server)
{
    close(server->stop[1]);
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    close(server->listen_fd);
}

static inline void tiny_clear(struct tiny_server *server)
{
    for (size_t i = 0; i < server->request_count; i++)
        free((void *)server->requests[i].ptr);
}

/* An answer with the right Content-Length. `headers` are whole lines. */
static inline struct str tiny_text(
    struct arena *arena, const char *status, const char *headers, const char *body)
{
    return arena_printf(arena, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
        strlen(body), headers, body);
}

#endif
