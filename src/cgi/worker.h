/*
 * worker.h - the accept loop: N threads answer FastCGI requests until told to stop; or one CGI
 * request.
 *
 * Only here and in fcgi_stream.h <fcgiapp.h> is seen. What was measured about libfcgi and follows
 * here: the threads poll the listening socket and an eventfd before FCGX_Accept_r (its own signal
 * handling leaves threads blocked), the end of a body is drained before FCGX_Finish_r, connections
 * are not kept, and one on which nothing can come any more is closed without waiting for the web
 * server. A client that does not send the body that it announced keeps a thread only while a
 * handler reads, and no longer than options.pace lets it: what no handler wants is not waited for.
 */
#ifndef CGI_WORKER_H
#define CGI_WORKER_H

#include "cgi/reply.h"
#include "cgi/request.h"

/* What a program does with requests. thread_open runs once in each thread (may be NULL); its result
 * is handed to `handle` and thread_close. */
struct worker_program {
    void *(*thread_open)(void *shared);
    void (*handle)(void *thread, struct request *request, struct reply *reply);
    void (*after)(void *thread); /* when the answer is on its way; may be NULL. Not of a CGI
                                    request, whose thread closes at once */
    void (*thread_close)(void *thread);
    void (*reload)(void *shared); /* SIGHUP, in the main thread; may be NULL */
    void *shared;
};

struct worker_options {
    int threads; /* 1..256 */
    const char
        *socket_path; /* listen here (mode 0660, backlog 1024); NULL: the inherited socket, fd 0 */
    struct body_pace pace; /* of every body */
    int max_drain_bytes;   /* of what is left on stdin after a CGI request, before it is closed */
};

/*
 * Answer requests until SIGTERM or SIGINT: then stop accepting, finish what runs, return.
 *
 * Without a FastCGI socket on fd 0 and without socket_path, the environment is taken as one CGI
 * request, answered on stdout. Returns 0 after a clean stop, 1 when the socket cannot be used
 * (logged with the reason). Blocks SIGTERM, SIGINT, SIGHUP in the calling thread, ignores SIGPIPE.
 */
int worker_run(const struct worker_program *program, const struct worker_options *options);

#endif
