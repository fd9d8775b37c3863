/*
 * test_cgi_worker.c - a real worker in a child process, spoken to in FastCGI over a unix socket in
 * a temporary folder: answers, stops, reloads, refuses; and the same program as plain CGI.
 */
#include "unit.h"

#include "base/log.h"
#include "cgi/worker.h"
#include "fcgi_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNING = 20, PATIENCE_S = 60 };

static char folder[64], path[96];
static int started[2]; /* a handler writes a byte when it begins to wait */
static int gate[2];    /* and waits until the test closes this */
static int events[2];  /* what else the child has to tell */

/* --- the program under test --- */

static void tell(int fd, char byte)
{
    while (write(fd, &byte, 1) < 0 && errno == EINTR)
        ;
}

static void *open_thread(void *shared)
{
    tell(events[1], 'o');
    return shared;
}

static void close_thread(void *thread)
{
    (void)thread;
    tell(events[1], 'c');
}

static void reload(void *shared)
{
    (void)shared;
    tell(events[1], 'r');
}

static void wait_at_gate(void)
{
    char byte;

    tell(started[1], 's');
    while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
        ;
}

static void handle(void *thread, struct request *request, struct reply *reply)
{
    struct str body = STR_EMPTY;
    enum status status = STATUS_OK;

    (void)thread;
    if (str_equal(request->raw_path, STR("/wait")))
        wait_at_gate();
    if (!str_equal(request->raw_path, STR("/unread")))
        status = request_read_all(request, 1 << 20, &body);
    buf_printf(&reply->body, "%.*s %.*s %zu %.*s", STR_ARG(request->method_name),
        STR_ARG(request->raw_path), body.len, STR_ARG(status_code(status)));
}

static const struct worker_program program = {
    .thread_open = open_thread, .handle = handle, .thread_close = close_thread, .reload = reload
};

/* --- starting and stopping it --- */

static int make_folder(void **state)
{
    snprintf(folder, sizeof folder, "/tmp/vitrine-worker-XXXXXX");
    if (!mkdtemp(folder) || pipe(started) != 0 || pipe(gate) != 0 || pipe(events) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/socket", folder);
    alarm(PATIENCE_S); /* a worker that hangs fails the test, it does not stop it for ever */
    return unit_open_arena(state);
}

static int remove_folder(void **state)
{
    alarm(0);
    unlink(path);
    rmdir(folder);
    for (int i = 0; i < 2; i++) {
        close(started[i]);
        close(gate[i]);
        close(events[i]);
    }
    return unit_close_arena(state);
}

static _Noreturn void run_child(const struct worker_options *options)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive a test that failed */
    close(gate[1]);
    log_set_fd(open("/dev/null", O_WRONLY));
    exit(worker_run(&program, options));
}

static pid_t start_worker(int threads)
{
    struct worker_options options = {
        .threads = threads, .socket_path = path, .max_drain_bytes = 1 << 20
    };
    pid_t pid = fork();
    char byte;

    if (pid == 0)
        run_child(&options);
    for (int i = 0; i < threads; i++) /* every thread is open: it listens */
        assert_int_equal(read(events[0], &byte, 1), 1);
    return pid;
}

