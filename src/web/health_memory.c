/* One check at a time, and a good answer for a second. */
#include "web/health_memory.h"

#include "base/clock.h"

#include <stdio.h>

void health_memory_init(struct health_memory *memory)
{
    memset(memory, 0, sizeof(*memory));
    pthread_mutex_init(&memory->lock, NULL);
}

void health_memory_clear(struct health_memory *memory)
{
    pthread_mutex_destroy(&memory->lock);
}

/* True when what is remembered will do; else this thread checks. */
static bool recall(struct health_memory *memory, struct arena *arena, struct health *out)
{
    bool is_fresh, is_good;

    pthread_mutex_lock(&memory->lock);
    is_fresh = memory->last.is_ok && clock_now_s() - memory->checked_at < 1;
    is_good = memory->is_known && (memory->is_checking || is_fresh);
    if (is_good) {
        *out = memory->last;
        out->database.error = arena_copy(arena, out->database.error);
        out->storage.error = arena_copy(arena, out->storage.error);
    } else {
        memory->is_checking = true;
    }
    pthread_mutex_unlock(&memory->lock);
    return is_good;
}

static struct str keep(char *buffer, struct str text)
{
    snprintf(buffer, HEALTH_ERROR_MAX_BYTES, "%.*s", STR_ARG(text));
    return str_from_c(buffer);
}

static void remember(struct health_memory *memory, const struct health *health)
{
    pthread_mutex_lock(&memory->lock);
    memory->last = *health;
    memory->last.database.error = keep(memory->database_error, health->database.error);
    memory->last.storage.error = keep(memory->storage_error, health->storage.error);
    memory->checked_at = clock_now_s();
    memory->is_known = true;
    memory->is_checking = false;
    pthread_mutex_unlock(&memory->lock);
}

void health_memory_check(struct health_memory *memory, struct task *task, struct health *out)
{
    if (recall(memory, task->arena, out))
        return;
    health_check(task, out);
    remember(memory, out);
}
