/* fcgi_stream.c - see fcgi_stream.h. */
#include "cgi/fcgi_stream.h"

#include "base/clock.h"

#include <fcgiapp.h>

enum { LINGER_US = 1000000 };

/* What libfcgi has in its buffer, without waiting. */
static size_t take_buffered(FCGX_Stream *in, char *to, size_t len)
{
    size_t there = (size_t)(in->stop - in->rdNext);

    len = len < there ? len : there;
    return len > 0 ? (size_t)FCGX_GetStr(to, (int)len, in) : 0;
}

/* FCGX_GetStr alone would wait until all of the buffer is full, however slowly that comes, and
 * nobody could look at the clock meanwhile. */
ssize_t fcgi_stream_read(void *stream, void *buffer, size_t len)
{
    FCGX_Stream *in = stream;
    int64_t began_us = clock_monotonic_us();
    char *to = buffer;
    size_t taken = take_buffered(in, to, len);

    while (taken < len && (taken == 0 || clock_monotonic_us() - began_us < LINGER_US)) {
        int byte = FCGX_GetChar(in); /* waits for the next record */

        if (byte < 0)
            break;
        to[taken++] = (char)byte;
        taken += take_buffered(in, to + taken, len - taken);
    }
    return taken > 0 ? (ssize_t)taken : FCGX_GetError(in) ? -1 : 0;
}

int fcgi_stream_write(void *stream, const void *bytes, size_t len)
{
    const char *from = bytes;

    while (len) {
        int count = FCGX_PutStr(from, len > INT32_MAX ? INT32_MAX : (int)len, stream);

        if (count <= 0)
            return -1;
        from += count;
        len -= (size_t)count;
    }
    return 0;
}
