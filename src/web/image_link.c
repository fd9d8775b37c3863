/* Links between pages of a list. */
#include "web/image_link.h"

#include "base/escape.h"

enum { LINK_MAX_BYTES = 2000 };

struct str image_link(struct arena *arena, const struct image_link *link)
{
    struct buf out;

    buf_init_arena(&out, arena, LINK_MAX_BYTES);
    buf_printf(&out, "%s?", link->path);
    if (!str_is_empty(link->text)) {
        buf_put(&out, STR("q="));
        escape_url(&out, link->text);
        buf_put_byte(&out, '&');
    }
    if (link->owner_id != 0)
        buf_printf(&out, "owner=%lld&", (long long)link->owner_id);
    if (link->limit != 0)
        buf_printf(&out, "limit=%lld&", (long long)link->limit);
    buf_printf(&out, "%s=%lld", link->key, (long long)link->id);
    return buf_str(&out);
}
