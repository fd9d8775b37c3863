/*
 * range.c - see range.h.
 */
#include "cgi/range.h"

#include "base/clock.h"

/* "first-last", "first-" or "-length". False when it is none of them. */
static bool parse_spec(struct str spec, int64_t size_bytes, struct range *out)
{
    uint64_t first = 0;
    uint64_t last = INT64_MAX;
    ssize_t dash = str_index(spec, '-');
    if (dash < 0)
        return false;
    struct str from = str_head(spec, (size_t)dash);
    struct str to = str_from_offset(spec, (size_t)dash + 1);
    if (!str_is_empty(to) && !str_parse_u64(to, &last))
        return false;
    if (last > INT64_MAX)
        last = INT64_MAX;
    if (str_is_empty(from)) {
        if (str_is_empty(to))
            return false;
        /* The last bytes; none of them is unsatisfiable. */
        first = last >= (uint64_t)size_bytes ? 0 : (uint64_t)size_bytes - last;
        *out = (struct range){ RANGE_PART, (int64_t)first, size_bytes - 1 };
        return true;
    }
    if (!str_parse_u64(from, &first) || first > last)
        return false;
    int64_t end = size_bytes - 1;
    *out = (struct range){ RANGE_PART, (int64_t)first, (int64_t)last < end ? (int64_t)last : end };
    return true;
}

struct range range_parse(struct str header, int64_t size_bytes)
{
    const struct str unit = STR("bytes=");
    struct range range = { RANGE_WHOLE, 0, size_bytes - 1 };
    header = str_trim(header);
    if (!str_starts_with(header, unit) || str_index(header, ',') >= 0)
        return range;
    if (!parse_spec(str_trim(str_from_offset(header, unit.len)), size_bytes, &range))
        return (struct range){ RANGE_WHOLE, 0, size_bytes - 1 };
    if (range.first >= size_bytes)
        range.kind = RANGE_UNSATISFIABLE;
    return range;
}

static struct str without_marks(struct str tag)
{
    tag = str_trim(tag);
    if (str_starts_with(tag, STR("W/")))
        tag = str_from_offset(tag, 2);
    if (tag.len >= 2 && tag.ptr[0] == '"' && tag.ptr[tag.len - 1] == '"')
        tag = str_from(tag.ptr + 1, tag.len - 2);
    return tag;
}

bool etag_list_has(struct str list, struct str etag)
{
    struct str tag;
    if (str_equal(str_trim(list), STR("*")))
        return true;
    while (str_split(&list, ',', &tag))
        if (str_equal(without_marks(tag), etag))
            return true;
    return false;
}

static bool was_modified_after(struct str date, int64_t modified_at, bool otherwise)
{
    int64_t at;
    return clock_parse_http(date, &at) ? modified_at > at : otherwise;
}

enum condition conditions_check(
    const struct conditions *conditions, struct str etag, int64_t modified_at)
{
    if (!str_is_empty(conditions->if_match)) {
        if (!etag_list_has(conditions->if_match, etag))
            return CONDITION_FAILED;
    } else if (!str_is_empty(conditions->if_unmodified_since) &&
               was_modified_after(conditions->if_unmodified_since, modified_at, false)) {
        return CONDITION_FAILED;
    }
    if (!str_is_empty(conditions->if_none_match))
        return etag_list_has(conditions->if_none_match, etag) ? CONDITION_NOT_MODIFIED
                                                              : CONDITION_PROCEED;
    if (!str_is_empty(conditions->if_modified_since) &&
        !was_modified_after(conditions->if_modified_since, modified_at, true))
        return CONDITION_NOT_MODIFIED;
    return CONDITION_PROCEED;
}