static int wait_for_exit(pid_t pid)
{
    int result = -1;

    while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static int stop_worker(pid_t pid)
{
    kill(pid, SIGTERM);
    return wait_for_exit(pid);
}

/* --- the tests --- */

static struct str talk(
    struct arena *arena, const char *method, const char *uri, const char *length, struct str body)
{
    int fd = fcgi_begin(path, arena, method, uri, length);

    fcgi_send_body(arena, fd, body);
    return fcgi_read_reply(arena, fd);
}

static void expect_end(const char *row, struct str reply, const char *end)
{
    if (!str_ends_with(reply, str_from_c(end)))
        fail_msg("%s: '%.*s'", row, STR_ARG(reply));
}

static void requests_are_answered_with_their_bodies(void **state)
{
    pid_t pid = start_worker(2);
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    for (int i = 0; i < 50; i++) {
        expect_end("GET", talk(*state, "GET", "/a?b", "", STR_EMPTY), "\r\n\r\nGET /a 0 ok");
        expect_end("POST", talk(*state, "POST", "/b", "5", STR("hello")),
            "Content-Length: 12\r\n\r\nPOST /b 5 ok");
    }
    expect_end("HEAD", talk(*state, "HEAD", "/", "", STR_EMPTY), "\r\n\r\n");
    expect_end("cut", talk(*state, "POST", "/b", "6", STR("hello")), "POST /b 0 bad_request");
    expect_end("malformed", talk(*state, "GET", "x y", "", STR_EMPTY),
        "\r\n\r\nThe request could not be understood.\n");
    assert_int_equal(stop_worker(pid), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_body_that_nobody_read_does_not_lose_the_answer(void **state)
{
    pid_t pid = start_worker(1);
    char *bytes = arena_alloc(*state, 60000);

    for (int i = 0; i < 20; i++) {
        expect_end("unread", talk(*state, "POST", "/unread", "60000", str_from(bytes, 60000)),
            "POST /unread 0 ok");
        expect_end("next", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    }
    assert_int_equal(stop_worker(pid), 0);
}

/* The client only goes on once it has the answer: it is sent before the rest of the body is
 * awaited. */
static void an_answer_does_not_wait_for_the_rest_of_the_body(void **state)
{
    pid_t pid = start_worker(1);
    int fd = fcgi_begin(path, *state, "POST", "/unread", "100000");
    unsigned char header[8];

    assert_true(fcgi_read_exactly(fd, header, sizeof header));
    assert_int_equal(header[1], FCGI_STDOUT);
    close(fd);
    expect_end("next", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);
}

/* One thread, and a client that stops in the middle of a body that nobody reads: the web server has
 * the whole answer, and hangs up; the thread is free. */
static void a_body_that_never_comes_keeps_no_thread(void **state)
{
    pid_t pid = start_worker(1);
    int fd = fcgi_begin(path, *state, "POST", "/unread", "100000");

    expect_end("unread", fcgi_read_reply(*state, fd),
        "Connection: close\r\nContent-Length: 17\r\n\r\nPOST /unread 0 ok");
    expect_end("next", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);
}

static void running_requests_finish_when_the_worker_is_stopped(void **state)
{
    pid_t pid = start_worker(RUNNING);
    int fds[RUNNING];
    char byte;

    for (int i = 0; i < RUNNING; i++) {
        fds[i] = fcgi_begin(path, *state, "GET", "/wait", "");
        fcgi_send_body(*state, fds[i], STR_EMPTY);
    }
    for (int i = 0; i < RUNNING; i++)
        assert_int_equal(read(started[0], &byte, 1), 1);
    kill(pid, SIGTERM);
    usleep(100000);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it waits for them */
    close(gate[1]);
    gate[1] = -1;
    for (int i = 0; i < RUNNING; i++)
        expect_end("running", fcgi_read_reply(*state, fds[i]), "GET /wait 0 ok");
    assert_int_equal(wait_for_exit(pid), 0);
    for (int i = 0; i < RUNNING; i++) { /* and every thread was closed */
        assert_int_equal(read(events[0], &byte, 1), 1);
        assert_int_equal(byte, 'c');
    }
}

static void every_stop_signal_stops_an_idle_worker(void **state)
{
    static const int signals[] = { SIGTERM, SIGINT };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        char byte;
        pid_t pid = start_worker(3);

        kill(pid, signals[i]);
        assert_int_equal(wait_for_exit(pid), 0);
        for (int k = 0; k < 3; k++)
            assert_int_equal(read(events[0], &byte, 1), 1);
    }
}

static void a_hangup_reloads_and_goes_on(void **state)
{
    pid_t pid = start_worker(1);
    char byte;

    kill(pid, SIGHUP);
    assert_int_equal(read(events[0], &byte, 1), 1);
    assert_int_equal(byte, 'r');
    expect_end("after", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);
}

/* The exit status of a worker that is expected not to start. */
static int try_worker(const char *socket_path)
{
    struct worker_options options = { .threads = 1, .socket_path = socket_path };
    pid_t pid = fork();

    if (pid == 0)
        run_child(&options);
    return wait_for_exit(pid);
}

static void a_path_that_cannot_be_used_is_refused(void **state)
{
    char long_path[200];
    pid_t pid = start_worker(1);

    assert_int_equal(try_worker(path), 1); /* somebody answers there */
    expect_end("unharmed", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);

    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(try_worker(path), 1); /* a file of somebody's */
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);

    assert_int_equal(try_worker("/nowhere/at/all"), 1);
    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(try_worker(long_path), 1);
}

static void what_a_dead_worker_left_is_replaced(void **state)
{
    pid_t pid = start_worker(1);
    char byte;

    kill(pid, SIGKILL);
    assert_int_equal(wait_for_exit(pid), -1);
    assert_int_equal(access(path, F_OK), 0);
    pid = start_worker(1);
    expect_end("again", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);
    assert_int_equal(read(events[0], &byte, 1), 1);
}

static void an_inherited_socket_is_used(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct worker_options options = { .threads = 1, .max_drain_bytes = 1000 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char byte;

    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fd, STDIN_FILENO);
        run_child(&options);
    }
    close(fd);
    assert_int_equal(read(events[0], &byte, 1), 1);
    expect_end("GET", talk(*state, "GET", "/", "", STR_EMPTY), "GET / 0 ok");
    assert_int_equal(stop_worker(pid), 0);
    assert_int_equal(access(path, F_OK), 0); /* not ours to remove */
}

/* Run the program as CGI with `input` on its stdin. Returns what it wrote; *out_exit how it ended.
 */
static struct str run_cgi(
    struct arena *arena, const char *const *environment, struct str input, int *out_exit)
{
    struct worker_options options = { .threads = 1, .max_drain_bytes = 1000 };
    int in[2], out[2];
    char *text = arena_alloc(arena, 65536);

    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        clearenv();
        for (; *environment; environment++)
            putenv((char *)*environment);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        run_child(&options);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(write(in[1], input.ptr, input.len), input.len);
    ssize_t len = read(out[0], text, 65536); /* in[1] stays open: it must not wait for an end */
    *out_exit = wait_for_exit(pid);
    for (ssize_t more = len; more > 0 && len < 65536; len += more)
        more = read(out[0], text + len, 65536 - (size_t)len);
    close(in[1]);
    close(out[0]);
    return str_from(text, len > 0 ? (size_t)len : 0);
}

static void one_request_is_answered_as_plain_cgi(void **state)
{
    static const char *const get[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/a?b", NULL };
    static const char *const post[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/b", "CONTENT_LENGTH=5",
        NULL };
    static const char *const nothing[] = { "PATH=/bin", NULL };
    int result;

    expect_end("GET", run_cgi(*state, get, STR_EMPTY, &result), "\r\n\r\nGET /a 0 ok");
    assert_int_equal(result, 0);
    struct str reply = run_cgi(*state, post, STR("hello, and more"), &result);
    expect_str("POST", reply, STR("Status: 200 OK\r\nContent-Length: 12\r\n\r\nPOST /b 5 ok"));
    assert_int_equal(result, 0);
    assert_int_equal(run_cgi(*state, nothing, STR_EMPTY, &result).len, 0);
    assert_int_equal(result, 1);
}

#define IN_FOLDER(sentence, function)                                                              \
    {                                                                                              \
        sentence, function, make_folder, remove_folder, NULL                                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(
            "requests are answered with their bodies", requests_are_answered_with_their_bodies),
        IN_FOLDER("a body that nobody read does not lose the answer",
            a_body_that_nobody_read_does_not_lose_the_answer),
        IN_FOLDER("an answer does not wait for the rest of the body",
            an_answer_does_not_wait_for_the_rest_of_the_body),
        IN_FOLDER(
            "a body that never comes keeps no thread", a_body_that_never_comes_keeps_no_thread),
        IN_FOLDER("running requests finish when the worker is stopped",
            running_requests_finish_when_the_worker_is_stopped),
        IN_FOLDER("every stop signal stops an idle worker", every_stop_signal_stops_an_idle_worker),
        IN_FOLDER("a hangup reloads and goes on", a_hangup_reloads_and_goes_on),
        IN_FOLDER("a path that cannot be used is refused", a_path_that_cannot_be_used_is_refused),
        IN_FOLDER("what a dead worker left is replaced", what_a_dead_worker_left_is_replaced),
        IN_FOLDER("an inherited socket is used", an_inherited_socket_is_used),
        IN_FOLDER("one request is answered as plain CGI", one_request_is_answered_as_plain_cgi),
    };

    return RUN(tests);
}
