/*
 * worker.c - threads around FCGX_Accept_r, and the stop that lets running requests finish.
 *
 * A stop is one event counter that is never read: once written it stays readable, so every thread
 * that polls sees it, now or after its request. Threads never block in accept(): the socket is
 * non-blocking, and one that lost the race for a connection polls again.
 */
#include "cgi/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cgi/fcgi_stream.h"
#include "cgi/socket.h"

#include <errno.h>
#include <fcgiapp.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_MAX = 256, TROUBLE_PAUSE_MS = 100, IDLE_MS = 1000, GIVE_BACK_EVERY_US = 1000000 };

struct worker {
    const struct worker_program *program;
    const struct worker_options *options;
    int listen_fd;
    int stop_fd;
};

/* --- one request --- */

/* The request was refused before a handler could see it. */
static void refuse(struct reply *reply, enum status status)
{
    log_event(LOG_WARN, "request refused: %.*s", STR_ARG(status_code(status)));
    metrics_count(METRIC_REQUESTS, METRIC_ROUTE_NONE, metric_class_of(status_http(status)));
    reply->http_status = status_http(status);
    reply_set_header(reply, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    buf_put(&reply->body, status_sentence(status));
    buf_put_byte(&reply->body, '\n');
}

/* After a body that was not read, the client's next request would stand behind its rest: web
 * servers close such a connection, and one that was not told would lose what it sends next. */
static void announce_close(const struct request *request, struct reply *reply)
{
    if (request->content_length > request->body_read_bytes && !reply->is_streaming)
        reply_set_header(reply, STR("Connection"), STR("close"));
}

static void answer(const struct worker *worker, void *thread, struct request *request,
    struct reply *reply, char **environment, struct body_source body)
{
    enum status status = request_from_environment(request, reply->arena, environment, body);

    request->pace = worker->options->pace;
    reply->is_head = request->method == METHOD_HEAD;
    log_set_request_id(request->id);
    if (status == STATUS_OK)
        worker->program->handle(thread, request, reply);
    else
        refuse(reply, status);
    announce_close(request, reply);
    reply_finish(reply);
    log_set_request_id(STR_EMPTY);
}

/* --- FastCGI --- */

/* Take what is left on the socket, the mark of the body's end, which is here already when the body
 * was read. False when it was not: more may be on its way from a client who is slow, or means to
 * be: who must neither finish to learn the answer, nor keep this thread. */
static bool drain(struct request *request, size_t max_bytes)
{
    bool is_bodiless = request->method == METHOD_GET || request->method == METHOD_HEAD;
    bool is_known = request->content_length >= 0;
    bool is_taken = is_known ? request->body_read_bytes == request->content_length : is_bodiless;

    return is_taken && request_drain(request, max_bytes);
}

/* Send the end of the answer and hang up. FCGX_Finish_r would wait until the web server has hung up
 * first, so that what it still sends does not destroy the answer (up to 2 s, and a switch to the
 * web server and back in any case): where nothing can come any more, we do not wait. */
static void finish(FCGX_Request *fcgi, bool is_drained)
{
    fcgi->keepConnection = is_drained; /* leaves closing to us */
    FCGX_Finish_r(fcgi);
    if (fcgi->ipcFd >= 0)
        close(fcgi->ipcFd);
    fcgi->ipcFd = -1; /* a kept connection would hold this thread */
}

/* Nobody waits longer than a window for the next bytes of a body. */
static void limit_waiting(const struct worker *worker, int fd)
{
    struct timeval window = { .tv_sec = (time_t)worker->options->pace.window_s };

    if (window.tv_sec > 0)
        (void)!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &window, sizeof window);
}

static void serve_fcgi(
    const struct worker *worker, void *thread, FCGX_Request *fcgi, struct arena *arena)
{
    struct request request;
    struct reply reply;

    limit_waiting(worker, fcgi->ipcFd);
    reply_init(&reply, arena, (struct reply_sink){ fcgi_stream_write, fcgi->out });
    answer(worker, thread, &request, &reply, fcgi->envp,
        (struct body_source){ fcgi_stream_read, fcgi->in });
    finish(fcgi, drain(&request, (size_t)worker->options->max_drain_bytes));
}

