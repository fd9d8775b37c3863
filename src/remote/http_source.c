/* Bodies to send, out of memory or out of a file. */
#include "remote/http.h"

#include <unistd.h>

static ssize_t read_memory(void *context, void *buffer, size_t len)
{
    struct http_source_memory *memory = context;
    struct str part = str_head(str_from_offset(memory->bytes, memory->offset), len);
    if (part.len > 0)
        memcpy(buffer, part.ptr, part.len);
    memory->offset += part.len;
    return (ssize_t)part.len;
}

static bool rewind_memory(void *context)
{
    ((struct http_source_memory *)context)->offset = 0;
    return true;
}

struct http_source http_source_from_memory(struct http_source_memory *memory, struct str bytes)
{
    *memory = (struct http_source_memory){ .bytes = bytes };
    return (struct http_source){ read_memory, rewind_memory, memory, (int64_t)bytes.len };
}

static ssize_t read_file(void *context, void *buffer, size_t len)
{
    struct http_source_file *file = context;
    int64_t left = file->end - file->offset;
    ssize_t count = pread(file->fd, buffer, (int64_t)len < left ? len : (size_t)left, file->offset);
    file->offset += count > 0 ? count : 0;
    return count;
}

static bool rewind_file(void *context)
{
    struct http_source_file *file = context;
    file->offset = file->start;
    return true;
}

struct http_source http_source_from_file(
    struct http_source_file *file, int fd, int64_t offset, int64_t size_bytes)
{
    *file = (struct http_source_file){ fd, offset, offset, offset + size_bytes };
    return (struct http_source){ read_file, rewind_file, file, size_bytes };
}
