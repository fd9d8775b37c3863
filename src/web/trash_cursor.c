/* Two numbers with a dash between them. */
#include "web/trash_cursor.h"

struct str trash_cursor_after(struct arena *arena, const struct trash_page *page)
{
    const struct asset *last = &page->item[page->count - 1];

    return arena_printf(arena, "%lld-%lld", (long long)last->trashed_at, (long long)last->id);
}

enum status trash_cursor_read(
    struct exchange *exchange, struct str cursor, struct trash_query *query)
{
    struct str at;

    if (str_is_empty(cursor))
        return STATUS_OK;
    if (str_split(&cursor, '-', &at) && str_parse_i64(at, &query->before_at) &&
        str_parse_i64(cursor, &query->before_id) && query->before_at > 0)
        return STATUS_OK;
    return failure_set(&exchange->task.failure, STATUS_INVALID, STR("cursor"),
        STR("Give the cursor that came with the page before, as it came."));
}
