/* Mapping the files, each with a layout that says what its bytes mean. */
#include "main/shared.h"

#include "base/metrics.h"
#include "web/request_count.h"

/* Cells of routes are known by their row: another table of routes makes other cells. */
static struct str metrics_layout_name(struct arena *arena)
{
    return arena_printf(arena, "metrics %016llx %016llx", (unsigned long long)metrics_layout(),
        (unsigned long long)request_routes_layout());
}

void shared_open(struct shared *shared, struct arena *arena, const struct config *config)
{
    struct str folder = ARENA_JOIN(arena, config->data, STR("/run"));

    memset(shared, 0, sizeof(*shared));
    shared_memory_open(&shared->metrics_file, folder, STR("metrics"), metrics_layout_name(arena),
        sizeof(struct metrics_memory));
    metrics_share(shared->metrics_file.content);
    shared_memory_open(&shared->clock_file, folder, STR("storage-clock"), STR("storage clock 1"),
        sizeof(struct s3_clock_memory));
    s3_clock_init(&shared->clock, shared->clock_file.content);
}

void shared_close(struct shared *shared)
{
    if (shared->clock.memory == NULL)
        return;
    s3_clock_clear(&shared->clock);
    metrics_share(NULL);
    shared_memory_close(&shared->clock_file);
    shared_memory_close(&shared->metrics_file);
    memset(shared, 0, sizeof(*shared));
}
