/* Links between pages of a list. */
#include "web/image_link.h"

#include "base/escape.h"

enum { LINK_MAX_BYTES = 2000 };

/* Before the first parameter, and between two. */
static char mark(const struct buf *out)
{
    return str_index(buf_str(out), '?') < 0 ? '?' : '&';
}

struct str image_link(struct arena *arena, const struct image_link *link)
{
    struct buf out;

    buf_init_arena(&out, arena, LINK_MAX_BYTES);
    buf_put(&out, str_from_c(link->path));
    if (!str_is_empty(link->text)) {
        buf_put_byte(&out, mark(&out));
        buf_put(&out, STR("q="));
        escape_url(&out, link->text);
    }
    if (link->owner_id != 0)
        buf_printf(&out, "%cowner=%lld", mark(&out), (long long)link->owner_id);
    if (link->limit != 0)
        buf_printf(&out, "%climit=%lld", mark(&out), (long long)link->limit);
    if (link->has_problem)
        buf_printf(&out, "%cproblem=1", mark(&out));
    if (link->id != 0)
        buf_printf(&out, "%c%s=%lld", mark(&out), link->key, (long long)link->id);
    return buf_str(&out);
}
