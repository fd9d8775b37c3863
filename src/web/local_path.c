/* The judgement of ?next=. */
#include "web/local_path.h"

bool local_path_is_safe(struct str path)
{
    if (path.len < 1 || path.len > LOCAL_PATH_MAX_BYTES || path.ptr[0] != '/' ||
        (path.len > 1 && path.ptr[1] == '/'))
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] <= ' ' || path.ptr[i] > '~' || path.ptr[i] == '\\')
            return false;
    return !str_starts_with(path, STR("/sign-"));
}
