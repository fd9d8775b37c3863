/*
 * arena.c - bump allocation in blocks of one size; what is larger gets a block of its own.
 *
 * Under AddressSanitizer the unused part of every block is poisoned and a gap is left after every
 * allocation, so that an overrun inside the arena is caught like one on the heap.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_IS_WATCHED 1
#endif
#endif

#ifdef ARENA_IS_WATCHED
#include <sanitizer/asan_interface.h>
enum { GAP_BYTES = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
enum { GAP_BYTES = 0 };
#endif

/* A usual request fits in one block; eight threads keep one each. */
enum { BLOCK_BYTES = 32 * 1024, LARGE_BYTES = BLOCK_BYTES / 4 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

/* Out of memory: see the header. Says so without allocating. */
static _Noreturn void die_of_memory(void)
{
    fputs("{\"level\":\"error\",\"msg\":\"out of memory\"}\n", stderr);
    abort();
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = NULL;

    if (size <= SIZE_MAX / 2)
        block = malloc(sizeof *block + size);
    if (!block)
        die_of_memory();
    block->next = NULL;
    block->size = size;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

static void block_free(struct arena_block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
    free(block);
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){ 0 };
}

/* Free all blocks but, when asked, one of the usual size. */
static void free_blocks(struct arena *arena, bool keep_one)
{
    struct arena_block *kept = NULL, *next;

    for (struct arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        if (keep_one && !kept && block->size == BLOCK_BYTES)
            kept = block;
        else
            block_free(block);
    }
    if (kept) {
        ASAN_POISON_MEMORY_REGION(kept->bytes, kept->size);
        kept->next = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    free_blocks(arena, true);
}

void arena_clear(struct arena *arena)
{
    free_blocks(arena, false);
}

/* A block with room for `size`; the first in the list stays the one that small allocations use. */
static struct arena_block *block_with_room(struct arena *arena, size_t size)
{
    struct arena_block *first = arena->blocks, *block;

    if (first && first->size - first->used >= size)
        return first;
    if (size < LARGE_BYTES || !first) {
        block = block_new(size < BLOCK_BYTES ? BLOCK_BYTES : size);
        block->next = first;
        arena->blocks = block;
    } else {
        block = block_new(size);
        block->next = first->next;
        first->next = block;
    }
    return block;
}

/* What an allocation takes of its block. */
static size_t taken_by(size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        die_of_memory();
    return ((size ? size : 1) + GAP_BYTES + align - 1) / align * align;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t taken = taken_by(size);
    struct arena_block *block = block_with_room(arena, taken);
    char *memory = block->bytes + block->used;

    block->used += taken;
    arena->used_bytes += taken;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memset(memory, 0, size);
}

/* Where the list points to the block that holds `memory`. */
static struct arena_block **link_to_block_of(struct arena *arena, const char *memory)
{
    struct arena_block **link = &arena->blocks;

    while (memory < (*link)->bytes || memory >= (*link)->bytes + (*link)->size)
        link = &(*link)->next;
    return link;
}

/* A block that holds one allocation and nothing else, with room for `taken`. */
static struct arena_block *block_grow(struct arena_block *block, size_t taken)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
    block = realloc(block, sizeof *block + taken);
    if (!block)
        die_of_memory();
    block->size = taken;
    return block;
}

void *arena_extend(struct arena *arena, void *memory, size_t size, size_t bigger)
{
    struct arena_block **link = link_to_block_of(arena, memory), *block = *link;
    size_t from = (size_t)((char *)memory - block->bytes);
    size_t before = taken_by(size), taken = taken_by(bigger);
    bool is_last = from + before == block->used;

    if (is_last && from == 0 && taken > block->size)
        *link = block = block_grow(block, taken);
    if (!is_last || taken > block->size - from)
        return memcpy(arena_alloc(arena, bigger), memory, size);
    block->used = from + taken;
    arena->used_bytes += taken - before;
    ASAN_POISON_MEMORY_REGION(block->bytes + from, block->size - from);
    ASAN_UNPOISON_MEMORY_REGION(block->bytes + from, bigger);
    return block->bytes + from;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        die_of_memory();
    return arena_alloc(arena, total);
}

char *arena_c_string(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

struct str arena_copy(struct arena *arena, struct str s)
{
    return str_from(arena_c_string(arena, s), s.len);
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return STR_EMPTY;

    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return str_from(text, (size_t)len);
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    struct str text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

struct str arena_join(struct arena *arena, const struct str *parts, size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(len, parts[i].len, &len))
            die_of_memory();

    char *text = arena_alloc(arena, len + 1), *end = text;
    for (size_t i = 0; i < count; i++)
        if (parts[i].len)
            end = mempcpy(end, parts[i].ptr, parts[i].len);
    return str_from(text, len);
}