/* A thread's own way to wait. EPOLLEXCLUSIVE: a connection wakes one thread, not all of them to
 * race for it (with 8 threads on 2 cores that race cost more than the request). -1 on failure. */
static int open_waiter(const struct worker *worker)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event stop = { .events = EPOLLIN, .data.fd = worker->stop_fd };
    struct epoll_event work = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = worker->listen_fd };

    if (fd < 0 || (epoll_ctl(fd, EPOLL_CTL_ADD, worker->stop_fd, &stop) == 0 &&
                      epoll_ctl(fd, EPOLL_CTL_ADD, worker->listen_fd, &work) == 0))
        return fd;
    close(fd);
    return -1;
}

/* After a busy time malloc keeps what the largest pages needed, once for each thread. Not under
 * AddressSanitizer: it has a malloc of its own, and two threads that wake libc's crash it. */
static void give_memory_back(void)
{
#ifndef __SANITIZE_ADDRESS__
    malloc_trim(0);
#endif
}

/* Now and then under load too: after each large page it would cost half of the page's time again.
 */
static void give_memory_back_at_times(int64_t *done_us)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us - *done_us < GIVE_BACK_EVERY_US)
        return;
    give_memory_back();
    *done_us = now_us;
}

/* A worker that has nothing to do gives back what it does not need. */
static int wait_for_event(int waiter_fd, struct epoll_event *events, int size)
{
    int count = epoll_wait(waiter_fd, events, size, IDLE_MS);

    if (count != 0)
        return count;
    give_memory_back();
    return epoll_wait(waiter_fd, events, size, -1);
}

/* Wait for a connection. False: stop. */
static bool wait_for_work(const struct worker *worker, int waiter_fd)
{
    struct epoll_event events[2];
    int count;

    while ((count = wait_for_event(waiter_fd, events, COUNT_OF(events))) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < count; i++)
        if (events[i].data.fd == worker->stop_fd)
            return false;
    return count > 0;
}

/* Another thread took the connection, or its client left again: nothing to tell. */
static bool is_harmless(int accept_result)
{
    return accept_result == -EAGAIN || accept_result == -EINTR || accept_result == -ECONNABORTED;
}

static void *run_thread(void *context)
{
    const struct worker *worker = context;
    const struct worker_program *program = worker->program;
    void *thread = program->thread_open ? program->thread_open(program->shared) : NULL;
    int waiter_fd = open_waiter(worker);
    int64_t given_back_us = clock_monotonic_us();
    FCGX_Request fcgi;
    struct arena arena;

    if (waiter_fd < 0)
        log_event(LOG_ERROR, "epoll: %s; this thread cannot answer", strerror(errno));
    arena_init(&arena);
    FCGX_InitRequest(&fcgi, worker->listen_fd, FCGI_FAIL_ACCEPT_ON_INTR);
    while (wait_for_work(worker, waiter_fd)) {
        int result = FCGX_Accept_r(&fcgi);

        if (result < 0) {
            if (!is_harmless(result)) {
                log_event(LOG_ERROR, "accept: %s", strerror(-result));
                poll(NULL, 0, TROUBLE_PAUSE_MS); /* out of descriptors: do not spin */
            }
            continue;
        }
        serve_fcgi(worker, thread, &fcgi, &arena);
        arena_reset(&arena);
        if (program->after)
            program->after(thread);
        give_memory_back_at_times(&given_back_us);
    }
    FCGX_Free(&fcgi, 1);
    arena_clear(&arena);
    if (waiter_fd >= 0)
        close(waiter_fd);
    if (program->thread_close)
        program->thread_close(thread);
    return NULL;
}

