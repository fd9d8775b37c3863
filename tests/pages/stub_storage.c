/* One connection at a time, one request a connection: enough for a client in one thread. */
#include "stub_storage.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* A signature and an IHDR of 640 x 480, eight bits, RGB: what a sniffer reads. */
const unsigned char stub_picture[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
    'I', 'H', 'D', 'R', 0, 0, 2, 0x80, 0, 0, 1, 0xe0, 8, 2, 0, 0, 0, 0xba, 0xb3, 0x4b, 0xb3, 0, 0,
    0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
const size_t stub_picture_size = sizeof(stub_picture);

static const char html[] = "<!doctype html><script>alert(1)</script><p>Not a PNG</p>";

static int listener = -1;
static pthread_t thread;
static atomic_int mode = STUB_ANSWERS;

struct answer {
    const char *status;
    const char *type;
    const void *body;
    size_t body_len;
};

static const char xml_absent[] = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code>"
                                 "<Message>The specified key does not exist.</Message></Error>";
static const char xml_refused[] = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"
                                  "<Message>Access Denied</Message></Error>";

/* An upload in parts: one of them has come, which is the picture. */
static const char xml_begun[] =
    "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><UploadId>upload-1</UploadId>"
    "</InitiateMultipartUploadResult>";
static const char xml_parts[] =
    "<?xml version=\"1.0\"?><ListPartsResult><Part><PartNumber>1</PartNumber>"
    "<ETag>&quot;00112233445566778899aabbccddeeff&quot;</ETag><Size>45</Size></Part>"
    "</ListPartsResult>";
static const char xml_whole[] =
    "<?xml version=\"1.0\"?><CompleteMultipartUploadResult>"
    "<ETag>&quot;0123456789abcdef0123456789abcdef-1&quot;</ETag></CompleteMultipartUploadResult>";

_Static_assert(sizeof(stub_picture) == 45, "xml_parts says so");

static struct answer choose_of_upload(const char *method, const char *query)
{
    const char *body = strcmp(method, "GET") == 0          ? xml_parts
                       : strncmp(query, "uploads", 7) == 0 ? xml_begun
                                                           : xml_whole;

    if (strcmp(method, "DELETE") == 0)
        return (struct answer){ "204 No Content", NULL, "", 0 };
    return (struct answer){ "200 OK", "application/xml", body, strlen(body) };
}

/* "/vitrine" is the bucket, which is there whatever is in it. */
static struct answer choose(const char *method, const char *path)
{
    bool is_bucket = strchr(path + 1, '/') == NULL;
    bool is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

    if (mode == STUB_REFUSES)
        return (struct answer){ "403 Forbidden", "application/xml", xml_refused,
            sizeof(xml_refused) - 1 };
    if (mode == STUB_HAS_NOTHING && is_read && !is_bucket)
        return (struct answer){ "404 Not Found", "application/xml", xml_absent,
            sizeof(xml_absent) - 1 };
    if (strstr(path, "?upload") != NULL)
        return choose_of_upload(method, strchr(path, '?') + 1);
    if (strcmp(method, "DELETE") == 0)
        return (struct answer){ "204 No Content", NULL, "", 0 };
    if (!is_read)
        return (struct answer){ "200 OK", NULL, "", 0 };
    if (mode == STUB_HAS_HTML)
        return (struct answer){ "200 OK", "image/png", html, sizeof(html) - 1 };
    return (struct answer){ "200 OK", "image/png", stub_picture, sizeof(stub_picture) };
}

/* Read the head into `head`, and then as much of the body as it announces. */
static bool read_request(int fd, char *head, size_t size)
{
    size_t len = 0;
    char *end = NULL, *length;
    long left;

    while (end == NULL && len + 1 < size) {
        ssize_t count = read(fd, head + len, size - 1 - len);
        if (count <= 0)
            return false;
        len += (size_t)count;
        head[len] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    if (end == NULL)
        return false;
    if (strcasestr(head, "\r\nexpect: 100-continue") != NULL)
        dprintf(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    length = strcasestr(head, "\r\ncontent-length:");
    left = (length == NULL ? 0 : atol(length + 17)) - (long)(head + len - (end + 4));
    for (char chunk[4096]; left > 0;) {
        ssize_t count = read(fd, chunk, sizeof(chunk));
        if (count <= 0)
            return false;
        left -= (long)count;
    }
    return true;
}

static void answer(int fd)
{
    static char head[64 * 1024];
    char method[16], path[1024];
    struct answer reply;

    if (mode == STUB_IS_DOWN || !read_request(fd, head, sizeof(head)) ||
        sscanf(head, "%15s %1023s", method, path) != 2)
        return;
    reply = choose(method, path);
    dprintf(fd,
        "HTTP/1.1 %s\r\nConnection: close\r\nx-amz-request-id: STUBREQUEST\r\n"
        "ETag: \"0123456789abcdef0123456789abcdef\"\r\n",
        reply.status);
    if (reply.type != NULL)
        dprintf(fd, "Content-Type: %s\r\n", reply.type);
    if (strncmp(reply.status, "204", 3) != 0)
        dprintf(fd, "Content-Length: %zu\r\n", reply.body_len);
    dprintf(fd, "\r\n");
    if (strcmp(method, "HEAD") != 0 && write(fd, reply.body, reply.body_len) < 0)
        perror("stub storage");
}

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        answer(fd);
        close(fd);
    }
}

int stub_storage_start(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        pthread_create(&thread, NULL, serve, NULL) != 0) {
        perror("stub storage");
        exit(1);
    }
    return ntohs(address.sin_port);
}

void stub_storage_set(enum stub_mode new_mode)
{
    mode = new_mode;
}

void stub_storage_stop(void)
{
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
}
