/*
 * hello.c - the ceiling: a FastCGI program that does nothing but answer, with as many threads as
 * Vitrine. What Vitrine's requests cost is measured against it, on the same web server.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdlib.h>

static void *answer(void *unused)
{
    (void)unused;
    FCGX_Request request;
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutS(
            "Content-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"hello\":\"world\"}\n",
            request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(void)
{
    const char *text = getenv("THREADS");
    int threads = text ? atoi(text) : 8;
    FCGX_Init();
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, answer, NULL) != 0)
            return 1;
    }
    answer(NULL);
    return 0;
}
