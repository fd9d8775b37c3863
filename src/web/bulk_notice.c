/* Sentences about many images, made of a census of what they are now. */
#include "web/bulk_notice.h"

#include "web/model.h"
#include "web/text.h"

enum { ID_MAX_BYTES = 20, TEXT_MAX_BYTES = 500 };

struct str bulk_ids_text(struct arena *arena, const int64_t *ids, size_t count)
{
    struct buf out;

    buf_init_arena(&out, arena, (count + 1) * ID_MAX_BYTES);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, i == 0 ? "%lld" : ",%lld", (long long)ids[i]);
    return buf_str(&out);
}

struct str bulk_notice_path(
    struct arena *arena, struct str path, const char *name, const int64_t *ids, size_t count)
{
    return arena_printf(arena, "%.*s%c%s=%.*s", STR_ARG(path), str_index(path, '?') < 0 ? '?' : '&',
        name, STR_ARG(bulk_ids_text(arena, ids, count)));
}

/* Nothing is said of none. */
static void say(
    struct buf *out, struct arena *arena, int64_t count, const char *one, const char *many)
{
    if (count == 0)
        return;
    if (out->len > 0)
        buf_put_byte(out, ' ');
    if (count == 1)
        buf_put(out, str_from_c(one));
    else
        buf_printf(out, "%.*s %s", STR_ARG(text_number(arena, count)), many);
}

static void say_moved(struct buf *out, struct arena *arena, const struct trash_census *census)
{
    say(out, arena, census->trashed, "The image is in the trash.", "images are in the trash.");
    say(out, arena, census->foreign, "One belongs to somebody else and stays.",
        "belong to somebody else and stay.");
    say(out, arena, census->gone, "One is not there any more.", "are not there any more.");
}

static void say_restored(struct buf *out, struct arena *arena, const struct trash_census *census)
{
    say(out, arena, census->ready, "The image is back.", "images are back.");
    say(out, arena, census->trashed, "One is still in the trash.", "are still in the trash.");
    say(out, arena, census->gone, "One was deleted for good in the meantime.",
        "were deleted for good in the meantime.");
}

static void say_deleted(struct buf *out, struct arena *arena, const struct trash_census *census)
{
    say(out, arena, census->gone, "The image was deleted for good.",
        "images were deleted for good.");
    say(out, arena, census->trashed, "One is still in the trash.", "are still in the trash.");
    say(out, arena, census->ready, "One was restored in the meantime and stays.",
        "were restored in the meantime and stay.");
}

enum status bulk_notice_model(
    struct exchange *exchange, const struct bulk_done *done, struct str back, json_t **out)
{
    static void (*const speakers[])(struct buf *, struct arena *,
        const struct trash_census *) = { say_moved, say_restored, say_deleted };
    const struct param_i64s *ids[] = { &done->moved, &done->restored, &done->deleted };
    struct arena *arena = exchange->arena;
    struct trash_census census;
    struct buf text;

    *out = json_null();
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        bool has_undo;
        enum status status;

        if (ids[i]->count == 0)
            continue;
        status = trash_look(&exchange->task, ids[i]->item, ids[i]->count, &census);
        if (status != STATUS_OK)
            return status;
        buf_init_arena(&text, arena, TEXT_MAX_BYTES);
        speakers[i](&text, arena, &census);
        if (text.len == 0)
            return STATUS_OK;
        has_undo = ids[i] == &done->moved && census.trashed > 0;
        *out = json_pack("{s:s, s:o, s:o}", "kind", census.foreign > 0 ? "note" : "ok", "text",
            json_from_str(buf_str(&text)), "undo",
            has_undo ? json_pack("{s:o, s:o}", "ids",
                           json_from_str(bulk_ids_text(arena, ids[i]->item, ids[i]->count)), "back",
                           json_from_str(back))
                     : json_null());
        return STATUS_OK;
    }
    return STATUS_OK;
}
