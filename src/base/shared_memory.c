/*
 * shared_memory.c - making the file, and telling whether one that is there can be used.
 *
 * A file is complete before it gets its name (written beside it, then renamed), and never changes
 * its size after: so who opens it needs no lock, and a process killed while it makes one leaves
 * only the file beside, which the next one removes. Makers take turns by a lock on the folder.
 */
#include "base/shared_memory.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTENT_OFFSET = 256, BOOT_ID_BYTES = 36 };

static const char magic[8] = "VitrShm1";

/* Stands before the content; constant once the file has its name. */
struct header {
    char magic[8];
    uint64_t size_bytes; /* of the content */
    char layout[SHARED_MEMORY_LAYOUT_MAX];
    char boot_id[BOOT_ID_BYTES];
    unsigned char seed[SHARED_MEMORY_SEED_BYTES];
};

_Static_assert(sizeof(struct header) <= CONTENT_OFFSET, "the header ends before the content");

/* Differs after each boot. Where there is no such file all boots look alike, and a counter may go
 * on from before. */
static void read_boot_id(char out[BOOT_ID_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t count = -1;

    memset(out, 0, BOOT_ID_BYTES);
    if (fd < 0)
        return;
    while ((count = read(fd, out, BOOT_ID_BYTES)) < 0 && errno == EINTR)
        ;
    if (count != BOOT_ID_BYTES)
        memset(out, 0, BOOT_ID_BYTES);
    close(fd);
}

static void header_init(struct header *header, struct str layout, size_t size_bytes)
{
    memset(header, 0, sizeof *header);
    memcpy(header->magic, magic, sizeof magic);
    header->size_bytes = size_bytes;
    if (layout.len > 0) /* memcpy takes no NULL, whatever the length */
        memcpy(header->layout, layout.ptr, str_head(layout, sizeof header->layout).len);
    read_boot_id(header->boot_id);
    if (getrandom(header->seed, sizeof header->seed, 0) != (ssize_t)sizeof header->seed)
        abort(); /* the kernel's generator cannot fail once it is seeded */
}

/* The same but for the seed, which each file has its own. */
static bool header_matches(const struct header *header, const struct header *wanted)
{
    return memcmp(header, wanted, offsetof(struct header, seed)) == 0;
}

/* Map a file whose header is the wanted one. False: there is none, or it is another. */
static bool map_existing(
    struct shared_memory *memory, int folder, const char *name, const struct header *wanted)
{
    int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct header header;
    struct stat info;
    void *mapped = MAP_FAILED;

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        (uint64_t)info.st_size == memory->mapped_bytes &&
        pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
        header_matches(&header, wanted))
        mapped = mmap(NULL, memory->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED)
        return false;
    memory->mapped = mapped;
    memory->content = (char *)mapped + CONTENT_OFFSET;
    return true;
}

/* Its blocks are allocated here: writing to a mapped hole of a full disk would kill the process. */
static bool write_file(int folder, const char *name, const struct header *header, size_t bytes)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error;

    if (fd < 0)
        return false;
    error = posix_fallocate(fd, 0, (off_t)bytes);
    if (error == 0 && file_write_all(fd, header, sizeof *header) != STATUS_OK)
        error = errno;
    close(fd);
    errno = error;
    return error == 0;
}

/* With the folder's lock: nobody else makes one now, and what stands beside is someone's who was
 * killed. */
static bool make_file(int folder, const char *name, const struct header *header, size_t bytes)
{
    struct arena arena;
    const char *beside;
    bool is_made;

    arena_init(&arena);
    beside = arena_printf(&arena, "%s.new", name).ptr;
    unlinkat(folder, beside, 0);
    is_made =
        write_file(folder, beside, header, bytes) && renameat(folder, beside, folder, name) == 0;
    if (!is_made) {
        int saved = errno;

        unlinkat(folder, beside, 0);
        errno = saved;
    }
    arena_clear(&arena);
    return is_made;
}

static bool lock_folder(int folder)
{
    int result;

    while ((result = flock(folder, LOCK_EX)) != 0 && errno == EINTR)
        ;
    return result == 0;
}

/* Closing the folder gives the lock back. */
static bool map_or_make(
    struct shared_memory *memory, int folder, const char *name, const struct header *wanted)
{
    if (map_existing(memory, folder, name, wanted))
        return true;
    return lock_folder(folder) && (map_existing(memory, folder, name, wanted) ||
                                      (make_file(folder, name, wanted, memory->mapped_bytes) &&
                                          map_existing(memory, folder, name, wanted)));
}

static bool open_shared(struct shared_memory *memory, const char *folder_path, const char *name,
    const struct header *wanted)
{
    bool is_open;
    int folder;

    if (file_make_folders(folder_path, 0700) != STATUS_OK)
        return false;
    folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    is_open = map_or_make(memory, folder, name, wanted);
    if (!is_open && errno == 0)
        errno = EIO;
    int saved = errno;
    close(folder);
    errno = saved;
    return is_open;
}

static void open_private(
    struct shared_memory *memory, const struct header *header, size_t size_bytes)
{
    void *mapped = mmap(NULL, size_bytes + CONTENT_OFFSET, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mapped == MAP_FAILED)
        abort();
    memcpy(mapped, header, sizeof *header);
    *memory = (struct shared_memory){
        .content = (char *)mapped + CONTENT_OFFSET,
        .size_bytes = size_bytes,
        .is_private = true,
        .mapped = mapped,
        .mapped_bytes = size_bytes + CONTENT_OFFSET,
    };
}

void shared_memory_open_private(struct shared_memory *memory, size_t size_bytes)
{
    struct header header;

    header_init(&header, STR_EMPTY, size_bytes);
    open_private(memory, &header, size_bytes);
}

void shared_memory_open(struct shared_memory *memory, struct str folder, struct str name,
    struct str layout, size_t size_bytes)
{
    struct header header;
    struct arena arena;

    arena_init(&arena);
    header_init(&header, layout, size_bytes);
    *memory = (struct shared_memory){
        .size_bytes = size_bytes,
        .mapped_bytes = size_bytes + CONTENT_OFFSET,
    };
    errno = 0;
    if (!open_shared(
            memory, arena_c_string(&arena, folder), arena_c_string(&arena, name), &header)) {
        log_event(LOG_WARN, "%.*s/%.*s: %s; this process counts for itself", STR_ARG(folder),
            STR_ARG(name), strerror(errno));
        open_private(memory, &header, size_bytes);
    }
    arena_clear(&arena);
}

const unsigned char *shared_memory_seed(const struct shared_memory *memory)
{
    return ((const struct header *)memory->mapped)->seed;
}

void shared_memory_close(struct shared_memory *memory)
{
    if (memory->mapped != NULL)
        munmap((void *)memory->mapped, memory->mapped_bytes);
    *memory = (struct shared_memory){ .content = NULL };
}
