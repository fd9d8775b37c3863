/*
 * multipart_plan.c - how a file is cut into parts. Pure.
 */
#include "domain/multipart.h"

static int64_t divide_up(int64_t value, int64_t by)
{
    return value / by + (value % by != 0);
}

bool part_plan_make(int64_t size_bytes, int64_t wanted_part_size, struct part_plan *out)
{
    const int64_t mib = 1024 * 1024;
    int64_t least = divide_up(size_bytes, MULTIPART_PARTS_MAX);
    int64_t part_size = wanted_part_size;

    if (size_bytes < 1 || size_bytes > MULTIPART_OBJECT_MAX_BYTES) {
        return false;
    }
    if (part_size < MULTIPART_PART_MIN_BYTES) {
        part_size = MULTIPART_PART_MIN_BYTES;
    }
    if (part_size > MULTIPART_PART_MAX_BYTES) {
        part_size = MULTIPART_PART_MAX_BYTES;
    }
    if (part_size < least) {
        part_size = divide_up(least, mib) * mib;
    }
    *out = (struct part_plan){ size_bytes, part_size, divide_up(size_bytes, part_size) };
    return true;
}

int64_t part_plan_size(const struct part_plan *plan, int64_t number)
{
    if (number < 1 || number > plan->part_count) {
        return 0;
    }
    return number < plan->part_count ? plan->part_size
                                     : plan->size_bytes - (plan->part_count - 1) * plan->part_size;
}