static void stop_threads(const struct worker *worker)
{
    uint64_t one = 1;

    while (write(worker->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void wait_for_stop(const struct worker *worker, const sigset_t *signals)
{
    int number;

    while (sigwait(signals, &number) != 0 || number == SIGHUP)
        if (worker->program->reload)
            worker->program->reload(worker->program->shared);
}

/* Start the threads, wait for the signal, let the threads finish. */
static int run_threads(const struct worker *worker, const sigset_t *signals)
{
    pthread_t threads[THREADS_MAX];
    int wanted = worker->options->threads, started = 0, error = 0;

    wanted = wanted < 1 ? 1 : wanted > THREADS_MAX ? THREADS_MAX : wanted;
    while (started < wanted && error == 0) {
        error = pthread_create(&threads[started], NULL, run_thread, (void *)worker);
        started += error == 0;
    }
    if (error) {
        log_event(LOG_ERROR, "thread %d of %d: %s", started + 1, wanted, strerror(error));
    } else {
        log_event(LOG_INFO, "answering with %d threads", wanted);
        wait_for_stop(worker, signals);
    }
    stop_threads(worker);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (!error)
        log_event(LOG_INFO, "stopped; every running request was finished");
    return error ? 1 : 0;
}

static int run_fcgi(const struct worker_program *program, const struct worker_options *options,
    int listen_fd, const sigset_t *signals)
{
    struct worker worker = { program, options, listen_fd, eventfd(0, EFD_CLOEXEC) };

    if (worker.stop_fd < 0 || FCGX_Init() != 0) {
        log_event(LOG_ERROR, "the worker cannot start: %s", strerror(errno));
        return 1;
    }
    signal(SIGPIPE, SIG_IGN); /* again: FCGX_Init installs handlers of its own */
    int result = run_threads(&worker, signals);
    close(worker.stop_fd);
    return result;
}

/* --- CGI --- */

/* What is left of stdin: RFC 3875, section 4.2, forbids to read past CONTENT_LENGTH, and without
 * one there is no body. */
static ssize_t read_cgi(void *context, void *buffer, size_t len)
{
    uint64_t *left = context;
    ssize_t count;

    if (len > *left)
        len = (size_t)*left;
    if (len == 0)
        return 0;
    while ((count = read(STDIN_FILENO, buffer, len)) < 0 && errno == EINTR)
        ;
    if (count > 0)
        *left -= (uint64_t)count;
    return count;
}

static int write_cgi(void *context, const void *bytes, size_t len)
{
    const char *from = bytes;

    (void)context;
    while (len) {
        ssize_t count = write(STDOUT_FILENO, from, len);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        from += count;
        len -= (size_t)count;
    }
    return 0;
}

static int run_cgi(const struct worker_program *program, const struct worker_options *options)
{
    struct worker worker = { program, options, -1, -1 };
    void *thread = program->thread_open ? program->thread_open(program->shared) : NULL;
    uint64_t left = 0;
    struct request request;
    struct reply reply;
    struct arena arena;

    if (!str_parse_u64(str_from_c(getenv("CONTENT_LENGTH")), &left))
        left = 0;
    arena_init(&arena);
    reply_init(&reply, &arena, (struct reply_sink){ write_cgi, NULL });
    answer(&worker, thread, &request, &reply, environ, (struct body_source){ read_cgi, &left });
    request_drain(&request, (size_t)options->max_drain_bytes);
    arena_clear(&arena);
    if (program->thread_close)
        program->thread_close(thread);
    return 0;
}

/* --- start --- */

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int worker_run(const struct worker_program *program, const struct worker_options *options)
{
    struct socket_path path;
    sigset_t signals;
    int listen_fd;

    block_signals(&signals);
    if (options->socket_path) {
        listen_fd = socket_listen(options->socket_path, &path);
        if (listen_fd < 0)
            return 1;
        int result = run_fcgi(program, options, listen_fd, &signals);
        close(listen_fd);
        socket_remove(&path);
        return result;
    }
    listen_fd = socket_inherited();
    if (listen_fd >= 0)
        return run_fcgi(program, options, listen_fd, &signals);
    if (getenv("REQUEST_METHOD"))
        return run_cgi(program, options);
    log_event(LOG_ERROR, "there is no FastCGI socket on descriptor 0, no socket path, and no CGI "
                         "request in the environment: let a web server start this program");
    return 1;
}
